/**
 * Updates in the terms of an image: which rows of which predicates to take away and to add. What an update does not fit is
 * told to the caller, who refuses it, or lets what fits go on.
 */
import type { FactChange } from '../fixpoint/change.ts'
import { type Image, relationOf } from '../image/image.ts'
import { copyRows, findRow, insert as insertRow, type Relation, tupleAt } from '../image/relation.ts'
import { rowsWith } from '../image/search.ts'
import { factsOf } from '../program/links.ts'
import { BUILTIN, type EntityRecord, type PredicateId, type Program } from '../program/program.ts'
import { type Diagnostics, runeError } from '../text/diagnostic.ts'
import { type Delta, type EntityUpdate, type FactUpdate, fitDelta, fitRow, updatable } from './update.ts'

/**
 * Puts what updates changed over the facts that were loaded, and that their relations have as base, before anything is
 * derived; yields the keys of what was loaded too.
 */
export function loadDelta(delta: Delta, program: Program, image: Image): readonly string[] {
  const { changes, stored } = changesOf(delta, program, image, () => undefined)
  for (const [predicate, { remove, insert }] of changes) {
    const relation = relationOf(image, predicate)
    const gone = new Set(remove.map((tuple) => Array.from(tuple).join()))
    const isKept = (row: number) => !gone.has(tupleAt(relation, row).join())
    const fresh = gone.size > 0 ? copyRows(relation, isKept, []) : relation
    for (const tuple of insert) insertRow(fresh, tuple)
    image.relations[predicate] = fresh
  }
  return stored
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

interface Changes {
  readonly changes: ReadonlyMap<PredicateId, MutableChange>
  /** Keys under which there are facts or entities already that need no rule. */
  readonly stored: readonly string[]
}

/** What updates come to, in the terms of an image. */
export function changesOf(
  { facts, entities }: Delta,
  program: Program,
  image: Image,
  misfit: (fact: FactUpdate, key: string, error: Misfit) => void,
): Changes {
  const changes = new Map<PredicateId, MutableChange>()
  const stored: string[] = []
  const of = (predicate: PredicateId): MutableChange => {
    let change = changes.get(predicate)
    if (!change) changes.set(predicate, (change = { remove: [], insert: [] }))
    return change
  }
  const { predicates } = program
  for (const [key, fact] of facts) {
    const { predicate: name, row, isThere } = fact
    const predicate = updatable(program, name, row.length)
    const fitted = predicate && fitRow(predicate, row, program.settings.pathTypes)
    if (!fitted) misfit(fact, key, { error: 'there is no such predicate' })
    else if ('error' in fitted) misfit(fact, key, fitted)
    else {
      const { id } = factsOf(predicates, predicate)
      const tuple = fitted.map(image.values.intern)
      of(id)[isThere ? 'insert' : 'remove'].push(tuple)
      if (isStored(image, id, tuple)) stored.push(key)
    }
  }
  for (const [key, entity] of entities) if (changeEntity(entity, image, of)) stored.push(key)
  return { changes, stored }
}

interface Misfit {
  readonly error: string
  readonly help?: string
}

/** Whether a tuple is among the facts of `image`. */
function isStored(image: Image, predicate: PredicateId, tuple: readonly number[]): boolean {
  const relation = relationOf(image, predicate)
  const at = findRow(relation, tuple)
  if (at >= 0 && at < relation.baseCount) return true
  const replaced = image.replaced.get(predicate)
  return replaced !== undefined && findRow(replaced, tuple) >= 0
}

/** For an update that is new. */
export function refuseMisfit({ predicate }: FactUpdate, { error, help }: Misfit): never {
  throw runeError('R745', `\`${predicate}\`: ${error}`, help === undefined ? {} : { help })
}

/** Changes what is stored of an entity into what it is now, and touches nothing that stays; says whether it is stored as such. */
function changeEntity(
  { uid, record }: EntityUpdate,
  image: Image,
  of: (predicate: PredicateId) => MutableChange,
): boolean {
  const { intern } = image.values
  const id = intern(uid)
  const put = (predicate: PredicateId, wanted: readonly number[][]): boolean => {
    const relation = relationOf(image, predicate)
    const stored = factsWith(relation, id)
    if (stored.length === 0) {
      for (const tuple of wanted) of(predicate).insert.push(tuple)
      return false
    }
    // Parents may be named twice.
    const kept = new Set<number>()
    for (const tuple of wanted) {
      const row = findRow(relation, tuple)
      if (row >= 0 && row < relation.baseCount) kept.add(row)
      else of(predicate).insert.push(tuple)
    }
    if (kept.size < stored.length) {
      for (const row of stored) if (!kept.has(row)) of(predicate).remove.push(tupleAt(relation, row))
    }
    return true
  }
  const rows = (fields: EntityRecord['attrs']) => {
    const tuples: number[][] = []
    for (const [key, value] of fields) tuples.push([id, intern(key), intern(value)])
    return tuples
  }
  put(BUILTIN.entityParent, record ? record.parents.map((parent) => [id, intern(parent)]) : [])
  put(BUILTIN.entityAttr, record ? rows(record.attrs) : [])
  put(BUILTIN.entityTag, record ? rows(record.tags) : [])
  return put(BUILTIN.entityType, record ? [[id, intern(uid.type)]] : [])
}

/** The rows of facts whose first column is `id`. */
function factsWith(relation: Relation, id: number): number[] {
  return rowsWith(relation, 0, id, relation.baseCount)
}
