/**
 * Policies against a request: which are satisfied, and which fail and why. Every policy is evaluated, whatever the others
 * say; what follows from that is decided elsewhere. Spec: Cedar's "Authorization", LANGUAGE section 6.
 */
import { TRUE, type Values } from '../../image/value-ids.ts'
import type { LoweredPolicy } from '../../program/lowered.ts'
import { assert } from '../../text/assert.ts'
import type { Span } from '../../text/source.ts'
import { compileExpr } from './compile.ts'
import { ERROR, type Evaluate, type Failure, type Frame } from './frame.ts'

export interface CompiledPolicy {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly evaluate: Evaluate
}

export interface PolicyError {
  readonly policyId: string
  readonly effect: 'permit' | 'forbid'
  readonly message: string
  readonly span: Span
}

/** Ids in the order of the policies. */
export interface PolicyAnswer {
  readonly satisfiedPermits: readonly string[]
  readonly satisfiedForbids: readonly string[]
  readonly errors: readonly PolicyError[]
}

/** What was compiled, as long as the policy is kept and ids mean the same. */
export type CompiledPolicies = WeakMap<LoweredPolicy, Evaluate>

/** Compiles each policy that is not in `compiled` yet; `values` are the image's, and learn the constants. */
export function compilePolicies(
  policies: readonly LoweredPolicy[],
  values: Values,
  compiled: CompiledPolicies = new WeakMap(),
): CompiledPolicy[] {
  return policies.map((policy) => {
    const { id, effect, condition } = policy
    const evaluate = compiled.get(policy) ?? compileExpr(condition, values)
    compiled.set(policy, evaluate)
    return { id, effect, evaluate }
  })
}

/** Evaluates all policies in `frame`. */
export function authorizePolicies(policies: readonly CompiledPolicy[], frame: Frame): PolicyAnswer {
  const satisfiedPermits: string[] = []
  const satisfiedForbids: string[] = []
  const errors: PolicyError[] = []
  for (const { id, effect, evaluate } of policies) {
    const result = evaluate(frame)
    if (result === TRUE) (effect === 'permit' ? satisfiedPermits : satisfiedForbids).push(id)
    else if (result === ERROR) errors.push({ policyId: id, effect, ...failureOf(frame) })
  }
  return { satisfiedPermits, satisfiedForbids, errors }
}

function failureOf({ failure }: Frame): Failure {
  assert(failure !== undefined, 'an error that nobody noted')
  return failure
}
