/**
 * Lowered expressions → closures. Constants, types and attribute names are interned here, once; what a closure computes
 * at run time goes through the frame. The meaning of each operator is in the files beside this one. No operation costs
 * more than linear time in the values that it reads. Recursion, here and in the closures, is bounded by
 * `EXPR_HEIGHT_MAX`. Spec: Cedar's "Operators and functions", LANGUAGE section 6.
 */
import { FALSE, kindOfId, TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import type { Group, LoweredExpr } from '../../program/lowered.ts'
import type { LikePattern } from '../../syntax/cedar/ast.ts'
import { assert, unreachable } from '../../text/assert.ts'
import type { Span } from '../../text/source.ts'
import { callExtension, EXTENSION_FUNCTIONS, type ExtensionFunction } from '../../values/extension.ts'
import { like } from '../../values/like.ts'
import { arithmetic, less, negate } from './arithmetic.ts'
import { getAttribute, getOfContext, getTag, hasAttributes, hasTag } from './attributes.ts'
import { noFacts, probeFacts, probeRow, wholeFacts } from './facts.ts'
import { ERROR, type Evaluate, type Frame, fail, failType } from './frame.ts'
import { type CompiledGroup, compileGroup, isIn, isType } from './hierarchy.ts'
import { contains, containsMany, isEmpty } from './sets.ts'

type Of<Kind extends LoweredExpr['kind']> = Extract<LoweredExpr, { kind: Kind }>

/** Compiles `expr`; `values` are the image's. */
export function compileExpr(expr: LoweredExpr, values: Values): Evaluate {
  const { span } = expr
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
      return not(compile(expr.operand), span)
    case 'negate':
      return negate(compile(expr.operand), span)
    case 'and':
      return chain(expr, FALSE, compile)
    case 'or':
      return chain(expr, TRUE, compile)
    case 'equal':
      return equal(compile(expr.left), compile(expr.right))
    case 'less':
      return less(expr.orEqual, { left: compile(expr.left), right: compile(expr.right), span })
    case 'arithmetic':
      return arithmetic(expr.operator, { left: compile(expr.left), right: compile(expr.right), span })
    case 'if':
      return conditional(expr, compile)
    case 'in':
      return isIn(compile(expr.operand), group(expr.group), span)
    case 'is':
      return isType(compile(expr.operand), values.string(expr.type), expr.group && group(expr.group), span)
    case 'has':
      return hasAttributes(compile(expr.operand), expr.attributes.map(values.string), span)
    case 'get':
      return attribute(expr, compile, values)
    case 'like':
      return matches(compile(expr.operand), expr, span)
    case 'set':
      return set(expr.elements.map(compile))
    case 'record':
      return record(expr, compile, values)
    case 'method':
      return method(expr, compile)
    case 'extension':
      return extension(expr, compile)
    case 'facts':
      return wholeFacts(expr.facts, values, span)
    case 'probe':
      return probe(expr, compile, values)
    default:
      return unreachable(expr)
  }
}

type Compile = (expr: LoweredExpr) => Evaluate

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

function not(operand: Evaluate, span: Span): Evaluate {
  return (frame) => {
    const value = operand(frame)
    if (value === TRUE) return FALSE
    if (value === FALSE) return TRUE
    return value === ERROR ? ERROR : failType(frame, span, 'bool', value)
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

function attribute({ operand, attribute: name, span }: Of<'get'>, compile: Compile, values: Values): Evaluate {
  const key = { name, id: values.string(name) }
  const isOfContext = operand.kind === 'variable' && operand.name === 'context'
  return isOfContext ? getOfContext(key, span) : getAttribute(compile(operand), key, span)
}

function matches(operand: Evaluate, { pattern }: Of<'like'>, span: Span): Evaluate {
  return (frame) => {
    const text = operand(frame)
    if (text === ERROR) return ERROR
    return isLike(frame, span, pattern, text)
  }
}

/** Whether `text` is like `pattern`. */
export function isLike(frame: Frame, span: Span, pattern: LikePattern, text: ValueId): ValueId {
  if (kindOfId(text) !== 'string') return failType(frame, span, 'string', text)
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
  const { span } = expr
  const receiver = compile(expr.receiver)
  if (expr.method === 'isEmpty') return isEmpty(receiver, span)
  const [only] = expr.args
  assert(only !== undefined, 'a method without its argument')
  const arg = compile(only)
  switch (expr.method) {
    case 'contains':
      return contains({ receiver, arg, span })
    case 'containsAll':
      return containsMany('all', { receiver, arg, span })
    case 'containsAny':
      return containsMany('any', { receiver, arg, span })
    case 'getTag':
      return getTag(receiver, arg, span)
    case 'hasTag':
      return hasTag(receiver, arg, span)
  }
}

function extension({ name, args, span }: Of<'extension'>, compile: Compile): Evaluate {
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
    return call(frame, span, f, ids)
  }
}

/** What an extension function yields for `args`. */
export function call(frame: Frame, span: Span, f: ExtensionFunction, args: readonly ValueId[]): ValueId {
  const result = callExtension(f, args.map(frame.values.valueOf))
  return typeof result === 'string' ? fail(frame, span, result) : frame.values.intern(result)
}

function probe({ facts, method, arg, span }: Of<'probe'>, compile: Compile, values: Values): Evaluate {
  if (method === 'isEmpty') return noFacts(facts, span)
  assert(arg !== undefined, 'a method without its argument')
  if (method === 'contains' && arg.kind === 'record' && arg.entries.length === facts.keys.length) {
    const columns = arg.entries.map(({ key }) => facts.keys.indexOf(key))
    const fields = arg.entries.map(({ value }) => compile(value))
    if (!columns.includes(-1)) return probeRow(facts, { fields, columns, span })
  }
  return probeFacts(method, { facts, arg: compile(arg), values, span })
}
