/**
 * Cedar's `decimal`: four digits after the point, 64 bits in all. Reads, prints and compares; the names of its methods
 * stand in `extension.ts`. Error messages are those of cedar-wasm. Spec: Cedar's "decimal".
 */
import { checkedLong, parseLong } from './long.ts'
import type { Decimal } from './value.ts'

const SCALE_DIGITS = 4
const SCALE = 10_000n

/** The decimal that `text` writes, or a message that says why it is none. */
export function parseDecimal(text: string): Decimal | string {
  const sign = text.startsWith('-') ? '-' : ''
  const [whole = '', fraction = '', more] = text.slice(sign.length).split('.', 3)
  // As in Cedar, digits of all scripts are digits here, and only then found to be no number.
  if (whole === '' || fraction === '' || more !== undefined || /\P{Nd}/u.test(whole + fraction)) {
    return `\`${text}\`${NOT_WELL_FORMED}`
  }
  const left = parseLong(sign + whole)
  if (left === undefined || checkedLong(left * SCALE) === undefined) return OVERFLOW
  if (Buffer.byteLength(fraction) > SCALE_DIGITS) return `too many digits after the decimal in \`${text}\``
  const right = parseLong(fraction.padEnd(SCALE_DIGITS, '0'))
  if (right === undefined) return OVERFLOW
  // The sign is the text's, since `-0.5` has the whole part 0.
  const value = checkedLong(left * SCALE + (sign === '-' ? -right : right))
  return value === undefined ? OVERFLOW : { kind: 'decimal', value }
}

const OVERFLOW = 'overflow when converting to decimal'
const NOT_WELL_FORMED = ' is not a well-formed decimal value'

/** What helps against a message of `parseDecimal`. */
export function decimalHelp(message: string): string {
  const range = 'the value must be in range -922337203685477.5808 to 922337203685477.5807'
  if (message.endsWith(OVERFLOW)) return range
  if (!message.endsWith(NOT_WELL_FORMED)) return 'at most 4 digits are supported'
  return `valid decimal strings look like \`12.34\`: digits are required on both sides of \`.\`, up to 4 fractional digits are allowed, and ${range}`
}

/** The shortest text that `parseDecimal` reads as `decimal`: at least one digit after the point. */
export function printDecimal(decimal: Decimal): string {
  const magnitude = decimal.value < 0n ? -decimal.value : decimal.value
  const fraction = String(magnitude % SCALE)
    .padStart(SCALE_DIGITS, '0')
    .replace(/0{1,3}$/, '')
  return `${decimal.value < 0n ? '-' : ''}${magnitude / SCALE}.${fraction}`
}
