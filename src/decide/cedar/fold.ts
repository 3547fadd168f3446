/**
 * Partial evaluation: what is left of a condition where all of a request is known but the principal or the resource. Parts
 * that do not mention the open variable are evaluated; what fails, or is a large value, stays as it is. What is left means
 * the same for every entity in the open place, errors included. Facts may depend on the request, and are never known.
 * Source: Jones, Gomard and Sestoft, "Partial evaluation and automatic program generation" (1993), chapter 4.
 */
import { kindOfId } from '../../image/value-ids.ts'
import { type Group, type LoweredExpr, operandsOf } from '../../program/lowered.ts'
import { unreachable } from '../../text/assert.ts'
import { compileExpr } from './compile.ts'
import { ERROR, type Frame } from './frame.ts'
import type { Side } from './policy-index.ts'
import { entitiesOf } from './scope.ts'

/** What is known: all that stands in the frame but the variable that is open. */
export interface Known {
  readonly frame: Frame
  readonly open: Side
}

/** Larger sets are not written out. */
const ELEMENTS_MAX = 64

/** What is left of `expr`. */
export function fold(expr: LoweredExpr, known: Known): LoweredExpr {
  if (expr.kind === 'constant') return expr
  if (isKnown(expr, known)) return evaluated(expr, known)
  const left = foldParts(expr, known)
  return left.kind !== 'constant' && isKnown(left, known) ? evaluated(left, known) : left
}

/** Whether `expr` does not depend on what is open. */
export function isKnown(expr: LoweredExpr, known: Known): boolean {
  if (expr.kind === 'variable') return expr.name !== known.open
  if (expr.kind === 'facts' || expr.kind === 'probe') return false
  return operandsOf(expr).every((part) => isKnown(part, known))
}

/** Whether `expr` yields a bool, whatever entity is open. */
function isSafe(expr: LoweredExpr): boolean {
  switch (expr.kind) {
    case 'constant':
      return typeof expr.value === 'boolean'
    case 'not':
      return isSafe(expr.operand)
    case 'and':
    case 'or':
      return expr.operands.every(isSafe)
    case 'equal':
      return isPlain(expr.left) && isPlain(expr.right)
    case 'in':
      return isEntity(expr.operand) && isSafeGroup(expr.group)
    case 'is':
      return isEntity(expr.operand) && (expr.group === undefined || isSafeGroup(expr.group))
    default:
      return false
  }
}

function isPlain({ kind }: LoweredExpr): boolean {
  return kind === 'constant' || kind === 'variable'
}

function isEntity(expr: LoweredExpr): boolean {
  return expr.kind === 'variable' && expr.name !== 'context'
}

function isSafeGroup({ right }: Group): boolean {
  return isEntity(right) || (right.kind === 'constant' && entitiesOf(right.value) !== undefined)
}

/** `expr`, which is known, as a constant, if it is a small one. */
function evaluated(expr: LoweredExpr, { frame }: Known): LoweredExpr {
  frame.isQuiet = true
  const id = compileExpr(expr, frame.values)(frame)
  if (id === ERROR) return expr
  const kind = kindOfId(id)
  if (kind === 'record' || (kind === 'set' && frame.values.sizeOf(id) > ELEMENTS_MAX)) return expr
  return { kind: 'constant', value: frame.values.valueOf(id), span: expr.span }
}

function foldParts(expr: LoweredExpr, known: Known): LoweredExpr {
  const of = (part: LoweredExpr) => fold(part, known)
  const ofGroup = ({ right, globs }: Group): Group => ({ right: of(right), globs })
  switch (expr.kind) {
    case 'not':
    case 'negate':
    case 'has':
    case 'get':
    case 'like':
      return { ...expr, operand: of(expr.operand) }
    case 'and':
    case 'or':
      return foldChain(expr, known)
    case 'equal':
    case 'less':
    case 'arithmetic':
      return { ...expr, left: of(expr.left), right: of(expr.right) }
    case 'if': {
      const test = of(expr.test)
      if (test.kind === 'constant' && typeof test.value === 'boolean')
        return of(test.value ? expr.whenTrue : expr.whenFalse)
      return { ...expr, test, whenTrue: of(expr.whenTrue), whenFalse: of(expr.whenFalse) }
    }
    case 'in':
      return { ...expr, operand: of(expr.operand), group: ofGroup(expr.group) }
    case 'is':
      return { ...expr, operand: of(expr.operand), ...(expr.group && { group: ofGroup(expr.group) }) }
    case 'set':
      return { ...expr, elements: expr.elements.map(of) }
    case 'record':
      return { ...expr, entries: expr.entries.map(({ key, value }) => ({ key, value: of(value) })) }
    case 'method':
      return { ...expr, receiver: of(expr.receiver), args: expr.args.map(of) }
    case 'extension':
      return { ...expr, args: expr.args.map(of) }
    case 'probe':
      return expr.arg === undefined ? expr : { ...expr, arg: of(expr.arg) }
    case 'constant':
    case 'variable':
    case 'facts':
      return expr
    default:
      return unreachable(expr)
  }
}

/** Operands that do not end the chain are left out, and so are those behind one that ends it. */
function foldChain(expr: LoweredExpr & { readonly kind: 'and' | 'or' }, known: Known): LoweredExpr {
  const end = expr.kind === 'or'
  const operands: LoweredExpr[] = []
  for (const operand of expr.operands) {
    const left = fold(operand, known)
    if (left.kind !== 'constant' || typeof left.value !== 'boolean') operands.push(left)
    else if (left.value === end) {
      if (operands.every(isSafe)) return { kind: 'constant', value: end, span: expr.span }
      return { ...expr, operands: [...operands, left] }
    }
  }
  return operands.length === 0 ? { kind: 'constant', value: !end, span: expr.span } : { ...expr, operands }
}
