/**
 * Cedar's `duration`: a signed number of milliseconds, written `1d2h3m4s5ms`. Error messages are those of cedar-wasm.
 * Spec: Cedar's "datetime and duration".
 */
import { checkedLong, parseLong } from './long.ts'
import type { Duration } from './value.ts'

const MILLISECONDS = { d: 86_400_000n, h: 3_600_000n, m: 60_000n, s: 1_000n, ms: 1n }

/** The units in the order in which they are written. */
const UNITS = ['d', 'h', 'm', 's', 'ms'] as const

/** The duration that `text` writes, or a message that says why it is none. */
export function parseDuration(text: string): Duration | string {
  const parts = /^(-?)(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/.exec(text)
  if (!parts || text === '' || text === '-') return 'invalid duration pattern'
  const sign = parts[1] as string
  // All terms have one sign, so the sum leaves the range if and only if a partial sum does.
  let sum = 0n
  for (const [i, unit] of UNITS.entries()) {
    const count = parseLong(sign + (parts[i + 2] ?? '0'))
    if (count === undefined) return OVERFLOW
    sum += count * MILLISECONDS[unit]
  }
  const value = checkedLong(sum)
  return value === undefined ? OVERFLOW : { kind: 'duration', value }
}

const OVERFLOW = 'Duration overflows internal representation'

/** The text with the largest units that `parseDuration` reads as `duration`, such as `1h30m`; `0ms` for zero. */
export function printDuration(duration: Duration): string {
  let rest = duration.value < 0n ? -duration.value : duration.value
  if (rest === 0n) return '0ms'
  let text = duration.value < 0n ? '-' : ''
  for (const unit of UNITS) {
    const count = rest / MILLISECONDS[unit]
    rest %= MILLISECONDS[unit]
    if (count > 0n) text += `${count}${unit}`
  }
  return text
}

/** How many whole `unit`s the duration has, truncated toward zero. */
export function wholeUnits(duration: Duration, unit: (typeof UNITS)[number]): bigint {
  // One division gives what Cedar's chain of truncating divisions gives.
  return duration.value / MILLISECONDS[unit]
}
