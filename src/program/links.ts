/**
 * How an equivalence is derived. What its facts and rules relate are its links, in a predicate of their own. Where the links
 * can be known before the equivalence is asked for, they are united to classes, a row for each member, and who reads the
 * equivalence reads these. Else it follows link by link, and holds each pair. What an equivalence means is in
 * `implicit-rules.ts`, by which it was checked. Spec: LANGUAGE section 4.
 */
import { A, ANY, atom, B, E, rule } from './implicit-rules.ts'
import { readsSome } from './plan.ts'
import type { AtomLiteral, FactSource, Literal, Operand, Predicate, PredicateId } from './program.ts'
import type { RuleDraft } from './rule-draft.ts'

/** What of a program becomes another with links. */
export interface Linkable {
  readonly predicates: readonly Predicate[]
  readonly rules: readonly RuleDraft[]
  readonly facts: readonly FactSource[]
  /** Each comes after all that it depends on. */
  readonly components: readonly (readonly PredicateId[])[]
}

/** The column of classes that holds the members; the other one holds what represents their class. */
export const MEMBER = 0

/** Gives links to the predicates `equivalences`, and classes to those for which that is enough. */
export function linkEquivalences(equivalences: readonly PredicateId[], program: Linkable): Linkable {
  const { predicates, rules, facts, components } = program
  const all = [...predicates]
  const linksOf = new Map<PredicateId, PredicateId>()
  const classesOf = new Map<PredicateId, PredicateId>()
  for (const equivalence of equivalences) {
    const predicate = predicates[equivalence]
    if (!predicate) continue
    const { name } = predicate
    const links = all.length
    linksOf.set(equivalence, links)
    all.push({ ...predicate, id: links, name: `$${name}`, linksOf: equivalence })
    if (!isUnited(predicate, program)) continue
    classesOf.set(equivalence, all.length)
    all.push({ ...predicate, id: all.length, name: `$$${name}`, unites: links })
    all[equivalence] = { ...predicate, evaluation: 'on demand' }
  }
  const written = rules.flatMap((draft) => {
    const head = linksOf.get(draft.head)
    return head === undefined ? [draft] : draft.span ? [{ ...draft, head }] : []
  })
  const closing = [...linksOf].flatMap(([id, links]) => {
    const name = predicates[id]?.name ?? ''
    return classesOf.has(id)
      ? [rule(name, id, [E, A], [atom(id, [E, A])])]
      : [
          rule(name, links, [E, A], [atom(links, [A, E])]),
          rule(name, id, [E, A], [atom(links, [E, A])]),
          rule(name, id, [E, A], [atom(id, [E, B]), atom(links, [B, A])]),
        ]
  })
  return {
    predicates: all,
    rules: [...written, ...closing].map((draft) => throughClasses(draft, classesOf)),
    facts: facts.map((source) => ({ ...source, predicate: linksOf.get(source.predicate) ?? source.predicate })),
    components: components.flatMap((ids) => {
      const classes = ids.map((id) => classesOf.get(id)).find((id) => id !== undefined)
      const links = ids.flatMap((id) => linksOf.get(id) ?? [])
      return classes === undefined ? [[...ids, ...links]] : [links, [classes], ids]
    }),
  }
}

/**
 * Whether the links of an equivalence can be united once and for all: not where they depend on it themselves, nor where a
 * request can add to them.
 */
function isUnited({ id, evaluation, readsEntities }: Predicate, { rules, components }: Linkable): boolean {
  if (evaluation !== 'materialized' || readsEntities) return false
  if (components.some((ids) => ids.includes(id) && ids.length > 1)) return false
  return !rules.some(({ head, span, body }) => head === id && span && readsSome(body, (read) => read === id))
}

/** The rule with classes in place of their equivalences. */
function throughClasses(draft: RuleDraft, classesOf: ReadonlyMap<PredicateId, PredicateId>): RuleDraft {
  if (!readsSome(draft.body, (predicate) => classesOf.has(predicate))) return draft
  const variables = [...draft.variables]
  const change = (literal: Literal, isCounted: boolean): Literal => {
    if (literal.kind === 'aggregate') return { ...literal, body: literal.body.map((inner) => change(inner, true)) }
    const classes = literal.kind === 'atom' ? classesOf.get(literal.predicate) : undefined
    if (literal.kind !== 'atom' || classes === undefined) return literal
    const alone = onlyMember(literal, isCounted)
    if (alone) return { ...literal, predicate: classes, args: [alone, ANY] }
    variables.push(`$${variables.length}`)
    return { ...literal, predicate: classes, inClass: variables.length - 1 }
  }
  return { ...draft, body: draft.body.map((literal) => change(literal, false)), variables }
}

/** What the atom says to be a member, where it says no more than that. In an aggregate each value of a wildcard counts. */
function onlyMember({ args, negated }: AtomLiteral, isCounted: boolean): Operand | undefined {
  const [a = ANY, b = ANY] = args
  if (a.kind === 'variable' && b.kind === 'variable' && a.variable === b.variable) return a
  if (isCounted && !negated) return undefined
  return b.kind === 'any' ? a : a.kind === 'any' ? b : undefined
}

/** The predicate that a text names: of links and classes their equivalence, and of what has no name at all nothing. */
export function writtenPredicate(predicates: readonly Predicate[], id: PredicateId): Predicate | undefined {
  const found = predicates[id]
  const { linksOf } = predicates[found?.unites ?? id] ?? {}
  if (linksOf !== undefined) return predicates[linksOf]
  return found?.name.startsWith('$') ? undefined : found
}

/** The predicate that holds the facts of `predicate`: its links, where it has some. */
export function factsOf(predicates: readonly Predicate[], predicate: Predicate): Predicate {
  return predicates.find(({ linksOf }) => linksOf === predicate.id) ?? predicate
}
