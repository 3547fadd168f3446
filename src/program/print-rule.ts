/**
 * Normalised rules as text, as near to what was written as what is left of it: alternatives are rules of their own, and
 * expressions in atoms have become variables that start with `$`. For people; nothing reads it again.
 */
import { unreachable } from '../text/assert.ts'
import { printBriefly } from '../values/print.ts'
import { listOf } from './plan.ts'
import type { Expr, Literal, Operand, Predicate, Rule } from './program.ts'

/** Prints the heads and the literals of rules over `predicates`. */
export interface RulePrinter {
  head(rule: Rule): string
  literal(rule: Pick<Rule, 'variables'>, literal: Literal): string
}

/** A printer for the rules of a program. */
export function rulePrinter(predicates: readonly Predicate[]): RulePrinter {
  const nameOf = (predicate: number) => predicates[predicate]?.name ?? '?'
  return {
    head: ({ head, args, variables }) => call(nameOf(head), args, variables),
    literal: ({ variables }, literal) => literalText(literal, variables, nameOf),
  }
}

type Variables = readonly string[]

function literalText(literal: Literal, variables: Variables, nameOf: (predicate: number) => string): string {
  const text = (expr: Expr) => exprText(expr, variables)
  switch (literal.kind) {
    case 'atom':
      return negation(literal.negated) + call(nameOf(literal.predicate), literal.args, variables)
    case 'compare':
      return `${text(literal.left)} ${literal.operator} ${text(literal.right)}`
    case 'in': {
      const elements = listOf(literal).map(text).join(', ')
      return `${negation(literal.negated)}${text(literal.left)} in ${'kind' in literal.right ? elements : `[${elements}]`}`
    }
    case 'test':
      return negation(literal.negated) + text(literal.expr)
    case 'split':
      return `${text(literal.part)} = ${text(literal.receiver)}.split(${text(literal.separator)})`
    case 'aggregate': {
      const body = literal.body.map((inner) => literalText(inner, variables, nameOf)).join(', ')
      return `${text(literal.result)} = ${literal.function}(${text(literal.over)}, ${body})`
    }
    default:
      return unreachable(literal)
  }
}

function negation(negated: boolean): string {
  return negated ? 'not ' : ''
}

function call(name: string, args: readonly Operand[], variables: Variables): string {
  if (args.length === 0) return name
  return `${name}(${args.map((arg) => (arg.kind === 'any' ? '_' : exprText(arg, variables))).join(', ')})`
}

function exprText(expr: Expr, variables: Variables): string {
  const text = (inner: Expr) => exprText(inner, variables)
  const operand = (inner: Expr) => (inner.kind === 'arithmetic' ? `(${text(inner)})` : text(inner))
  switch (expr.kind) {
    case 'variable':
      return variables[expr.variable] ?? '?'
    case 'constant':
      return printBriefly(expr.value)
    case 'arithmetic':
      return `${operand(expr.left)} ${expr.operator} ${operand(expr.right)}`
    case 'negate':
      return `-${operand(expr.operand)}`
    case 'method':
      return `${operand(expr.receiver)}.${expr.method}(${expr.args.map(text).join(', ')})`
    default:
      return unreachable(expr)
  }
}
