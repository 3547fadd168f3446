/**
 * Explanations: which policies and rules made a decision, each with its place in the text, and policies with what their
 * clauses came to; of a deny the permits that came nearest. Proof trees are not here. Spec: LANGUAGE section 8,
 * "Explanations".
 */
import type { LoweredPolicy } from '../program/lowered.ts'
import { BUILTIN, type ReaderProgram, type Rule } from '../program/program.ts'
import { type Position, positionOf, type Span } from '../text/source.ts'
import type { PolicySet } from './cedar/authorize.ts'
import { type Clause, describeClauses, evaluateClauses } from './cedar/clauses.ts'
import type { Frame } from './cedar/frame.ts'
import { nearestPermits } from './cedar/nearest.ts'
import type { Decision, Findings } from './decision.ts'
import { nearestRules, type Run } from './nearest-rules.ts'

export interface Explanation {
  readonly decision: Decision
  /** All policies that were satisfied or failed, and the deciding rules that derived something or failed. */
  readonly because: readonly Cause[]
  /** For a deny that nothing would have permitted. */
  readonly whyNot?: WhyNot
}

export interface Cause extends Partial<Position> {
  readonly kind: 'policy' | 'rule'
  /** The policy's id, the rule's name, or the reason that a rule gives. */
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly outcome: 'satisfied' | 'unsatisfied' | 'failed'
  readonly message?: string
  readonly file?: string
  /** The text of the policy or rule. */
  readonly text?: string
  /**
   * What the scope of a policy and the conjuncts of its conditions came to, up to the first that is not true; of many satisfied
   * or failing policies the first hundred have them. Of a rule that derives nothing the literals, up to the first that fails.
   */
  readonly clauses?: readonly Clause[]
  /** How many more of them were true. */
  readonly clausesLeftOut?: number
}

/** Policies and rules that could permit and did not fail: those that came nearest, policies first, the nearest first. */
export interface WhyNot {
  readonly permits: readonly Cause[]
  /** How many others there are. */
  readonly more: number
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

/** What an explanation is made from. */
export interface Explained {
  readonly decision: Decision
  readonly found: Findings
  readonly derived: readonly DerivedReasons[]
  readonly policies: PolicySet
  /** Holds the request. */
  readonly frame: Frame
  readonly run: Run
  /** Makes the facts of the request ready anew, with all of its steps to spend. */
  readonly renew: () => void
}

/** Puts what was found, and what each deciding rule derived, next to the decision. */
export function explain(explained: Explained): Explanation {
  const { decision, found, derived } = explained
  const because: Cause[] = policyCauses(explained)
  for (const { rule, reasons } of derived) {
    for (const id of reasons)
      because.push({ kind: 'rule', id, effect: effectOf(rule), outcome: 'satisfied', ...placeOf(rule.span) })
  }
  for (const { rule, message } of [...found.permits.failures, ...found.forbids.failures]) {
    because.push({
      kind: 'rule',
      id: rule.name,
      effect: effectOf(rule),
      outcome: 'failed',
      message,
      ...placeOf(rule.span),
    })
  }
  const isPermitted = because.some(({ effect, outcome }) => effect === 'permit' && outcome === 'satisfied')
  const isDenied = decision.decision === 'deny' && !isPermitted
  return { decision, because, ...(isDenied && { whyNot: whyNot(explained) }) }
}

/** So many policies of a kind have their clauses told. */
const DETAILED_MAX = 100

function policyCauses(explained: Explained): Cause[] {
  const { satisfiedForbids, satisfiedPermits, errors } = explained.found.policies
  const failed = new Map(errors.map(({ policyId, message }) => [policyId, message]))
  const ids = new Set([...satisfiedForbids, ...satisfiedPermits, ...failed.keys()])
  const byId = new Map<string, LoweredPolicy>()
  for (const policy of explained.policies.policies) {
    if (byId.size === ids.size) break
    if (ids.has(policy.id)) byId.set(policy.id, policy)
  }
  return [satisfiedForbids, satisfiedPermits, [...failed.keys()]].flatMap((all) =>
    all.map((id, i): Cause => {
      const { effect, span } = byId.get(id)!
      const message = failed.get(id)
      const outcome =
        message === undefined ? { outcome: 'satisfied' as const } : { outcome: 'failed' as const, message }
      const clauses = i < DETAILED_MAX ? clausesOf(byId.get(id)!, explained) : {}
      return { kind: 'policy', id, effect, ...outcome, ...placeOf(span), ...clauses }
    }),
  )
}

function clausesOf(policy: LoweredPolicy, { frame, renew }: Explained): Pick<Cause, 'clauses' | 'clausesLeftOut'> {
  return describeClauses(evaluateClauses(policy, frame, renew), frame, renew)
}

function whyNot(explained: Explained): WhyNot {
  const { found, derived, policies, frame, run, renew } = explained
  const failed = new Set(found.policies.errors.map(({ policyId }) => policyId))
  const { permits, more } = nearestPermits(policies, frame, failed, renew)
  const told = permits.map((evaluated): Cause => {
    const { id, effect, span } = evaluated.policy
    const clauses = describeClauses(evaluated, frame, renew)
    return { kind: 'policy', id, effect, outcome: 'unsatisfied', ...placeOf(span), ...clauses }
  })
  const failing = new Set(found.permits.failures.map(({ rule }) => rule))
  const idle = derived.flatMap(({ rule }) => (rule.head === BUILTIN.permit && !failing.has(rule) ? [rule] : []))
  renew()
  const rules = nearestRules(idle, run, frame.values)
  const toldRules = rules.map(({ rule, ...clauses }): Cause => {
    return {
      kind: 'rule',
      id: nameOf(rule),
      effect: 'permit',
      outcome: 'unsatisfied',
      ...placeOf(rule.span),
      ...clauses,
    }
  })
  return { permits: [...told, ...toldRules], more: more + idle.length - rules.length }
}

/** The reason that the rule gives, or its name. */
function nameOf({ args: [reason], name }: Rule): string {
  return reason?.kind === 'constant' && typeof reason.value === 'string' ? reason.value : name
}

function effectOf(rule: Rule): 'permit' | 'forbid' {
  return rule.head === BUILTIN.permit ? 'permit' : 'forbid'
}

function placeOf(span: Span | undefined): Partial<Cause> {
  if (!span) return {}
  const { source, start, end } = span
  return { file: source.path, ...positionOf(source, start), text: source.text.slice(start, end) }
}
