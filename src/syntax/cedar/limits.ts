/**
 * How deep an expression may nest and how high its tree may be, whichever form it was read from. Cedar's own
 * implementation has no stated limits: its WebAssembly build traps at about 150 nested parentheses and at chains of a few
 * hundred to a few thousand operands. These stand so that a recursive walk over an accepted tree is always safe.
 */
import type { Expr } from './ast.ts'

/** Parentheses, sets, records, calls and `if` in one another. */
export const EXPR_NESTING_MAX = 200

/** Nodes from the root of an expression to its deepest leaf: `a && b && c` and `a.b.c` are 3 high. */
export const EXPR_HEIGHT_MAX = 1000

/** The height of `expr`. Linear, without recursion. */
export function heightOf(expr: Expr): number {
  const todo: { readonly expr: Expr; readonly depth: number }[] = [{ expr, depth: 1 }]
  let height = 0
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    height = Math.max(height, next.depth)
    for (const child of childrenOf(next.expr)) todo.push({ expr: child, depth: next.depth + 1 })
  }
  return height
}

/** The expressions directly inside of `expr`, in the order of the text. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'literal':
    case 'entity':
    case 'variable':
      return []
    case 'not':
    case 'negate':
    case 'has':
    case 'like':
    case 'get':
      return [expr.operand]
    case 'binary':
      return [expr.left, expr.right]
    case 'if':
      return [expr.test, expr.then, expr.else]
    case 'is':
      return expr.in === undefined ? [expr.operand] : [expr.operand, expr.in]
    case 'set':
      return expr.elements
    case 'record':
      return expr.entries.map((entry) => entry.value)
    case 'method':
      return [expr.receiver, ...expr.args]
    case 'extension':
      return expr.args
  }
}
