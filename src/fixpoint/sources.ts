/**
 * What an evaluation knows about finished relations, made when first asked for and forgotten with the evaluation: bounds of
 * columns, offset indexes, sets of members. Nothing of it is published.
 */
import { type Relation, rowCount } from '../image/relation.ts'
import { addPairs, addRows, type Bits, createBits } from './bits.ts'
import { type Bounds, boundsOf } from './bounds.ts'
import { buildOffsets, isDense, type Offsets } from './offsets.ts'

export interface Sources {
  bounds(relation: Relation, column: number): Bounds
  /** The rows by the column `key`, each run in the order of the other column `order`; nothing where ids lie too far apart. */
  offsets(relation: Relation, key: number, order?: number): Offsets | undefined
  /** As `offsets` with an order, of a binary relation; with the same as bits where these are worth their room. */
  orderedRun(relation: Relation, key: number, order: number): OrderedRun | undefined
  /** The rows of a unary relation, or the pairs of a binary one, as bits; nothing where that would take too much room. */
  members(relation: Relation): Bits | undefined
  /** What `make` yields, made once for the rows that `relation` has now. */
  remember<T>(relation: Relation, key: string, make: () => T): T
}

export interface OrderedRun {
  readonly offsets: Offsets
  /** Pairs of the key's id and the other one. */
  readonly bits?: Bits
}

interface Known {
  readonly count: number
  readonly gone: number
  readonly made: Map<string, unknown>
}

/** Nothing is known yet. */
export function createSources(): Sources {
  const all = new WeakMap<Relation, Known>()
  const madeFor = (relation: Relation): Known['made'] => {
    let known = all.get(relation)
    if (known?.count !== relation.count || known.gone !== relation.gone) {
      known = { count: relation.count, gone: relation.gone, made: new Map() }
      all.set(relation, known)
    }
    return known.made
  }
  const remember = <T>(relation: Relation, key: string, make: () => T): T => {
    const made = madeFor(relation)
    if (!made.has(key)) made.set(key, make())
    return made.get(key) as T
  }
  const orderedAlready = (relation: Relation, key: number): Offsets | undefined => {
    const made = madeFor(relation)
    const order = relation.columns.findIndex((_, column) => made.get(`o${key},${column}`))
    return made.get(`o${key},${order}`) as Offsets | undefined
  }
  const sources: Sources = {
    remember,
    bounds: (relation, column) => remember(relation, `b${column}`, () => boundsOf(relation, column)),
    offsets: (relation, key, order) =>
      remember(relation, `o${key},${order}`, () => {
        // Runs in an order serve those who want none.
        const ordered = order === undefined ? orderedAlready(relation, key) : undefined
        if (ordered) return ordered
        const bounds = sources.bounds(relation, key)
        if (!isDense(bounds, rowCount(relation))) return undefined
        if (order === undefined) return buildOffsets(relation, key, bounds)
        const then = { column: order, bounds: sources.bounds(relation, order) }
        return isDense(then.bounds, rowCount(relation)) ? buildOffsets(relation, key, bounds, then) : undefined
      }),
    orderedRun: (relation, key, order) =>
      remember(relation, `r${key},${order}`, () => {
        const offsets = sources.offsets(relation, key, order)
        if (!offsets) return undefined
        const bounds = [key, order].map((column) => sources.bounds(relation, column))
        const bits = createBits(bounds, RUN_BYTES_PER_ROW * rowCount(relation))
        if (bits) addPairs(bits, relation, key, order)
        return { offsets, ...(bits && { bits }) }
      }),
    members: (relation) => remember(relation, 'm', () => membersOf(relation, sources)),
  }
  return sources
}

const RUN_BYTES_PER_ROW = 64
const MEMBERS_BYTES_ALWAYS = 1 << 16
const MEMBERS_BYTES_PER_ROW = 16

function membersOf(relation: Relation, sources: Sources): Bits | undefined {
  const bounds = relation.columns.map((_, column) => sources.bounds(relation, column))
  const bits = createBits(bounds, Math.max(MEMBERS_BYTES_ALWAYS, MEMBERS_BYTES_PER_ROW * rowCount(relation)))
  if (bits) addRows(bits, relation)
  return bits
}

/** Whether a pair is in offsets by column 0 whose runs are in the order of column 1. */
export function isInRun({ base, span, starts, columns }: Offsets, first: number, second: number): boolean {
  const at = first - base
  if (at < 0 || at >= span) return false
  const column = columns[1]!
  let [low, high] = [starts[at]!, starts[at + 1]!]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (column[middle]! < second) low = middle + 1
    else high = middle
  }
  return low < starts[at + 1]! && column[low] === second
}
