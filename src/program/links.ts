/**
 * How an equivalence is derived. What its facts and rules relate are its links, in a predicate of their own; the
 * equivalence follows link by link. Joined with itself it would derive each pair once for every member of its class, and
 * a long chain would end by the clock instead of by the number of facts. What an equivalence means is in
 * `implicit-rules.ts`, by which it was checked. Spec: LANGUAGE section 4.
 */
import { A, atom, B, E, rule } from './implicit-rules.ts'
import type { FactSource, Predicate, PredicateId } from './program.ts'
import type { RuleDraft } from './rule-draft.ts'
import type { Components } from './strata.ts'

/** What of a program becomes another with links. */
export interface Linkable {
  readonly predicates: readonly Predicate[]
  readonly rules: readonly RuleDraft[]
  readonly facts: readonly FactSource[]
  readonly components: Components
}

/** Gives links to the predicates `equivalences`, each in the component of its predicate. */
export function linkEquivalences(equivalences: readonly PredicateId[], program: Linkable): Linkable {
  const { predicates, rules, facts, components } = program
  const linksOf = new Map(equivalences.map((id, i) => [id, predicates.length + i]))
  const made = predicates.flatMap((predicate): Predicate[] => {
    const id = linksOf.get(predicate.id)
    return id === undefined ? [] : [{ ...predicate, id, name: `$${predicate.name}`, linksOf: predicate.id }]
  })
  const written = rules.flatMap((draft) => {
    const head = linksOf.get(draft.head)
    if (head === undefined) return [draft]
    return draft.span ? [{ ...draft, head }] : []
  })
  const closing = [...linksOf].flatMap(([id, links]) => {
    const { name } = predicates[id] ?? { name: '' }
    return [
      rule(name, links, [E, A], [atom(links, [A, E])]),
      rule(name, id, [E, A], [atom(links, [E, A])]),
      rule(name, id, [E, A], [atom(id, [E, B]), atom(links, [B, A])]),
    ]
  })
  return {
    predicates: [...predicates, ...made],
    rules: [...written, ...closing],
    facts: facts.map((source) => ({ ...source, predicate: linksOf.get(source.predicate) ?? source.predicate })),
    components: {
      ...components,
      all: components.all.map((ids) => ids.flatMap((id) => [id, linksOf.get(id) ?? []].flat())),
      of: [...components.of, ...equivalences.map((id) => components.of[id] ?? 0)],
    },
  }
}

/** The predicate that a text names: of links their equivalence, and of what has no name at all nothing. */
export function writtenPredicate(predicates: readonly Predicate[], id: PredicateId): Predicate | undefined {
  const found = predicates[id]
  if (found?.linksOf !== undefined) return predicates[found.linksOf]
  return found?.name.startsWith('$') ? undefined : found
}

/** The predicate that holds the facts of `predicate`: its links, where it has some. */
export function factsOf(predicates: readonly Predicate[], predicate: Predicate): Predicate {
  return predicates.find(({ linksOf }) => linksOf === predicate.id) ?? predicate
}
