/**
 * A policy against a request, clause by clause: its scope constraints and the conjuncts of its conditions, each with what it
 * came to, why, and where it stands. What made a clause so is found by `trace.ts`, how texts and values are shown is said in
 * `brief.ts`. Spec: LANGUAGE section 8, "Explanations".
 */
import type { Values } from '../../image/value-ids.ts'
import type { LoweredExpr, LoweredPolicy } from '../../program/lowered.ts'
import { assert } from '../../text/assert.ts'
import { type Position, positionOf, type Span } from '../../text/source.ts'
import { printValue } from '../../values/print.ts'
import { brief, cut, textOf } from './brief.ts'
import type { Frame } from './frame.ts'
import { type Ask, askerOf, type Outcome, type Part, partOf, type Read, readsOf, traceOf } from './trace.ts'

/** A scope constraint, a conjunct of a condition, or a literal of a rule; `file`, `line` and `column` say where it begins. */
export interface Clause extends Position {
  readonly part: 'principal' | 'action' | 'resource' | 'when' | 'unless' | 'literal'
  readonly outcome: Outcome
  /** Its text in the policy, of a long one the beginning. */
  readonly text: string
  readonly file: string
  /**
   * The smallest parts that made it so, or the clause itself: of a false `&&` the operand that was false, of a false `||` all of
   * them, the first ten.
   */
  readonly because: readonly ClausePart[]
  /** How many more such parts there are. */
  readonly more?: number
}

/** A part of a clause, what it came to, and the values that it read. */
export interface ClausePart extends Position {
  readonly text: string
  readonly outcome: Outcome
  /** Of what failed. */
  readonly message?: string
  readonly values: readonly ReadValue[]
}

export interface ReadValue {
  /** What was read, such as `context.mfa`. */
  readonly text: string
  /** As Cedar writes it, of a long one the beginning; `absent` where there is none. */
  readonly value: string
}

/** What the clauses of a policy came to: all of the scope, and the conditions up to the first that is not true. */
export interface Evaluated {
  readonly policy: LoweredPolicy
  readonly scope: readonly Part[]
  readonly conditions: readonly Part[]
}

/** So many clauses of a policy are told. */
const CLAUSES_MAX = 20

/** What each clause of `policy` comes to for the request in `frame`; `renew` makes room for the facts that it asks for. */
export function evaluateClauses(policy: LoweredPolicy, frame: Frame, renew: () => void): Evaluated {
  const ask = askOf(policy, frame, renew)
  const { condition, scopeLength } = policy
  const operands = condition.kind === 'and' ? condition.operands : [condition]
  const scope = operands.slice(0, scopeLength).map((operand) => partOf(operand, frame, ask))
  const conditions: Part[] = []
  let isOpen = scope.every(({ outcome }) => outcome === 'true')
  for (let i = scopeLength; i < operands.length && isOpen; i++) {
    const part = partOf(operands[i]!, frame, ask)
    conditions.push(part)
    isOpen = part.outcome === 'true'
  }
  return { policy, scope, conditions }
}

/** The clauses in words. */
export function describeClauses(
  { policy, scope, conditions }: Evaluated,
  frame: Frame,
  renew: () => void,
): TakenClauses<Clause> {
  const ask = askOf(policy, frame, renew)
  const { clauses, ...more } = takeClauses([...scope, ...conditions])
  return { clauses: clauses.map((part) => clauseOf(part, scope.includes(part), frame, ask)), ...more }
}

export interface TakenClauses<T> {
  readonly clauses: readonly T[]
  readonly clausesLeftOut?: number
}

/** The first of many clauses, and the last, which alone may not be true. */
export function takeClauses<T>(all: readonly T[]): TakenClauses<T> {
  if (all.length <= CLAUSES_MAX) return { clauses: all }
  return { clauses: [...all.slice(0, CLAUSES_MAX - 1), ...all.slice(-1)], clausesLeftOut: all.length - CLAUSES_MAX }
}

/** Facts of a request are found once for all that asks for them, so only policies that do have to begin anew. */
function askOf({ usesFacts }: LoweredPolicy, frame: Frame, renew: () => void): Ask {
  return askerOf(frame, usesFacts ? renew : () => {})
}

function clauseOf({ expr, outcome }: Part, isScope: boolean, frame: Frame, ask: Ask): Clause {
  const { parts, count, ...traced } = traceOf(expr, frame, ask)
  assert(traced.outcome === outcome, 'a clause is what its parts make it')
  const part = isScope ? scopeVariable(expr) : textOf(expr.span).startsWith('unless') ? 'unless' : 'when'
  return {
    part,
    outcome,
    text: cut(textOf(expr.span)),
    file: expr.span.source.path,
    ...placeOf(expr.span),
    because: parts.map((one) => clausePartOf(one, isScope ? slotOf(expr, part) : [], frame.values, ask)),
    ...(count > parts.length && { more: count - parts.length }),
  }
}

/** What a scope constraint is about. */
export function scopeVariable(expr: LoweredExpr): 'principal' | 'action' | 'resource' {
  const operand = expr.kind === 'equal' ? expr.left : expr.kind === 'in' || expr.kind === 'is' ? expr.operand : expr
  return operand.kind === 'variable' && operand.name !== 'context' ? operand.name : 'principal'
}

/** What the slot of a linked template stands for: a constant that the text of the scope does not hold. */
function slotOf(expr: LoweredExpr, variable: string): ReadValue[] {
  const right =
    expr.kind === 'equal' ? expr.right : expr.kind === 'in' || expr.kind === 'is' ? expr.group?.right : undefined
  if (right?.kind !== 'constant') return []
  const { source, start, end } = expr.span
  const { span, value } = right
  if (span.source === source && start <= span.start && span.end <= end) return []
  return [{ text: `?${variable}`, value: cut(printValue(value)) }]
}

function clausePartOf(part: Part, slot: readonly ReadValue[], values: Values, ask: Ask): ClausePart {
  const { expr, outcome, message } = part
  const seen = new Map(readsOf(part, ask).map((read) => [readText(read), valueText(read, values)]))
  return {
    text: cut(textOf(expr.span)),
    outcome,
    ...(message !== undefined && { message: cut(message) }),
    ...placeOf(expr.span),
    values: [...[...seen].map(([text, value]) => ({ text, value })), ...slot],
  }
}

/** The variable of a scope constraint has no place of its own. */
function readText({ expr }: Read): string {
  return expr.kind === 'variable' ? expr.name : cut(textOf(expr.span))
}

function placeOf({ source, start }: Span): Position {
  return positionOf(source, start)
}

function valueText({ value }: Read, values: Values): string {
  return value === undefined ? 'absent' : brief(value, values)
}
