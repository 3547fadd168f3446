/**
 * `in` and `is`: entities, their ancestors and the groups that globs name. Spec: Cedar's "Hierarchy and set membership
 * operators"; LANGUAGE section 5, "Glob groups".
 */
import { ENTITY_TAG, FALSE, kindOfId, TAG_SHIFT, TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import type { GlobGroup } from '../../program/lowered.ts'
import { type Glob, matchesGlob } from '../../values/glob.ts'
import { ANY_ENTITY, ERROR, type Evaluate, type Frame, failOperand, type Place } from './frame.ts'

/** The right side of an `in`, compiled. */
export interface CompiledGroup {
  readonly right: Evaluate
  readonly globs: Globs
}

export type Globs = readonly { readonly type: ValueId; readonly glob: Glob }[]

/** Interns what the globs of a group need. */
export function compileGroup(right: Evaluate, globs: readonly GlobGroup[], values: Values): CompiledGroup {
  return { right, globs: compileGlobs(globs, values) }
}

/** Interns the types of globs. */
export function compileGlobs(globs: readonly GlobGroup[], values: Values): Globs {
  return globs.map(({ type, glob }) => ({ type: values.string(type), glob }))
}

/** `operand in group`; both are evaluated before either is checked. */
export function isIn(operand: Evaluate, group: CompiledGroup, at: Place): Evaluate {
  return (frame) => {
    const entity = operand(frame)
    if (entity === ERROR) return ERROR
    const right = group.right(frame)
    return right === ERROR ? ERROR : membership(frame, at, group.globs, entity, right)
  }
}

/** `operand is type`, and `operand is type in group`, whose group counts only for entities of the type. */
export function isType(operand: Evaluate, type: ValueId, group: CompiledGroup | undefined, at: Place): Evaluate {
  return (frame) => {
    const entity = operand(frame)
    if (entity === ERROR) return ERROR
    if (kindOfId(entity) !== 'entity') return failOperand(frame, at, 0, ANY_ENTITY, entity)
    if (frame.values.entityType(entity) !== type) return FALSE
    if (group === undefined) return TRUE
    const right = group.right(frame)
    return right === ERROR ? ERROR : membership(frame, at, group.globs, entity, right)
  }
}

/** Whether `entity` is in `right` or in one of `globs`. */
export function membership(frame: Frame, at: Place, globs: Globs, entity: ValueId, right: ValueId): ValueId {
  const kind = kindOfId(right)
  if (kindOfId(entity) !== 'entity') return failOperand(frame, at, 0, ANY_ENTITY, entity, HELP.get(kind))
  let found = false
  if (kind === 'entity') found = isBelow(frame, entity, right)
  else if (kind === 'set') {
    const { values } = frame
    const size = values.sizeOf(right)
    // All elements are checked, wherever the entity is found.
    for (let i = 0; i < size; i++) {
      const element = values.elementAt(right, i)
      if (element >>> TAG_SHIFT !== ENTITY_TAG) return failOperand(frame, at, 1, ANY_ENTITY, element)
      found ||= isBelow(frame, entity, element)
    }
  } else return failOperand(frame, at, 1, `one of [set, ${ANY_ENTITY}]`, right)
  return found || (globs.length > 0 && isInGlobs(frame, entity, globs)) ? TRUE : FALSE
}

/** By the kind of the right side, where who wrote it may have meant something else. */
const HELP: ReadonlyMap<string, string> = new Map([
  ['set', '`in` is for checking the entity hierarchy; use `.contains()` to test set membership'],
  ['record', '`in` is for checking the entity hierarchy; use `has` to test if a record has a key'],
])

function isBelow(frame: Frame, entity: ValueId, ancestor: ValueId): boolean {
  return entity === ancestor || frame.entities.hasAncestor(entity, ancestor)
}

/** Whether the entity or one of its ancestors matches; it need not exist. */
function isInGlobs(frame: Frame, entity: ValueId, globs: Globs): boolean {
  if (matchesAny(frame, entity, globs)) return true
  const ancestors: ValueId[] = []
  frame.entities.ancestors(entity, ancestors, Number.POSITIVE_INFINITY)
  return ancestors.some((ancestor) => matchesAny(frame, ancestor, globs))
}

function matchesAny({ values }: Frame, entity: ValueId, globs: Globs): boolean {
  const type = values.entityType(entity)
  for (const group of globs) {
    if (group.type === type && matchesGlob(group.glob, values.textOf(values.entityId(entity)))) return true
  }
  return false
}
