/**
 * Safety: every variable that is compared, negated, called on or put into a head is bound by something. What `planBody`
 * cannot order is unsafe. Spec: LANGUAGE section 4.
 */
import { assert } from '../text/assert.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import { listOf, planBody, variablesOf } from './plan.ts'
import type { Literal } from './program.ts'
import { type RuleDraft, writtenName } from './rule-draft.ts'

/** Reports each variable of `rule` that nothing binds; says whether there is none. */
export function checkSafety(rule: RuleDraft, diagnostics: Diagnostics): boolean {
  const { steps, stuck, bound } = planBody(rule.body)
  rule.steps = steps
  const open = new Map<number, string>()
  const note = (variable: number, where: string) => {
    if (!bound.has(variable) && !open.has(variable)) open.set(variable, where)
  }
  for (const i of stuck) {
    const literal = rule.body[i]
    if (literal) for (const variable of roots(literal, bound)) note(variable, whereIn(literal))
  }
  for (const arg of rule.args) if (arg.kind === 'variable' && stuck.length === 0) note(arg.variable, 'in the head')
  for (const literal of rule.body) {
    if (literal.kind !== 'aggregate') continue
    const inner = planBody(literal.body, { bound: literal.groups })
    for (const i of inner.stuck) {
      const stuckLiteral = literal.body[i]
      if (stuckLiteral)
        for (const variable of roots(stuckLiteral, inner.bound)) note(variable, `in \`${literal.function}\``)
    }
    if (inner.stuck.length > 0) continue
    for (const variable of variablesOf(literal.over))
      if (!inner.bound.has(variable)) open.set(variable, `in \`${literal.function}\``)
  }
  // A made-up variable waits for those of its expression; only these have names.
  const named = [...open].filter(([variable]) => writtenName(rule.variables, variable) !== undefined)
  for (const [variable, where] of named) report(rule, variable, where, diagnostics)
  assert(open.size === 0 || named.length > 0, 'what is unsafe has a name')
  return open.size === 0
}

/** The variables that keep a literal from being evaluated; one that the literal itself would bind is not among them. */
function roots(literal: Literal, bound: ReadonlySet<number>): number[] {
  const open = (variables: readonly number[]) => variables.filter((variable) => !bound.has(variable))
  switch (literal.kind) {
    case 'atom':
      return open(literal.args.flatMap((arg) => (arg.kind === 'variable' ? [arg.variable] : [])))
    case 'compare': {
      const left = open(variablesOf(literal.left))
      const right = open(variablesOf(literal.right))
      if (literal.operator !== '=') return [...left, ...right]
      if (literal.left.kind === 'variable' && right.length > 0 && literal.right.kind !== 'variable') return right
      if (literal.right.kind === 'variable' && left.length > 0 && literal.left.kind !== 'variable') return left
      return [...left, ...right]
    }
    case 'in': {
      const sources = open(listOf(literal).flatMap(variablesOf))
      return sources.length > 0 && literal.left.kind === 'variable'
        ? sources
        : [...sources, ...open(variablesOf(literal.left))]
    }
    case 'split': {
      const sources = open([literal.receiver, literal.separator].flatMap(variablesOf))
      return sources.length > 0 ? sources : open(variablesOf(literal.part))
    }
    case 'test':
      return open(variablesOf(literal.expr))
    default: {
      const groups = open(literal.groups)
      return groups.length > 0 ? groups : open(variablesOf(literal.result))
    }
  }
}

function whereIn(literal: Literal): string {
  switch (literal.kind) {
    case 'atom':
      return 'under `not`'
    case 'compare':
      return literal.operator === '=' ? 'beside `=`' : `beside \`${literal.operator}\``
    case 'in':
      return literal.negated ? 'under `not`' : 'beside `in`'
    case 'test':
      return literal.expr.kind === 'method' ? `in \`${literal.expr.method}\`` : 'in a literal'
    case 'split':
      return 'in `split`'
    default:
      return `in \`${literal.function}\``
  }
}

function report(rule: RuleDraft, variable: number, where: string, diagnostics: Diagnostics): void {
  const name = rule.variables[variable] ?? ''
  const span = rule.places[variable] ?? rule.span
  if (name === '_') {
    diagnostics.error('R350', `\`_\` stands ${where}, where a value is needed`, span, {
      help: 'name the variable, and bind it by a literal that is not negated',
    })
    return
  }
  const isFact = rule.body.length === 0
  const isLocal =
    rule.locals.size > 0 && [...rule.locals].some((local) => rule.variables[local] === name && local !== variable)
  const help = isFact
    ? 'a fact has no variables; texts stand in quotes'
    : isLocal
      ? `the \`${name}\` of the aggregate is another variable, local to it`
      : `bind \`${name}\` by a literal that is not negated`
  diagnostics.error('R350', `\`${name}\` stands ${where}, and nothing binds it`, span, { help })
}
