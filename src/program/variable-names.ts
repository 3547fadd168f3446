/**
 * Which variables occur where in the syntax tree of a rule. The depth of the walks is limited by the parser.
 */
import type { Expr, Literal } from '../syntax/datalog/ast.ts'

/** The names of the variables in `expr`, in order, with repetition. */
export function namesInExpr(expr: Expr): string[] {
  switch (expr.kind) {
    case 'variable':
      return [expr.name]
    case 'arithmetic':
      return [...namesInExpr(expr.left), ...namesInExpr(expr.right)]
    case 'negate':
      return namesInExpr(expr.operand)
    case 'method':
      return [expr.receiver, ...expr.args].flatMap(namesInExpr)
    case 'aggregate':
      return [...namesInExpr(expr.over), ...namesInBody(expr.body)]
    default:
      return []
  }
}

/** The names of the variables in `body`. */
export function namesInBody(body: readonly Literal[]): string[] {
  return body.flatMap((literal) => {
    switch (literal.kind) {
      case 'atom':
        return literal.args.flatMap(namesInExpr)
      case 'compare':
        return [...namesInExpr(literal.left), ...namesInExpr(literal.right)]
      case 'in': {
        const { left, right } = literal
        return [
          ...namesInExpr(left),
          ...(right.kind === 'list' ? right.elements.flatMap(namesInExpr) : namesInExpr(right)),
        ]
      }
      case 'test':
        return namesInExpr(literal.expr)
      case 'bare_aggregate':
        return namesInExpr(literal.aggregate)
      default:
        return literal.alternatives.flatMap(namesInBody)
    }
  })
}
