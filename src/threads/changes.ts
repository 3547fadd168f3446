/**
 * Updates in the terms of an image: which rows of which predicates to take away and to add. What an update does not fit is
 * told to the caller, who refuses it, or lets what fits go on.
 */
import type { FactChange } from '../fixpoint/change.ts'
import { type Image, relationOf } from '../image/image.ts'
import { copyRows, findRow, insert as insertRow, type Relation, tupleAt } from '../image/relation.ts'
import { rowsWith } from '../image/search.ts'
import { addTuple, createTuples, eachTuple } from '../image/tuples.ts'
import type { ValueId } from '../image/value-ids.ts'
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
    const gone = new Set<string>()
    for (const tuple of eachTuple(remove)) gone.add(tuple.join())
    const isKept = (row: number) => !gone.has(tupleAt(relation, row).join())
    const fresh = gone.size > 0 ? copyRows(relation, isKept, []) : relation
    for (const tuple of eachTuple(insert)) insertRow(fresh, tuple)
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

interface Changes {
  readonly changes: ReadonlyMap<PredicateId, FactChange>
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
  const changes = new Map<PredicateId, FactChange>()
  const stored: string[] = []
  const { predicates } = program
  for (const [key, fact] of facts) {
    const { predicate: name, row, isThere } = fact
    const predicate = updatable(program, name, row.length)
    const fitted = predicate && fitRow(predicate, row, program.settings.pathTypes)
    if (!fitted) misfit(fact, key, { error: 'there is no such predicate' })
    else if ('error' in fitted) misfit(fact, key, fitted)
    else {
      const { id } = factsOf(predicates, predicate)
      const tuple = fitted.map((value) => image.values.intern(value))
      addTuple(changeOf(changes, id, image)[isThere ? 'insert' : 'remove'], tuple)
      if (isStored(image, id, tuple)) stored.push(key)
    }
  }
  for (const [key, entity] of entities) if (changeEntity(entity, image, changes)) stored.push(key)
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

type Open = Map<PredicateId, FactChange>

function changeOf(changes: Open, predicate: PredicateId, image: Image): FactChange {
  const known = changes.get(predicate)
  if (known) return known
  const { arity } = relationOf(image, predicate)
  const change = { remove: createTuples(arity), insert: createTuples(arity) }
  changes.set(predicate, change)
  return change
}

/** Changes what is stored of an entity into what it is now, and touches nothing that stays; says whether it is stored as such. */
function changeEntity({ uid, record }: EntityUpdate, image: Image, changes: Open): boolean {
  const { values } = image
  const { entity: uids } = image.dictionary.tables.fixed
  const { count } = uids
  const id = values.intern(uid)
  // Of a uid that no value was before, no row can say anything.
  const isNew = uids.count > count
  if (isNew) {
    if (record) addEntity(id, record, image, changes)
    return false
  }
  const parents: number[] = []
  if (record) for (const parent of record.parents) parents.push(id, values.intern(parent))
  put(image, changes, BUILTIN.entityParent, id, parents)
  put(image, changes, BUILTIN.entityAttr, id, record ? fieldsOf(id, record.attrs, image) : NONE)
  put(image, changes, BUILTIN.entityTag, id, record ? fieldsOf(id, record.tags, image) : NONE)
  return put(image, changes, BUILTIN.entityType, id, record ? [id, values.intern(uid.type)] : NONE)
}

const NONE: readonly number[] = []

/** An entity of which nothing is stored. */
function addEntity(id: ValueId, { uid, attrs, tags, parents }: EntityRecord, image: Image, changes: Open): void {
  const { values } = image
  const into = (predicate: PredicateId, count: number): number[] => {
    const { insert } = changeOf(changes, predicate, image)
    insert.count += count
    return insert.words
  }
  into(BUILTIN.entityType, 1).push(id, values.intern(uid.type))
  if (attrs.size > 0) fieldsOf(id, attrs, image, into(BUILTIN.entityAttr, attrs.size))
  if (tags.size > 0) fieldsOf(id, tags, image, into(BUILTIN.entityTag, tags.size))
  if (parents.length === 0) return
  const words = into(BUILTIN.entityParent, parents.length)
  for (const parent of parents) words.push(id, values.intern(parent))
}

/** Puts the tuples of attributes or tags behind those in `into`. */
function fieldsOf(id: ValueId, fields: EntityRecord['attrs'], { values }: Image, into: number[] = []): number[] {
  for (const [key, value] of fields) into.push(id, values.intern(key), values.intern(value))
  return into
}

/** Makes `wanted` what is stored of `id`; says whether anything was. */
function put(image: Image, changes: Open, predicate: PredicateId, id: ValueId, wanted: readonly number[]): boolean {
  const relation = relationOf(image, predicate)
  const { arity } = relation
  const stored = rowsWith(relation, 0, id, relation.baseCount)
  // Parents may be named twice.
  const kept = new Set<number>()
  for (let at = 0; at < wanted.length; at += arity) {
    const row = storedRow(relation, stored, wanted.slice(at, at + arity))
    if (row >= 0) kept.add(row)
    else addTuple(changeOf(changes, predicate, image).insert, wanted, at)
  }
  if (kept.size === stored.length) return stored.length > 0
  const { remove } = changeOf(changes, predicate, image)
  for (const row of stored) if (!kept.has(row)) addTuple(remove, tupleAt(relation, row))
  return true
}

/** The one of `rows`, which are the facts of an entity, that holds `tuple`, or -1. */
function storedRow(relation: Relation, rows: readonly number[], tuple: readonly number[]): number {
  if (rows.length > ROWS_COMPARED) {
    const row = findRow(relation, tuple)
    return row < relation.baseCount ? row : -1
  }
  for (const row of rows) if (relation.columns.every((column, i) => column[row] === tuple[i])) return row
  return -1
}

/** So many rows are compared faster than one is looked up in an index that no cache holds. */
const ROWS_COMPARED = 16
