/**
 * How characters look on a terminal: what is invisible or moves the cursor is replaced, so that program text can neither
 * hide nor forge what a message says; and how many columns each character takes. Used by `render.ts`.
 */
import { textArgument } from './argument.ts'

/** `text` on one line: control, format and unpaired characters are made visible. */
export function visible(text: string): string {
  return textArgument(text, 'what is to be shown').replace(HIDDEN, spell)
}

/** The columns that one character takes: 0 for a combining mark, 2 for a wide one. */
export function columnsOf(character: string): number {
  const point = character.codePointAt(0) ?? 0
  if (point < 0x300) return 1
  if (COMBINING.test(character)) return 0
  return EMOJI.test(character) || WIDE.some(([from, to]) => point >= from && point <= to) ? 2 : 1
}

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const COMBINING = /^[\p{Mn}\p{Me}]/u
const EMOJI = /^\p{Emoji_Presentation}/u

/** East Asian Wide and Fullwidth, in blocks; first and last code point. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x20000, 0x3fffd],
]

function spell(character: string): string {
  const point = character.codePointAt(0) ?? 0
  if (point < 0x20) return String.fromCodePoint(0x2400 + point)
  if (point === 0x7f) return '\u2421'
  return `\\u{${point.toString(16)}}`
}
