/** How many requests a route accepts. */
export interface RouteThrottle {
  readonly ratePerSecond: number;
  readonly burst: number;
}

/**
 * The token bucket by which API Gateway throttles:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
 * @returns a function that takes a token, and returns whether there was one
 */
export function createThrottle({ ratePerSecond, burst }: RouteThrottle): (nowMs: number) => boolean {
  let tokens = burst;
  let lastMs: number | undefined;
  return (nowMs) => {
    tokens = Math.min(burst, tokens + ((nowMs - (lastMs ?? nowMs)) / 1000) * ratePerSecond);
    lastMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
