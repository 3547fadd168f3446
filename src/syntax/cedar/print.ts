/**
 * Policies as text: AST → canonical Cedar with the fewest parentheses. Parsing what it prints gives the same tree, spans
 * aside; a method without a receiver, which only JSON can hold, is the one exception. Owns no layout beyond a line a part:
 * `rune fmt` lays out. Spec: Cedar's grammar.
 */

import { EXTENSION_FUNCTIONS } from '../../values/extension.ts'
import { quote } from '../../values/string-literal.ts'
import type {
  ActionConstraint,
  Annotation,
  EntityLiteral,
  Expr,
  LikePattern,
  Policy,
  ScopeConstraint,
  ScopeEntity,
} from './ast.ts'
import { isCoreMethod } from './calls.ts'
import { isPlainAttribute } from './names.ts'

/** The text of `policy`, with its `;`. */
export function printPolicy(policy: Policy): string {
  const { annotations, effect, principal, action, resource, conditions } = policy
  const scope = [printConstraint('principal', principal), printAction(action), printConstraint('resource', resource)]
  const clauses = conditions.map(({ kind, body }) => `${kind} { ${printExpr(body)} }`)
  const lines = [...annotations.map(printAnnotation), `${effect}(${scope.join(', ')})`, ...clauses]
  return `${lines.join('\n')};`
}

/** The text of `expr`. Recursion is bounded by `EXPR_HEIGHT_MAX`. */
export function printExpr(expr: Expr): string {
  return printAt(expr, IF)
}

/** How tight an expression binds: the levels of the grammar. */
const IF = 0
const OR = 1
const AND = 2
const RELATION = 3
const SUM = 4
const PRODUCT = 5
const UNARY = 6
const MEMBER = 7

/** Operator → its level, and those of its operands. */
const LEVELS = {
  '||': [OR, OR, AND],
  '&&': [AND, AND, RELATION],
  '==': [RELATION, SUM, SUM],
  '!=': [RELATION, SUM, SUM],
  '<': [RELATION, SUM, SUM],
  '<=': [RELATION, SUM, SUM],
  '>': [RELATION, SUM, SUM],
  '>=': [RELATION, SUM, SUM],
  in: [RELATION, SUM, SUM],
  '+': [SUM, SUM, PRODUCT],
  '-': [SUM, SUM, PRODUCT],
  '*': [PRODUCT, PRODUCT, UNARY],
} as const

function levelOf(expr: Expr): number {
  switch (expr.kind) {
    case 'if':
      return IF
    case 'binary':
      return LEVELS[expr.operator][0]
    case 'has':
    case 'like':
    case 'is':
      return RELATION
    case 'not':
    case 'negate':
      return UNARY
    case 'literal':
      return isNegative(expr) ? UNARY : MEMBER
    default:
      return MEMBER
  }
}

/** The text where an expression of `level` or tighter must stand. */
function printAt(expr: Expr, level: number): string {
  const text = printBare(expr)
  return levelOf(expr) < level ? `(${text})` : text
}

function printBare(expr: Expr): string {
  switch (expr.kind) {
    case 'literal':
      return typeof expr.value === 'string' ? quote(expr.value) : String(expr.value)
    case 'entity':
      return printEntity(expr)
    case 'variable':
      return expr.name
    case 'not':
    case 'negate':
      return printUnary(expr)
    case 'binary': {
      const [, left, right] = LEVELS[expr.operator]
      return `${printAt(expr.left, left)} ${expr.operator} ${printAt(expr.right, right)}`
    }
    case 'if':
      return `if ${printExpr(expr.test)} then ${printExpr(expr.then)} else ${printExpr(expr.else)}`
    case 'is': {
      const group = expr.in === undefined ? '' : ` in ${printAt(expr.in, SUM)}`
      return `${printAt(expr.operand, SUM)} is ${expr.type}${group}`
    }
    case 'has':
      return printHas(expr.operand, expr.attributes)
    case 'like':
      return `${printAt(expr.operand, SUM)} like ${printPattern(expr.pattern)}`
    case 'get':
      return printGet(expr.operand, expr.attribute)
    case 'set':
      return `[${expr.elements.map(printExpr).join(', ')}]`
    case 'record':
      return `{${expr.entries.map(({ key, value }) => `${printKey(key)}: ${printExpr(value)}`).join(', ')}}`
    case 'method':
      return printMethod(expr.method, [expr.receiver, ...expr.args])
    case 'extension':
      return isMethod(expr.name) ? printMethod(expr.name, expr.args) : `${expr.name}(${printArgs(expr.args)})`
  }
}

const UNARY_MAX = 4

/** At most four signs in a row; the one of a negative integer counts. */
function printUnary(expr: Expr): string {
  let inner = expr
  let count = 0
  while ((inner.kind === 'not' || inner.kind === 'negate') && inner.kind === expr.kind && count < UNARY_MAX) {
    inner = inner.operand
    count++
  }
  const signs = (expr.kind === 'not' ? '!' : '-').repeat(count)
  const isInteger = expr.kind === 'negate' && inner.kind === 'literal' && typeof inner.value === 'bigint'
  if (!isInteger) return signs + printAt(inner, MEMBER)
  const text = printBare(inner)
  return isNegative(inner) && count < UNARY_MAX ? signs + text : `${signs}(${text})`
}

function isNegative(expr: Expr): boolean {
  return expr.kind === 'literal' && typeof expr.value === 'bigint' && expr.value < 0n
}

function printHas(operand: Expr, attributes: readonly string[]): string {
  const [first = ''] = attributes
  return `${printAt(operand, SUM)} has ${attributes.length === 1 ? printKey(first) : attributes.join('.')}`
}

function printGet(operand: Expr, attribute: string): string {
  const text = printAt(operand, MEMBER)
  return isPlainAttribute(attribute) ? `${text}.${attribute}` : `${text}[${quote(attribute)}]`
}

function printMethod(name: string, [receiver, ...args]: readonly Expr[]): string {
  return receiver === undefined ? `${name}()` : `${printAt(receiver, MEMBER)}.${name}(${printArgs(args)})`
}

function printArgs(args: readonly Expr[]): string {
  return args.map(printExpr).join(', ')
}

function isMethod(name: string): boolean {
  return isCoreMethod(name) || EXTENSION_FUNCTIONS.get(name)?.style === 'method'
}

function printKey(key: string): string {
  return isPlainAttribute(key) ? key : quote(key)
}

function printPattern(pattern: LikePattern): string {
  const runs = pattern.map((run) => (run === null ? '*' : quote(run).slice(1, -1).replaceAll('*', '\\*')))
  return `"${runs.join('')}"`
}

function printEntity({ uid }: EntityLiteral): string {
  return `${uid.type}::${quote(uid.id)}`
}

function printScopeEntity(entity: ScopeEntity): string {
  return entity.kind === 'slot' ? entity.slot : printEntity(entity)
}

function printConstraint(variable: 'principal' | 'resource', constraint: ScopeConstraint): string {
  switch (constraint.kind) {
    case 'any':
      return variable
    case 'eq':
      return `${variable} == ${printScopeEntity(constraint.entity)}`
    case 'in':
      return `${variable} in ${printScopeEntity(constraint.entity)}`
    case 'is': {
      const group = constraint.in === undefined ? '' : ` in ${printScopeEntity(constraint.in)}`
      return `${variable} is ${constraint.type}${group}`
    }
  }
}

function printAction(action: ActionConstraint): string {
  if (action.kind === 'any') return 'action'
  if (action.kind === 'eq') return `action == ${printEntity(action.entity)}`
  const entities = action.entities.map(printEntity).join(', ')
  return `action in ${action.list ? `[${entities}]` : entities}`
}

function printAnnotation({ key, value, bare }: Annotation): string {
  return bare ? `@${key}` : `@${key}(${quote(value)})`
}
