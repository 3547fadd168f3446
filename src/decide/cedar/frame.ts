/**
 * What the evaluation of one request works in, and how errors travel: a result is a value id or `ERROR`, and the frame
 * holds what the last error was. No exceptions, so that an error costs no more than a value. Messages are those of
 * cedar-wasm. Spec: Cedar's "Authorization", LANGUAGE section 6.
 */
import type { EntityView } from '../../image/entity-view.ts'
import { kindOfId, type ValueId, type Values } from '../../image/value-ids.ts'
import type { Demand, Holds } from '../../program/demand.ts'
import type { Span } from '../../text/source.ts'

/** One request and all that its policies may read. Nobody else uses it meanwhile. */
export class Frame {
  principal: ValueId = 0
  action: ValueId = 0
  resource: ValueId = 0
  entities: EntityView
  /** Knows the image's values; new ones stay with the request. */
  readonly values: Values
  readonly demand: Demand
  readonly holds: Holds
  /** Meaningful only after an `ERROR`, and if not `isQuiet`. */
  failure: Failure | undefined = undefined
  /** Nobody asks why something fails. */
  isQuiet = false
  /** What fails of the policies that generated code evaluates, a bit each. */
  failing = 0
  /** The context: keys and values, and what they are as a record once somebody asked for that. */
  readonly #keys: ValueId[] = []
  readonly #fields: ValueId[] = []
  #count = 0
  #record: ValueId = NO_RECORD

  constructor(values: Values, entities: EntityView, demand: Demand, holds: Holds = () => undefined) {
    this.values = values
    this.entities = entities
    this.demand = demand
    this.holds = holds
  }

  /** The context, which is a record. */
  get context(): ValueId {
    if (this.#record === NO_RECORD) {
      this.#record = this.values.record(
        this.#keys.slice(0, this.#count).map((key, i) => [key, this.#fields[i]!] as const),
      )
    }
    return this.#record
  }

  set context(record: ValueId) {
    this.clearContext()
    this.#record = record
  }

  /** Whether the context is known to have no fields. */
  get isBare(): boolean {
    return this.#count === 0 && this.#record === NO_RECORD
  }

  /** Makes the context one without fields. */
  clearContext(): void {
    this.#count = 0
    this.#record = NO_RECORD
  }

  /** Adds a field to a context that was cleared. */
  addField(key: ValueId, value: ValueId): void {
    this.#keys[this.#count] = key
    this.#fields[this.#count++] = value
  }

  /**
   * Copies the context, and says how many words of `into` that took: by turns keys and values, keys ascending; or one word,
   * the context as a record, where there are more fields than `most` or where it was given as one.
   */
  copyContext(into: Int32Array, most: number): number {
    if (this.#record !== NO_RECORD || this.#count > most) {
      into[0] = this.context
      return 1
    }
    for (let i = 0; i < this.#count; i++) {
      let at = 2 * i
      for (; at > 0 && into[at - 2]! > this.#keys[i]!; at -= 2) {
        into[at] = into[at - 2]!
        into[at + 1] = into[at - 1]!
      }
      into[at] = this.#keys[i]!
      into[at + 1] = this.#fields[i]!
    }
    return 2 * this.#count
  }

  /** The context, for `useContext`. */
  contextIds(): ContextIds {
    const count = this.#count
    if (this.isBare) return NO_CONTEXT
    return { keys: this.#keys.slice(0, count), fields: this.#fields.slice(0, count), record: this.#record }
  }

  /** Makes the context what `contextIds` yielded. */
  useContext(context: ContextIds): void {
    if (context === NO_CONTEXT) this.clearContext()
    else this.#copyFrom(context)
  }

  #copyFrom({ keys, fields, record }: ContextIds): void {
    this.#record = record
    this.#count = keys.length
    for (let i = 0; i < keys.length; i++) {
      this.#keys[i] = keys[i]!
      this.#fields[i] = fields[i]!
    }
  }

  /** A field of the context, or -1. */
  contextField(key: ValueId): ValueId {
    if (this.#record !== NO_RECORD || this.#count > SCANNED_MAX) return this.values.fieldOf(this.context, key)
    for (let i = 0; i < this.#count; i++) if (this.#keys[i] === key) return this.#fields[i]!
    return -1
  }
}

/** A context as ids: by fields, or as a record. */
export interface ContextIds {
  readonly keys: readonly ValueId[]
  readonly fields: readonly ValueId[]
  readonly record: ValueId
}

const NO_RECORD = -1
/** No fields. */
export const NO_CONTEXT: ContextIds = { keys: [], fields: [], record: NO_RECORD }
/** So many fields are looked through one by one. */
const SCANNED_MAX = 8

export interface Failure {
  readonly message: string
  readonly span: Span
  /** What `helpOf` makes a help of; absent where nothing helps. */
  readonly cause?: Cause | undefined
}

/** An attribute or tag that its owner, an entity that exists or a record, does not have; or whatever has a help of its own. */
export type Cause =
  | { readonly kind: 'missing'; readonly owner: ValueId; readonly of: 'attribute' | 'tag'; readonly name: string }
  | { readonly kind: 'advised'; readonly help: string }

export function advised(help: string | undefined): Cause | undefined {
  return help === undefined ? undefined : { kind: 'advised', help }
}

/** Not a value: the evaluation failed. */
export const ERROR = -1

/** A compiled expression: yields a value id or `ERROR`. */
export type Evaluate = (frame: Frame) => ValueId

/** Notes why an evaluation fails. */
export function fail(frame: Frame, span: Span, message: string, cause?: Cause): typeof ERROR {
  if (!frame.isQuiet) frame.failure = { message, span, cause }
  return ERROR
}

/** Where an operation stands, and where its operands do. */
export interface Place {
  readonly span: Span
  readonly operands: readonly Span[]
}

/** Fails because `got`, the value of an operand, is of no type that is `expected`. */
export function failOperand(
  frame: Frame,
  at: Place,
  operand: number,
  expected: string,
  got: ValueId,
  help?: string,
): typeof ERROR {
  return frame.isQuiet ? ERROR : failType(frame, at.operands[operand] ?? at.span, expected, got, help)
}

/** Fails because `got` is of no type that is `expected`, in Cedar's words. */
export function failType(frame: Frame, span: Span, expected: string, got: ValueId, help?: string): typeof ERROR {
  if (frame.isQuiet) return ERROR
  const kind = kindOfId(got)
  const type = kind === 'entity' ? `(entity of type \`${frame.values.textOf(frame.values.entityType(got))}\`)` : kind
  return fail(frame, span, `type error: expected ${expected}, got ${type}`, advised(help))
}

/** How messages name the type of all entities. */
export const ANY_ENTITY = '(entity of type `any_entity_type`)'
