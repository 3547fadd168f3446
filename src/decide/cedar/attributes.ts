/**
 * Attributes and tags: `.`, `has`, `getTag` and `hasTag`. An entity that does not exist has no attributes, and asking for
 * one is an error of its own. Spec: Cedar's "Operators" (`.`, `has`, tags).
 */
import { FALSE, kindOfId, TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import type { Span } from '../../text/source.ts'
import { printEntityUid } from '../../values/entity-uid.ts'
import { ANY_ENTITY, ERROR, type Evaluate, type Frame, fail, failType } from './frame.ts'

/** An attribute's or a tag's name, and its id. */
export interface Key {
  readonly name: string
  readonly id: ValueId
}

/** `operand.key`. */
export function getAttribute(operand: Evaluate, key: Key, span: Span): Evaluate {
  return (frame) => {
    const owner = operand(frame)
    if (owner === ERROR) return ERROR
    const kind = kindOfId(owner)
    if (kind === 'record') {
      const found = fieldOf(frame.values, owner, key.id)
      return found >= 0 ? found : fail(frame, span, `record does not have the attribute \`${key.name}\``)
    }
    if (kind !== 'entity') return failType(frame, span, OWNER, owner)
    const found = frame.entities.attribute(owner, key.id)
    return found >= 0 ? found : failMissing(frame, span, owner, `attribute \`${key.name}\``)
  }
}

/** `operand has keys[0].keys[1]…`: false at the first that is missing. */
export function hasAttributes(operand: Evaluate, keys: readonly ValueId[], span: Span): Evaluate {
  return (frame) => {
    let owner = operand(frame)
    if (owner === ERROR) return ERROR
    for (const key of keys) {
      const kind = kindOfId(owner)
      if (kind === 'record') owner = fieldOf(frame.values, owner, key)
      else if (kind === 'entity') owner = frame.entities.attribute(owner, key)
      else return failType(frame, span, OWNER, owner)
      if (owner < 0) return FALSE
    }
    return TRUE
  }
}

/** `entity.getTag(tag)`. */
export function getTag(entity: Evaluate, tag: Evaluate, span: Span): Evaluate {
  return (frame) => {
    const owner = entity(frame)
    if (owner === ERROR) return ERROR
    const name = tag(frame)
    if (name === ERROR || !checkTag(frame, span, owner, name)) return ERROR
    const found = frame.entities.tag(owner, name)
    return found >= 0 ? found : failMissing(frame, span, owner, `tag \`${frame.values.textOf(name)}\``)
  }
}

/** `entity.hasTag(tag)`. */
export function hasTag(entity: Evaluate, tag: Evaluate, span: Span): Evaluate {
  return (frame) => {
    const owner = entity(frame)
    if (owner === ERROR) return ERROR
    const name = tag(frame)
    if (name === ERROR || !checkTag(frame, span, owner, name)) return ERROR
    return frame.entities.tag(owner, name) >= 0 ? TRUE : FALSE
  }
}

/** The value under `key` in a record, or -1. */
export function fieldOf(values: Values, record: ValueId, key: ValueId): ValueId {
  const entries = values.entriesOf(record)
  let low = 0
  let high = entries.length / 2
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entries[2 * middle]! < key) low = middle + 1
    else high = middle
  }
  return entries[2 * low] === key ? entries[2 * low + 1]! : -1
}

const OWNER = `one of [record, ${ANY_ENTITY}]`

function checkTag(frame: Frame, span: Span, owner: ValueId, name: ValueId): boolean {
  if (kindOfId(owner) !== 'entity') failType(frame, span, ANY_ENTITY, owner)
  else if (kindOfId(name) !== 'string') failType(frame, span, 'string', name)
  else return true
  return false
}

function failMissing(frame: Frame, span: Span, entity: ValueId, what: string): typeof ERROR {
  const uid = printEntityUid(frame.values.uidOf(entity))
  const exists = frame.entities.exists(entity)
  return fail(frame, span, exists ? `\`${uid}\` does not have the ${what}` : `entity \`${uid}\` does not exist`)
}
