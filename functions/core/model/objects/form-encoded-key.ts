/**
 * @returns a key, or a part of one, encoded as in S3's notifications and in the filters that they are compared with: as
 * in an HTML form (a space is `+`; letters, digits and `*-._` stay), but with its slashes
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */
export function formEncodedKey(key: string): string {
  return new URLSearchParams({ key }).toString().slice('key='.length).replaceAll('%2F', '/');
}
