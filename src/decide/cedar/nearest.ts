/**
 * Why not: the permits that came nearest to permitting a request. Nearest are those whose constraint on the action holds, then
 * those whose constraint on the principal does, then on the resource, then those of which more conditions are true, and then
 * those that stand first. Where there are many, the hundred that look nearest by what they name are told apart by that.
 * Spec: LANGUAGE section 8, "Explanations".
 */
import { ENTITY_TAG, TAG_SHIFT, type ValueId } from '../../image/value-ids.ts'
import type { PolicySet } from './authorize.ts'
import { type Evaluated, evaluateClauses, scopeVariable } from './clauses.ts'
import type { Frame } from './frame.ts'
import { ANY, type Scope, type ScopeKey } from './scope.ts'

export interface Nearest {
  readonly permits: readonly Evaluated[]
  /** How many others there are. */
  readonly more: number
}

const NEAREST_MAX = 5
/** So many are evaluated, clause by clause. */
const EVALUATED_MAX = 100

/** The nearest of the permits that are neither satisfied nor fail; `isElse` says of an id that it is one of these. */
export function nearestPermits(
  { policies, scopes }: PolicySet,
  frame: Frame,
  isElse: (id: string) => boolean,
  renew: () => void,
): Nearest {
  const byNearness: number[][] = Array.from({ length: ALL + 1 }, () => [])
  let count = 0
  for (const [number, { effect, id }] of policies.entries()) {
    if (effect !== 'permit' || isElse(id)) continue
    count++
    const alike = byNearness[ALL - nearness(scopes[number]!, frame)]!
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

/** What of the scope can hold, as far as the index tells. */
function nearness({ principal, actions, resource }: Scope, frame: Frame): number {
  const isAction = actions === undefined || actions.some((key) => holds(key, frame.action, frame))
  return (
    (isAction ? WEIGHTS.action : 0) +
    (holds(principal, frame.principal, frame) ? WEIGHTS.principal : 0) +
    (holds(resource, frame.resource, frame) ? WEIGHTS.resource : 0)
  )
}

function holds(key: ScopeKey, entity: ValueId, { values, entities }: Frame): boolean {
  if (key === ANY || key === entity) return true
  return key >>> TAG_SHIFT === ENTITY_TAG ? entities.hasAncestor(entity, key) : values.entityType(entity) === key
}

/** More is nearer. */
function rankOf({ scope, conditions }: Evaluated): number {
  let rank = ALL
  for (const { expr, outcome } of scope) if (outcome !== 'true') rank -= WEIGHTS[scopeVariable(expr)]
  const held = conditions.filter(({ outcome }) => outcome === 'true').length
  return rank + held / (held + 1)
}
