/**
 * Why not, of rules: those that could permit, with their literals in the order of the text, but for those that wait for a
 * variable, up to the first that nothing satisfies together with those before it. The beginnings of a body are evaluated as
 * rules of their own. Spec: LANGUAGE section 8, "Explanations".
 */
import type { ValueId, Values } from '../image/value-ids.ts'
import { definedVariables } from '../program/defined.ts'
import { boundBy, stepOf, variablesOfLiteral } from '../program/plan.ts'
import type { Literal, Rule } from '../program/program.ts'
import { RuneError } from '../text/diagnostic.ts'
import { positionOf, type Span } from '../text/source.ts'
import { brief, cut, textOf } from './cedar/brief.ts'
import { type Clause, type ReadValue, type TakenClauses, takeClauses } from './cedar/clauses.ts'

/** The rows of a rule's head, and where it fails. */
export type Run = (rule: Rule) => {
  readonly rows: readonly (readonly ValueId[])[]
  readonly errors: readonly { readonly message: string }[]
}

/** A literal, and the variables of it that those before it bind. */
interface Ordered {
  readonly literal: Literal
  readonly known: readonly number[]
}

export interface NearestRule extends TakenClauses<Clause> {
  readonly rule: Rule
}

const NEAREST_MAX = 5
/** So many are evaluated, literal by literal, with the steps of one request together. */
const EVALUATED_MAX = 100

/** Those of `rules`, which derive nothing, of which more literals hold; fewer where the steps of a request do not tell. */
export function nearestRules(rules: readonly Rule[], run: Run, values: Values): NearestRule[] {
  const evaluated: { readonly rule: Rule; readonly clauses: Clause[] }[] = []
  try {
    for (const rule of rules.slice(0, EVALUATED_MAX)) {
      evaluated.push({ rule, clauses: literalClauses(rule, run, values) })
    }
  } catch (error) {
    if (!(error instanceof RuneError && error.diagnostics.every(({ code }) => code === 'R504'))) throw error
  }
  const nearest = evaluated.sort((a, b) => b.clauses.length - a.clauses.length).slice(0, NEAREST_MAX)
  return nearest.map(({ rule, clauses }) => ({ rule, ...takeClauses(clauses) }))
}

/** The literals of `rule` up to the first that fails, but for those that have no text. */
function literalClauses(rule: Rule, run: Run, values: Values): Clause[] {
  const clauses: Clause[] = []
  const ordered = inOrder(rule)
  for (const [i, { literal, known }] of ordered.entries()) {
    const { rows, errors } = run(beginning(rule, ordered.slice(0, i + 1), []))
    const holds = rows.length > 0
    const { span } = literal
    if (span !== undefined) {
      const bindings = holds ? [] : run(beginning(rule, ordered.slice(0, i), known)).rows
      const seen = bindings.length === 1 ? bindingsOf(rule, known, bindings[0]!, values) : []
      if (textOf(span) === clauses.at(-1)?.text) clauses.pop()
      clauses.push(clauseOf(span, holds || errors[0], seen))
    }
    if (!holds) return clauses
  }
  return clauses
}

function inOrder(rule: Rule): Ordered[] {
  const defined = definedVariables(rule)
  const bound = new Set<number>()
  const waiting = [...rule.body]
  const ordered: Ordered[] = []
  for (;;) {
    const next = waiting.findIndex((literal) => stepOf(literal, 0, bound, defined) !== undefined)
    const [literal] = next < 0 ? [] : waiting.splice(next, 1)
    const step = literal && stepOf(literal, 0, bound, defined)
    if (!step) return ordered
    ordered.push({
      literal,
      known: [...new Set(variablesOfLiteral(literal))].filter((variable) => bound.has(variable)),
    })
    for (const variable of boundBy(step)) bound.add(variable)
  }
}

/** A rule of a part of the body, which derives these variables. */
function beginning(rule: Rule, ordered: readonly Ordered[], variables: readonly number[]): Rule {
  const body = ordered.map(({ literal }) => literal)
  return { ...rule, body, args: variables.map((variable) => ({ kind: 'variable', variable })) }
}

/** What the variables are, but for those that the text does not have. */
function bindingsOf(rule: Rule, known: readonly number[], row: readonly ValueId[], values: Values): ReadValue[] {
  return known.flatMap((variable, i) => {
    const name = rule.variables[variable]!
    return name.startsWith('$') ? [] : [{ text: name, value: brief(row[i]!, values) }]
  })
}

/** Of a literal that holds, that does not, or that fails where it is reached. */
function clauseOf(
  span: Span,
  is: true | { readonly message: string } | undefined,
  values: readonly ReadValue[],
): Clause {
  const outcome = is === true ? 'true' : is ? 'failed' : 'false'
  const message = typeof is === 'object' && { message: cut(is.message) }
  const [text, place] = [cut(textOf(span)), positionOf(span.source, span.start)]
  const because = [{ text, outcome, ...message, ...place, values } as const]
  return { part: 'literal', outcome, text, file: span.source.path, ...place, because }
}
