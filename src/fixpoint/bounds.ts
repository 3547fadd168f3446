/**
 * Bounds of columns: the smallest and the largest value id that a column holds or, for predicates that are being derived,
 * can come to hold. Ids of one kind are dense, so that narrow bounds allow arrays that are addressed by id.
 */
import type { Image } from '../image/image.ts'
import { isGone, type Relation } from '../image/relation.ts'
import { MEMBER } from '../program/links.ts'
import type { PredicateId, Rule, Stratum } from '../program/program.ts'

/** Both inclusive; none where `min > max`. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

export const EMPTY: Bounds = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY }
/** Anything. */
const OPEN: Bounds = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY }

/** How many ids lie within; 0 where there is none, infinite where anything can. */
export function spanOf({ min, max }: Bounds): number {
  return min > max ? 0 : max - min + 1
}

/** The bounds of a column's rows. Linear. */
export function boundsOf(relation: Relation, column: number): Bounds {
  const ids = relation.columns[column]!
  const { count, deaths } = relation
  let min = ID_MAX
  let max = -1
  // `Math.min` of 32-bit integers is one instruction: a comparison took 2.5 times as long.
  for (let row = 0; row < count; row++) {
    if (deaths !== undefined && isGone(relation, row)) continue
    const id = ids[row]! | 0
    min = Math.min(min, id)
    max = Math.max(max, id)
  }
  return max < 0 ? EMPTY : { min, max }
}

/** No id is larger, nor negative. */
const ID_MAX = 0x7fffffff

export type KnownBounds = (predicate: PredicateId, column: number) => Bounds

/** Bounds for the columns of a stratum's predicates once it is evaluated; `known` are those of the predicates below it. */
export function stratumBounds(stratum: Stratum, image: Image, known: KnownBounds): Map<PredicateId, Bounds[]> {
  const found = new Map<PredicateId, Bounds[]>()
  for (const predicate of stratum.predicates) {
    const relation = image.relations[predicate]!
    found.set(
      predicate,
      relation.columns.map((_, column) => boundsOf(relation, column)),
    )
  }
  const bounds: KnownBounds = (predicate, column) => found.get(predicate)?.[column] ?? known(predicate, column)
  // Every value of a column comes from an atom or a constant: bounds only take over other ones, so this ends.
  for (let more = true; more; ) {
    more = false
    for (const rule of stratum.rules) {
      const columns = found.get(rule.head)!
      for (const [column, arg] of rule.args.entries()) {
        const old = columns[column]!
        const more1 =
          arg.kind === 'variable' ? variableBounds(rule, arg.variable, found, bounds) : constantBounds(image, arg.value)
        const next = { min: Math.min(old.min, more1.min), max: Math.max(old.max, more1.max) }
        if (next.min === old.min && next.max === old.max) continue
        columns[column] = next
        more = true
      }
    }
  }
  return found
}

function constantBounds(image: Image, value: Parameters<Image['values']['intern']>[0]): Bounds {
  const id = image.values.intern(value)
  return { min: id, max: id }
}

/** Bounds of what a rule's body binds `variable` to: those of one of its atoms, of a finished predicate if there is one. */
function variableBounds(
  rule: Rule,
  variable: number,
  open: ReadonlyMap<PredicateId, unknown>,
  bounds: KnownBounds,
): Bounds {
  let best: Bounds | undefined
  let isFinished = false
  for (const literal of rule.body) {
    if (literal.kind !== 'atom' || literal.negated) continue
    const column = literal.args.findIndex((arg) => arg.kind === 'variable' && arg.variable === variable)
    if (column < 0) continue
    const finished = !open.has(literal.predicate)
    if (best !== undefined && !finished) continue
    const found = bounds(literal.predicate, literal.inClass === undefined ? column : MEMBER)
    if (best === undefined || !isFinished || spanOf(found) < spanOf(best)) best = found
    isFinished = finished
  }
  return best ?? OPEN
}
