/**
 * What is derived where it is known what will be asked: what decisions and some queries depend on, and nothing else. Without
 * that knowledge everything is derived, since a query can ask for any predicate.
 */

import type { Expr, Literal } from '../syntax/datalog/ast.ts'
import { parseBody } from '../syntax/datalog/parse.ts'
import { Diagnostics } from '../text/diagnostic.ts'
import { factsOf } from './links.ts'
import { BUILTIN, type Literal as NormalLiteral, type PredicateId, type Program, type Rule } from './program.ts'

/** The names of the predicates that queries ask; each is a body, of which the name of a predicate is the shortest. Throws a `RuneError`. */
export function askedNames(queries: readonly string[]): string[] {
  const diagnostics = new Diagnostics()
  const bodies = queries.map((text) =>
    parseBody({ source: { path: '<query>', text }, start: 0, end: text.length }, diagnostics),
  )
  diagnostics.throwIfErrors()
  return [...new Set(bodies.flatMap(namesInBody))]
}

function namesInBody(body: readonly Literal[]): string[] {
  return body.flatMap((literal) => {
    switch (literal.kind) {
      case 'atom':
        return [literal.predicate.text]
      case 'compare':
        return [literal.left, literal.right].flatMap(namesInSide)
      case 'bare_aggregate':
        return namesInSide(literal.aggregate)
      case 'or':
        return literal.alternatives.flatMap(namesInBody)
      default:
        return []
    }
  })
}

function namesInSide(expr: Expr): string[] {
  return expr.kind === 'aggregate' ? namesInBody(expr.body) : []
}

/** `program` with what neither decisions nor queries for the predicates `names` depend on marked as not asked for. */
export function leaveOut(program: Program, names: readonly string[]): Program {
  const { predicates, policies, strata } = program
  const asked = new Set<PredicateId>([BUILTIN.permit, BUILTIN.forbid, ...STORE])
  for (const { asks } of policies) for (const { predicate } of asks) asked.add(predicate)
  for (const predicate of predicates) {
    if (names.includes(predicate.name)) asked.add(predicate.id).add(factsOf(predicates, predicate).id)
  }
  // Each stratum comes after all that it depends on.
  for (const stratum of strata.toReversed()) {
    if (!stratum.predicates.some((id) => asked.has(id))) continue
    for (const id of stratum.predicates) {
      asked.add(id)
      const links = predicates[id]?.unites
      if (links !== undefined) asked.add(links)
    }
    for (const rule of stratum.rules) for (const id of readBy(rule)) asked.add(id)
  }
  const isLeft = ({ predicates: ids, rules }: Program['strata'][number]) =>
    ids.every((id) => !asked.has(id) && predicates[id]?.scope === 'static') &&
    (rules.length > 0 || ids.some((id) => predicates[id]?.unites !== undefined))
  const left = new Set(strata.filter(isLeft).flatMap((stratum) => stratum.predicates))
  if (left.size === 0) return program
  return {
    ...program,
    predicates: predicates.map((predicate) =>
      // A span can be found late, and is not looked for here.
      left.has(predicate.id)
        ? Object.defineProperties({} as typeof predicate, {
            ...Object.getOwnPropertyDescriptors(predicate),
            evaluation: { value: NOT_ASKED, enumerable: true },
          })
        : predicate,
    ),
    strata: strata.map((stratum) => (isLeft(stratum) ? { ...stratum, evaluation: NOT_ASKED } : stratum)),
  }
}

const NOT_ASKED = 'not asked'

/** What every decision looks at. */
const STORE = [BUILTIN.entityType, BUILTIN.entityParent, BUILTIN.entityAttr, BUILTIN.entityTag, BUILTIN.entityAncestor]

function readBy({ body }: Pick<Rule, 'body'>): PredicateId[] {
  return body.flatMap((literal: NormalLiteral) => {
    if (literal.kind === 'aggregate') return readBy(literal)
    return literal.kind === 'atom' ? [literal.predicate] : []
  })
}
