/**
 * Arithmetic on Longs: signed 64-bit integers as `bigint`, exact, with `undefined` for what has no result. Messages are
 * the caller's. Spec: LANGUAGE sections 2 and 4, Cedar's "Arithmetic operators".
 */

export const LONG_MIN = -(2n ** 63n)
export const LONG_MAX = 2n ** 63n - 1n

/** Whether `n` is a Long. */
export function inLongRange(n: bigint): boolean {
  return n >= LONG_MIN && n <= LONG_MAX
}

/** `n` if it is a Long: `checkedLong(a * b)` is the product, or `undefined` on overflow. */
export function checkedLong(n: bigint): bigint | undefined {
  return inLongRange(n) ? n : undefined
}

/** The quotient, truncated toward zero; none for a zero divisor and for `LONG_MIN / -1`. */
export function divideLong(dividend: bigint, divisor: bigint): bigint | undefined {
  return divisor === 0n ? undefined : checkedLong(dividend / divisor)
}

/** The remainder, with the sign of the dividend; none where `divideLong` has none. */
export function remainderLong(dividend: bigint, divisor: bigint): bigint | undefined {
  return divideLong(dividend, divisor) === undefined ? undefined : dividend % divisor
}

/** Reads `-?[0-9]+`; `undefined` if `text` is something else or no Long. Linear, however long the text. */
export function parseLong(text: string): bigint | undefined {
  if (!/^-?[0-9]+$/.test(text)) return undefined
  const negative = text.startsWith('-')
  let start = negative ? 1 : 0
  while (start < text.length - 1 && text[start] === '0') start++
  // A number of a million digits is refused before it is converted, which would take more than linear time.
  if (text.length - start > DIGITS_MAX) return undefined
  const magnitude = BigInt(text.slice(start))
  return checkedLong(negative ? -magnitude : magnitude)
}

const DIGITS_MAX = 19
