import type { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';

/** What CDK says of a property that its own construct sets, where another account sends events. */
const ofCdk = /CfnEventBusPolicy#principal/;
/** Only the user knows who is to be told, and where the runbook is: `construct.test.ts`. */
const ofAlarms = /\[ack: cdn-pro-purger:(alarms|runbook)\]$/;

/** @returns what synthesis asks the author of a configuration to fix */
export function complaintsOf(stack: Stack): readonly unknown[] {
  const annotations = Annotations.fromStack(stack);
  const found = [
    ...annotations.findWarning('*', Match.anyValue()),
    ...annotations.findError('*', Match.anyValue()),
  ];
  return found
    .map(({ entry }) => entry.data)
    .filter((text) => !ofCdk.test(String(text)) && !ofAlarms.test(String(text)));
}
