import { expected, nonEmptyString } from './schema.ts';

/** Scheme and host of CDN Pro's API. Credentials go there: in the clear only to this machine, for tries. */
export const endpointField = nonEmptyString('a URL').regex(
  /^(?:https:\/\/[^/]+|http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?)\/?$/,
  expected('scheme and host of a URL that begins with https://'),
);
