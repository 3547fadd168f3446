/**
 * Rules that decide: what a reason may be, and that a `permit` depends on the request in each of its parts, so that no fact
 * about somebody else opens for everybody. Spec: LANGUAGE section 4, "Deciding by rules".
 */
import type { Expr } from '../syntax/datalog/ast.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import { type ColumnClasses, type Connections, connectionsIn, partBody, partsOf, REQUEST } from './connections.ts'
import { refuse } from './normalise-expr.ts'
import { variablesOf, variablesOfLiteral } from './plan.ts'
import type { Literal } from './program.ts'
import type { Scopes } from './request-scope.ts'
import { type RuleDraft, type RuleScope, readsOf, writtenName } from './rule-draft.ts'

/** A reason is a text, or a concatenation that starts with one: nobody else can choose how it begins. */
export function checkReason(reason: Expr, effect: string, scope: RuleScope): void {
  const first = firstOf(reason)
  if (first.kind === 'constant' && typeof first.value === 'string' && (first.value !== '' || first === reason)) return
  const help = { help: `write for example \`${effect}("limit of " + User)\`` }
  const message = first.kind === 'variable' ? `\`${first.name}\` is a variable` : 'this starts with none'
  refuse(scope, 'R351', `the reason of a \`${effect}\` starts with a text, and ${message}`, reason.span, help)
}

/** Reports what of a `permit` is not tied to the request. */
export function checkPermit(rule: RuleDraft, scopes: Scopes, classes: ColumnClasses, diagnostics: Diagnostics): void {
  if (!readsOf(rule).some(({ predicate }) => scopes.isRequest[predicate])) {
    const help = 'add a literal such as `action("read")` or `principal(Id, "User")`'
    const message = '`permit` does not depend on the request, so it would open for every request'
    diagnostics.error('R352', message, rule.span, { help })
    return
  }
  const connections = connectionsIn(rule.body, classes)
  const isTied = (variable: number) => connections(variable) === REQUEST
  const { deciding, uses } = partBody(rule.body)
  for (const literal of deciding) {
    const open = variablesOfLiteral(literal).filter((variable) => !isTied(variable))
    // A variable that stands nowhere else asks no more than a wildcard.
    if (hasTiedPart(literal, connections, classes) && open.every((variable) => uses.get(variable) === 1)) continue
    const names = open.flatMap((variable) => writtenName(rule.variables, variable) ?? [])
    const which = names.length > 0 ? `\`${[...new Set(names)].join('`, `')}\`` : 'what stands here'
    const message = `nothing connects ${which} with the request, so one that fits would open for everybody`
    const help = 'share a variable with a literal such as `principal(Id, "User")`'
    diagnostics.error('R353', message, literal.span ?? rule.span, { help })
    return
  }
}

/** Whether a literal says something of the request, or of constants alone. */
function hasTiedPart(literal: Literal, connections: Connections, classes: ColumnClasses): boolean {
  const isTied = (variable: number) => connections(variable) === REQUEST
  const variables = variablesOfLiteral(literal)
  if (literal.kind === 'aggregate' && variablesOf(literal.result).length === 0) {
    return [...partsOf(literal, connections, classes)].every((root) => root === REQUEST)
  }
  if (variables.length > 0) return variables.some(isTied)
  if (literal.kind !== 'atom') return true
  const parts = partsOf(literal, connections, classes)
  return parts.size === 0 || parts.has(REQUEST)
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
