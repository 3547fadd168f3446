/**
 * Rules that no text writes: what an equivalence means, what an ancestor is, and that what has a parent, an attribute or a
 * tag exists. How an equivalence is derived belongs to `links.ts`. Spec: LANGUAGE sections 4 and 5.
 */
import type { Diagnostics } from '../text/diagnostic.ts'
import { areDisjoint, withArticle } from './column-types.ts'
import type { PredicateDraft } from './predicate-table.ts'
import { type AtomLiteral, BUILTIN, type Literal, type Operand, type PredicateId, type VariableRef } from './program.ts'
import type { RuleDraft } from './rule-draft.ts'

/** The implicit rules of a program with these predicates and rules. */
export function implicitRules(
  drafts: readonly PredicateDraft[],
  rules: readonly RuleDraft[],
  diagnostics: Diagnostics,
): RuleDraft[] {
  const made = [
    rule('entity.ancestor', BUILTIN.entityAncestor, [E, A], [atom(BUILTIN.entityParent, [E, A])]),
    rule(
      'entity.ancestor',
      BUILTIN.entityAncestor,
      [E, A],
      [atom(BUILTIN.entityAncestor, [E, B]), atom(BUILTIN.entityParent, [B, A])],
    ),
  ]
  const heads = new Set(rules.map(({ head }) => head))
  for (const [predicate, others] of [
    [BUILTIN.entityParent, [ANY]],
    [BUILTIN.entityAttr, [ANY, ANY]],
    [BUILTIN.entityTag, [ANY, ANY]],
  ] as const) {
    if (!heads.has(predicate) && !drafts[predicate]?.isFilled) continue
    const type: Literal = {
      kind: 'compare',
      operator: '=',
      left: A,
      right: { kind: 'method', method: 'type', receiver: E, args: [] },
    }
    made.push(rule('entity.type', BUILTIN.entityType, [E, A], [atom(predicate, [E, ...others]), type]))
  }
  for (const { id, name, option, columns, arity, declaration } of drafts) {
    if (option !== 'equivalence' || arity !== 2) continue
    const [a, b] = columns.map(({ declared, known }) => declared ?? known)
    if (a && b && areDisjoint(a, b)) {
      const message = `\`${name}\` relates two values of one type, not ${withArticle(a)} and ${withArticle(b)}`
      diagnostics.error('R337', message, declaration)
      continue
    }
    // Reflexivity follows from the two.
    made.push(rule(name, id, [E, A], [atom(id, [A, E])]), rule(name, id, [E, A], [atom(id, [E, B]), atom(id, [B, A])]))
  }
  return made
}

/** The first three variables of an implicit rule. */
export const [E, A, B] = [0, 1, 2].map((variable): VariableRef => ({ kind: 'variable', variable })) as [
  VariableRef,
  VariableRef,
  VariableRef,
]
/** A wildcard. */
export const ANY: Operand = { kind: 'any' }

/** A literal of an implicit rule. */
export function atom(predicate: PredicateId, args: readonly Operand[]): AtomLiteral {
  return { kind: 'atom', negated: false, predicate, args }
}

/** A rule without a text, of at most three variables. */
export function rule(
  name: string,
  head: PredicateId,
  args: readonly VariableRef[],
  body: readonly Literal[],
): RuleDraft {
  return { name, head, args, body, variables: ['X', 'Y', 'Z'], places: [], locals: new Set() }
}
