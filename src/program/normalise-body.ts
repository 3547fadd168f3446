/**
 * Bodies of rules, normalised: literals one by one, aggregates last, since what groups them is what the rest of the rule
 * shares with them. `;` is taken apart before (`disjunction.ts`). Spec: LANGUAGE section 4.
 */
import type { PlainLiteral } from './disjunction.ts'
import { normaliseAggregates, type PendingAggregate } from './normalise-aggregate.ts'
import { normaliseLiteral } from './normalise-literal.ts'
import type { Literal } from './program.ts'
import type { RuleScope } from './rule-draft.ts'

/** The literals of `body`; mistakes are reported, and noted in `scope`. */
export function normaliseBody(body: readonly PlainLiteral[], scope: RuleScope): Literal[] {
  const out: Literal[] = []
  const aggregates: PendingAggregate[] = []
  for (const literal of body) {
    const aggregate = aggregateOf(literal)
    if (aggregate) aggregates.push(aggregate)
    else normaliseLiteral(literal, scope, out)
  }
  if (aggregates.length > 0) normaliseAggregates({ aggregates, body, scope, out })
  return out
}

/** The aggregate that a literal is, with what its result is compared with. */
function aggregateOf(literal: PlainLiteral): PendingAggregate | undefined {
  const { span } = literal
  if (literal.kind === 'bare_aggregate') return { aggregate: literal.aggregate, span }
  if (literal.kind !== 'compare' || literal.operator !== '=') return undefined
  if (literal.right.kind === 'aggregate') return { aggregate: literal.right, result: literal.left, span }
  if (literal.left.kind === 'aggregate') return { aggregate: literal.left, result: literal.right, span }
  return undefined
}
