/** Base of every error of the local stack, each with one clear sentence. */
export class LocalStackError extends Error {
  override readonly name: string = 'LocalStackError';
}

/** The local stack does not understand or support a part of a template. */
export class TemplateError extends LocalStackError {
  override readonly name = 'TemplateError';
}
