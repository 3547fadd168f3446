/**
 * Updates: what a caller wants changed, checked against the program; and the sum of all that was accepted since the
 * sources were read, which outlives reloads and a coordinator that dies. Spec: DESIGN section 4; types are those of
 * LANGUAGE section 2.
 */
import { normaliseEntity } from '../decide/request.ts'
import { coerceValue } from '../program/coerce.ts'
import { isWithin, only, printType, printTypeName, typeOf } from '../program/column-types.ts'
import {
  BUILTINS,
  type ColumnType,
  type EntityRecord,
  type Predicate,
  type ReaderProgram,
  type TypeName,
} from '../program/program.ts'
import { isRefusal, normaliseUid } from '../program/uids.ts'
import { entitiesFromJs, entitiesFromText } from '../syntax/json/entities.ts'
import { jsonFromJs } from '../syntax/json/from-js.ts'
import { uidFromJson, valueFromJson } from '../syntax/json/values.ts'
import { propertyOf, readArgument } from '../text/argument.ts'
import { Diagnostics, RuneError, runeError } from '../text/diagnostic.ts'
import { didYouMean } from '../text/suggest.ts'
import { parseEntityUid, printEntityUid } from '../values/entity-uid.ts'
import { canonicalKey } from '../values/equality.ts'
import type { EntityUid, Value } from '../values/value.ts'

/**
 * What to change, all of it or nothing. Rows are arrays, or objects with the names of the columns; values are plain ones, or
 * Cedar's JSON escapes. Removals come before insertions. An entity (Cedar's JSON form) replaces what is stored under its uid.
 */
export interface UpdateInput {
  readonly insert?: Readonly<Record<string, readonly unknown[]>>
  readonly remove?: Readonly<Record<string, readonly unknown[]>>
  readonly entities?: readonly unknown[] | string
  readonly removeEntities?: readonly (string | { readonly type: string; readonly id: string })[]
}

/** A checked update. */
export interface Update {
  readonly facts: readonly FactUpdate[]
  readonly entities: readonly EntityUpdate[]
}

export interface FactUpdate {
  readonly predicate: string
  readonly row: readonly Value[]
  readonly isThere: boolean
}

/** `record` is absent where the entity goes away. */
export interface EntityUpdate {
  readonly uid: EntityUid
  readonly record?: EntityRecord
}

/**
 * Reads an update. Facts that it removes may also be some of `kept` that do not fit the program any more. Throws a `RuneError`
 * with all that is wrong with it.
 */
export function readUpdate(input: unknown, program: ReaderProgram, kept: Delta = emptyDelta()): Update {
  const diagnostics = new Diagnostics()
  const isObject =
    typeof input === 'object' && input !== null && !readArgument('the update', () => Array.isArray(input))
  if (!isObject) throw refuse('an update is an object')
  const unknown = readArgument('the update', () => Object.keys(input)).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw refuse(`an update has no \`${unknown}\``, didYouMean(unknown, KEYS).help)
  const [insert, remove, entities, removeEntities] = ['insert', 'remove', 'entities', 'removeEntities'].map((key) =>
    propertyOf(input, key, `\`${key}\` of the update`),
  )
  const facts = [
    ...readFacts(remove, 'remove', { program, kept, shapes: new Map(), diagnostics }),
    ...readFacts(insert, 'insert', { program, kept: emptyDelta(), shapes: new Map(), diagnostics }),
  ]
  const gone = readUids(removeEntities, program, diagnostics).map((uid): EntityUpdate => ({ uid }))
  const there = readEntities(entities, program, diagnostics).map(
    (record): EntityUpdate => ({ uid: record.uid, record }),
  )
  diagnostics.throwIfErrors()
  return { facts, entities: [...gone, ...there] }
}

const KEYS = ['insert', 'remove', 'entities', 'removeEntities']

/** The net effect of updates: for each fact and entity the last word on it. No key of a fact is one of an entity. */
export interface Delta {
  readonly facts: Map<string, FactUpdate>
  readonly entities: Map<string, EntityUpdate>
}

export function emptyDelta(): Delta {
  return { facts: new Map(), entities: new Map() }
}

/** Adds `update` to `delta`, which stays in the order of the last words. */
export function addToDelta(delta: Delta, update: Update): void {
  for (const fact of update.facts) setLast(delta.facts, factKey(fact), fact)
  for (const entity of update.entities) setLast(delta.entities, printEntityUid(entity.uid), entity)
}

/** Adds what came later to `delta`. */
export function mergeDelta(delta: Delta, later: Delta): void {
  for (const [key, fact] of later.facts) setLast(delta.facts, key, fact)
  for (const [key, entity] of later.entities) setLast(delta.entities, key, entity)
}

/**
 * `delta` as it is under `program`: what was written one way may be kept in another since, after a type or a path type came, and
 * two that were told apart be one, of which the last word counts. What does not fit stays as it is, and is told to `misfit`.
 */
export function fitDelta(delta: Delta, program: ReaderProgram, misfit: (what: string) => void): Delta {
  const fitted = emptyDelta()
  for (const fact of delta.facts.values()) {
    const predicate = updatable(program, fact.predicate, fact.row.length)
    const row = predicate && fitRow(predicate, fact.row, program.settings.pathTypes)
    const fits = row && !('error' in row)
    if (!fits) misfit(fact.predicate)
    addToDelta(fitted, { facts: [fits ? { ...fact, row } : fact], entities: [] })
  }
  // Only uids of path types have several forms.
  if (program.settings.pathTypes.size === 0) return { facts: fitted.facts, entities: new Map(delta.entities) }
  for (const [key, entity] of delta.entities) {
    const fitting = fitEntity(entity, program, misfit)
    setLast(fitted.entities, fitting === entity ? key : printEntityUid(fitting.uid), fitting)
  }
  return fitted
}

function fitEntity(entity: EntityUpdate, { settings }: ReaderProgram, misfit: (what: string) => void): EntityUpdate {
  const { uid, record } = entity
  const normal = normaliseUid(uid, settings.pathTypes)
  try {
    if (!isRefusal(normal)) {
      return { uid: normal as EntityUid, ...(record && { record: normaliseEntity(record, settings) }) }
    }
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
  }
  misfit(printEntityUid(uid))
  return entity
}

function setLast<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
}

/** Drops what stands under these keys. */
export function dropFromDelta(delta: Delta, keys: readonly string[]): void {
  for (const key of keys) {
    delta.facts.delete(key)
    delta.entities.delete(key)
  }
}

/** The net effect of updates in their order. */
export function netEffect(updates: readonly Update[]): Delta {
  const delta = emptyDelta()
  for (const update of updates) addToDelta(delta, update)
  return delta
}

function factKey({ predicate, row }: Pick<FactUpdate, 'predicate' | 'row'>): string {
  return `${predicate} ${row.map(canonicalKey).join()}`
}

/**
 * The predicate that facts of this name and arity belong to; absent where there is none that can be changed. One that
 * depends on the request is none: what analysis found out about its rules would not hold of facts.
 */
export function updatable({ predicates }: ReaderProgram, name: string, arity: number): Predicate | undefined {
  return predicates.find((p) => p.name === name && p.arity === arity && isUpdatable(p))
}

function isUpdatable({ id, name, scope }: Predicate): boolean {
  return id >= BUILTINS.length && scope === 'static' && !name.startsWith('$')
}

/** What a row is fitted to. */
type Shape = Pick<Predicate, 'name' | 'arity' | 'columns'>

/** The row as it is kept, or what is wrong with it. */
export function fitRow(
  predicate: Shape,
  row: readonly Value[],
  pathTypes: ReadonlySet<string>,
): readonly Value[] | { readonly error: string; readonly help?: string } {
  const fitted: Value[] = []
  for (const [i, value] of row.entries()) {
    const column = predicate.columns[i]
    if (!column) return { error: `\`${predicate.name}\` has ${predicate.arity} columns` }
    const kept = coerceValue(column, value, pathTypes)
    if (isRefusal(kept)) return kept
    if (!isWithin(only(typeOf(kept)), column.type)) {
      const help = `declare the columns of \`${predicate.name}\` with their types, so that the rules are checked against them`
      if (column.type !== 'any' && column.type.size === 0) {
        const error = `no declaration, fact or rule says what column ${i + 1} of \`${predicate.name}\` can hold`
        return { error, help }
      }
      return { error: `a ${printTypeName(typeOf(kept))} stands where ${printType(column.type)} is known`, help }
    }
    fitted.push(kept)
  }
  return fitted
}

interface Reading {
  readonly program: ReaderProgram
  readonly kept: Delta
  /** Of predicates of what is kept, by name and arity. */
  readonly shapes: Map<string, Shape>
  readonly diagnostics: Diagnostics
}

function readFacts(given: unknown, what: 'insert' | 'remove', reading: Reading): FactUpdate[] {
  const { diagnostics } = reading
  if (given === undefined) return []
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    diagnostics.error('R745', `\`${what}\` is an object with a list of rows for each predicate`)
    return []
  }
  return readArgument(`\`${what}\``, () => Object.entries(given)).flatMap(([name, rows]) => {
    const all = readArgument(`\`${what}.${name}\``, () => (Array.isArray(rows) ? [...rows] : undefined))
    if (!all) diagnostics.error('R745', `\`${what}.${name}\` is a list of rows`)
    return (all ?? []).flatMap((row: unknown, i): FactUpdate[] => {
      const values = readRow(name, row, `${what}.${name}[${i}]`, reading)
      return values ? [{ predicate: name, row: values, isThere: what === 'insert' }] : []
    })
  })
}

function readRow(name: string, row: unknown, place: string, reading: Reading): readonly Value[] | undefined {
  const { program, diagnostics } = reading
  const report = (message: string, help: string | undefined) => {
    if (diagnostics.all.length < MISTAKES_MAX)
      diagnostics.error('R745', `\`${place}\`: ${message}`, undefined, help === undefined ? {} : { help })
    return undefined
  }
  if (typeof row !== 'object' || row === null) return report('a row is a list of values, or an object', undefined)
  const given = readArgument(`\`${place}\``, () => (Array.isArray(row) ? [...row] : new Map(Object.entries(row))))
  const arity = given instanceof Map ? given.size : given.length
  const predicate = updatable(program, name, arity)
  if (!predicate) {
    const kept = given instanceof Map ? undefined : keptRow(name, given, reading)
    return kept ?? report(...whyNot(name, arity, program))
  }
  const { columns } = predicate
  if (given instanceof Map && columns.some((column) => column.name === undefined)) {
    return report(`the columns of \`${name}\` have no names`, 'write the row as a list')
  }
  const cells = given instanceof Map ? columns.map((column) => given.get(column.name ?? '')) : given
  const values = cells.map((cell: unknown, i) =>
    cell === undefined
      ? report(`there is no \`${columns[i]?.name ?? i}\``, undefined)
      : readCell(cell, columns[i]?.type, `${place}[${i}]`, diagnostics),
  )
  if (!values.every((value) => value !== undefined)) return undefined
  const fitted = fitRow(predicate, values, program.settings.pathTypes)
  if (!('error' in fitted)) return fitted
  return keptRow(name, cells, reading) ?? report(fitted.error, fitted.help)
}

/** The row, if it is one of those that are kept; no program says any more what its cells are, but the rows beside it do. */
function keptRow(name: string, cells: readonly unknown[], { kept, shapes }: Reading): readonly Value[] | undefined {
  const key = `${name}/${cells.length}`
  const shape = shapes.get(key) ?? shapeOf(name, cells.length, kept)
  shapes.set(key, shape)
  const values = cells.map((cell, i) => readCell(cell, shape.columns[i]?.type, name, new Diagnostics()))
  if (!values.every((value) => value !== undefined)) return undefined
  const row = fitRow(shape, values, new Set())
  if ('error' in row) return undefined
  return kept.facts.get(factKey({ predicate: name, row }))?.isThere ? row : undefined
}

/** A predicate of this name and arity whose columns are declared to hold what is in its facts that are kept. */
function shapeOf(name: string, arity: number, { facts }: Delta): Shape {
  const types = Array.from({ length: arity }, () => new Set<TypeName>())
  for (const { predicate, row } of facts.values()) {
    if (predicate === name && row.length === arity) for (const [i, value] of row.entries()) types[i]?.add(typeOf(value))
  }
  return { name, arity, columns: types.map((type) => ({ type, declared: type })) }
}

const MISTAKES_MAX = 100

function whyNot(name: string, arity: number, { predicates }: ReaderProgram): [string, string | undefined] {
  const others = predicates.filter((p) => p.name === name)
  if (others.some((p) => !isUpdatable(p))) {
    return [
      `\`${name}\` cannot be changed`,
      name.startsWith('entity.') ? 'use `entities` and `removeEntities`' : undefined,
    ]
  }
  const [other] = others
  if (other) return [`\`${name}\` has ${other.arity} columns, not ${arity}`, undefined]
  const names = predicates.filter(isUpdatable).map((p) => p.name)
  return [`there is no predicate \`${name}\``, didYouMean(name, names).help]
}

/** A number is a Float where it is no integer, or where the column can hold Floats and no Longs; JSON of Cedar has no Floats. */
function readCell(
  cell: unknown,
  type: ColumnType | undefined,
  subject: string,
  diagnostics: Diagnostics,
): Value | undefined {
  const isFloats = type !== undefined && type !== 'any' && type.has('Float') && !type.has('Long')
  if (typeof cell === 'number' && Number.isFinite(cell) && (isFloats || !Number.isInteger(cell))) return cell + 0
  const json = jsonFromJs(cell, subject, diagnostics)
  return json === undefined
    ? undefined
    : valueFromJson({ diagnostics, path: [], subject: () => `\`${subject}\`` }, json)
}

function readUids(given: unknown, { settings }: ReaderProgram, diagnostics: Diagnostics): EntityUid[] {
  if (given === undefined) return []
  const json = jsonFromJs(given, 'removeEntities', diagnostics)
  if (json === undefined) return []
  if (!Array.isArray(json)) {
    diagnostics.error('R745', '`removeEntities` is a list of entities')
    return []
  }
  return json.flatMap((item, i) => {
    const subject = () => `\`removeEntities[${i}]\``
    const uid = typeof item === 'string' ? parseEntityUid(item) : uidFromJson({ diagnostics, path: [], subject }, item)
    if (uid === undefined) {
      if (typeof item === 'string') diagnostics.error('R745', `${subject()}: \`${item}\` is no entity literal`)
      return []
    }
    const normal = normaliseUid(uid, settings.pathTypes)
    if (!isRefusal(normal)) return [normal as EntityUid]
    diagnostics.error('R745', `${subject()}: ${normal.error}`)
    return []
  })
}

function readEntities(given: unknown, { schema, settings }: ReaderProgram, diagnostics: Diagnostics): EntityRecord[] {
  if (given === undefined) return []
  const origin = { diagnostics, ...(schema && { schema }) }
  const found =
    typeof given === 'string'
      ? entitiesFromText({ path: '<entities>', text: given }, origin)?.entities
      : entitiesFromJs(given, 'entities', origin)
  return (found ?? []).map((entity) => normaliseEntity(entity, settings))
}

function refuse(message: string, help?: string): RuneError {
  return runeError('R745', message, help === undefined ? {} : { help })
}
