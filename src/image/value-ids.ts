/**
 * Value ids: 31-bit numbers that stand for values, equal exactly when the values are equal. Small integers and bools are
 * inline, all else is an index into a dictionary (`dictionary.ts`). This file owns how ids are made and read; what a value
 * means is owned by `src/values`. Layout: `native-layout/layout.ts`.
 */
import { INT_BIAS, KIND, LOCAL_BIT, PAYLOAD_BITS, PAYLOAD_MASK } from '../../native-layout/layout.ts'
import type { EntityUid, IpAddr, RecordValue, Value, ValueKind } from '../values/value.ts'
import type { Dictionary, ImageDictionary } from './dictionary.ts'
import type { Overlay } from './overlay.ts'
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

type Kind64 = 'long' | 'decimal' | 'datetime' | 'duration'

/** Makes and reads ids over one dictionary. */
export class Values {
  readonly #dictionary: Dictionary
  /** One record's words, and the same as a 64-bit integer or float. */
  readonly #words = new Uint32Array(8)
  readonly #as64 = new BigInt64Array(this.#words.buffer)
  readonly #asFloat = new Float64Array(this.#words.buffer)
  #list = new Uint32Array(64)

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary
  }

  string(text: string): ValueId {
    return this.#dictionary.text(text)
  }

  bool(value: boolean): ValueId {
    return value ? TRUE : FALSE
  }

  long(value: bigint): ValueId {
    return value >= INLINE_MIN && value < INLINE_END ? inlineId(Number(value)) : this.#make64('long', value)
  }

  float(value: number): ValueId {
    this.#asFloat[0] = value === 0 ? 0 : value
    return tagged('float', this.#dictionary.fixed('float', this.#words))
  }

  /** From the ids of two strings. */
  entity(type: ValueId, id: ValueId): ValueId {
    this.#words[0] = type
    this.#words[1] = id
    return tagged('entity', this.#dictionary.fixed('entity', this.#words))
  }

  /** Elements in any order, equal ones may repeat. */
  set(elements: readonly ValueId[]): ValueId {
    const sorted = this.#reserve(elements.length)
    sorted.set(elements)
    sortWords(sorted, elements.length)
    let count = 0
    for (let i = 0; i < elements.length; i++) {
      if (count === 0 || sorted[count - 1] !== sorted[i]) sorted[count++] = sorted[i]!
    }
    return tagged('set', this.#dictionary.ids('set', sorted, count))
  }

  /** From pairs of a key's string id and a value id, in any order; keys are unique. */
  record(entries: readonly (readonly [ValueId, ValueId])[]): ValueId {
    const sorted = entries.toSorted((a, b) => a[0] - b[0])
    const pairs = this.#reserve(entries.length * 2)
    sorted.forEach(([key, value], i) => {
      pairs[2 * i] = key
      pairs[2 * i + 1] = value
    })
    return tagged('record', this.#dictionary.ids('record', pairs, entries.length * 2))
  }

  /** The id of any value. Nested values are interned too. */
  intern(value: Value): ValueId {
    if (typeof value === 'object') return this.#internObject(value)
    if (typeof value === 'string') return this.#dictionary.text(value)
    if (typeof value === 'bigint') return this.long(value)
    return typeof value === 'boolean' ? this.bool(value) : this.float(value)
  }

  #internObject(value: Exclude<Value, string | bigint | boolean | number>): ValueId {
    switch (value.kind) {
      case 'entity':
        return this.entity(this.#dictionary.text(value.type), this.#dictionary.text(value.id))
      case 'ipaddr':
        return tagged('ipaddr', this.#dictionary.fixed('ipaddr', writeIp(this.#words, value)))
      case 'set':
        return this.set(value.elements.map((element) => this.intern(element)))
      case 'record':
        return this.record([...value.fields].map(([key, field]) => [this.#dictionary.text(key), this.intern(field)]))
      default:
        return this.#make64(value.kind, value.value)
    }
  }

  #make64(kind: Kind64, value: bigint): ValueId {
    this.#as64[0] = value
    return tagged(kind, this.#dictionary.fixed(kind, this.#words))
  }

  #reserve(count: number): Uint32Array {
    if (count > this.#list.length) this.#list = new Uint32Array(count * 2)
    return this.#list
  }

  textOf(id: ValueId): string {
    return this.#dictionary.textOf(id & PAYLOAD_MASK)
  }

  longOf(id: ValueId): bigint {
    return isInlineInt(id) ? BigInt(inlineInt(id)) : this.#read64('long', id)
  }

  /** The id of a string. */
  entityType(id: ValueId): ValueId {
    return this.#dictionary.entityWord(id & PAYLOAD_MASK, 0)
  }

  /** The id of a string. */
  entityId(id: ValueId): ValueId {
    return this.#dictionary.entityWord(id & PAYLOAD_MASK, 1)
  }

  uidOf(id: ValueId): EntityUid {
    const [type, name] = [this.entityType(id), this.entityId(id)]
    return { kind: 'entity', type: this.#dictionary.textOf(type), id: this.#dictionary.textOf(name) }
  }

  /** Distinct, ascending. */
  elementsOf(id: ValueId): Uint32Array {
    return this.#dictionary.idsOf('set', id & PAYLOAD_MASK)
  }

  /** Key and value by turns, keys ascending by id. */
  entriesOf(id: ValueId): Uint32Array {
    return this.#dictionary.idsOf('record', id & PAYLOAD_MASK)
  }

  /** The value under the key, the id of a string, in a record; or -1. */
  fieldOf(record: ValueId, key: ValueId): ValueId {
    return this.#dictionary.fieldOf(record & PAYLOAD_MASK, key)
  }

  /** Whether the set holds the value. */
  holds(set: ValueId, id: ValueId): boolean {
    return this.#dictionary.holds(set & PAYLOAD_MASK, id)
  }

  /** How many elements the set has. */
  sizeOf(set: ValueId): number {
    return this.#dictionary.sizeOf(set & PAYLOAD_MASK)
  }

  /** One of the set's elements, by its place in their order. */
  elementAt(set: ValueId, place: number): ValueId {
    return this.#dictionary.idAt(set & PAYLOAD_MASK, place)
  }

  /** The value itself. */
  valueOf(id: ValueId): Value {
    const kind = kindOfId(id)
    switch (kind) {
      case 'string':
        return this.textOf(id)
      case 'long':
        return this.longOf(id)
      case 'bool':
        return id === TRUE
      case 'float':
        this.#read64('float', id)
        return this.#asFloat[0]!
      case 'entity':
        return this.uidOf(id)
      case 'ipaddr':
        return this.#ipOf(id)
      case 'set':
        return { kind, elements: Array.from(this.elementsOf(id), (element) => this.valueOf(element)) }
      case 'record':
        return this.#recordOf(id)
      default:
        return { kind, value: this.#read64(kind, id) }
    }
  }

  #read64(kind: Kind64 | 'float', id: ValueId): bigint {
    this.#words[0] = this.#dictionary.fixedWord(kind, id & PAYLOAD_MASK, 0)
    this.#words[1] = this.#dictionary.fixedWord(kind, id & PAYLOAD_MASK, 1)
    return this.#as64[0]!
  }

  #ipOf(id: ValueId): IpAddr {
    const word = (i: number) => this.#dictionary.fixedWord('ipaddr', id & PAYLOAD_MASK, i)
    let bits = 0n
    for (let i = 3; i >= 0; i--) bits = (bits << 32n) | BigInt(word(i))
    return { kind: 'ipaddr', version: word(5) === 4 ? 4 : 6, bits, prefix: word(4) }
  }

  #recordOf(id: ValueId): RecordValue {
    const entries = this.entriesOf(id)
    const fields = new Map<string, Value>()
    for (let i = 0; i < entries.length; i += 2) fields.set(this.textOf(entries[i]!), this.valueOf(entries[i + 1]!))
    return { kind: 'record', fields }
  }
}

function tagged(kind: keyof typeof KIND, payload: number): ValueId {
  return (KIND[kind] << PAYLOAD_BITS) | payload
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
