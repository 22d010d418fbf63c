import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';

type Data = Uint8Array | string;

/**
 * Replaces `@smithy/core/checksum` in the functions' bundles: of its checksums, those that their clients use, by Node's own
 * cryptography. The SDK brings its own implementations for where there is none. See `docs/adr/0030`.
 */
export class Sha256 {
  readonly digestLength = 32;
  readonly #secret: Data | undefined;
  #hash: Hash | Hmac;

  /** @param secret for an HMAC; a hash where it is missing */
  constructor(secret?: Data) {
    this.#secret = secret;
    this.#hash = this.#create();
  }

  update(data: Data): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array('copy' in this.#hash ? this.#hash.copy().digest() : this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#create();
  }

  #create(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

/** Of what SQS answers, to compare it with what was sent. */
export class Md5 {
  readonly digestLength = 16;
  #hash = createHash('md5');

  update(data: Data): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.copy().digest());
  }

  reset(): void {
    this.#hash = createHash('md5');
  }
}
