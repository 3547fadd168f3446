/**
 * Fields of a fact file as bytes → value ids, by the type of the column, for what is common: no string is made for a text
 * that is known, no bigint for a small integer. All else of a field goes by its value, as `load.ts` puts it in; what a type
 * refuses is left to that path too, which says why. Spec: LANGUAGE section 3.
 */
import { coerceValue } from '../program/coerce.ts'
import type { Column, TypeName } from '../program/program.ts'
import { isRefusal } from '../program/uids.ts'
import { fieldReader } from '../syntax/rune-file/fact-field.ts'
import type { Image } from './image.ts'
import { intId, type ValueId } from './value-ids.ts'

/** The id of the field `[start, end)`, in valid UTF-8; `REFUSED` or `TEXT` where it has none yet. */
export type FieldId = (bytes: Uint8Array, start: number, end: number) => ValueId

/** The field cannot be in the column. */
export const REFUSED = -1
/** The field is a text that is to be interned as it is; in a column of entities it is the id of one. */
export const TEXT = -2

/** How a column of a file whose fields are of `type` is read into `column`. */
export function fieldId(
  type: TypeName,
  column: Pick<Column, 'declared'>,
  image: Image,
  pathTypes: ReadonlySet<string>,
): FieldId {
  const byValue = slowFieldId(type, column, image, pathTypes)
  const { declared } = column
  const isKept = declared === undefined || declared === 'any' || declared.has(type)
  if (!isKept) return byValue
  if (type === 'Long') return (bytes, start, end) => longId(image, bytes, start, end, byValue)
  if (type === 'String') return isPlain(declared) ? () => TEXT : byValue
  const name = type.startsWith(ENTITY) ? type.slice(ENTITY.length) : undefined
  return name === undefined || pathTypes.has(name) ? byValue : entityText(byValue)
}

const ENTITY = 'entity:'

/** Whether a string that meets a column stays one: a text that writes an entity would become that where entities may stand. */
function isPlain(declared: Column['declared']): boolean {
  return declared === undefined || declared === 'any' || ![...declared].some((type) => type.startsWith(ENTITY))
}

function slowFieldId(
  type: TypeName,
  column: Pick<Column, 'declared'>,
  image: Image,
  pathTypes: ReadonlySet<string>,
): FieldId {
  const read = fieldReader(type)
  return (bytes, start, end) => {
    const text = textOf(bytes, start, end)
    const value = read ? read(text) : text
    const kept = value === undefined ? undefined : coerceValue(column, value, pathTypes)
    return kept === undefined || isRefusal(kept) ? REFUSED : image.values.intern(kept)
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}

/** An id, unless it could be a literal such as `User::"alice"`. */
function entityText(byValue: FieldId): FieldId {
  return (bytes, start, end) => {
    for (let i = start; i < end; i++) if (bytes[i] === QUOTE) return byValue(bytes, start, end)
    return TEXT
  }
}

/** Few digits, without zeros before them, are an integer that a number holds. */
function longId(image: Image, bytes: Uint8Array, start: number, end: number, byValue: FieldId): ValueId {
  const from = bytes[start] === MINUS ? start + 1 : start
  if (from === end || end - from > DIGITS_MAX || (bytes[from] === ZERO && end - from > 1))
    return byValue(bytes, start, end)
  let n = 0
  for (let i = from; i < end; i++) {
    const digit = bytes[i]! - ZERO
    if (digit < 0 || digit > 9) return REFUSED
    n = n * 10 + digit
  }
  return intId(image.values, from === start ? n : -n)
}

const DIGITS_MAX = 15
const QUOTE = 0x22
const MINUS = 0x2d
const ZERO = 0x30
