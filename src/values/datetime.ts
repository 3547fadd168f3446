/**
 * Cedar's `datetime`: a signed number of milliseconds since 1970, written as a date or a UTC time of the proleptic
 * Gregorian calendar, years 0000 to 9999. Does not use `Date`'s parser, which knows other forms. Error messages are those
 * of cedar-wasm. Spec: Cedar's "datetime and duration".
 */
import { checkedLong } from './long.ts'
import type { Datetime, Duration } from './value.ts'

const DAY_MS = 86_400_000n

/** The datetime that `text` writes, or a message that says why it is none. */
export function parseDatetime(text: string): Datetime | string {
  // All forms are checked before any number is, as in Cedar.
  const date = /^([0-9]{4})-([0-9]{2})-([0-9]{2})/.exec(text)
  if (!date) return 'invalid date pattern'
  const midnight = parseDate(date)
  if (text.length === date[0].length) return typeof midnight === 'string' ? midnight : datetime(midnight)
  const time = /^T([0-9]{2}):([0-9]{2}):([0-9]{2})/.exec(text.slice(10))
  if (!time) return 'invalid hour/minute/second pattern'
  const end = /^(?:\.([0-9]{3}))?(?:Z|([+-])([0-9]{2})([0-9]{2}))$/.exec(text.slice(19))
  if (!end) return 'invalid millisecond and/or offset pattern'
  if (typeof midnight === 'string') return midnight
  const [hour, minute, second] = [Number(time[1]), Number(time[2]), Number(time[3])]
  if (hour > 23 || minute > 59 || second > 59) return `invalid hour/minute/second: ${time[0].slice(1)}`
  const [offsetHours, offsetMinutes] = [Number(end[3] ?? 0), Number(end[4] ?? 0)]
  if (offsetHours > 23 || offsetMinutes > 59) return `invalid offset range: ${offsetHours}${offsetMinutes}`
  const offset = (offsetHours * 60 + offsetMinutes) * (end[2] === '-' ? -1 : 1)
  const milliseconds = ((hour * 60 + minute - offset) * 60 + second) * 1000 + Number(end[1] ?? 0)
  return datetime(midnight + BigInt(milliseconds))
}

/** Milliseconds of a date's midnight, or a message where the calendar has no such day. */
function parseDate(parts: RegExpExecArray): bigint | string {
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return `invalid date: ${parts[0]}`
  return BigInt(daysFromEpoch(year, month, day)) * DAY_MS
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days between 1970-01-01 and a date with `year` ≥ 0. Years are counted from March, so that a leap day is the last. */
function daysFromEpoch(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return (
    365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - DAYS_FROM_MARCH_0000_TO_1970
  )
}

const DAYS_FROM_MARCH_0000_TO_1970 = 719_468

/**
 * The shortest text that `parseDatetime` reads as `at`; `undefined` outside of the years 0000 to 9999, which `offset`
 * can leave.
 */
export function printDatetime(at: Datetime): string | undefined {
  if (at.value < YEAR_0000 || at.value >= YEAR_10000) return undefined
  const text = new Date(Number(at.value)).toISOString()
  return text.replace('T00:00:00.000Z', '').replace('.000Z', 'Z')
}

const YEAR_0000 = -62_167_219_200_000n
const YEAR_10000 = 253_402_300_800_000n

/** `at` moved by `by`; none on overflow. */
export function offsetDatetime(at: Datetime, by: Duration): Datetime | undefined {
  const value = checkedLong(at.value + by.value)
  return value === undefined ? undefined : datetime(value)
}

/** The time from `start` to `end`, negative where `end` is earlier; none on overflow. */
export function durationBetween(span: { readonly start: Datetime; readonly end: Datetime }): Duration | undefined {
  const value = checkedLong(span.end.value - span.start.value)
  return value === undefined ? undefined : { kind: 'duration', value }
}

/** The midnight (UTC) at or before `at`; none on overflow. */
export function dateOf(at: Datetime): Datetime | undefined {
  const value = checkedLong(at.value - timeOfDay(at).value)
  return value === undefined ? undefined : datetime(value)
}

/** The time since that midnight: at least 0 and less than a day. */
export function timeOfDay(at: Datetime): Duration {
  const rest = at.value % DAY_MS
  return { kind: 'duration', value: rest < 0n ? rest + DAY_MS : rest }
}

function datetime(value: bigint): Datetime {
  return { kind: 'datetime', value }
}
