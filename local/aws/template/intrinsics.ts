import { isRecord } from '../../../functions/core/model/record.ts';
import { TemplateError } from './errors.ts';

/** What intrinsic functions are resolved against. */
export interface ResolveScope {
  /** Values of the template's parameters and of the pseudo parameters, `AWS::Region` among them. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The template's `Conditions`, unresolved. */
  readonly conditions: Readonly<Record<string, unknown>>;
  /** The template's `Mappings`. */
  readonly mappings: Readonly<Record<string, unknown>>;
  /** The value of a `Ref` to a resource. */
  readonly ref: (logicalId: string) => unknown;
  /** The value of a `Fn::GetAtt` on a resource. */
  readonly getAtt: (logicalId: string, attribute: string) => unknown;
  /** Applied to each text that `Fn::Join` and `Fn::Sub` put together, such as an URL that must stay local. */
  readonly rewriteText?: (text: string) => string;
}

type Intrinsic = (argument: unknown, scope: ResolveScope) => unknown;

/** Stands for `AWS::NoValue` until the object or list around it leaves it out. */
const noValue = Symbol('AWS::NoValue');

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: resolveRef,
  'Fn::GetAtt': resolveGetAtt,
  'Fn::Join': resolveJoin,
  'Fn::Sub': resolveSub,
  'Fn::Select': resolveSelect,
  'Fn::Split': resolveSplit,
  'Fn::If': resolveIf,
  'Fn::FindInMap': resolveFindInMap,
  'Fn::Base64': (argument, scope) =>
    Buffer.from(asText(resolve(argument, scope), 'Fn::Base64')).toString('base64'),
  'Fn::ImportValue': (argument, scope) => {
    const name = JSON.stringify(resolve(argument, scope));
    throw new TemplateError(
      `Fn::ImportValue of ${name} cannot be resolved locally: it is the output of another stack. Pass the value instead.`,
    );
  },
};

/**
 * A value of a template with every intrinsic function replaced by what it stands for.
 * Properties and list items that are `AWS::NoValue` are left out.
 * Functions: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 * @throws {TemplateError} for a function that is not supported or is used wrongly, and for an unknown reference.
 */
export function resolve(value: unknown, scope: ResolveScope): unknown {
  const resolved = resolveAny(value, scope);
  return resolved === noValue ? undefined : resolved;
}

/**
 * Whether a condition of the template holds.
 * @throws {TemplateError} for a condition that does not exist or an operator that is not supported.
 */
export function conditionHolds(name: string, scope: ResolveScope): boolean {
  if (!Object.hasOwn(scope.conditions, name))
    throw new TemplateError(`The template has no condition named ${name}.`);
  return evaluateCondition(scope.conditions[name], scope);
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
  const name = asText(argument, 'Ref');
  if (name === 'AWS::NoValue') return noValue;
  if (Object.hasOwn(scope.parameters, name)) return scope.parameters[name];
  if (name.startsWith('AWS::'))
    throw new TemplateError(`The pseudo parameter ${name} is not supported locally.`);
  return scope.ref(name);
}

function resolveGetAtt(argument: unknown, scope: ResolveScope): unknown {
  const [logicalId, ...attribute] =
    typeof argument === 'string' ? argument.split('.') : asList(argument, 'Fn::GetAtt');
  return scope.getAtt(
    asText(logicalId, 'Fn::GetAtt'),
    attribute.map((part) => asText(resolve(part, scope), 'Fn::GetAtt')).join('.'),
  );
}

function resolveJoin(argument: unknown, scope: ResolveScope): unknown {
  const [separator, parts] = asList(argument, 'Fn::Join');
  const texts = asList(resolve(parts, scope), 'Fn::Join').map((part) => asText(part, 'Fn::Join'));
  return rewrite(texts.join(asText(separator, 'Fn::Join')), scope);
}

function resolveSub(argument: unknown, scope: ResolveScope): unknown {
  const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
  const own = isRecord(variables) ? variables : {};
  const text = asText(template, 'Fn::Sub').replace(/\$\{([^}]+)\}/g, (placeholder, inner: string) => {
    // `${!Literal}` is how a template writes `${Literal}` itself.
    if (inner.startsWith('!')) return `\${${inner.slice(1)}}`;
    return asText(substitute(inner.trim(), own, scope), `Fn::Sub ${placeholder}`);
  });
  return rewrite(text, scope);
}

function substitute(name: string, own: Record<string, unknown>, scope: ResolveScope): unknown {
  if (Object.hasOwn(own, name)) return resolve(own[name], scope);
  return name.includes('.') ? resolveGetAtt(name, scope) : resolveRef(name, scope);
}

function resolveSelect(argument: unknown, scope: ResolveScope): unknown {
  const [index, list] = asList(argument, 'Fn::Select');
  const items = asList(resolve(list, scope), 'Fn::Select');
  const position = Number(resolve(index, scope));
  if (!(position in items)) {
    throw new TemplateError(`Fn::Select asks for item ${position} of a list of ${items.length}.`);
  }
  return items[position];
}

function resolveSplit(argument: unknown, scope: ResolveScope): unknown {
  const [separator, text] = asList(argument, 'Fn::Split');
  return asText(resolve(text, scope), 'Fn::Split').split(asText(separator, 'Fn::Split'));
}

function resolveIf(argument: unknown, scope: ResolveScope): unknown {
  const [condition, whenTrue, whenFalse] = asList(argument, 'Fn::If');
  return resolveAny(conditionHolds(asText(condition, 'Fn::If'), scope) ? whenTrue : whenFalse, scope);
}

function resolveFindInMap(argument: unknown, scope: ResolveScope): unknown {
  const path = asList(resolve(argument, scope), 'Fn::FindInMap').slice(0, 3);
  const found = path.reduce<unknown>(
    (level, key) => (isRecord(level) ? level[asText(key, 'Fn::FindInMap')] : undefined),
    scope.mappings,
  );
  if (found === undefined) throw new TemplateError(`Fn::FindInMap finds nothing at ${path.join(' / ')}.`);
  return found;
}

function evaluateCondition(expression: unknown, scope: ResolveScope): boolean {
  const [operator, argument] = isRecord(expression) ? (Object.entries(expression)[0] ?? []) : [];
  switch (operator) {
    case 'Condition':
      return conditionHolds(asText(argument, 'Condition'), scope);
    case 'Fn::Equals': {
      const [left, right] = asList(resolve(argument, scope), 'Fn::Equals');
      return String(left) === String(right);
    }
    case 'Fn::Not':
      return !asList(argument, 'Fn::Not').every((inner) => evaluateCondition(inner, scope));
    case 'Fn::And':
      return asList(argument, 'Fn::And').every((inner) => evaluateCondition(inner, scope));
    case 'Fn::Or':
      return asList(argument, 'Fn::Or').some((inner) => evaluateCondition(inner, scope));
    default:
      throw new TemplateError(
        `A condition with ${operator ?? JSON.stringify(expression)} is not supported locally.`,
      );
  }
}

function rewrite(text: string, scope: ResolveScope): string {
  return scope.rewriteText?.(text) ?? text;
}

function asList(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`Expected the argument of ${where} to be a list, got ${JSON.stringify(value)}.`);
}

function asText(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`Expected a text in ${where}, got ${JSON.stringify(value)}.`);
}

/** Reads `{ key: value }` of an unknown value; undefined for anything else. */
export function fieldOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}
