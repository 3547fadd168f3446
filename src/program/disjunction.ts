/**
 * Disjunction, taken apart: a body with `;` is as many bodies as there are ways through it. Spec: LANGUAGE section 4.
 */
import type { Literal } from '../syntax/datalog/ast.ts'

/** A literal that is no disjunction. */
export type PlainLiteral = Exclude<Literal, { kind: 'or' }>

/** How many ways through a body are taken. */
export const ALTERNATIVES_MAX = 1000

/** All ways through `body`, or how many there are where that is more than `ALTERNATIVES_MAX`. */
export function alternativesOf(body: readonly Literal[]): PlainLiteral[][] | number {
  const count = countOf(body)
  return count > ALTERNATIVES_MAX ? count : expand(body)
}

/** The depth of both is limited by the parser. */
function countOf(body: readonly Literal[]): number {
  let count = 1
  for (const literal of body) {
    if (literal.kind === 'or') count *= literal.alternatives.reduce((sum, way) => sum + countOf(way), 0)
  }
  return count
}

function expand(body: readonly Literal[]): PlainLiteral[][] {
  let ways: PlainLiteral[][] = [[]]
  for (const literal of body) {
    if (literal.kind !== 'or') {
      for (const way of ways) way.push(literal)
      continue
    }
    const tails = literal.alternatives.flatMap(expand)
    ways = ways.flatMap((way) => tails.map((tail) => [...way, ...tail]))
  }
  return ways
}
