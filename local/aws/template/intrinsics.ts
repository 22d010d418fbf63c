import { isRecord } from '../../../functions/core/model/record.ts';
import { TemplateError } from './errors.ts';

/** What intrinsic functions are resolved against. */
export interface ResolveScope {
  /** Values of the template's parameters and of the pseudo parameters, `AWS::Region` among them. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The template's `Conditions`, unresolved. */
  readonly conditions: Readonly<Record<string, unknown>>;
  /** The value of a `Ref` to a resource. */
  readonly ref: (logicalId: string) => unknown;
  /** The value of a `Fn::GetAtt` on a resource. */
  readonly getAtt: (logicalId: string, attribute: string) => unknown;
  /** Applied to each string that `Fn::Join` makes, such as a URL that must stay local. */
  readonly rewrite?: (value: string) => string;
}

type Intrinsic = (argument: unknown, scope: ResolveScope) => unknown;

/** `AWS::NoValue`, until the object or list around it leaves it out. */
const noValue = Symbol('AWS::NoValue');

/** The functions that a template of ours holds. */
const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: resolveRef,
  'Fn::GetAtt': resolveGetAtt,
  'Fn::Join': resolveJoin,
  'Fn::Sub': resolveSub,
  'Fn::Select': resolveSelect,
  'Fn::Split': resolveSplit,
  'Fn::If': resolveIf,
};

/**
 * Resolves the intrinsic functions in a value of a template. Properties and list items that are `AWS::NoValue` are left
 * out. Functions:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 * @throws {TemplateError} for a function that is not supported or is used wrongly, and for an unknown reference.
 */
export function resolve(value: unknown, scope: ResolveScope): unknown {
  const resolved = resolveAny(value, scope);
  return resolved === noValue ? undefined : resolved;
}

/**
 * @returns whether a condition of the template holds
 * @throws {TemplateError} for a condition that does not exist or is not a comparison.
 */
export function conditionHolds(name: string, scope: ResolveScope): boolean {
  if (!Object.hasOwn(scope.conditions, name))
    throw new TemplateError(`The template has no condition named ${name}.`);
  const condition = scope.conditions[name];
  const [operator, argument] = isRecord(condition) ? (Object.entries(condition)[0] ?? []) : [];
  if (operator !== 'Fn::Equals') {
    throw new TemplateError(
      `A condition with ${operator ?? JSON.stringify(condition)} is not supported locally.`,
    );
  }
  const [left, right] = asList(resolve(argument, scope), 'Fn::Equals');
  return String(left) === String(right);
}

/** @returns a field of an object; undefined for any other value */
export function fieldOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function resolveAny(value: unknown, scope: ResolveScope): unknown {
  if (Array.isArray(value))
    return value.map((item) => resolveAny(item, scope)).filter((item) => item !== noValue);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value);
  const [onlyKey] = keys;
  if (onlyKey !== undefined && keys.length === 1 && isIntrinsicName(onlyKey)) {
    const intrinsic = intrinsics[onlyKey];
    if (intrinsic === undefined) throw new TemplateError(`${onlyKey} is not supported by the local stack.`);
    return intrinsic(value[onlyKey], scope);
  }
  const entries = Object.entries(value).map(([key, item]) => [key, resolveAny(item, scope)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== noValue));
}

function isIntrinsicName(key: string): boolean {
  return key === 'Ref' || key.startsWith('Fn::');
}

function resolveRef(argument: unknown, scope: ResolveScope): unknown {
  const name = asString(argument, 'Ref');
  if (name === 'AWS::NoValue') return noValue;
  if (Object.hasOwn(scope.parameters, name)) return scope.parameters[name];
  if (name.startsWith('AWS::'))
    throw new TemplateError(`The pseudo parameter ${name} is not supported locally.`);
  return scope.ref(name);
}

function resolveGetAtt(argument: unknown, scope: ResolveScope): unknown {
  const [logicalId, attribute] = asList(argument, 'Fn::GetAtt');
  return scope.getAtt(asString(logicalId, 'Fn::GetAtt'), asString(attribute, 'Fn::GetAtt'));
}

function resolveJoin(argument: unknown, scope: ResolveScope): unknown {
  const [separator, parts] = asList(argument, 'Fn::Join');
  const strings = asList(resolve(parts, scope), 'Fn::Join').map((part) => asString(part, 'Fn::Join'));
  const joined = strings.join(asString(separator, 'Fn::Join'));
  return scope.rewrite?.(joined) ?? joined;
}

/** The CDK writes only references into `Fn::Sub`: no attributes, no variables, no literals. */
function resolveSub(argument: unknown, scope: ResolveScope): unknown {
  return asString(argument, 'Fn::Sub').replace(/\$\{([^}]+)\}/g, (placeholder, name: string) =>
    asString(resolveRef(name, scope), `Fn::Sub ${placeholder}`),
  );
}

function resolveSelect(argument: unknown, scope: ResolveScope): unknown {
  const [index, list] = asList(argument, 'Fn::Select');
  const items = asList(resolve(list, scope), 'Fn::Select');
  const position = Number(index);
  if (!(position in items)) {
    throw new TemplateError(`Fn::Select asks for item ${position} of a list of ${items.length}.`);
  }
  return items[position];
}

function resolveSplit(argument: unknown, scope: ResolveScope): unknown {
  const [separator, value] = asList(argument, 'Fn::Split');
  return asString(resolve(value, scope), 'Fn::Split').split(asString(separator, 'Fn::Split'));
}

function resolveIf(argument: unknown, scope: ResolveScope): unknown {
  const [condition, whenTrue, whenFalse] = asList(argument, 'Fn::If');
  return resolveAny(conditionHolds(asString(condition, 'Fn::If'), scope) ? whenTrue : whenFalse, scope);
}

function asList(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`Expected the argument of ${where} to be a list, got ${JSON.stringify(value)}.`);
}

function asString(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`Expected a string in ${where}, got ${JSON.stringify(value)}.`);
}
