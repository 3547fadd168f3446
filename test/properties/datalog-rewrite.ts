/** Rewriting rules: other names, and lists in another order. */
import type { Aggregate, Clause, Expr, List, Literal, Name } from '../../src/syntax/datalog/ast.ts'

export interface Rewrite {
  readonly variable?: (name: string) => string
  readonly predicate?: (name: string) => string
  /** Bodies, alternatives and lists, where order means nothing. */
  readonly list?: <T>(items: readonly T[]) => readonly T[]
}

/** The span of what no text says. */
export const NOWHERE = { source: { path: '<variant>', text: '' }, start: 0, end: 0 }

/** `clause` rewritten. */
export function rewriteClause(clause: Clause, how: Rewrite): Clause {
  if (clause.kind === 'decl') return { ...clause, predicate: rewriteName(clause.predicate, how) }
  const { head } = clause
  const args = head.args.map((arg) => ({ ...arg, expr: rewriteExpr(arg.expr, how) }))
  const predicate = rewriteName(head.predicate, how)
  return { ...clause, head: { ...head, predicate, args }, body: rewriteBody(clause.body, how) }
}

function rewriteName(name: Name, { predicate }: Rewrite): Name {
  return predicate === undefined ? name : { ...name, text: predicate(name.text) }
}

function rewriteBody(body: readonly Literal[], how: Rewrite): readonly Literal[] {
  return inOrder(
    body.map((literal) => rewriteLiteral(literal, how)),
    how,
  )
}

function inOrder<T>(items: readonly T[], { list }: Rewrite): readonly T[] {
  return list === undefined ? items : list(items)
}

/** `literal` rewritten. */
export function rewriteLiteral(literal: Literal, how: Rewrite): Literal {
  switch (literal.kind) {
    case 'atom': {
      const args = literal.args.map((arg) => rewriteExpr(arg, how))
      return { ...literal, predicate: rewriteName(literal.predicate, how), args }
    }
    case 'compare':
      return { ...literal, left: rewriteExpr(literal.left, how), right: rewriteExpr(literal.right, how) }
    case 'in':
      return { ...literal, left: rewriteExpr(literal.left, how), right: rewriteSet(literal.right, how) }
    case 'test':
      return { ...literal, expr: rewriteExpr(literal.expr, how) }
    case 'bare_aggregate':
      return { ...literal, aggregate: rewriteAggregate(literal.aggregate, how) }
    case 'or': {
      const alternatives = literal.alternatives.map((body) => rewriteBody(body, how))
      return { ...literal, alternatives: inOrder(alternatives, how) }
    }
  }
}

function rewriteSet(set: Expr | List, how: Rewrite): Expr | List {
  if (set.kind !== 'list') return rewriteExpr(set, how)
  const elements = set.elements.map((element) => rewriteExpr(element, how))
  return { ...set, elements: inOrder(elements, how) }
}

/** `expr` rewritten. */
export function rewriteExpr(expr: Expr, how: Rewrite): Expr {
  switch (expr.kind) {
    case 'constant':
    case 'wildcard':
      return expr
    case 'variable':
      return { ...expr, name: how.variable?.(expr.name) ?? expr.name }
    case 'arithmetic':
      return { ...expr, left: rewriteExpr(expr.left, how), right: rewriteExpr(expr.right, how) }
    case 'negate':
      return { ...expr, operand: rewriteExpr(expr.operand, how) }
    case 'method':
      return {
        ...expr,
        receiver: rewriteExpr(expr.receiver, how),
        args: expr.args.map((arg) => rewriteExpr(arg, how)),
      }
    case 'aggregate':
      return rewriteAggregate(expr, how)
  }
}

function rewriteAggregate(aggregate: Aggregate, how: Rewrite): Aggregate {
  return { ...aggregate, over: rewriteExpr(aggregate.over, how), body: rewriteBody(aggregate.body, how) }
}
