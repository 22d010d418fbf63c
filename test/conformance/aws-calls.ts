/**
 * Calls of services that the project has no SDK client for. moto reads the service from the credential scope of the
 * signature and does not check the signature itself.
 */
export interface AwsCalls {
  /** A call in the Query protocol; returns the XML of its answer. */
  query(
    service: string,
    version: string,
    action: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<string>;
  /** A call in the JSON 1.1 protocol, e.g. `AWSEvents.DescribeRule`. */
  json(service: string, target: string, body: object): Promise<unknown>;
  /** A call in the REST-JSON protocol. */
  rest(service: string, method: string, path: string, body?: object): Promise<unknown>;
}

/**
 * @param url moto's
 * @returns calls that throw an Error with the service's own words where it refuses
 */
export function createAwsCalls(url: string, region: string): AwsCalls {
  async function call(service: string, path: string, init: RequestInit): Promise<string> {
    const scope = `test/20260101/${region}/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
    const response = await fetch(`${url}${path}`, {
      ...init,
      headers: { ...init.headers, authorization },
    });
    const text = await response.text();
    if (response.ok) return text;
    throw new Error(
      `Expected ${service} to accept ${init.method} ${path}, got ${response.status}: ${text.slice(0, 500)}`,
    );
  }
  return {
    query: (service, version, action, parameters) =>
      call(service, '/', {
        method: 'POST',
        body: new URLSearchParams({ Action: action, Version: version, ...parameters }),
      }),
    json: async (service, target, body) =>
      parse(
        await call(service, '/', {
          method: 'POST',
          headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
          body: JSON.stringify(body),
        }),
      ),
    rest: async (service, method, path, body) =>
      parse(
        await call(service, path, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body && { body: JSON.stringify(body) }),
        }),
      ),
  };
}

function parse(text: string): unknown {
  return text === '' ? {} : JSON.parse(text);
}
