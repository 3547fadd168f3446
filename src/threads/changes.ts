/**
 * Updates in the terms of an image: which rows of which predicates to take away and to add. What an update does not fit is
 * told to the caller, who refuses it, or lets what fits go on.
 */
import type { FactChange } from '../fixpoint/change.ts'
import { type Image, relationOf } from '../image/image.ts'
import { copyRows, findRow, insert as insertRow, type Relation, tupleAt } from '../image/relation.ts'
import { firstRow, nextRow, searchBy } from '../image/search.ts'
import { factsOf } from '../program/links.ts'
import { BUILTIN, type PredicateId, type Program } from '../program/program.ts'
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
  if ('uid' in update) return rowsFrom(relationOf(image, BUILTIN.entityType), intern(update.uid)).length > 0
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

const ENTITY_PREDICATES = [BUILTIN.entityType, BUILTIN.entityParent, BUILTIN.entityAttr, BUILTIN.entityTag]

/** Takes away all that is stored of an entity, and adds what it is now. */
function changeEntity(
  { uid, record }: EntityUpdate,
  image: Image,
  of: (predicate: PredicateId) => MutableChange,
): void {
  const intern = image.values.intern
  const id = intern(uid)
  for (const predicate of ENTITY_PREDICATES) {
    const remove = rowsFrom(relationOf(image, predicate), id)
    if (remove.length > 0) of(predicate).remove.push(...remove)
  }
  if (!record) return
  of(BUILTIN.entityType).insert.push([id, intern(uid.type)])
  for (const parent of record.parents) of(BUILTIN.entityParent).insert.push([id, intern(parent)])
  for (const [key, value] of record.attrs) of(BUILTIN.entityAttr).insert.push([id, intern(key), intern(value)])
  for (const [key, value] of record.tags) of(BUILTIN.entityTag).insert.push([id, intern(key), intern(value)])
}

/** The facts whose first column is `id`. */
function rowsFrom(relation: Relation, id: number): number[][] {
  const search = searchBy(relation, [0])
  const rows: number[][] = []
  let row = firstRow(search, [id], relation.baseCount)
  for (; row >= 0; row = nextRow(search, [id], row)) rows.push(tupleAt(relation, row))
  return rows
}
