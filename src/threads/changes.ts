/**
 * Updates in the terms of an image: which rows of which predicates to take away and to add. What an update does not fit is
 * told to the caller, who refuses it, or lets what fits go on.
 */
import type { FactChange } from '../fixpoint/change.ts'
import { type Image, relationOf } from '../image/image.ts'
import { copyRows, findRow, insert as insertRow, type Relation, rowsWith, tupleAt } from '../image/relation.ts'
import { factsOf } from '../program/links.ts'
import { BUILTIN, type EntityRecord, type PredicateId, type Program } from '../program/program.ts'
import { type Diagnostics, runeError } from '../text/diagnostic.ts'
import { type Delta, type EntityUpdate, type FactUpdate, fitDelta, fitRow, updatable } from './update.ts'

/** Puts what updates changed over the facts that were loaded, and that their relations have as base, before anything is derived. */
export function loadDelta(delta: Delta, program: Program, image: Image): void {
  for (const [predicate, { remove, insert }] of changesOf(delta, program, image, () => undefined)) {
    const relation = relationOf(image, predicate)
    const gone = new Set(remove.map((tuple) => Array.from(tuple).join()))
    const isKept = (row: number) => !gone.has(tupleAt(relation, row).join())
    const fresh = gone.size > 0 ? copyRows(relation, isKept, []) : relation
    for (const tuple of insert) insertRow(fresh, tuple)
    image.relations[predicate] = fresh
  }
}

/** What updates changed, as it is under `program`; of what does not fit any more, a warning is left. */
export function fittedDelta(delta: Delta, program: Program, diagnostics: Diagnostics): Delta {
  const misfits = new Set<string>()
  const fitted = fitDelta(delta, program, (what) => misfits.add(what))
  const help = 'they are kept, and count again once they fit; an update can still remove the facts among them'
  for (const what of misfits) {
    const message = `updates of \`${what}\` were accepted before, and do not fit any more`
    diagnostics.warning('R480', message, undefined, { help })
  }
  return fitted
}

interface MutableChange extends FactChange {
  readonly remove: ArrayLike<number>[]
  readonly insert: ArrayLike<number>[]
}

/** What updates come to, in the terms of an image. */
export function changesOf(
  { facts, entities }: Delta,
  program: Program,
  image: Image,
  misfit: (fact: FactUpdate, key: string, error: Misfit) => void,
): Map<PredicateId, MutableChange> {
  const changes = new Map<PredicateId, MutableChange>()
  const of = (predicate: PredicateId): MutableChange => {
    const change = changes.get(predicate) ?? { remove: [], insert: [] }
    changes.set(predicate, change)
    return change
  }
  const { predicates } = program
  for (const [key, fact] of facts) {
    const { predicate: name, row, isThere } = fact
    const predicate = updatable(program, name, row.length)
    const fitted = predicate && fitRow(predicate, row, program.settings.pathTypes)
    if (!fitted) misfit(fact, key, { error: 'there is no such predicate' })
    else if ('error' in fitted) misfit(fact, key, fitted)
    else of(factsOf(predicates, predicate).id)[isThere ? 'insert' : 'remove'].push(fitted.map(image.values.intern))
  }
  for (const entity of entities.values()) changeEntity(entity, image, of)
  return changes
}

interface Misfit {
  readonly error: string
  readonly help?: string
}

/** Whether a fact or an entity is among the facts of `image`, which need no rule. */
export function isStored(update: FactUpdate | EntityUpdate, program: Program, image: Image): boolean {
  const { intern } = image.values
  if ('uid' in update) return factsWith(relationOf(image, BUILTIN.entityType), intern(update.uid)).length > 0
  const { predicate: name, row } = update
  const predicate = updatable(program, name, row.length)
  const fitted = predicate && fitRow(predicate, row, program.settings.pathTypes)
  if (!fitted || 'error' in fitted) return false
  const { id } = factsOf(program.predicates, predicate)
  const tuple = fitted.map(intern)
  const relation = relationOf(image, id)
  const at = findRow(relation, tuple)
  if (at >= 0 && at < relation.baseCount) return true
  const replaced = image.replaced.get(id)
  return replaced !== undefined && findRow(replaced, tuple) >= 0
}

/** For an update that is new. */
export function refuseMisfit({ predicate }: FactUpdate, { error, help }: Misfit): never {
  throw runeError('R745', `\`${predicate}\`: ${error}`, help === undefined ? {} : { help })
}

/** Changes what is stored of an entity into what it is now; what stays is not touched. */
function changeEntity(
  { uid, record }: EntityUpdate,
  image: Image,
  of: (predicate: PredicateId) => MutableChange,
): void {
  const { intern } = image.values
  const id = intern(uid)
  const rows = (fields: EntityRecord['attrs'] = NO_FIELDS) =>
    [...fields].map(([key, value]) => [id, intern(key), intern(value)])
  const now: readonly (readonly [PredicateId, number[][]])[] = [
    [BUILTIN.entityType, record ? [[id, intern(uid.type)]] : []],
    [BUILTIN.entityParent, record ? record.parents.map((parent) => [id, intern(parent)]) : []],
    [BUILTIN.entityAttr, rows(record?.attrs)],
    [BUILTIN.entityTag, rows(record?.tags)],
  ]
  for (const [predicate, wanted] of now) {
    const relation = relationOf(image, predicate)
    const stored = factsWith(relation, id)
    const kept = new Set<number>()
    for (const tuple of wanted) {
      const row = stored.length > 0 ? findRow(relation, tuple) : -1
      if (row >= 0 && row < relation.baseCount) kept.add(row)
      else of(predicate).insert.push(tuple)
    }
    for (const row of stored) if (!kept.has(row)) of(predicate).remove.push(tupleAt(relation, row))
  }
}

const NO_FIELDS: EntityRecord['attrs'] = new Map()

/** The rows of facts whose first column is `id`. */
function factsWith(relation: Relation, id: number): number[] {
  return rowsWith(relation, 0, id, relation.baseCount)
}
