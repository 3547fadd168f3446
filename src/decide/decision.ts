/**
 * What a decision says, and how it follows from what policies and rules found. Spec: LANGUAGE section 6, "Decision".
 */
import type { RuleFailure } from '../program/demand.ts'
import type { Settings } from '../program/program.ts'
import { type Position, positionOf, type Span } from '../text/source.ts'
import type { PolicyAnswer } from './cedar/authorize.ts'

/** Frozen; equal decisions may be one object. */
export interface Decision {
  readonly decision: 'permit' | 'deny' | 'forbid'
  /** True for `permit` alone. */
  readonly allowed: boolean
  /** Ids of policies, names of rules and the reasons that rules give, of what made the decision. */
  readonly reasons: readonly string[]
  /** What failed on the way, whether or not it mattered. */
  readonly errors: readonly DecisionError[]
  /** The state of the engine that the decision was made in; 0 where a request failed before one was read. */
  readonly epoch: number
}

/**
 * A policy or rule that could not be evaluated for this request, a part of its context that rules cannot see, or, in a batch,
 * the request itself.
 */
export interface DecisionError extends Partial<Position> {
  readonly kind: 'policy' | 'rule' | 'context' | 'request'
  /** Of the policy, the rule's name, the key, or the code of the diagnostic. */
  readonly id: string
  readonly message: string
  readonly file?: string
}

/** What the deciding rules of one effect derived. */
export interface RuleAnswer {
  readonly reasons: readonly string[]
  readonly failures: readonly RuleFailure[]
}

export interface Findings {
  readonly policies: PolicyAnswer
  readonly permits: RuleAnswer
  readonly forbids: RuleAnswer
  /** Keys of the context whose values have no rows, though rules ask for rows of the context. */
  readonly unseenKeys: readonly string[]
}

/** The decision: forbid, else permit, else deny; a would-be permit that something that failed may have prevented is a deny. */
export function combine(findings: Findings, mode: Settings['onPolicyError'], epoch: number): Decision {
  const { policies, permits, forbids } = findings
  const errors = errorsOf(findings)
  const forbidden = [...policies.satisfiedForbids, ...forbids.reasons]
  if (forbidden.length > 0) return decide('forbid', forbidden, errors, epoch)
  const permitted = [...policies.satisfiedPermits, ...permits.reasons]
  if (permitted.length === 0) return decide('deny', [], errors, epoch)
  const doubts = doubtsOf(findings, mode)
  return doubts.length > 0 ? decide('deny', doubts, errors, epoch) : decide('permit', permitted, errors, epoch)
}

/** What failed and turns a permit into a deny. */
function doubtsOf({ policies, permits, forbids }: Findings, mode: Settings['onPolicyError']): string[] {
  const failing = policies.errors.filter(({ effect }) => mode === 'strict' || (mode === 'deny' && effect === 'forbid'))
  const rules = [...forbids.failures, ...permits.failures]
  return unique([...failing.map((error) => error.policyId), ...rules.map((failure) => failure.rule.name)])
}

function errorsOf({ policies, permits, forbids, unseenKeys }: Findings): DecisionError[] {
  const unseen = 'a nested record, of which rules see nothing'
  const failures = [...forbids.failures, ...permits.failures]
  return [
    ...policies.errors.map(({ policyId, message, span }) => ({
      kind: 'policy' as const,
      id: policyId,
      message,
      ...placeOf(span),
    })),
    ...unseenKeys.map((id) => ({ kind: 'context' as const, id, message: unseen })),
    ...failures.map(({ rule, message }) => ({ kind: 'rule' as const, id: rule.name, message, ...placeOf(rule.span) })),
  ]
}

function placeOf(span: Span | undefined): Partial<DecisionError> {
  return span ? { file: span.source.path, ...positionOf(span.source, span.start) } : {}
}

function decide(decision: Decision['decision'], reasons: string[], errors: DecisionError[], epoch: number): Decision {
  return Object.freeze({
    decision,
    allowed: decision === 'permit',
    reasons: Object.freeze(unique(reasons)),
    errors: Object.freeze(errors),
    epoch,
  })
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
