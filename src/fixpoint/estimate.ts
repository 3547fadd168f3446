/**
 * Estimates of how many rows a plan goes through, by what the relations hold now: as if values were spread evenly, and
 * columns independent of each other.
 */
import { rowCount } from '../image/relation.ts'
import { definedVariables } from '../program/defined.ts'
import { planBody } from '../program/plan.ts'
import type { PredicateId, Rule } from '../program/program.ts'
import { spanOf } from './bounds.ts'
import type { Run } from './run.ts'

type Facts = Pick<Run, 'image' | 'sources'>

/** How many rows can be expected for one value of each of `columns`. Unknown for predicates that are still being derived. */
export function matchesOf(
  { image, sources }: Facts,
  predicate: PredicateId,
  columns: readonly number[],
  here: ReadonlySet<PredicateId>,
): number | undefined {
  const relation = image.relations[predicate]!
  const rows = rowCount(relation)
  if (here.has(predicate) || rows === 0) return undefined
  let keys = 1
  for (const column of columns) keys *= spanOf(sources.bounds(relation, column))
  return rows / Math.min(rows, keys)
}

/** The rows that all steps together are expected to look at. */
export function workOf(
  facts: Facts,
  rule: Rule,
  here: ReadonlySet<PredicateId>,
  given: readonly number[] = [],
): number {
  const { expected } = planBody(rule.body, {
    defined: definedVariables(rule),
    bound: given,
    rows: (predicate) => rowCount(facts.image.relations[predicate]!),
    matches: (predicate, columns) => matchesOf(facts, predicate, columns, here),
  })
  let [rows, work] = [1, 0]
  for (const matches of expected) {
    rows *= matches
    work += rows
  }
  return work
}
