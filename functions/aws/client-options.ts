/**
 * Options of every SDK client in a function. By default a client waits forever: a connection that died silently would
 * take the function's whole time. A request that times out is retried by the SDK.
 */
export const clientOptions = { requestHandler: { connectionTimeout: 3_000, socketTimeout: 10_000 } };
