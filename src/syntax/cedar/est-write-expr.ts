/** The JSON form of expressions: AST → JSON, as cedar-wasm writes it. Spec: Cedar's "JSON policy format". */
import type { EntityUid } from '../../values/value.ts'
import type { Json } from '../json/json.ts'
import type { Expr, LikePattern } from './ast.ts'

/** The JSON form of `expr`. Recursion is bounded by `EXPR_HEIGHT_MAX`. */
export function exprToJson(expr: Expr): Json {
  switch (expr.kind) {
    case 'literal':
      return object({ Value: expr.value })
    case 'entity':
      return object({ Value: object({ __entity: entityToJson(expr.uid) }) })
    case 'variable':
      return object({ Var: expr.name })
    case 'not':
      return node('!', { arg: exprToJson(expr.operand) })
    case 'negate':
      return node('neg', { arg: exprToJson(expr.operand) })
    case 'binary':
      return node(expr.operator, { left: exprToJson(expr.left), right: exprToJson(expr.right) })
    case 'if':
      return new Map([['if-then-else', new Map(IF_PARTS.map((part) => [part[1], exprToJson(expr[part[0]])]))]])
    case 'is': {
      const group: { in?: Json } = expr.in === undefined ? {} : { in: exprToJson(expr.in) }
      return node('is', { left: exprToJson(expr.operand), entity_type: expr.type, ...group })
    }
    case 'has': {
      const [first = '', ...more] = expr.attributes
      return node('has', { left: exprToJson(expr.operand), attr: more.length === 0 ? first : [first, ...more] })
    }
    case 'like':
      return node('like', { left: exprToJson(expr.operand), pattern: patternToJson(expr.pattern) })
    case 'get':
      return node('.', { left: exprToJson(expr.operand), attr: expr.attribute })
    case 'set':
      return object({ Set: expr.elements.map(exprToJson) })
    case 'record':
      return object({ Record: new Map(expr.entries.map(({ key, value }) => [key, exprToJson(value)])) })
    case 'method': {
      const [arg] = expr.args
      const receiver = exprToJson(expr.receiver)
      return node(expr.method, arg === undefined ? { arg: receiver } : { left: receiver, right: exprToJson(arg) })
    }
    case 'extension':
      return new Map([[expr.name, expr.args.map(exprToJson)]])
  }
}

const IF_PARTS = [
  ['test', 'if'],
  ['then', 'then'],
  ['else', 'else'],
] as const

/** `{ type, id }`. */
export function entityToJson({ type, id }: EntityUid): Json {
  return object({ type, id })
}

/** A JSON object; its keys are written in this code, so that none of them is special. */
export function object(fields: { readonly [key: string]: Json }): Map<string, Json> {
  return new Map(Object.entries(fields))
}

function node(name: string, fields: { readonly [key: string]: Json }): Json {
  return new Map([[name, object(fields)]])
}

/** A literal for each Unicode scalar, as cedar-wasm does. */
function patternToJson(pattern: LikePattern): Json {
  return pattern.flatMap((run): Json[] =>
    run === null ? ['Wildcard'] : [...run].map((Literal) => object({ Literal })),
  )
}
