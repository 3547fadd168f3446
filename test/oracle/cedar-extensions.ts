/**
 * Cedar's extension functions for the oracles: constructors and methods of decimal, ipaddr, datetime and duration, by the
 * letter of the Cedar specification's "Extension types".
 */
import type { Value } from '../../src/values/value.ts'

/** An evaluation error of Cedar. */
export class CedarError extends Error {}

const DAY = 86_400_000n
const MAX = 2n ** 63n - 1n

/** The result of the extension function or method `name`; the receiver of a method is the first argument. */
export function callExtension(name: string, args: readonly Value[]): Value {
  const definition = FUNCTIONS.get(name)
  if (definition === undefined) throw new CedarError(`no extension function ${name}`)
  if (args.length !== definition.types.length) throw new CedarError(`wrong number of arguments for ${name}`)
  definition.types.forEach((type, i) => {
    const arg = args[i]
    const actual = typeof arg === 'object' ? arg.kind : typeof arg
    if (actual !== type) throw new CedarError(`${name}: expected ${type}, got ${actual}`)
  })
  const plain = args.map((arg) => (typeof arg === 'object' && 'value' in arg ? arg.value : arg))
  return definition.call(...(plain as never[]))
}

/** Whether `name` is an extension method or function. */
export function isExtension(name: string): boolean {
  return FUNCTIONS.has(name)
}

/** `value` if it has 64 bits; an overflow else. */
export function long(value: bigint): bigint {
  if (value < -MAX - 1n || value > MAX) throw new CedarError(`integer overflow: ${value}`)
  return value
}

interface Definition {
  readonly types: readonly string[]
  /** Takes strings as they are, addresses as they are, and of all other extension values their number. */
  readonly call: (...args: never[]) => Value
}

const decimal = (value: bigint): Value => ({ kind: 'decimal', value: long(value) })
const datetime = (value: bigint): Value => ({ kind: 'datetime', value: long(value) })
const duration = (value: bigint): Value => ({ kind: 'duration', value: long(value) })
const since = (instant: bigint): bigint => ((instant % DAY) + DAY) % DAY

const FUNCTIONS: ReadonlyMap<string, Definition> = new Map<string, Definition>([
  ['decimal', { types: ['string'], call: (text: string) => decimal(parseDecimal(text)) }],
  ['lessThan', { types: ['decimal', 'decimal'], call: (a: bigint, b: bigint) => a < b }],
  ['lessThanOrEqual', { types: ['decimal', 'decimal'], call: (a: bigint, b: bigint) => a <= b }],
  ['greaterThan', { types: ['decimal', 'decimal'], call: (a: bigint, b: bigint) => a > b }],
  ['greaterThanOrEqual', { types: ['decimal', 'decimal'], call: (a: bigint, b: bigint) => a >= b }],
  ['datetime', { types: ['string'], call: (text: string) => datetime(parseDatetime(text)) }],
  ['offset', { types: ['datetime', 'duration'], call: (a: bigint, b: bigint) => datetime(a + b) }],
  ['durationSince', { types: ['datetime', 'datetime'], call: (a: bigint, b: bigint) => duration(a - b) }],
  ['toDate', { types: ['datetime'], call: (a: bigint) => datetime(a - since(a)) }],
  ['toTime', { types: ['datetime'], call: (a: bigint) => duration(since(a)) }],
  ['duration', { types: ['string'], call: (text: string) => duration(parseDuration(text)) }],
  ['toMilliseconds', { types: ['duration'], call: (a: bigint) => a }],
  ['toSeconds', { types: ['duration'], call: (a: bigint) => a / 1000n }],
  ['toMinutes', { types: ['duration'], call: (a: bigint) => a / 60_000n }],
  ['toHours', { types: ['duration'], call: (a: bigint) => a / 3_600_000n }],
  ['toDays', { types: ['duration'], call: (a: bigint) => a / DAY }],
  ['ip', { types: ['string'], call: parseIp }],
  ['isIpv4', { types: ['ipaddr'], call: (a: Address) => a.version === 4 }],
  ['isIpv6', { types: ['ipaddr'], call: (a: Address) => a.version === 6 }],
  ['isLoopback', { types: ['ipaddr'], call: (a: Address) => isInRange(a, a.version === 4 ? LOOPBACK4 : LOOPBACK6) }],
  ['isMulticast', { types: ['ipaddr'], call: (a: Address) => isInRange(a, a.version === 4 ? MULTICAST4 : MULTICAST6) }],
  ['isInRange', { types: ['ipaddr', 'ipaddr'], call: isInRange }],
])

function parseDecimal(text: string): bigint {
  const [, sign, whole, fraction] = /^(-?)(\d+)\.(\d{1,4})$/u.exec(text) ?? fail('decimal', text)
  const value = BigInt(`${whole}${fraction?.padEnd(4, '0')}`)
  return sign === '-' ? -value : value
}

function parseDatetime(text: string): bigint {
  const pattern = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?(?:Z|([+-])(\d\d)(\d\d)))?$/u
  const parts = pattern.exec(text) ?? fail('datetime', text)
  const number = (i: number): number => Number(parts[i] ?? 0)
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  const length = lengths[month - 1] ?? 0
  if (day < 1 || day > length || hour > 23 || minute > 59 || second > 59) fail('datetime', text)
  if (number(9) > 23 || number(10) > 59) fail('datetime', text)
  // Days before the year, counted from year 0 (a leap year), then days before the month; 719,528 is 1970-01-01.
  const leapYears = Math.floor((year + 3) / 4) - Math.floor((year + 99) / 100) + Math.floor((year + 399) / 400)
  const days = year * 365 + leapYears + lengths.slice(0, month - 1).reduce((a, b) => a + b, 0) + day - 1 - 719_528
  const offset = (number(9) * 60 + number(10)) * (parts[8] === '-' ? -1 : 1)
  return BigInt(days) * DAY + BigInt(((hour * 60 + minute - offset) * 60 + second) * 1000 + number(7))
}

function parseDuration(text: string): bigint {
  const pattern = /^(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/u
  const [, sign, ...amounts] = pattern.exec(text) ?? fail('duration', text)
  if (amounts.every((amount) => amount === undefined)) fail('duration', text)
  const units = [DAY, 3_600_000n, 60_000n, 1000n, 1n]
  const total = amounts.reduce((sum, amount, i) => sum + BigInt(amount ?? 0) * (units[i] ?? 0n), 0n)
  return sign === '-' ? -total : total
}

interface Address {
  readonly kind: 'ipaddr'
  readonly version: 4 | 6
  readonly bits: bigint
  readonly prefix: number
}

const LOOPBACK4: Address = { kind: 'ipaddr', version: 4, bits: 0x7f000000n, prefix: 8 }
const LOOPBACK6: Address = { kind: 'ipaddr', version: 6, bits: 1n, prefix: 128 }
const MULTICAST4: Address = { kind: 'ipaddr', version: 4, bits: 0xe0000000n, prefix: 4 }
const MULTICAST6: Address = { kind: 'ipaddr', version: 6, bits: 0xff00n << 112n, prefix: 8 }

function parseIp(text: string): Address {
  const [, address = '', prefix] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/u.exec(text) ?? fail('ip', text)
  const version = address.includes(':') ? 6 : 4
  const bits = version === 4 ? parseIpv4(address) : parseIpv6(address)
  const width = version === 4 ? 32 : 128
  if (Number(prefix ?? 0) > width) fail('ip', text)
  return { kind: 'ipaddr', version, bits, prefix: Number(prefix ?? width) }
}

function parseIpv4(text: string): bigint {
  const octets = text.split('.')
  if (octets.length !== 4) fail('ip', text)
  return octets.reduce((bits, octet) => {
    if (!/^(0|[1-9]\d{0,2})$/u.test(octet) || Number(octet) > 255) fail('ip', text)
    return (bits << 8n) | BigInt(octet)
  }, 0n)
}

function parseIpv6(text: string): bigint {
  const halves = text.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], tail = []] = halves
  const given = head.length + tail.length
  if (halves.length > 2 || (halves.length === 2 ? given > 7 : given !== 8)) fail('ip', text)
  const groups = [...head, ...Array<string>(8 - given).fill('0'), ...tail]
  return groups.reduce((bits, group) => {
    if (!/^[\da-f]{1,4}$/iu.test(group)) fail('ip', text)
    return (bits << 16n) | BigInt(`0x${group}`)
  }, 0n)
}

/** All addresses of `inner` are in `outer`: the first and the last one are. */
function isInRange(inner: Address, outer: Address): boolean {
  if (inner.version !== outer.version) return false
  const hosts = (address: Address): bigint => 2n ** BigInt((address.version === 4 ? 32 : 128) - address.prefix) - 1n
  const first = (address: Address): bigint => address.bits & ~hosts(address)
  const last = (address: Address): bigint => address.bits | hosts(address)
  return first(outer) <= first(inner) && last(inner) <= last(outer)
}

function fail(type: string, text: string): never {
  throw new CedarError(`not a ${type}: ${text}`)
}
