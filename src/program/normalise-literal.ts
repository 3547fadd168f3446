/**
 * Literals of rules, normalised: atoms over known predicates with variables, constants and wildcards alone. Aggregates and
 * disjunctions are not seen here. Spec: LANGUAGE section 4.
 */
import type * as ast from '../syntax/datalog/ast.ts'
import { unreachable } from '../text/assert.ts'
import type { PlainLiteral } from './disjunction.ts'
import { isSplit, normaliseArgument, normaliseExpr, normaliseSplit, refuse } from './normalise-expr.ts'
import { usePredicate } from './predicate-table.ts'
import type { Literal, Operand } from './program.ts'
import type { RuleScope } from './rule-draft.ts'

/** A literal that is no aggregate. */
export function normaliseLiteral(literal: PlainLiteral, scope: RuleScope, out: Literal[]): void {
  const { span } = literal
  switch (literal.kind) {
    case 'atom':
      normaliseAtom(literal, scope, out)
      break
    case 'compare':
      normaliseComparison(literal, scope, out)
      break
    case 'in': {
      const { negated, right } = literal
      const lifted = negated ? undefined : out
      const left = normaliseExpr(literal.left, scope, lifted)
      if (right.kind === 'list') {
        const elements = right.elements.map((element) => normaliseExpr(element, scope, lifted))
        out.push({ kind: 'in', negated, left, right: elements, span })
      } else if (isSplit(right) && lifted) normaliseSplit(left, right, scope, out)
      else out.push({ kind: 'in', negated, left, right: normaliseExpr(right, scope, lifted), span })
      break
    }
    case 'test': {
      const { negated } = literal
      out.push({ kind: 'test', negated, expr: normaliseExpr(literal.expr, scope, negated ? undefined : out), span })
      break
    }
    case 'bare_aggregate':
      refuseAggregate(literal, scope)
      break
    default:
      unreachable(literal)
  }
}

function normaliseComparison(literal: PlainLiteral & { kind: 'compare' }, scope: RuleScope, out: Literal[]): void {
  const { operator, left, right, span } = literal
  const split = operator !== '=' ? undefined : isSplit(right) ? right : isSplit(left) ? left : undefined
  if (left.kind === 'aggregate' || right.kind === 'aggregate') refuseAggregate(literal, scope)
  else if (split) normaliseSplit(normaliseExpr(split === right ? left : right, scope, out), split, scope, out)
  else {
    const normal = normaliseExpr(left, scope, out)
    out.push({ kind: 'compare', operator, left: normal, right: normaliseExpr(right, scope, out), span })
  }
}

function refuseAggregate({ span }: PlainLiteral, scope: RuleScope): void {
  const help = { help: 'give the inner one a predicate of its own' }
  refuse(scope, 'R346', 'an aggregate stands inside of another, or beside no `=`', span, help)
}

function normaliseAtom(atom: ast.Atom, scope: RuleScope, out: Literal[]): void {
  const { table } = scope.context
  const { negated, span } = atom
  const { text, span: place } = atom.predicate
  const key = text.startsWith('context.') ? text.slice('context.'.length) : undefined
  if (key !== undefined && atom.args.length !== 1) {
    refuse(scope, 'R330', `\`${text}\` has one column, not ${atom.args.length}`, place)
    return
  }
  if (key?.includes('.')) {
    const help = {
      help: `\`${text.slice(0, text.indexOf('.', 'context.'.length))}\` has a row only where its value is no record`,
    }
    refuse(
      scope,
      'R345',
      `\`${text}\` reaches into a record, and only whole keys of the context have rows`,
      place,
      help,
    )
    return
  }
  const naming = {
    name: key === undefined ? text : 'context',
    arity: atom.args.length + (key === undefined ? 0 : 1),
    place: () => place,
  }
  const draft = usePredicate(table, naming)
  if (!draft) {
    scope.failed = true
    return
  }
  const args: Operand[] = key === undefined ? [] : [{ kind: 'constant', value: key }]
  for (const arg of atom.args) {
    const column = draft.columns[args.length] ?? {}
    if (arg.kind === 'wildcard') args.push({ kind: 'any' })
    else args.push(normaliseArgument(arg, column, scope, splitsUnderNot(arg, negated, scope) ? [] : out))
  }
  out.push({ kind: 'atom', negated, predicate: draft.id, args, span })
}

/** Reports a `split` in a negated atom: whether one part or all parts were meant cannot be seen. */
function splitsUnderNot(arg: ast.Expr, negated: boolean, scope: RuleScope): boolean {
  if (!negated || !mentionsSplit(arg)) return false
  const help = { help: 'bind the parts first: `P = X.split(",")`' }
  refuse(scope, 'R341', '`split` yields rows, which cannot stand under `not`', arg.span, help)
  return true
}

function mentionsSplit(expr: ast.Expr): boolean {
  switch (expr.kind) {
    case 'arithmetic':
      return mentionsSplit(expr.left) || mentionsSplit(expr.right)
    case 'negate':
      return mentionsSplit(expr.operand)
    case 'method':
      return isSplit(expr) || [expr.receiver, ...expr.args].some(mentionsSplit)
    default:
      return false
  }
}
