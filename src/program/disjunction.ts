/**
 * Disjunction, taken apart: a body with `;` is as many bodies as there are ways through it. Spec: LANGUAGE section 4.
 */
import type { Literal } from '../syntax/datalog/ast.ts'

/** A literal that is no disjunction. */
export type PlainLiteral = Exclude<Literal, { kind: 'or' }>

/** All ways through `body`, or why they are too many or too long. */
export function alternativesOf(body: readonly Literal[]): PlainLiteral[][] | { readonly error: string } {
  const { ways, length } = sizeOf(body)
  if (ways > WAYS_MAX) return { error: `the alternatives multiply to more than ${WAYS_MAX} bodies` }
  if (length > LITERALS_MAX) return { error: `a body has more than ${LITERALS_MAX} literals` }
  return expand(body)
}

const WAYS_MAX = 1000
const LITERALS_MAX = 256

/** How many ways there are, and the length of the longest. The depth of the recursion is limited by the parser. */
function sizeOf(body: readonly Literal[]): { ways: number; length: number } {
  let ways = 1
  let length = 0
  for (const literal of body) {
    const inner = literal.kind === 'or' ? literal.alternatives.map(sizeOf) : [{ ways: 1, length: 1 }]
    ways *= inner.reduce((sum, way) => sum + way.ways, 0)
    length += inner.reduce((most, way) => Math.max(most, way.length), 0)
  }
  return { ways, length }
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
