/** The JSON form of expressions: JSON → AST. Spec: Cedar's "JSON policy format". */

import { EXTENSION_FUNCTIONS } from '../../values/extension.ts'
import { type Json, shown } from '../json/json.ts'
import type { BinaryOperator, Expr, LikePattern, RecordEntry, Variable } from './ast.ts'
import { CORE_METHODS, isCoreMethod, resolveCall } from './calls.ts'
import {
  type EstReader,
  elementsOf,
  malformed,
  objectWith,
  type Part,
  readEntity,
  readString,
  readTypeName,
  readWord,
  within,
} from './est-reader.ts'
import { EXPR_HEIGHT_MAX } from './limits.ts'
import { isPlainAttribute } from './names.ts'

/** The expression that `part` is. Recursion is bounded by `EXPR_HEIGHT_MAX`. */
export function readExpr(reader: EstReader, part: Part, height = 1): Expr | undefined {
  const { json } = part
  if (height > EXPR_HEIGHT_MAX)
    return malformed(reader, part, `the expression is more than ${EXPR_HEIGHT_MAX} levels high`)
  if (!(json instanceof Map) || json.size !== 1) return malformed(reader, part, 'expected an object with one key')
  const [kind = ''] = json.keys()
  return readNode({ reader, height }, kind, within(part, kind))
}

interface At {
  readonly reader: EstReader
  readonly height: number
}

function readNode(at: At, kind: string, body: Part): Expr | undefined {
  const { reader } = at
  const { span } = reader
  switch (kind) {
    case 'Value':
      return readValue(at, body)
    case 'Var': {
      const name = readWord<Variable>(reader, body, ['principal', 'action', 'resource', 'context'])
      return name && { kind: 'variable', name, span }
    }
    case 'Slot':
      return malformed(reader, body, 'a slot stands outside of the scope', 'slots stand in `principal` and `resource`')
    case '!':
    case 'neg': {
      const operand = readFields(at, body, ['arg'])?.[0]
      return operand && { kind: kind === '!' ? 'not' : 'negate', operand, span }
    }
    case '.':
      return readGet(at, body)
    case 'has':
      return readHas(at, body)
    case 'like':
      return readLike(at, body)
    case 'is':
      return readIs(at, body)
    case 'if-then-else': {
      const [test, then, otherwise] = readFields(at, body, ['if', 'then', 'else']) ?? []
      return test && then && otherwise && { kind: 'if', test, then, else: otherwise, span }
    }
    case 'Set': {
      const elements = readExprs(at, elementsOf(reader, body))
      return elements && { kind: 'set', elements, span }
    }
    case 'Record':
      return readRecord(at, body)
    default:
      return readOperation(at, kind, body)
  }
}

/** Binary operators, core methods and extension functions. */
function readOperation(at: At, kind: string, body: Part): Expr | undefined {
  const { reader } = at
  const { span } = reader
  const operator = BINARY.find((known) => known === kind)
  if (isCoreMethod(kind) && CORE_METHODS.get(kind) === 0) {
    const receiver = readFields(at, body, ['arg'])?.[0]
    return receiver && { kind: 'method', method: kind, receiver, args: [], span }
  }
  if (operator !== undefined || isCoreMethod(kind)) {
    const [left, right] = readFields(at, body, ['left', 'right']) ?? []
    if (left === undefined || right === undefined) return undefined
    if (operator !== undefined) return { kind: 'binary', operator, left, right, span }
    return isCoreMethod(kind) ? { kind: 'method', method: kind, receiver: left, args: [right], span } : undefined
  }
  if (!EXTENSION_FUNCTIONS.has(kind)) return malformed(reader, body, `${shown(kind)} is no operator and no function`)
  const args = readExprs(at, elementsOf(reader, body))
  return args && { kind: 'extension', name: kind, args, span }
}

const BINARY: readonly BinaryOperator[] = ['==', '!=', '<', '<=', '>', '>=', 'in', '+', '-', '*', '&&', '||']

/** An object whose fields are all expressions. */
function readFields(at: At, body: Part, keys: readonly string[]): Expr[] | undefined {
  const fields = objectWith(at.reader, body, { required: keys })
  return fields && readExprs(at, [...fields.values()])
}

function readExprs(at: At, parts: readonly Part[] | undefined): Expr[] | undefined {
  const exprs: Expr[] = []
  for (const part of parts ?? []) {
    const expr = readExpr(at.reader, part, at.height + 1)
    if (expr !== undefined) exprs.push(expr)
  }
  return exprs.length === parts?.length ? exprs : undefined
}

function readLeft(at: At, body: Part): Expr | undefined {
  return readExpr(at.reader, within(body, 'left'), at.height + 1)
}

function readGet(at: At, body: Part): Expr | undefined {
  const { reader } = at
  if (objectWith(reader, body, { required: ['left', 'attr'] }) === undefined) return undefined
  const operand = readLeft(at, body)
  const attribute = readString(reader, within(body, 'attr'))
  return operand && attribute !== undefined ? { kind: 'get', operand, attribute, span: reader.span } : undefined
}

/** `attr` is one attribute or several; other fields are ignored, as Cedar does. */
function readHas(at: At, body: Part): Expr | undefined {
  const { reader } = at
  if (objectWith(reader, body, { required: ['left', 'attr'], open: true }) === undefined) return undefined
  const operand = readLeft(at, body)
  const attr = within(body, 'attr')
  const parts = typeof attr.json === 'string' ? [attr] : elementsOf(reader, attr)
  if (parts?.length === 0) return malformed(reader, attr, 'expected an attribute')
  const attributes: string[] = []
  for (const part of parts ?? []) {
    const attribute = readString(reader, part)
    if (attribute !== undefined) attributes.push(attribute)
  }
  if (attributes.length > 1 && !attributes.every(isPlainAttribute)) {
    return malformed(
      reader,
      attr,
      'several attributes must all be identifiers',
      'write one `has` for each, joined by `&&`',
    )
  }
  return operand && attributes.length === parts?.length
    ? { kind: 'has', operand, attributes, span: reader.span }
    : undefined
}

function readLike(at: At, body: Part): Expr | undefined {
  const { reader } = at
  if (objectWith(reader, body, { required: ['left', 'pattern'] }) === undefined) return undefined
  const operand = readLeft(at, body)
  const pattern = readPattern(reader, within(body, 'pattern'))
  return operand && pattern && { kind: 'like', operand, pattern, span: reader.span }
}

function readPattern(reader: EstReader, part: Part): LikePattern | undefined {
  const pattern: (string | null)[] = []
  const elements = elementsOf(reader, part)
  let run = ''
  for (const element of elements ?? []) {
    if (isWildcard(element.json)) {
      if (run !== '') pattern.push(run)
      pattern.push(null)
      run = ''
      continue
    }
    const literal = objectWith(reader, element, { required: ['Literal'] })
    const text = literal && readString(reader, within(element, 'Literal'))
    if (text === undefined) return undefined
    run += text
  }
  if (run !== '') pattern.push(run)
  return elements && pattern
}

function isWildcard(json: Json | undefined): boolean {
  return json === 'Wildcard' || (json instanceof Map && json.size === 1 && json.get('Wildcard') === null)
}

function readIs(at: At, body: Part): Expr | undefined {
  const { reader } = at
  const { span } = reader
  if (objectWith(reader, body, { required: ['left', 'entity_type'], optional: ['in'] }) === undefined) return undefined
  const operand = readLeft(at, body)
  const type = readTypeName(reader, within(body, 'entity_type'))
  if (operand === undefined || type === undefined) return undefined
  const group = within(body, 'in')
  if (group.json == null) return { kind: 'is', operand, type, span }
  const entity = readExpr(reader, group, at.height + 1)
  return entity && { kind: 'is', operand, type, in: entity, span }
}

function readRecord(at: At, body: Part): Expr | undefined {
  return readEntries(at, body, (part) => readExpr(at.reader, part, at.height + 1))
}

function readEntries(at: At, body: Part, read: (part: Part) => Expr | undefined): Expr | undefined {
  const { reader } = at
  if (!(body.json instanceof Map)) return malformed(reader, body, 'expected an object')
  const entries: RecordEntry[] = []
  for (const key of body.json.keys()) {
    if (!key.isWellFormed()) return malformed(reader, body, 'a key holds half of a surrogate pair')
    const value = read(within(body, key))
    if (value === undefined) return undefined
    entries.push({ key, value, span: reader.span })
  }
  return { kind: 'record', entries, span: reader.span }
}

/** A literal: also sets and records, entities and calls of extension functions in Cedar's escapes. */
function readValue(at: At, part: Part): Expr | undefined {
  const { reader, height } = at
  const { span } = reader
  const { json } = part
  if (height > EXPR_HEIGHT_MAX) return malformed(reader, part, `the value is more than ${EXPR_HEIGHT_MAX} levels high`)
  if (typeof json === 'boolean' || typeof json === 'bigint') return { kind: 'literal', value: json, span }
  if (typeof json === 'string') {
    const value = readString(reader, part)
    return value === undefined ? undefined : { kind: 'literal', value, span }
  }
  if (json == null) return malformed(reader, part, '`null` is no value of Cedar')
  if (typeof json === 'number') return malformed(reader, part, 'Cedar has no floats', 'write an integer, or a decimal')
  const below: At = { reader, height: height + 1 }
  if (Array.isArray(json)) {
    const elements = readValues(below, elementsOf(reader, part))
    return elements && { kind: 'set', elements, span }
  }
  const [only] = json.size === 1 ? json.keys() : []
  if (only === '__expr') return malformed(reader, part, 'Cedar no longer knows the escape `__expr`')
  if (only === '__entity' && isEntity(json.get(only))) {
    return ignoreOthers(below, within(part, only), ['type', 'id']) ? readEntity(reader, part) : undefined
  }
  if (only === '__extn' && isCall(json.get(only))) {
    return ignoreOthers(below, within(part, only), ['fn', 'arg', 'args'])
      ? readCall(below, within(part, only))
      : undefined
  }
  return readEntries(below, part, (field) => readValue(below, field))
}

function readValues(at: At, parts: readonly Part[] | undefined): Expr[] | undefined {
  const values: Expr[] = []
  for (const part of parts ?? []) {
    const value = readValue(at, part)
    if (value !== undefined) values.push(value)
  }
  return values.length === parts?.length ? values : undefined
}

/** Whether all other fields of an escape are values, too: more Cedar does not ask of them. */
function ignoreOthers(at: At, part: Part, known: readonly string[]): boolean {
  const keys = part.json instanceof Map ? [...part.json.keys()] : []
  return keys.every((key) => known.includes(key) || readValue(at, within(part, key)) !== undefined)
}

function isEntity(json: Json | undefined): boolean {
  return json instanceof Map && typeof json.get('type') === 'string' && typeof json.get('id') === 'string'
}

function isCall(json: Json | undefined): boolean {
  return (
    json instanceof Map && typeof json.get('fn') === 'string' && (json.has('arg') || Array.isArray(json.get('args')))
  )
}

function readCall(at: At, part: Part): Expr | undefined {
  const { reader } = at
  const name = readString(reader, within(part, 'fn'))
  const arg = within(part, 'arg')
  const args = readValues(at, arg.json === undefined ? elementsOf(reader, within(part, 'args')) : [arg])
  if (name === undefined || args === undefined) return undefined
  const [receiver, ...rest] = args
  const isMethod = EXTENSION_FUNCTIONS.get(name)?.style === 'method' && receiver !== undefined
  const call = resolveCall(
    isMethod ? { name, receiver, args: rest, span: reader.span } : { name, args, span: reader.span },
  )
  return 'problem' in call ? malformed(reader, part, call.problem) : call
}
