/**
 * Lowered expressions → closures. Constants, types and attribute names are interned here, once; what a closure computes
 * at run time goes through the frame. The meaning of each operator is in the files beside this one. No operation costs
 * more than linear time in the values that it reads. Recursion, here and in the closures, is bounded by
 * `EXPR_HEIGHT_MAX`. Spec: Cedar's "Operators and functions", LANGUAGE section 6.
 */
import { FALSE, kindOfId, TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import { FREE } from '../../program/demand.ts'
import { type Group, type LoweredExpr, operandsOf } from '../../program/lowered.ts'
import type { LikePattern } from '../../syntax/cedar/ast.ts'
import { assert, unreachable } from '../../text/assert.ts'
import { callExtension, EXTENSION_FUNCTIONS, type ExtensionFunction } from '../../values/extension.ts'
import { like } from '../../values/like.ts'
import type { ValueKind } from '../../values/value.ts'
import { arithmetic, less, negate } from './arithmetic.ts'
import { getAttribute, getOfContext, getTag, hasAttributes, hasTag } from './attributes.ts'
import { columnsOf, noFacts, probeFacts, probeRow, wholeFacts } from './facts.ts'
import { advised, ERROR, type Evaluate, type Frame, fail, failOperand, failType, type Place } from './frame.ts'
import { type CompiledGroup, compileGroup, isIn, isType } from './hierarchy.ts'
import { contains, containsMany, isEmpty } from './sets.ts'

type Of<Kind extends LoweredExpr['kind']> = Extract<LoweredExpr, { kind: Kind }>

/** Compiles `expr`; `values` are the image's. */
export function compileExpr(expr: LoweredExpr, values: Values): Evaluate {
  const compile = (inner: LoweredExpr) => compileExpr(inner, values)
  const group = ({ right, globs }: Group): CompiledGroup => compileGroup(compile(right), globs, values)
  switch (expr.kind) {
    case 'constant': {
      const id = values.intern(expr.value)
      return () => id
    }
    case 'variable':
      return variable(expr.name)
    case 'not':
      return not(compile(expr.operand), placeOf(expr))
    case 'negate':
      return negate(compile(expr.operand), placeOf(expr))
    case 'and':
      return chain(expr, FALSE, compile)
    case 'or':
      return chain(expr, TRUE, compile)
    case 'equal':
      return equal(compile(expr.left), compile(expr.right))
    case 'less':
      return less(expr.orEqual, { left: compile(expr.left), right: compile(expr.right), at: placeOf(expr) })
    case 'arithmetic':
      return arithmetic(expr.operator, { left: compile(expr.left), right: compile(expr.right), at: placeOf(expr) })
    case 'if':
      return conditional(expr, compile)
    case 'in':
      return isIn(compile(expr.operand), group(expr.group), placeOf(expr))
    case 'is':
      return isType(compile(expr.operand), values.string(expr.type), expr.group && group(expr.group), placeOf(expr))
    case 'has':
      return hasAttributes(
        compile(expr.operand),
        expr.attributes.map((name) => values.string(name)),
        placeOf(expr),
      )
    case 'get':
      return attribute(expr, compile, values)
    case 'like':
      return matches(compile(expr.operand), expr, placeOf(expr))
    case 'set':
      return set(expr.elements.map(compile))
    case 'record':
      return record(expr, compile, values)
    case 'method':
      return method(expr, compile)
    case 'extension':
      return extension(expr, compile)
    case 'facts':
      return wholeFacts(expr.facts, values, expr.span)
    case 'probe':
      return probe(expr, compile, values)
    default:
      return unreachable(expr)
  }
}

type Compile = (expr: LoweredExpr) => Evaluate

function placeOf(expr: LoweredExpr): Place {
  return { span: expr.span, operands: operandsOf(expr).map(({ span }) => span) }
}

function variable(name: Of<'variable'>['name']): Evaluate {
  switch (name) {
    case 'principal':
      return (frame) => frame.principal
    case 'action':
      return (frame) => frame.action
    case 'resource':
      return (frame) => frame.resource
    case 'context':
      return (frame) => frame.context
  }
}

function not(operand: Evaluate, at: Place): Evaluate {
  return (frame) => {
    const value = operand(frame)
    if (value === TRUE) return FALSE
    if (value === FALSE) return TRUE
    return value === ERROR ? ERROR : failOperand(frame, at, 0, 'bool', value)
  }
}

/** Ends at the first operand that is `end`. */
function chain(expr: Of<'and' | 'or'>, end: ValueId, compile: Compile): Evaluate {
  const operands = expr.operands.map(compile)
  const spans = expr.operands.map(({ span }) => span)
  const otherwise = end === TRUE ? FALSE : TRUE
  return (frame) => {
    for (let i = 0; i < operands.length; i++) {
      const value = operands[i]!(frame)
      if (value === otherwise) continue
      if (value === end || value === ERROR) return value
      return failType(frame, spans[i]!, 'bool', value)
    }
    return otherwise
  }
}

function equal(left: Evaluate, right: Evaluate): Evaluate {
  return (frame) => {
    const a = left(frame)
    if (a === ERROR) return ERROR
    const b = right(frame)
    if (b === ERROR) return ERROR
    return a === b ? TRUE : FALSE
  }
}

function conditional(expr: Of<'if'>, compile: Compile): Evaluate {
  const test = compile(expr.test)
  const whenTrue = compile(expr.whenTrue)
  const whenFalse = compile(expr.whenFalse)
  return (frame) => {
    const value = test(frame)
    if (value === TRUE) return whenTrue(frame)
    if (value === FALSE) return whenFalse(frame)
    return value === ERROR ? ERROR : failType(frame, expr.test.span, 'bool', value)
  }
}

function attribute(expr: Of<'get'>, compile: Compile, values: Values): Evaluate {
  const { operand, attribute: name } = expr
  const at = placeOf(expr)
  const key = { name, id: values.string(name) }
  const isOfContext = operand.kind === 'variable' && operand.name === 'context'
  return isOfContext ? getOfContext(key, at) : getAttribute(compile(operand), key, at)
}

function matches(operand: Evaluate, { pattern }: Of<'like'>, at: Place): Evaluate {
  return (frame) => {
    const text = operand(frame)
    if (text === ERROR) return ERROR
    return isLike(frame, at, pattern, text)
  }
}

/** Whether `text` is like `pattern`. */
export function isLike(frame: Frame, at: Place, pattern: LikePattern, text: ValueId): ValueId {
  if (kindOfId(text) !== 'string') return failOperand(frame, at, 0, 'string', text)
  return like(frame.values.textOf(text), pattern) ? TRUE : FALSE
}

function set(elements: readonly Evaluate[]): Evaluate {
  return (frame) => {
    const ids: ValueId[] = []
    for (const element of elements) {
      const id = element(frame)
      if (id === ERROR) return ERROR
      ids.push(id)
    }
    return frame.values.set(ids)
  }
}

function record(expr: Of<'record'>, compile: Compile, values: Values): Evaluate {
  const keys = expr.entries.map(({ key }) => values.string(key))
  const fields = expr.entries.map(({ value }) => compile(value))
  return (frame) => {
    const entries: (readonly [ValueId, ValueId])[] = []
    for (let i = 0; i < fields.length; i++) {
      const id = fields[i]!(frame)
      if (id === ERROR) return ERROR
      entries.push([keys[i]!, id])
    }
    return frame.values.record(entries)
  }
}

function method(expr: Of<'method'>, compile: Compile): Evaluate {
  const at = placeOf(expr)
  const receiver = compile(expr.receiver)
  if (expr.method === 'isEmpty') return isEmpty(receiver, at)
  const [only] = expr.args
  assert(only !== undefined, 'a method without its argument')
  const arg = compile(only)
  switch (expr.method) {
    case 'contains':
      return contains({ receiver, arg, at })
    case 'containsAll':
      return containsMany('all', { receiver, arg, at })
    case 'containsAny':
      return containsMany('any', { receiver, arg, at })
    case 'getTag':
      return getTag(receiver, arg, at)
    case 'hasTag':
      return hasTag(receiver, arg, at)
  }
}

function extension(expr: Of<'extension'>, compile: Compile): Evaluate {
  const { name, args } = expr
  const at = placeOf(expr)
  const f = EXTENSION_FUNCTIONS.get(name)
  assert(f !== undefined, `an unknown extension function ${name}`)
  const compiled = args.map(compile)
  return (frame) => {
    const ids: ValueId[] = []
    for (const arg of compiled) {
      const id = arg(frame)
      if (id === ERROR) return ERROR
      ids.push(id)
    }
    return call(frame, at, f, ids)
  }
}

/** What an extension function yields for `args`. */
export function call(frame: Frame, at: Place, f: ExtensionFunction, args: readonly ValueId[]): ValueId {
  const result = callExtension(
    f,
    args.map((id) => frame.values.valueOf(id)),
  )
  if (typeof result !== 'string') return frame.values.intern(result)
  const wrong = args.findIndex((arg, i) => kindOfId(arg) !== f.parameters[i])
  const help = wrong < 0 ? f.help?.(result) : constructorHelp(f.parameters[wrong], args[wrong]!)
  return fail(frame, at.operands[wrong] ?? at.span, result, advised(help))
}

/** Where a string stands in the place of an extension value. */
function constructorHelp(expected: ValueKind | undefined, got: ValueId): string | undefined {
  if (kindOfId(got) !== 'string' || expected === undefined || expected === 'string') return undefined
  return `maybe you forgot to apply the \`${expected === 'ipaddr' ? 'ip' : expected}\` constructor?`
}

function probe({ facts, method, arg, span }: Of<'probe'>, compile: Compile, values: Values): Evaluate {
  if (method === 'isEmpty') return noFacts(facts, span)
  assert(arg !== undefined, 'a method without its argument')
  const columns = columnsOf(method, arg, facts)
  if (columns === undefined) {
    const [value, ask] = [compile(arg), probeFacts(method, { facts, values, span })]
    return (frame) => {
      const id = value(frame)
      return id === ERROR ? ERROR : ask(frame, id)
    }
  }
  const ask = probeRow(facts, span)
  const fields = columns.map(({ value, column }) => ({ evaluate: compile(value), column }))
  return (frame) => {
    const row = new Array<number>(facts.arity).fill(FREE)
    for (const { evaluate, column } of fields) {
      const id = evaluate(frame)
      if (id === ERROR) return ERROR
      row[column] = id
    }
    return ask(frame, row)
  }
}
