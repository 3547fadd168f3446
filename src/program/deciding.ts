/**
 * Rules that decide: what a reason may be, and that a `permit` depends on the request in each of its parts, so that no fact
 * about somebody else opens for everybody. Spec: LANGUAGE section 4, "Deciding by rules".
 */
import type { Expr } from '../syntax/datalog/ast.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import { refuse } from './normalise-expr.ts'
import { variablesOfLiteral } from './plan.ts'
import type { Literal } from './program.ts'
import type { Scopes } from './request-scope.ts'
import { dependenciesOf, type RuleDraft, type RuleScope } from './rule-draft.ts'

/** A reason is a text, or a concatenation that starts with one: nobody else can choose how it begins. */
export function checkReason(reason: Expr, effect: string, scope: RuleScope): void {
  const first = firstOf(reason)
  if (first.kind === 'constant' && typeof first.value === 'string' && (first.value !== '' || first === reason)) return
  const help = { help: `write for example \`${effect}("limit of " + User)\`` }
  const message = first.kind === 'variable' ? `\`${first.name}\` is a variable` : 'this starts with none'
  refuse(scope, 'R351', `the reason of a \`${effect}\` starts with a text, and ${message}`, reason.span, help)
}

/** Reports what of a `permit` is not tied to the request. */
export function checkPermit(rule: RuleDraft, scopes: Scopes, diagnostics: Diagnostics): void {
  const readsRequest = (literal: Literal) =>
    dependenciesOf([literal]).some(({ predicate }) => scopes.isRequest[predicate])
  if (!rule.body.some(readsRequest)) {
    const help = 'add a literal such as `action("read")` or `principal(Id, "User")`'
    diagnostics.error(
      'R352',
      '`permit` does not depend on the request, so it would open for every request',
      rule.span,
      { help },
    )
    return
  }
  const anchored = connectedVariables(rule.body, (literal) => readsRequest(literal) && !isNegated(literal))
  for (const literal of rule.body) {
    const variables = variablesOfLiteral(literal)
    const isGround = variables.length === 0 && (readsRequest(literal) || !hasLocals(literal))
    if (isGround || variables.some((variable) => anchored.has(variable))) continue
    const names = variables.map((variable) => rule.variables[variable] ?? '').filter((name) => !name.startsWith('$'))
    const which = names.length > 0 ? `\`${[...new Set(names)].join('`, `')}\`` : 'what stands here'
    const message = `nothing connects ${which} with the request, so one that fits would open for everybody`
    const help = 'share a variable with a literal such as `principal(Id, "User")`'
    diagnostics.error('R353', message, literal.span ?? rule.span, { help })
    return
  }
}

/** The leftmost part of a concatenation. */
function firstOf(reason: Expr): Expr {
  let at = reason
  while (true) {
    if (at.kind === 'arithmetic' && at.operator === '+') at = at.left
    else if (at.kind === 'method' && at.method === 'concat') at = at.receiver
    else return at
  }
}

/** Whether a literal has wildcards, or variables of its own, which nothing can connect. */
function hasLocals(literal: Literal): boolean {
  return literal.kind === 'aggregate' || (literal.kind === 'atom' && literal.args.some(({ kind }) => kind === 'any'))
}

function isNegated(literal: Literal): boolean {
  return 'negated' in literal && literal.negated
}

/** The variables that chains of literals connect with a literal for which `isAnchor` holds. */
function connectedVariables(body: readonly Literal[], isAnchor: (literal: Literal) => boolean): ReadonlySet<number> {
  const users = new Map<number, Literal[]>()
  for (const literal of body) {
    for (const variable of variablesOfLiteral(literal)) {
      const all = users.get(variable)
      if (all) all.push(literal)
      else users.set(variable, [literal])
    }
  }
  const connected = new Set(body.filter(isAnchor).flatMap(variablesOfLiteral))
  // The set's iterator sees the variables that are added meanwhile.
  for (const variable of connected) {
    for (const literal of users.get(variable) ?? []) {
      for (const other of variablesOfLiteral(literal)) connected.add(other)
    }
    users.delete(variable)
  }
  return connected
}
