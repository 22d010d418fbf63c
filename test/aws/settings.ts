/** What a run in a real account is given by its environment. */
export interface AwsTestSettings {
  readonly region: string;
  /** Names the stack, its bucket and its secrets: unique, so that runs do not meet. */
  readonly stackName: string;
  /** The user's CDN Pro; undefined where a stand-in is deployed with the stack. */
  readonly cdnPro: RealCdnPro | undefined;
}

/** A CDN Pro user to test with. */
export interface RealCdnPro {
  readonly endpoint: string;
  /** What the secret is to hold. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly target: 'staging' | 'production';
  /** A host that is deployed in the target; only URLs under `/{stackName}/` are purged. */
  readonly host: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that says that somebody means it. */
export const consentVariable = 'CDN_PURGER_TEST_AWS';

/** Variables by which the AWS SDK finds credentials: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html */
const credentialVariables = [
  'AWS_PROFILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/**
 * Reads the settings of a run.
 * @param id what makes the names of this run unique: lower-case letters and digits
 * @returns the settings, or what is wrong with the environment, one sentence each
 */
export function readSettings(
  env: Environment,
  id: string,
): { readonly settings: AwsTestSettings } | { readonly issues: readonly string[] } {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  const cdnPro = readCdnPro(env);
  const issues = [
    ...(env[consentVariable] === '1'
      ? []
      : [
          `expected ${consentVariable}=1, which says that AWS may bill you, got ${describe(env[consentVariable])}`,
        ]),
    ...(region ? [] : ['expected AWS_REGION to name a region, got nothing']),
    ...(credentialVariables.some((name) => env[name])
      ? []
      : [`expected AWS credentials in the environment (${credentialVariables.join(', ')}), got none`]),
    ...('issues' in cdnPro ? cdnPro.issues : []),
  ];
  if (issues.length > 0 || region === undefined || 'issues' in cdnPro) return { issues };
  return { settings: { region, stackName: `cdn-purger-test-${id}`, cdnPro: cdnPro.real } };
}

function readCdnPro(
  env: Environment,
): { readonly real: RealCdnPro | undefined } | { readonly issues: readonly string[] } {
  const { CDN_PRO_ENDPOINT: endpoint, CDN_PRO_HOST: host, CDN_PRO_TARGET: target = 'staging' } = env;
  const names = Object.keys(env).filter((name) => name.startsWith('CDN_PRO_') && env[name]);
  if (names.length === 0) return { real: undefined };
  const credentials = readCredentials(env);
  const isTarget = target === 'staging' || target === 'production';
  const issues = [
    ...(endpoint?.startsWith('https://')
      ? []
      : [
          `expected CDN_PRO_ENDPOINT to be an https URL, since ${names.join(', ')} is set, got ${describe(endpoint)}`,
        ]),
    ...(host ? [] : ['expected CDN_PRO_HOST to name a host that is deployed in CDN Pro, got nothing']),
    ...(isTarget ? [] : [`expected CDN_PRO_TARGET to be staging or production, got ${describe(target)}`]),
    // Their values are not for a message.
    ...(credentials
      ? []
      : ['expected CDN_PRO_USERNAME and CDN_PRO_API_KEY, or CDN_PRO_ACCESS_KEY and CDN_PRO_SECRET_KEY']),
  ];
  if (issues.length > 0 || !endpoint || !host || !isTarget || !credentials) return { issues };
  return { real: { endpoint, host, target, credentials } };
}

function readCredentials(env: Environment): Readonly<Record<string, string>> | undefined {
  const { CDN_PRO_USERNAME: username, CDN_PRO_API_KEY: apiKey } = env;
  if (username && apiKey) return { username, apiKey };
  const { CDN_PRO_ACCESS_KEY: accessKey, CDN_PRO_SECRET_KEY: secretKey } = env;
  return accessKey && secretKey ? { accessKey, secretKey } : undefined;
}

function describe(value: string | undefined): string {
  return value === undefined ? 'nothing' : `"${value}"`;
}
