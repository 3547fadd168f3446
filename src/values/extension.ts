/**
 * The one table of Cedar's extension functions: constructors (`ip("…")`) and methods (`a.isInRange(b)`). The Cedar
 * evaluator, Datalog's methods, entity JSON and the parsers all read it; core methods such as `contains` are not in it.
 * Error messages are those of cedar-wasm. Spec: Cedar's "Operators and functions", LANGUAGE section 4.
 */
import { dateOf, durationBetween, offsetDatetime, parseDatetime, timeOfDay } from './datetime.ts'
import { decimalHelp, parseDecimal } from './decimal.ts'
import { parseDuration, wholeUnits } from './duration.ts'
import { isInRange, isLoopback, isMulticast, parseIpAddr } from './ipaddr.ts'
import { quote } from './string-literal.ts'
import type { Datetime, Decimal, Duration, Extension, IpAddr, Value, ValueKind } from './value.ts'
import { kindOf } from './value.ts'

/** What an extension function yields; none yields a string, so a string is an error message. */
export type ExtensionResult = Extension | bigint | boolean | string

export interface ExtensionFunction {
  readonly name: string
  readonly style: 'function' | 'method'
  /** Kinds of the arguments, the receiver first. */
  readonly parameters: readonly ValueKind[]
  /** `undefined` for `unknown`, which never yields a value. */
  readonly result: ValueKind | undefined
  /** INVARIANT: the arguments are of the kinds of `parameters`; `callExtension` checks it. */
  readonly evaluate: (...args: never[]) => ExtensionResult
  /** What helps where a constructor is given a text that is no value, by the message. */
  readonly help?: (message: string) => string
}

/** Calls `f` with any arguments: checks their number, then their kinds from left to right, then evaluates. */
export function callExtension(f: ExtensionFunction, args: readonly Value[]): ExtensionResult {
  const wanted = f.parameters.length
  if (args.length !== wanted) {
    return `wrong number of arguments provided to extension function \`${f.name}\`: expected ${wanted}, got ${args.length}`
  }
  for (const [i, arg] of args.entries()) {
    const kind = f.parameters[i]
    if (kind !== kindOf(arg)) return `type error: expected ${kind}, got ${describeType(arg)}`
  }
  return f.evaluate(...(args as never[]))
}

/** The type of `value` in the words of Cedar's messages. */
export function describeType(value: Value): string {
  return typeof value === 'object' && value.kind === 'entity' ? `(entity of type \`${value.type}\`)` : kindOf(value)
}

const IP_HELP =
  'valid IP strings are IPv4/IPv6 addresses or CIDR ranges like `127.0.0.1`, `127.0.0.1/24`, or `ffee::/64`'
const DATETIME_HELP =
  'valid datetime strings start with `YYYY-MM-DD` and may optionally include `THH:MM:SS` plus `Z`, `.SSSZ`, or an offset like `+0700`'
const DURATION_HELP =
  'valid duration strings are concatenated quantity-unit pairs with an optional leading `-`, for example `1d2h3m4s50ms`'

const FUNCTIONS: readonly ExtensionFunction[] = [
  construct('decimal', 'decimal', parseDecimal, decimalHelp),
  construct('ip', 'ipaddr', parseIpAddr, () => IP_HELP),
  construct('datetime', 'datetime', parseDatetime, () => DATETIME_HELP),
  construct('duration', 'duration', parseDuration, () => DURATION_HELP),
  {
    name: 'unknown',
    style: 'function',
    parameters: ['string'],
    result: undefined,
    evaluate: (name: string) => `the expression contains unknown(s): \`unknown(${quote(name)})\``,
  },
  method('lessThan', ['decimal', 'decimal'], 'bool', (a: Decimal, b: Decimal) => a.value < b.value),
  method('lessThanOrEqual', ['decimal', 'decimal'], 'bool', (a: Decimal, b: Decimal) => a.value <= b.value),
  method('greaterThan', ['decimal', 'decimal'], 'bool', (a: Decimal, b: Decimal) => a.value > b.value),
  method('greaterThanOrEqual', ['decimal', 'decimal'], 'bool', (a: Decimal, b: Decimal) => a.value >= b.value),
  method('isIpv4', ['ipaddr'], 'bool', (ip: IpAddr) => ip.version === 4),
  method('isIpv6', ['ipaddr'], 'bool', (ip: IpAddr) => ip.version === 6),
  method('isLoopback', ['ipaddr'], 'bool', isLoopback),
  method('isMulticast', ['ipaddr'], 'bool', isMulticast),
  method('isInRange', ['ipaddr', 'ipaddr'], 'bool', isInRange),
  method('offset', ['datetime', 'duration'], 'datetime', offset),
  method('durationSince', ['datetime', 'datetime'], 'duration', durationSince),
  method('toDate', ['datetime'], 'datetime', toDate),
  method('toTime', ['datetime'], 'duration', timeOfDay),
  method('toMilliseconds', ['duration'], 'long', (d: Duration) => d.value),
  method('toSeconds', ['duration'], 'long', (d: Duration) => wholeUnits(d, 's')),
  method('toMinutes', ['duration'], 'long', (d: Duration) => wholeUnits(d, 'm')),
  method('toHours', ['duration'], 'long', (d: Duration) => wholeUnits(d, 'h')),
  method('toDays', ['duration'], 'long', (d: Duration) => wholeUnits(d, 'd')),
]

/** Name → extension function. */
export const EXTENSION_FUNCTIONS: ReadonlyMap<string, ExtensionFunction> = new Map(FUNCTIONS.map((f) => [f.name, f]))

function construct(
  name: string,
  result: ValueKind,
  parse: (text: string) => Extension | string,
  help: (message: string) => string,
): ExtensionFunction {
  const evaluate = (text: string): ExtensionResult => {
    const value = parse(text)
    return typeof value === 'string' ? failed(result, value) : value
  }
  return { name, style: 'function', parameters: ['string'], result, evaluate, help }
}

function method(
  name: string,
  parameters: readonly ValueKind[],
  result: ValueKind,
  evaluate: (...args: never[]) => ExtensionResult,
): ExtensionFunction {
  return { name, style: 'method', parameters, result, evaluate }
}

function offset(at: Datetime, by: Duration): ExtensionResult {
  return offsetDatetime(at, by) ?? failed('offset', `overflows when adding an offset: ${spell(at)}+(${by.value}ms)`)
}

function durationSince(end: Datetime, start: Datetime): ExtensionResult {
  const since = durationBetween({ start, end })
  const message = 'overflows when computing the duration between'
  return since ?? failed('durationSince', `${message} ${spell(end)} and ${spell(start)}`)
}

function toDate(at: Datetime): ExtensionResult {
  return dateOf(at) ?? failed('toDate', `overflows when computing the date of ${spell(at)}`)
}

function failed(name: string, message: string): string {
  return `error while evaluating \`${name}\` extension function: ${message}`
}

/** A datetime as Cedar's messages write it. */
function spell(at: Datetime): string {
  return `datetime("1970-01-01").offset(duration("${at.value}ms"))`
}
