/** Base of every error that the local stack answers with one clear sentence. */
export class LocalStackError extends Error {
  override readonly name: string = 'LocalStackError';
}

/** A template says something that the local stack cannot make sense of. */
export class TemplateError extends LocalStackError {
  override readonly name = 'TemplateError';
}
