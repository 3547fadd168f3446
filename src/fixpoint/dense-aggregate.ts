/**
 * Aggregates over one atom with one group: all groups in a pass over the rows for each thing that is wanted of them; rules
 * share the passes. Groups have slots by their ids, in blocks: of ids that lie scattered those blocks alone take room that
 * hold a group, since memory that is touched for the first time costs more than all else here. Only integers that are small
 * enough to be inline: what else there is, and what can fail, is for `aggregate.ts`.
 */
import { createRelation, isGone, type Relation } from '../image/relation.ts'
import { inlineInt, intId, isInlineInt, type ValueId, type Values } from '../image/value-ids.ts'
import type { AggregateLiteral, AtomLiteral } from '../program/program.ts'
import { type Bounds, spanOf } from './bounds.ts'
import { gather, isDense } from './offsets.ts'
import type { Sources } from './sources.ts'

/** Where the groups have their slots. */
interface Slots {
  readonly base: number
  /** By (id - `base`) >>> `BLOCK_SHIFT`: the number of the block, 0 if it has no slots. Block 0 is nobody's. */
  readonly blocks: Uint32Array
  readonly count: number
}

/** The results of groups by slot; `NO_GROUP` where there is none. */
export interface DenseGroups extends Slots {
  readonly ids: Int32Array
}

export const NO_GROUP = -2
/** There are 64 slots in a block; it and the mask are written out where rows are gone through. */
export const BLOCK_SHIFT = 6

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
  const all = relationOf(atom)
  if (all.count > ROWS_MAX) return undefined
  const filters = atom.args.flatMap((arg, column) =>
    arg.kind === 'constant' ? [{ column, id: values.intern(arg.value) }] : [],
  )
  const relation = rowsThat(all, filters, sources)
  const bounds = sources.bounds(relation, group)
  if (!isDense(bounds, relation.count)) return undefined
  const slots = sources.remember(relation, `slots ${group}`, () => slotsOf(idsOf(relation, group), bounds))
  const name = aggregate.function
  const make = () => resultsOf(name, { relation, group, over, slots, sources, values })
  const ids = sources.remember(relation, `${name} ${group} ${name === 'count' ? '' : over}`, make)
  return ids && { ...slots, ids }
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

/** The rows that are there and pass the filters, as a relation. */
function rowsThat(relation: Relation, filters: Filters, sources: Sources): Relation {
  if (filters.length === 0 && relation.deaths === undefined) return relation
  return sources.remember(relation, `rows ${filters.map(({ column, id }) => `${column}=${id}`).join()}`, () => {
    const rows = new Uint32Array(relation.count)
    let count = 0
    for (let row = 0; row < relation.count; row++) {
      if (isGone(relation, row)) continue
      if (filters.every(({ column, id }) => relation.columns[column]![row] === id)) rows[count++] = row
    }
    const columns = relation.columns.map((column) => gather(column, rows.subarray(0, count)))
    return { ...createRelation(relation.arity), count, capacity: count, columns }
  })
}

function idsOf({ columns, count }: Relation, column: number): Uint32Array {
  return columns[column]!.subarray(0, count)
}

function slotsOf(ids: Uint32Array, bounds: Bounds): Slots {
  const base = bounds.min | 0
  const blocks = new Uint32Array(Math.ceil(spanOf(bounds) / 2 ** BLOCK_SHIFT))
  let last = 0
  for (let i = 0; i < ids.length; i++) {
    const block = ((ids[i]! | 0) - base) >>> 6
    if (blocks[block] === 0) blocks[block] = ++last
  }
  return { base, blocks, count: (last + 1) << BLOCK_SHIFT }
}

interface Fold {
  readonly relation: Relation
  readonly group: number
  readonly over: number
  readonly slots: Slots
  readonly sources: Sources
  readonly values: Values
}

/** Nothing where there are others than inline integers. */
function resultsOf(name: AggregateLiteral['function'], fold: Fold): Int32Array | undefined {
  const { relation, group, over, slots, sources, values } = fold
  const [groups, folded] = [idsOf(relation, group), idsOf(relation, over)]
  const countsOf = () => sources.remember(relation, `counts ${group}`, () => countRows(slots, groups))
  if (name === 'count') return countsOf().map((count) => (count === 0 ? NO_GROUP : intId(values, count)))
  const range = sources.bounds(relation, over)
  if (relation.count > 0 && !(isInlineInt(range.min) && isInlineInt(range.max))) return undefined
  if (name === 'min' || name === 'max') return extremes(slots, groups, folded, name)
  const least = inlineInt(range.min)
  const sums = sumRows(slots, groups, folded, range)
  return countsOf().map((count, slot) => {
    if (count === 0) return NO_GROUP
    const sum = sums[slot]! + count * least
    return name === 'sum' ? intId(values, sum) : values.float(sum / count)
  })
}

function countRows({ base, blocks, count }: Slots, groups: Uint32Array): Int32Array {
  const counts = new Int32Array(count)
  for (let i = 0; i < groups.length; i++) {
    const at = (groups[i]! | 0) - base
    counts[(blocks[at >>> 6]! << 6) | (at & 63)]!++
  }
  return counts
}

/** Sums of what the ids are more than the least one. */
function sumRows(
  { base, blocks, count }: Slots,
  groups: Uint32Array,
  folded: Uint32Array,
  { min, max }: Bounds,
): Int32Array | Float64Array {
  const sums = (max - min) * groups.length < 2 ** 31 ? new Int32Array(count) : new Float64Array(count)
  for (let i = 0; i < groups.length; i++) {
    const at = (groups[i]! | 0) - base
    sums[(blocks[at >>> 6]! << 6) | (at & 63)]! += (folded[i]! | 0) - min
  }
  return sums
}

/** Ids of inline integers are in the order of the integers. */
function extremes(
  { base, blocks, count }: Slots,
  groups: Uint32Array,
  folded: Uint32Array,
  name: 'min' | 'max',
): Int32Array {
  // The least id is that whose complement is the greatest.
  const turn = name === 'min' ? -1 : 0
  const greatest = new Int32Array(count).fill(NONE)
  for (let i = 0; i < groups.length; i++) {
    const at = (groups[i]! | 0) - base
    const slot = (blocks[at >>> 6]! << 6) | (at & 63)
    const id = (folded[i]! | 0) ^ turn
    if (id > greatest[slot]!) greatest[slot] = id
  }
  return greatest.map((id) => (id === NONE ? NO_GROUP : id ^ turn))
}

/** Less than any id and its complement. */
const NONE = -0x80000000
