/**
 * Which predicates depend on the request, which on the entity store, and which are evaluated on demand; and what follows:
 * `entity.*` heads and what is declared `materialize` read nothing of a request or on demand, and chains of what is
 * evaluated for a request are not endless. Spec: LANGUAGE sections 4 and 5.
 */
import type { Diagnostics } from '../text/diagnostic.ts'
import type { Span } from '../text/source.ts'
import { isEntityPredicate, isRequestTime, type PredicateDraft } from './predicate-table.ts'
import type { PredicateId } from './program.ts'
import { readsOf } from './rule-draft.ts'
import type { Components } from './strata.ts'

/** By predicate. */
export interface Scopes {
  readonly isRequest: readonly boolean[]
  readonly readsEntities: readonly boolean[]
  /** The predicate declared `on_demand` that it is or depends on. */
  readonly demanded: readonly (PredicateId | undefined)[]
  /** Whether it is evaluated for each request or query that asks, and not by the fixpoint. */
  readonly isOnDemand: readonly boolean[]
}

/** The scope of each predicate. */
export function scopesOf({ all, rulesOf }: Components, drafts: readonly PredicateDraft[]): Scopes {
  const isRequest: boolean[] = []
  const readsEntities: boolean[] = []
  const demanded: (PredicateId | undefined)[] = []
  for (const component of all) {
    const read = component.flatMap((p) => (rulesOf[p] ?? []).flatMap(readsOf))
    const request = component.some(isRequestTime) || read.some((d) => isRequest[d.predicate])
    const entities = component.some(isEntityPredicate) || read.some((d) => readsEntities[d.predicate])
    const declared = component.find((p) => drafts[p]?.option === 'on_demand')
    const below = read.find((d) => demanded[d.predicate] !== undefined)
    for (const predicate of component) {
      isRequest[predicate] = request
      readsEntities[predicate] = entities
      demanded[predicate] = declared ?? (below && demanded[below.predicate])
    }
  }
  const isOnDemand = isRequest.map((request, p) => request || demanded[p] !== undefined)
  // A part of a rule that became a predicate is evaluated with the rule: an error in it is one of the rule.
  for (const predicate of all.toReversed().flat()) {
    for (const rule of isOnDemand[predicate] ? (rulesOf[predicate] ?? []) : []) {
      for (const read of readsOf(rule))
        if (drafts[read.predicate]?.name.startsWith('$')) isOnDemand[read.predicate] = true
    }
  }
  return { isRequest, readsEntities, demanded, isOnDemand }
}

/** Reports what cannot depend on the request or on demand, and chains that are too long to follow for one. */
export function checkScopes(
  components: Components,
  scopes: Scopes,
  drafts: readonly PredicateDraft[],
  diagnostics: Diagnostics,
): void {
  for (const [predicate, rules] of components.rulesOf.entries()) {
    const draft = drafts[predicate]
    if (!draft) continue
    for (const rule of isEntityPredicate(predicate) ? rules : []) {
      // A rule that reads the store is not to blame for what another one adds to it.
      const reads = readsOf(rule).find((d) => scopes.isOnDemand[d.predicate] && !isEntityPredicate(d.predicate))
      if (!reads) continue
      const adds = `\`${draft.name}\` adds to the entity store, and cannot depend on`
      const span = reads.span ?? rule.span
      if (scopes.isRequest[reads.predicate]) {
        const on = drafts[reads.predicate]?.name ?? ''
        const what = on.startsWith('$') ? 'this aggregate' : `\`${on}\``
        diagnostics.error('R403', `${adds} ${what}, which depends on the request`, span)
      } else reportDemanded(adds, drafts[scopes.demanded[reads.predicate] ?? -1], span, diagnostics)
    }
    if (draft.option !== 'materialize') continue
    if (scopes.isRequest[predicate]) {
      const message = `\`${draft.name}\` depends on the request, and cannot be materialized`
      diagnostics.error('R404', message, draft.declaration)
    } else if (scopes.isOnDemand[predicate]) {
      const cannot = `\`${draft.name}\` cannot be materialized, since it depends on`
      reportDemanded(cannot, drafts[scopes.demanded[predicate] ?? -1], draft.declaration, diagnostics)
    }
  }
  checkDepth(components, scopes, drafts, diagnostics)
}

function reportDemanded(
  what: string,
  on: PredicateDraft | undefined,
  span: Span | undefined,
  diagnostics: Diagnostics,
): void {
  const related = on?.declaration ? [{ message: `\`${on.name}\` is declared here`, span: on.declaration }] : []
  const help = 'remove the `on_demand`'
  diagnostics.error('R408', `${what} \`${on?.name}\`, which is declared \`on_demand\``, span, { help, related })
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
  const isFollowed = (p: PredicateId) => scopes.isOnDemand[p] || scopes.readsEntities[p]
  for (const [i, component] of all.entries()) {
    depth[i] = 0
    for (const predicate of component.filter(isFollowed)) {
      for (const rule of rulesOf[predicate] ?? []) {
        for (const read of readsOf(rule)) {
          const below = of[read.predicate] ?? i
          if (below === i) continue
          depth[i] = Math.max(depth[i] ?? 0, (depth[below] ?? 0) + 1)
          if (depth[i] !== DEPTH_MAX + 1) continue
          const own = drafts[predicate]?.name ?? ''
          const name = own.startsWith('$') ? rule.name : own
          const message = `\`${name}\` is evaluated for a request through more than ${DEPTH_MAX} predicates, one below the other`
          diagnostics.error('R405', message, rule.span)
          return
        }
      }
    }
  }
}
