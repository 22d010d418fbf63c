import { Duration } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Vantages } from '../../functions/core/proving/vantages.ts';
import { hostsFile } from '../../functions/lambda/bundled-rules.ts';
import { environment } from '../../functions/lambda/environment.ts';
import { PurgerFunction } from '../function/purger-function.ts';
import type { Monitoring } from '../monitoring/monitoring.ts';
import type { DataProtection } from '../security/data-protection.ts';

/** Options of {@link Probe}. */
export interface ProbeProps {
  /** The hosts that it may ask, in the form of `allowedHosts`. */
  readonly hosts: readonly string[];
  readonly vantages: Vantages;
  readonly protection: DataProtection;
  readonly monitoring: Monitoring;
}

/** Less than the others have, in MB. */
export const probeMemoryMb = 256;

/** `tick`, which waits for the answer, has 50 s for all that it does. */
const timeout = Duration.seconds(30);

/**
 * The function that asks the edge for URLs after their purge. What it asks is decided by what others write into S3, so it
 * has no credentials, no queue and no table, and is never placed in a VPC: there is nothing near it that it could reach.
 */
export class Probe extends Construct {
  readonly function: PurgerFunction;
  /** What `tick` needs to know of it. */
  readonly environment: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, { hosts, vantages, protection, monitoring }: ProbeProps) {
    super(scope, id);
    const own = { [environment.vantages]: JSON.stringify(vantages) };
    this.function = new PurgerFunction(this, 'Function', {
      name: 'probe',
      description:
        'cdn-pro-purger: asks the edge for purged URLs, and says whether it serves the new version',
      timeout,
      // It waits for answers nearly all of the time.
      memorySize: probeMemoryMb,
      // There may be more hosts than an environment has room for.
      files: { [hostsFile]: JSON.stringify(hosts) },
      environment: own,
      protection,
    });
    monitoring.name(this.function);
    this.environment = { ...own, [environment.probeFunction]: this.function.functionName };
  }

  /** Lets a function invoke this one, and wait for its answer. */
  grantInvoke(grantee: IGrantable): void {
    const resourceArns = [this.function.functionArn];
    Grant.addToPrincipal({ grantee, actions: ['lambda:InvokeFunction'], resourceArns });
  }
}
