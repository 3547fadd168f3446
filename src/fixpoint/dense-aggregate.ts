/**
 * Aggregates over one atom with one group: all groups in a single pass over the rows. Groups are numbered as they come, so
 * that what is folded lies close together; rules that fold the same rows share the numbers, and what was folded. Only
 * integers that are small enough to be inline: what else there is, and what can fail, is for `aggregate.ts`.
 */
import { isGone, type Relation } from '../image/relation.ts'
import { inlineInt, intId, isInlineInt, type ValueId, type Values } from '../image/value-ids.ts'
import type { AggregateLiteral, AtomLiteral } from '../program/program.ts'
import { spanOf } from './bounds.ts'
import { isDense } from './offsets.ts'
import type { Sources } from './sources.ts'

/** The result of the group with number `n` is `ids[n]`; `numbers` says by id - `base` which that is, 0 for none. `ids[0]` is `NO_GROUP`. */
export interface DenseGroups {
  readonly base: number
  readonly numbers: Uint32Array
  readonly ids: Int32Array
}

export const NO_GROUP = -2

interface Numbering {
  readonly base: number
  readonly numbers: Uint32Array
  /** The rows that are looked at, and the number of the group of each. */
  readonly rows: Uint32Array | undefined
  readonly groups: Uint32Array
  /** How many rows each group has. There is no group 0. */
  readonly counts: Uint32Array
}

/** The results of `aggregate` for all groups; nothing where that is not so simple. */
export function denseGroups(
  aggregate: AggregateLiteral,
  relationOf: (atom: AtomLiteral) => Relation,
  sources: Sources,
  values: Values,
): DenseGroups | undefined {
  const shape = shapeOf(aggregate)
  if (!shape) return undefined
  const { atom, group, over } = shape
  const relation = relationOf(atom)
  if (relation.count > ROWS_MAX) return undefined
  const filters = atom.args.flatMap((arg, column) =>
    arg.kind === 'constant' ? [{ column, id: values.intern(arg.value) }] : [],
  )
  const filtered = `${group} ${filters.map(({ column, id }) => `${column}=${id}`).join()}`
  const numbering = sources.remember(relation, `numbers ${filtered}`, () =>
    numberGroups(relation, group, filters, sources),
  )
  if (!numbering) return undefined
  const isCount = aggregate.function === 'count'
  const folds = isCount
    ? undefined
    : sources.remember(relation, `folds ${over} ${filtered}`, () => foldGroups(numbering, relation.columns[over]!))
  if (!folds && !isCount) return undefined
  const ids = resultsOf(aggregate.function, numbering.counts, folds, values)
  return { base: numbering.base, numbers: numbering.numbers, ids }
}

/** So many inline integers can be added without a loss. */
const ROWS_MAX = 2 ** 26

interface Shape {
  readonly atom: AtomLiteral
  readonly group: number
  /** The column of what is folded; that of a count does not matter. */
  readonly over: number
}

function shapeOf({ body, groups, over, function: name }: AggregateLiteral): Shape | undefined {
  const [atom] = body
  const [groupVariable] = groups
  if (body.length !== 1 || groups.length !== 1 || atom?.kind !== 'atom') return undefined
  if (atom.negated || atom.inClass !== undefined) return undefined
  if (name === 'count_distinct' || over.kind !== 'variable') return undefined
  const variables = atom.args.flatMap((arg) => (arg.kind === 'variable' ? [arg.variable] : []))
  if (new Set(variables).size !== variables.length) return undefined
  const columnOf = (variable: number | undefined) =>
    atom.args.findIndex((arg) => arg.kind === 'variable' && arg.variable === variable)
  const [group, column] = [columnOf(groupVariable), columnOf(over.variable)]
  return group < 0 || column < 0 ? undefined : { atom, group, over: column }
}

type Filters = readonly { readonly column: number; readonly id: ValueId }[]

function numberGroups(relation: Relation, group: number, filters: Filters, sources: Sources): Numbering | undefined {
  const bounds = sources.bounds(relation, group)
  if (!isDense(bounds, relation.count)) return undefined
  const base = spanOf(bounds) === 0 ? 0 : bounds.min
  const numbers = new Uint32Array(spanOf(bounds))
  const rows = rowsThat(relation, filters)
  const groups = new Uint32Array(rows ? rows.length : relation.count)
  const counts = new Uint32Array(Math.min(numbers.length, groups.length) + 1)
  const ids = relation.columns[group]!
  let last = 0
  for (let i = 0; i < groups.length; i++) {
    const at = (ids[rows ? rows[i]! : i]! - base) | 0
    let number = numbers[at]! | 0
    if (number === 0) {
      number = ++last
      numbers[at] = number
    }
    groups[i] = number
    counts[number]!++
  }
  return { base, numbers, rows, groups, counts: counts.subarray(0, last + 1) }
}

/** By the number of the group. */
interface Folds {
  readonly sums: Float64Array
  readonly least: Int32Array
  readonly greatest: Int32Array
}

/** What the groups come to; nothing where there are others than inline integers. */
function foldGroups({ rows, groups, counts }: Numbering, over: Uint32Array): Folds | undefined {
  const sums = new Float64Array(counts.length)
  const least = new Int32Array(counts.length).fill(ID_MAX)
  const greatest = new Int32Array(counts.length)
  for (let i = 0; i < groups.length; i++) {
    const id = over[rows ? rows[i]! : i]! | 0
    if (!isInlineInt(id)) return undefined
    const number = groups[i]! | 0
    sums[number] = sums[number]! + inlineInt(id)
    // Ids of inline integers are in the order of the integers.
    if (id < least[number]!) least[number] = id
    if (id > greatest[number]!) greatest[number] = id
  }
  return { sums, least, greatest }
}

/** No id is larger. */
const ID_MAX = 0x7fffffff

function resultsOf(
  name: AggregateLiteral['function'],
  counts: Uint32Array,
  folds: Folds | undefined,
  values: Values,
): Int32Array {
  const ids = new Int32Array(counts.length)
  if (name === 'min') ids.set(folds!.least)
  else if (name === 'max') ids.set(folds!.greatest)
  else {
    for (let n = 1; n < ids.length; n++) {
      if (name === 'count') ids[n] = intId(values, counts[n]!)
      else if (name === 'sum') ids[n] = intId(values, folds!.sums[n]!)
      else ids[n] = values.float(folds!.sums[n]! / counts[n]!)
    }
  }
  ids[0] = NO_GROUP
  return ids
}

/** The rows that are there and pass the filters; nothing where these are all. */
function rowsThat(relation: Relation, filters: Filters): Uint32Array | undefined {
  if (filters.length === 0 && relation.deaths === undefined) return undefined
  const rows = new Uint32Array(relation.count)
  let count = 0
  for (let row = 0; row < relation.count; row++) {
    if (isGone(relation, row)) continue
    if (filters.every(({ column, id }) => relation.columns[column]![row] === id)) rows[count++] = row
  }
  return rows.subarray(0, count)
}
