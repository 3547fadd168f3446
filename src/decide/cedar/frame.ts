/**
 * What the evaluation of one request works in, and how errors travel: a result is a value id or `ERROR`, and the frame
 * holds what the last error was. No exceptions, so that an error costs no more than a value. Messages are those of
 * cedar-wasm. Spec: Cedar's "Authorization", LANGUAGE section 6.
 */
import type { EntityView } from '../../image/entity-view.ts'
import { kindOfId, type ValueId, type Values } from '../../image/value-ids.ts'
import type { Demand } from '../../program/demand.ts'
import type { Span } from '../../text/source.ts'

/** One request and all that its policies may read. Nobody else uses it meanwhile. */
export interface Frame {
  readonly principal: ValueId
  readonly action: ValueId
  readonly resource: ValueId
  /** A record. */
  readonly context: ValueId
  /** Knows the image's values; new ones stay with the request. */
  readonly values: Values
  readonly entities: EntityView
  readonly demand: Demand
  /** Meaningful only after an `ERROR`. */
  failure: Failure | undefined
}

export interface Failure {
  readonly message: string
  readonly span: Span
}

/** Not a value: the evaluation failed. */
export const ERROR = -1

/** A compiled expression: yields a value id or `ERROR`. */
export type Evaluate = (frame: Frame) => ValueId

/** Notes why an evaluation fails. */
export function fail(frame: Frame, span: Span, message: string): typeof ERROR {
  frame.failure = { message, span }
  return ERROR
}

/** Fails because `got` is of no type that is `expected`, in Cedar's words. */
export function failType(frame: Frame, span: Span, expected: string, got: ValueId): typeof ERROR {
  const kind = kindOfId(got)
  const type = kind === 'entity' ? `(entity of type \`${frame.values.textOf(frame.values.entityType(got))}\`)` : kind
  return fail(frame, span, `type error: expected ${expected}, got ${type}`)
}

/** How messages name the type of all entities. */
export const ANY_ENTITY = '(entity of type `any_entity_type`)'
