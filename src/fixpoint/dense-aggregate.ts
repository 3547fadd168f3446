/**
 * Aggregates over one atom with one group: all groups in a single pass over the rows, with arrays by the id of the group.
 * Count, sum, least and greatest value are found together and kept, so that rules that fold the same rows share the pass.
 * Only integers that are small enough to be inline: what else there is, and what can fail, is for `aggregate.ts`.
 */

import { isGone, type Relation } from '../image/relation.ts'
import { inlineInt, intId, isInlineInt, type ValueId, type Values } from '../image/value-ids.ts'
import type { AggregateLiteral, AtomLiteral } from '../program/program.ts'
import { spanOf } from './bounds.ts'
import { isDense } from './offsets.ts'
import type { Sources } from './sources.ts'

/** The results by the group's id - `base`; `NO_GROUP` where there are no rows. */
export interface DenseGroups {
  readonly base: number
  readonly ids: Int32Array
}

export const NO_GROUP = -2

interface Tally {
  readonly base: number
  readonly counts: Uint32Array
  /** Absent where only the rows are counted. */
  readonly folded?: { readonly sums: Float64Array; readonly least: Int32Array; readonly greatest: Int32Array }
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
  const folds = aggregate.function !== 'count'
  const key = `tally ${group} ${folds ? over : ''} ${filters.map(({ column, id }) => `${column}=${id}`).join()}`
  const tally = sources.remember(relation, key, () =>
    tallyOf(relation, { group, ...(folds && { over }), filters }, sources),
  )
  if (!tally) return undefined
  const ids = new Int32Array(tally.counts.length).fill(NO_GROUP)
  for (let i = 0; i < ids.length; i++) {
    if (tally.counts[i] !== 0) ids[i] = resultOf(aggregate.function, tally, i, values)
  }
  return { base: tally.base, ids }
}

/** So many inline integers can be added without a loss. */
const ROWS_MAX = 2 ** 26

interface Shape {
  readonly atom: AtomLiteral
  readonly group: number
  /** The column of what is folded; that of a count is not looked at. */
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

function tallyOf(
  relation: Relation,
  {
    group,
    over,
    filters,
  }: {
    readonly group: number
    readonly over?: number
    readonly filters: readonly { readonly column: number; readonly id: ValueId }[]
  },
  sources: Sources,
): Tally | undefined {
  const bounds = sources.bounds(relation, group)
  if (!isDense(bounds, relation.count)) return undefined
  const span = spanOf(bounds)
  const base = span === 0 ? 0 : bounds.min
  const counts = new Uint32Array(span)
  const passes = (row: number) => filters.every(({ column, id }) => relation.columns[column]![row] === id)
  const groups = relation.columns[group]!
  const isPlain = filters.length === 0 && relation.deaths === undefined
  if (over === undefined) {
    for (let row = 0; row < relation.count; row++) {
      if (isPlain || (!isGone(relation, row) && passes(row))) counts[groups[row]! - base]!++
    }
    return { base, counts }
  }
  const sums = new Float64Array(span)
  const least = new Int32Array(span)
  const greatest = new Int32Array(span)
  const overs = relation.columns[over]!
  for (let row = 0; row < relation.count; row++) {
    if (!isPlain && (isGone(relation, row) || !passes(row))) continue
    const id = overs[row]!
    if (!isInlineInt(id)) return undefined
    const at = groups[row]! - base
    // Ids of inline integers are in the order of the integers.
    if (counts[at]!++ === 0) {
      least[at] = id
      greatest[at] = id
    } else if (id < least[at]!) least[at] = id
    else if (id > greatest[at]!) greatest[at] = id
    sums[at]! += inlineInt(id)
  }
  return { base, counts, folded: { sums, least, greatest } }
}

function resultOf(name: AggregateLiteral['function'], { counts, folded }: Tally, at: number, values: Values): ValueId {
  switch (name) {
    case 'sum':
      return intId(values, folded!.sums[at]!)
    case 'mean':
      return values.float(folded!.sums[at]! / counts[at]!)
    case 'min':
      return folded!.least[at]!
    case 'max':
      return folded!.greatest[at]!
    default:
      return intId(values, counts[at]!)
  }
}
