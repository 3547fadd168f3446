/**
 * Explanations: which policies and rules made a decision, each with its place in the text. Proof trees are not here.
 */
import { BUILTIN, type ReaderProgram, type Rule } from '../program/program.ts'
import { type Position, positionOf, type Span } from '../text/source.ts'
import type { Decision, Findings } from './decision.ts'

export interface Explanation {
  readonly decision: Decision
  /** All policies that were satisfied or failed, and the deciding rules that derived something or failed. */
  readonly because: readonly Cause[]
}

export interface Cause extends Partial<Position> {
  readonly kind: 'policy' | 'rule'
  /** The policy's id, the rule's name, or the reason that a rule gives. */
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly outcome: 'satisfied' | 'failed'
  readonly message?: string
  readonly file?: string
  /** The text of the policy or rule. */
  readonly text?: string
}

/** A deciding rule and the reasons that it derived for the request. */
export interface DerivedReasons {
  readonly rule: Rule
  readonly reasons: readonly string[]
}

/** The rules that can decide. */
export function decidingRules(program: ReaderProgram): Rule[] {
  return program.rules.filter((rule) => rule.head === BUILTIN.permit || rule.head === BUILTIN.forbid)
}

/** Puts what was found, and what each deciding rule derived, next to the decision. */
export function explain(
  program: ReaderProgram,
  decision: Decision,
  found: Findings,
  derived: readonly DerivedReasons[],
): Explanation {
  const { policies, permits, forbids } = found
  const spans = new Map(program.policies.map((policy) => [policy.id, policy.span]))
  const because: Cause[] = []
  for (const [effect, ids] of [
    ['forbid', policies.satisfiedForbids],
    ['permit', policies.satisfiedPermits],
  ] as const) {
    for (const id of ids) because.push({ kind: 'policy', id, effect, outcome: 'satisfied', ...placeOf(spans.get(id)) })
  }
  for (const { policyId, effect, message } of policies.errors) {
    because.push({ kind: 'policy', id: policyId, effect, outcome: 'failed', message, ...placeOf(spans.get(policyId)) })
  }
  for (const { rule, reasons } of derived) {
    for (const id of reasons)
      because.push({ kind: 'rule', id, effect: effectOf(rule), outcome: 'satisfied', ...placeOf(rule.span) })
  }
  for (const { rule, message } of [...permits.failures, ...forbids.failures]) {
    because.push({
      kind: 'rule',
      id: rule.name,
      effect: effectOf(rule),
      outcome: 'failed',
      message,
      ...placeOf(rule.span),
    })
  }
  return { decision, because }
}

function effectOf(rule: Rule): 'permit' | 'forbid' {
  return rule.head === BUILTIN.permit ? 'permit' : 'forbid'
}

function placeOf(span: Span | undefined): Partial<Cause> {
  if (!span) return {}
  const { source, start, end } = span
  return { file: source.path, ...positionOf(source, start), text: source.text.slice(start, end) }
}
