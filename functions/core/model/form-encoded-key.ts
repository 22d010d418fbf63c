/**
 * @returns a key, or a part of one, as S3's notifications spell it, and the filters that they are compared with: as an
 * HTML form does (a space is `+`; letters, digits and `*-._` stay), but with its slashes
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */
export function formEncodedKey(key: string): string {
  return new URLSearchParams({ key }).toString().slice('key='.length).replaceAll('%2F', '/');
}
