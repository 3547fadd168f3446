/**
 * Why not: the permits that came nearest to permitting a request. Nearest are those whose constraint on the action holds, then
 * those whose constraint on the principal does, then on the resource, then those of which more conditions are true, and then
 * those that stand first. Where there are many, the hundred that look nearest by what they name are told apart by that.
 * Spec: LANGUAGE section 8, "Explanations".
 */
import type { PolicySet } from './authorize.ts'
import { type Evaluated, evaluateClauses, scopeVariable } from './clauses.ts'
import type { Frame } from './frame.ts'
import { keysOf } from './policy-index.ts'
import type { Scope } from './scope.ts'

export interface Nearest {
  readonly permits: readonly Evaluated[]
  /** How many others there are. */
  readonly more: number
}

const NEAREST_MAX = 5
/** So many are evaluated, clause by clause. */
const EVALUATED_MAX = 100

/** The nearest of the permits that are neither satisfied nor among those that `failed`. */
export function nearestPermits(
  { policies, index }: PolicySet,
  frame: Frame,
  failed: ReadonlySet<string>,
  renew: () => void,
): Nearest {
  const nearness = nearnessIn(frame)
  const byNearness: number[][] = Array.from({ length: ALL + 1 }, () => [])
  let count = 0
  for (let number = 0; number < policies.length; number++) {
    const policy = policies[number]!
    if (policy.effect !== 'permit' || (failed.size > 0 && failed.has(policy.id))) continue
    count++
    const alike = byNearness[ALL - nearness(index.scopes[number]!)]!
    if (alike.length < EVALUATED_MAX) alike.push(number)
  }
  const evaluated = byNearness
    .flat()
    .slice(0, EVALUATED_MAX)
    .sort((a, b) => a - b)
    .map((number) => evaluateClauses(policies[number]!, frame, renew))
  const permits = evaluated.sort((a, b) => rankOf(b) - rankOf(a)).slice(0, NEAREST_MAX)
  return { permits, more: count - permits.length }
}

/** In the order in which they count. */
const WEIGHTS = { action: 4, principal: 2, resource: 1 } as const
const ALL = 7

/** How near the scopes of policies are, as far as the index tells: what of them can hold. */
function nearnessIn(frame: Frame): (scope: Scope) => number {
  const { principal, action, resource } = frame
  const [principals, actions, resources] = [principal, action, resource].map((entity) => keysOf(entity, frame))
  return (scope) =>
    (scope.actions === undefined || scope.actions.some((key) => actions!.has(key)) ? WEIGHTS.action : 0) +
    (principals!.has(scope.principal.id) ? WEIGHTS.principal : 0) +
    (resources!.has(scope.resource.id) ? WEIGHTS.resource : 0)
}

/** More is nearer. */
function rankOf({ scope, conditions }: Evaluated): number {
  let rank = ALL
  for (const { expr, outcome } of scope) if (outcome !== 'true') rank -= WEIGHTS[scopeVariable(expr)]
  const held = conditions.filter(({ outcome }) => outcome === 'true').length
  return rank + held / (held + 1)
}
