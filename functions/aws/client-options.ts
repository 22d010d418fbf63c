/**
 * For the SDK's clients, which by themselves wait without end: a connection that died silently would take the
 * function's whole time. What is given up here is tried again by the SDK.
 */
export const clientOptions = { requestHandler: { connectionTimeout: 3_000, socketTimeout: 10_000 } };
