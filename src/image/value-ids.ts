/**
 * Value ids: 31-bit numbers that stand for values, equal exactly when the values are equal. Small integers and bools are
 * inline, all else is an index into a dictionary (`dictionary.ts`). This file owns how ids are made and read; what a value
 * means is owned by `src/values`. Layout: `native-layout/layout.ts`.
 */
import { INT_BIAS, KIND, LOCAL_BIT, PAYLOAD_BITS, PAYLOAD_MASK } from '../../native-layout/layout.ts'
import type { EntityUid, IpAddr, RecordValue, Value, ValueKind } from '../values/value.ts'
import type { Dictionary, ImageDictionary, Overlay } from './dictionary.ts'
import type { TextBatch } from './text-batch.ts'

/** An interned value; never negative, so that -1 can say "none" or "error". */
export type ValueId = number

export const FALSE: ValueId = KIND.bool << PAYLOAD_BITS
export const TRUE: ValueId = FALSE + 1

const KIND_NAMES: readonly ValueKind[] = [
  'string',
  'long',
  'bool',
  'long',
  'float',
  'entity',
  'decimal',
  'ipaddr',
  'datetime',
  'duration',
  'set',
  'record',
]

/** The kind of the value that `id` stands for. */
export function kindOfId(id: ValueId): ValueKind {
  return KIND_NAMES[id >>> PAYLOAD_BITS]!
}

/** Whether `id` belongs to one request only. */
export function isLocal(id: ValueId): boolean {
  const kind = id >>> PAYLOAD_BITS
  return (id & LOCAL_BIT) !== 0 && kind !== KIND.int && kind !== KIND.bool
}

/** As `isLocal`, of an entity; or of several at once, whose bits are united. */
export function isLocalEntity(id: ValueId): boolean {
  return (id & LOCAL_BIT) !== 0
}

/** Whether `id` means something only until `overlay` is reset. */
export function isPassing(id: ValueId, overlay: Overlay): boolean {
  return isLocal(id) && !overlay.lasts(id & PAYLOAD_MASK)
}

/** An id is one of an inline integer if these are its bits above the payload; such ids are in the order of the integers. */
export const INT_TAG = KIND.int
/** The same bits of an entity. */
export const ENTITY_TAG = KIND.entity
export const TAG_SHIFT = PAYLOAD_BITS

/** The id of an integer that a JavaScript number holds exactly. */
export function intId(values: Values, n: number): ValueId {
  if (n >= -INT_BIAS && n < INT_BIAS) return inlineId(n)
  return values.long(BigInt(n))
}

/** Whether `id` is an inline integer; `inlineInt` reads it. */
export function isInlineInt(id: ValueId): boolean {
  return id >>> PAYLOAD_BITS === KIND.int
}

/** Interns many texts at once: their numbers become the ids of these strings. */
export function internTexts(dictionary: ImageDictionary, texts: TextBatch): void {
  dictionary.texts(texts)
}

/** The integer of an inline id. */
export function inlineInt(id: ValueId): number {
  return (id & PAYLOAD_MASK) - INT_BIAS
}

/** Makes and reads ids over one dictionary. */
export type Values = Makers & Readers

interface Makers {
  string(text: string): ValueId
  bool(value: boolean): ValueId
  long(value: bigint): ValueId
  float(value: number): ValueId
  /** From the ids of two strings. */
  entity(type: ValueId, id: ValueId): ValueId
  /** Elements in any order, equal ones may repeat. */
  set(elements: readonly ValueId[]): ValueId
  /** From pairs of a key's string id and a value id, in any order; keys are unique. */
  record(entries: readonly (readonly [ValueId, ValueId])[]): ValueId
  /** The id of any value. Nested values are interned too. */
  intern(value: Value): ValueId
}

interface Readers {
  textOf(id: ValueId): string
  longOf(id: ValueId): bigint
  /** String ids. */
  entityType(id: ValueId): ValueId
  entityId(id: ValueId): ValueId
  uidOf(id: ValueId): EntityUid
  /** Distinct, ascending. */
  elementsOf(id: ValueId): Uint32Array
  /** Key and value by turns, keys ascending by id. */
  entriesOf(id: ValueId): Uint32Array
  /** The value under the key, the id of a string, in a record; or -1. */
  fieldOf(record: ValueId, key: ValueId): ValueId
  /** Whether the set holds the value. */
  holds(set: ValueId, id: ValueId): boolean
  /** How many elements the set has. */
  sizeOf(set: ValueId): number
  /** One of the set's elements, by its place in their order. */
  elementAt(set: ValueId, place: number): ValueId
  /** The value itself. */
  valueOf(id: ValueId): Value
}

/** `Values` over `dictionary`. */
export function createValues(dictionary: Dictionary): Values {
  return { ...createMakers(dictionary), ...createReaders(dictionary) }
}

/** One record's words, and the same as a 64-bit integer or float. */
function createScratch() {
  const words = new Uint32Array(8)
  return { words, as64: new BigInt64Array(words.buffer), asFloat: new Float64Array(words.buffer) }
}

type Kind64 = 'long' | 'decimal' | 'datetime' | 'duration'

function createMakers(dictionary: Dictionary): Makers {
  const { words, as64, asFloat } = createScratch()
  let list = new Uint32Array(64)
  const reserve = (count: number) => {
    if (count > list.length) list = new Uint32Array(count * 2)
    return list
  }
  const tagged = (kind: keyof typeof KIND, payload: number): ValueId => (KIND[kind] << PAYLOAD_BITS) | payload
  const of64 = (kind: Kind64, value: bigint): ValueId => {
    as64[0] = value
    return tagged(kind, dictionary.fixed(kind, words))
  }
  const makers: Makers = {
    string: (text) => dictionary.text(text),
    bool: (value) => (value ? TRUE : FALSE),
    long: (value) => (value >= INLINE_MIN && value < INLINE_END ? inlineId(Number(value)) : of64('long', value)),
    float: (value) => {
      asFloat[0] = value === 0 ? 0 : value
      return tagged('float', dictionary.fixed('float', words))
    },
    entity: (type, id) => {
      words[0] = type
      words[1] = id
      return tagged('entity', dictionary.fixed('entity', words))
    },
    set: (elements) => {
      const sorted = reserve(elements.length)
      sorted.set(elements)
      sortWords(sorted, elements.length)
      let count = 0
      for (let i = 0; i < elements.length; i++) {
        if (count === 0 || sorted[count - 1] !== sorted[i]) sorted[count++] = sorted[i]!
      }
      return tagged('set', dictionary.ids('set', sorted, count))
    },
    record: (entries) => {
      const sorted = entries.toSorted((a, b) => a[0] - b[0])
      const pairs = reserve(entries.length * 2)
      sorted.forEach(([key, value], i) => {
        pairs[2 * i] = key
        pairs[2 * i + 1] = value
      })
      return tagged('record', dictionary.ids('record', pairs, entries.length * 2))
    },
    intern: (value) => (typeof value === 'object' ? internObject(value) : internPrimitive(value)),
  }
  const internPrimitive = (value: string | bigint | boolean | number): ValueId => {
    if (typeof value === 'string') return dictionary.text(value)
    if (typeof value === 'bigint') return makers.long(value)
    return typeof value === 'boolean' ? makers.bool(value) : makers.float(value)
  }
  const internObject = (value: Exclude<Value, string | bigint | boolean | number>): ValueId => {
    switch (value.kind) {
      case 'entity':
        return makers.entity(dictionary.text(value.type), dictionary.text(value.id))
      case 'ipaddr':
        return tagged('ipaddr', dictionary.fixed('ipaddr', writeIp(words, value)))
      case 'set':
        return makers.set(value.elements.map(makers.intern))
      case 'record':
        return makers.record([...value.fields].map(([key, v]) => [dictionary.text(key), makers.intern(v)]))
      default:
        return of64(value.kind, value.value)
    }
  }
  return makers
}

function createReaders(dictionary: Dictionary): Readers {
  const { words, as64, asFloat } = createScratch()
  const read64 = (kind: Kind64 | 'float', id: ValueId): bigint => {
    words[0] = dictionary.fixedWord(kind, id & PAYLOAD_MASK, 0)
    words[1] = dictionary.fixedWord(kind, id & PAYLOAD_MASK, 1)
    return as64[0]!
  }
  const ip = (id: ValueId): IpAddr => {
    const word = (i: number) => dictionary.fixedWord('ipaddr', id & PAYLOAD_MASK, i)
    let bits = 0n
    for (let i = 3; i >= 0; i--) bits = (bits << 32n) | BigInt(word(i))
    return { kind: 'ipaddr', version: word(5) === 4 ? 4 : 6, bits, prefix: word(4) }
  }
  const record = (id: ValueId): RecordValue => {
    const entries = readers.entriesOf(id)
    const fields = new Map<string, Value>()
    for (let i = 0; i < entries.length; i += 2)
      fields.set(readers.textOf(entries[i]!), readers.valueOf(entries[i + 1]!))
    return { kind: 'record', fields }
  }
  const readers: Readers = {
    textOf: (id) => dictionary.textOf(id & PAYLOAD_MASK),
    longOf: (id) => (isInlineInt(id) ? BigInt(inlineInt(id)) : read64('long', id)),
    entityType: (id) => dictionary.fixedWord('entity', id & PAYLOAD_MASK, 0),
    entityId: (id) => dictionary.fixedWord('entity', id & PAYLOAD_MASK, 1),
    uidOf: (id) => {
      const [type, name] = [dictionary.textOf(readers.entityType(id)), dictionary.textOf(readers.entityId(id))]
      return { kind: 'entity', type, id: name }
    },
    elementsOf: (id) => dictionary.idsOf('set', id & PAYLOAD_MASK),
    entriesOf: (id) => dictionary.idsOf('record', id & PAYLOAD_MASK),
    fieldOf: (id, key) => dictionary.fieldOf(id & PAYLOAD_MASK, key),
    holds: (id, element) => dictionary.holds(id & PAYLOAD_MASK, element),
    sizeOf: (id) => dictionary.sizeOf(id & PAYLOAD_MASK),
    elementAt: (id, place) => dictionary.idAt(id & PAYLOAD_MASK, place),
    valueOf: (id) => {
      const kind = kindOfId(id)
      switch (kind) {
        case 'string':
          return readers.textOf(id)
        case 'long':
          return readers.longOf(id)
        case 'bool':
          return id === TRUE
        case 'float':
          read64('float', id)
          return asFloat[0]!
        case 'entity':
          return readers.uidOf(id)
        case 'ipaddr':
          return ip(id)
        case 'set':
          return { kind, elements: Array.from(readers.elementsOf(id), readers.valueOf) }
        case 'record':
          return record(id)
        default:
          return { kind, value: read64(kind, id) }
      }
    },
  }
  return readers
}

/** Fills an ip record. */
function writeIp(words: Uint32Array, { bits, prefix, version }: IpAddr): Uint32Array {
  for (let i = 0; i < 4; i++) words[i] = Number((bits >> BigInt(32 * i)) & 0xffffffffn)
  words[4] = prefix
  words[5] = version
  return words
}

/** Sorts the first `count` words; few of them here, since a call of the engine's own sorting takes longer than that. */
function sortWords(words: Uint32Array, count: number): void {
  if (count > SORTED_BY_INSERTION) {
    words.subarray(0, count).sort()
    return
  }
  for (let i = 1; i < count; i++) {
    const word = words[i]!
    let at = i
    for (; at > 0 && words[at - 1]! > word; at--) words[at] = words[at - 1]!
    words[at] = word
  }
}

const SORTED_BY_INSERTION = 16

/** Integers from the first to before the second are inline. */
const INLINE_MIN = BigInt(-INT_BIAS)
const INLINE_END = BigInt(INT_BIAS)

function inlineId(n: number): ValueId {
  return (KIND.int << PAYLOAD_BITS) | (n + INT_BIAS)
}
