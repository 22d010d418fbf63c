import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';

/**
 * How many characters of a list of strings are logged. CloudWatch takes 256 KB of a line that a function prints, and what it
 * cuts is not JSON any more: no filter finds it.
 */
const mostListed = 80_000;

/**
 * Powertools' form of a line less what its log group and Lambda's own lines say already: the function's name, ARN and
 * memory, whether it was a cold start, and X-Ray's ID. There is a line for each change, and CloudWatch bills its bytes:
 * see `docs/adr/0053`.
 */
export class LeanLogFormatter extends LogFormatter {
  formatAttributes(attributes: UnformattedAttributes, own: LogAttributes): LogItem {
    const common = {
      level: attributes.logLevel,
      message: attributes.message,
      timestamp: this.formatTimestamp(attributes.timestamp),
      service: attributes.serviceName,
      function_request_id: attributes.lambdaContext?.awsRequestId,
    };
    return new LogItem({ attributes: common }).addAttributes(withShortLists(own));
  }
}

/** @returns the same with the beginnings of long lists of strings alone, and how many each leaves out, as `urlsLeftOut` for `urls` */
function withShortLists(attributes: LogAttributes): LogAttributes {
  const fields = Object.entries(attributes).flatMap(([name, value]): [string, unknown][] => {
    if (!Array.isArray(value)) return [[name, value]];
    let left = mostListed;
    const rest = value.findIndex((item) => {
      if (typeof item === 'string') left -= item.length;
      return left < 0;
    });
    if (rest < 0) return [[name, value]];
    return [
      [name, value.slice(0, rest)],
      [`${name}LeftOut`, value.length - rest],
    ];
  });
  return Object.fromEntries(fields) as LogAttributes;
}
