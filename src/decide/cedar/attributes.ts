/**
 * Attributes and tags: `.`, `has`, `getTag` and `hasTag`. An entity that does not exist has no attributes, and asking for
 * one is an error of its own. Spec: Cedar's "Operators" (`.`, `has`, tags).
 */
import { FALSE, kindOfId, TRUE, type ValueId } from '../../image/value-ids.ts'
import { printEntityUid } from '../../values/entity-uid.ts'
import { ANY_ENTITY, ERROR, type Evaluate, type Frame, fail, failOperand, type Place } from './frame.ts'

/** An attribute's or a tag's name, and its id. */
export interface Key {
  readonly name: string
  readonly id: ValueId
}

/** `operand.key`. */
export function getAttribute(operand: Evaluate, key: Key, at: Place): Evaluate {
  return (frame) => {
    const owner = operand(frame)
    if (owner === ERROR) return ERROR
    const found = step(frame, owner, key.id)
    if (found >= 0) return found
    if (found === NO_OWNER) return failOperand(frame, at, 0, OWNER, owner)
    if (kindOfId(owner) === 'record') return failField(frame, at, owner, key.name)
    return failMissing(frame, at, owner, 'attribute', key.name)
  }
}

/** `context.key`, which needs no record. */
export function getOfContext(key: Key, at: Place): Evaluate {
  return (frame) => {
    const found = frame.contextField(key.id)
    return found >= 0 ? found : failField(frame, at, frame.context, key.name)
  }
}

/** `operand has keys[0].keys[1]…`: false at the first that is missing. */
export function hasAttributes(operand: Evaluate, keys: readonly ValueId[], at: Place): Evaluate {
  return (frame) => {
    let owner = operand(frame)
    if (owner === ERROR) return ERROR
    for (const key of keys) {
      const found = step(frame, owner, key)
      if (found === NO_OWNER) return failOperand(frame, at, 0, OWNER, owner)
      if (found < 0) return FALSE
      owner = found
    }
    return TRUE
  }
}

/** The attribute `key` of `owner`; a negative number if it has none: `NO_OWNER` if it can't have any. */
export function step(frame: Frame, owner: ValueId, key: ValueId): number {
  const kind = kindOfId(owner)
  if (kind === 'entity') return frame.entities.attribute(owner, key)
  return kind === 'record' ? frame.values.fieldOf(owner, key) : NO_OWNER
}

/** What can have no attributes. */
export const NO_OWNER = -2

/** `entity.getTag(tag)`. */
export function getTag(entity: Evaluate, tag: Evaluate, at: Place): Evaluate {
  return (frame) => {
    const owner = entity(frame)
    if (owner === ERROR) return ERROR
    const name = tag(frame)
    return name === ERROR ? ERROR : tagOf(frame, at, owner, name)
  }
}

/** The tag `name` of `owner`. */
export function tagOf(frame: Frame, at: Place, owner: ValueId, name: ValueId): ValueId {
  if (!checkTag(frame, at, owner, name)) return ERROR
  const found = frame.entities.tag(owner, name)
  return found >= 0 ? found : failMissing(frame, at, owner, 'tag', frame.values.textOf(name))
}

/** `entity.hasTag(tag)`. */
export function hasTag(entity: Evaluate, tag: Evaluate, at: Place): Evaluate {
  return (frame) => {
    const owner = entity(frame)
    if (owner === ERROR) return ERROR
    const name = tag(frame)
    return name === ERROR ? ERROR : isTagged(frame, at, owner, name)
  }
}

/** Whether `owner` has the tag `name`. */
export function isTagged(frame: Frame, at: Place, owner: ValueId, name: ValueId): ValueId {
  if (!checkTag(frame, at, owner, name)) return ERROR
  return frame.entities.tag(owner, name) >= 0 ? TRUE : FALSE
}

const OWNER = `one of [record, ${ANY_ENTITY}]`

function checkTag(frame: Frame, at: Place, owner: ValueId, name: ValueId): boolean {
  if (kindOfId(owner) !== 'entity') failOperand(frame, at, 0, ANY_ENTITY, owner)
  else if (kindOfId(name) !== 'string') failOperand(frame, at, 1, 'string', name)
  else return true
  return false
}

function failField(frame: Frame, at: Place, owner: ValueId, name: string): typeof ERROR {
  const cause = { kind: 'missing', owner, of: 'attribute', name } as const
  return fail(frame, at.span, `record does not have the attribute \`${name}\``, cause)
}

function failMissing(frame: Frame, at: Place, owner: ValueId, of: 'attribute' | 'tag', name: string): typeof ERROR {
  if (frame.isQuiet) return ERROR
  const uid = printEntityUid(frame.values.uidOf(owner))
  if (!frame.entities.exists(owner)) return fail(frame, at.operands[0] ?? at.span, `entity \`${uid}\` does not exist`)
  return fail(frame, at.span, `\`${uid}\` does not have the ${of} \`${name}\``, { kind: 'missing', owner, of, name })
}
