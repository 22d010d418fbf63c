import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';

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
    return new LogItem({ attributes: common }).addAttributes(own);
  }
}
