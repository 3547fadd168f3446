/**
 * Which predicates depend on the request, and which on the entity store; and what follows: no `entity.*` head may have a
 * request-scoped body, and chains of such predicates are not endless. Spec: LANGUAGE sections 4 and 5.
 */
import type { Diagnostics } from '../text/diagnostic.ts'
import { isEntityPredicate, isRequestTime, type PredicateDraft } from './predicate-table.ts'
import type { PredicateId } from './program.ts'
import { readsOf } from './rule-draft.ts'
import type { Components } from './strata.ts'

/** By predicate. */
export interface Scopes {
  readonly isRequest: readonly boolean[]
  readonly readsEntities: readonly boolean[]
}

/** The scope of each predicate. */
export function scopesOf({ all, rulesOf }: Components): Scopes {
  const isRequest: boolean[] = []
  const readsEntities: boolean[] = []
  for (const component of all) {
    const read = component.flatMap((p) => (rulesOf[p] ?? []).flatMap(readsOf))
    const request = component.some(isRequestTime) || read.some((d) => isRequest[d.predicate])
    const entities = component.some(isEntityPredicate) || read.some((d) => readsEntities[d.predicate])
    for (const predicate of component) {
      isRequest[predicate] = request
      readsEntities[predicate] = entities
    }
  }
  return { isRequest, readsEntities }
}

/** Reports what cannot depend on the request, and chains that are too long to follow for one. */
export function checkScopes(
  components: Components,
  scopes: Scopes,
  drafts: readonly PredicateDraft[],
  diagnostics: Diagnostics,
): void {
  for (const [predicate, rules] of components.rulesOf.entries()) {
    const draft = drafts[predicate]
    if (!draft || !scopes.isRequest[predicate]) continue
    const isEntity = isEntityPredicate(predicate)
    for (const rule of isEntity ? rules : []) {
      const reads = readsOf(rule).find((d) => scopes.isRequest[d.predicate])
      // A rule that reads the store is not to blame for what another one adds to it.
      if (!reads || isEntityPredicate(reads.predicate)) continue
      const on = drafts[reads.predicate]?.name ?? ''
      const message = `\`${draft.name}\` adds to the entity store, and cannot depend on \`${on}\`, which depends on the request`
      diagnostics.error('R403', message, reads.span ?? rule.span)
    }
    if (draft.option === 'materialize') {
      const message = `\`${draft.name}\` depends on the request, and cannot be materialized`
      diagnostics.error('R404', message, draft.declaration)
    }
  }
  checkDepth(components, scopes, drafts, diagnostics)
}

/** The solver follows a chain of strata with its stack. */
const DEPTH_MAX = 200

function checkDepth(
  { all, of, rulesOf }: Components,
  scopes: Scopes,
  drafts: readonly PredicateDraft[],
  diagnostics: Diagnostics,
): void {
  const depth: number[] = []
  const isFollowed = (p: PredicateId) => scopes.isRequest[p] || scopes.readsEntities[p]
  for (const [i, component] of all.entries()) {
    depth[i] = 0
    for (const predicate of component.filter(isFollowed)) {
      for (const rule of rulesOf[predicate] ?? []) {
        for (const read of readsOf(rule)) {
          const below = of[read.predicate] ?? i
          if (below === i) continue
          depth[i] = Math.max(depth[i] ?? 0, (depth[below] ?? 0) + 1)
          if (depth[i] !== DEPTH_MAX + 1) continue
          const name = drafts[predicate]?.name ?? ''
          const message = `\`${name}\` depends on the request or on entities through more than ${DEPTH_MAX} predicates, one below the other`
          diagnostics.error('R405', message, rule.span)
          return
        }
      }
    }
  }
}
