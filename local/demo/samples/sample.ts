/** A sample, with what it takes to make it happen for real. */
export type Sample =
  | {
      readonly kind: 'put' | 'delete';
      readonly title: string;
      readonly bucket: string;
      readonly key: string;
      /** The files that show it, where these are known before it has changed. */
      readonly urls?: readonly string[];
    }
  | {
      readonly kind: 'webhook';
      readonly title: string;
      readonly webhook: string;
      /** The name of the rule that it is a sample of; missing where it is of none. */
      readonly rule?: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** What there is no sample of, and why. */
  | { readonly kind: 'none'; readonly title: string; readonly reason: string };

/** A sample that can be made to happen. */
export type RealSample = Exclude<Sample, { kind: 'none' }>;
