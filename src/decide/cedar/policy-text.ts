/**
 * The text of a function that evaluates conditions, where `compile.ts` makes closures of the same. Texts hold numbers and
 * generated names alone: constants of the policies stand in `K`, objects in `O`, so that policies which differ in them share
 * one function. An error anywhere in what is evaluated is one of the whole condition, so it ends that. What is too long or
 * too deep is refused, and stays with the closures. Spec: Cedar's "Operators and functions", LANGUAGE section 6.
 */
import { ENTITY_TAG, FALSE, INT_TAG, TAG_SHIFT, TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import type { Group, LoweredExpr } from '../../program/lowered.ts'
import type { CoreMethod, Variable } from '../../syntax/cedar/ast.ts'
import { assert, unreachable } from '../../text/assert.ts'
import { EXTENSION_FUNCTIONS } from '../../values/extension.ts'
import type { EntityUid, Value } from '../../values/value.ts'
import { NO_OWNER } from './attributes.ts'
import { columnsOf, noFacts, probeFacts, probeRow, wholeFacts } from './facts.ts'
import { compileGlobs } from './hierarchy.ts'
import { entitiesOf } from './scope.ts'

/** Conditions as text, and what that is to be called with. */
export interface PolicyText {
  readonly text: string
  readonly constants: readonly ValueId[]
  readonly objects: readonly unknown[]
}

/**
 * The text of a function that evaluates conditions, one bit each from the lowest on: it yields those that are true, and
 * adds those that fail to `f.failing`. What is read several times, it reads once. Nothing where that is refused. `values`
 * are the image's.
 */
export function policyText(conditions: readonly LoweredExpr[], values: Values): PolicyText | undefined {
  assert(conditions.length <= CONDITIONS_MAX, 'more conditions than bits')
  const writer: Writer = {
    values,
    lines: [],
    constants: [],
    objects: [],
    labels: 0,
    depth: 0,
    isRefused: false,
    fail: '',
    reads: new Map(),
    places: new Map(),
  }
  for (const [place, condition] of conditions.entries()) {
    const [label, bit] = [`p${place}`, 2 ** place]
    writer.fail = `{f.failing|=${bit};break ${label};}`
    writer.lines.push(`${label}:{`)
    for (const operand of condition.kind === 'and' ? condition.operands : [condition]) {
      writer.lines.push(`if(!${boolText(writer, operand)})break ${label};`)
    }
    writer.lines.push(`t|=${bit};}`)
  }
  const { constants, objects, isRefused } = writer
  const text = [REQUEST, ...readOnce(writer), 'return t;'].join('\n')
  return isRefused || text.length > TEXT_MAX ? undefined : { text, constants, objects }
}

/** So many bits are a small integer everywhere. */
export const CONDITIONS_MAX = 30

/** The lines, with each mark of `readText` replaced by what it stands for. */
function readOnce({ lines, reads }: Writer): string[] {
  const all = [...reads]
  const isShared = all.map(([, { count }]) => count > 1)
  const texts = all.map(([expression], i) =>
    isShared[i] ? `(m${i}===${UNREAD}?m${i}=${expression}:m${i})` : expression,
  )
  const names = all.flatMap((_, i) => (isShared[i] ? [`let m${i}=${UNREAD};`] : []))
  return [...names, ...lines.map((line) => line.replace(/@(\d+)@/g, (_, mark: string) => texts[Number(mark)]!))]
}

/** No value, and no `ERROR` either. */
const UNREAD = -3

/** The text of an expression that costs something, and has one value for a request; it holds no other such text. */
function readText({ reads }: Writer, expression: string): string {
  const read = reads.get(expression) ?? { mark: `@${reads.size}@`, count: 0 }
  read.count++
  reads.set(expression, read)
  return read.mark
}

/** What nearly every condition reads of the frame, and which conditions are true. */
const REQUEST = 'const p=f.principal,a=f.action,r=f.resource,e=f.entities;let t=0;'

/** Longer ones are not worth their compilation. */
const TEXT_MAX = 20_000
/** Blocks within blocks, which V8 parses by recursion. */
const DEPTH_MAX = 50

interface Writer {
  readonly values: Values
  lines: string[]
  readonly constants: ValueId[]
  readonly objects: unknown[]
  labels: number
  depth: number
  isRefused: boolean
  /** The statement that ends what fails. */
  fail: string
  /** What was read, the mark in its place, and how often it was. */
  readonly reads: Map<string, { readonly mark: string; count: number }>
  /** Where constants stand. */
  readonly places: Map<ValueId, number>
}

type Of<Kind extends LoweredExpr['kind']> = Extract<LoweredExpr, { kind: Kind }>

/** Even names that can be no others are never taken from a policy. */
const VARIABLES: Readonly<Record<Variable, string>> = {
  principal: 'p',
  action: 'a',
  resource: 'r',
  context: 'f.context',
}
const OPERATORS: Readonly<Record<Of<'arithmetic'>['operator'], string>> = { '+': '"+"', '-': '"-"', '*': '"*"' }
const METHODS: Readonly<Record<CoreMethod, string>> = {
  contains: 'isElement',
  containsAll: 'containsAll',
  containsAny: 'containsAny',
  isEmpty: 'hasNoElements',
  getTag: 'tagOf',
  hasTag: 'isTagged',
}

function constantText({ constants, places }: Writer, id: ValueId): string {
  const place = places.get(id) ?? constants.push(id) - 1
  places.set(id, place)
  return `K[${place}]`
}

function objectText(writer: Writer, object: unknown): string {
  return `O[${writer.objects.push(object) - 1}]`
}

function keyText(writer: Writer, key: string): string {
  return constantText(writer, writer.values.string(key))
}

/** A constant of the text that holds the value of `expression`. */
function local(writer: Writer, expression: string): string {
  const name = `v${writer.labels++}`
  writer.lines.push(`const ${name}=${expression};`)
  return name
}

/** As `local`, for what may be `ERROR`. */
function checked(writer: Writer, expression: string): string {
  const name = local(writer, expression)
  writer.lines.push(`if(${name}<0)${writer.fail}`)
  return name
}

/** What `write` writes, in a block of its own. */
function block(writer: Writer, write: () => void): string {
  const { lines } = writer
  writer.lines = []
  if (++writer.depth > DEPTH_MAX) writer.isRefused = true
  // What is refused need not be written to its end.
  if (!writer.isRefused) write()
  writer.depth--
  const text = writer.lines.join('\n')
  writer.lines = lines
  return text
}

/** Writes what the value of a bool needs; yields a pure expression of JavaScript's bool, to be used once. */
function boolText(writer: Writer, expr: LoweredExpr): string {
  switch (expr.kind) {
    case 'constant':
      if (typeof expr.value !== 'boolean') writer.lines.push(writer.fail)
      return String(expr.value === true)
    case 'not':
      return `!${boolText(writer, expr.operand)}`
    case 'and':
    case 'or':
      return chainText(writer, expr)
    case 'equal': {
      const left = valueText(writer, expr.left)
      return `(${left}===${valueText(writer, expr.right)})`
    }
    case 'if':
      return ifText(writer, expr, boolText)
    case 'in':
      return inText(writer, valueText(writer, expr.operand), isEntity(expr.operand), expr.group)
    case 'is':
      return isText(writer, expr)
    case 'has':
      return hasText(writer, expr)
    default: {
      const value = valueText(writer, expr)
      if (!YIELDS_BOOL.has(expr.kind)) writer.lines.push(`if(${value}!==${TRUE}&&${value}!==${FALSE})${writer.fail}`)
      return `(${value}===${TRUE})`
    }
  }
}

const YIELDS_BOOL: ReadonlySet<LoweredExpr['kind']> = new Set(['less', 'like', 'probe'])

/** Writes what a value needs; yields a pure expression of its id, to be used any number of times. */
function valueText(writer: Writer, expr: LoweredExpr): string {
  const value = (inner: LoweredExpr) => valueText(writer, inner)
  switch (expr.kind) {
    case 'constant':
      return constantText(writer, writer.values.intern(expr.value))
    case 'variable':
      return expr.name === 'context' ? local(writer, VARIABLES.context) : VARIABLES[expr.name]
    case 'negate':
      return checked(writer, `opposite(f,AT,${value(expr.operand)})`)
    case 'less':
      return lessText(writer, expr)
    case 'arithmetic': {
      const left = value(expr.left)
      return checked(writer, `compute(f,AT,${OPERATORS[expr.operator]},${left},${value(expr.right)})`)
    }
    case 'if':
      return ifText(writer, expr, valueText)
    case 'get':
      return checked(writer, fieldText(writer, expr.operand, expr.attribute))
    case 'like': {
      const operand = value(expr.operand)
      return checked(writer, `isLike(f,AT,${objectText(writer, expr.pattern)},${operand})`)
    }
    case 'set':
      return local(writer, `f.values.set([${expr.elements.map(value).join()}])`)
    case 'record':
      return recordText(writer, expr)
    case 'method': {
      const receiver = value(expr.receiver)
      return checked(writer, `${METHODS[expr.method]}(f,AT,${[receiver, ...expr.args.map(value)].join()})`)
    }
    case 'extension': {
      const args = expr.args.map(value)
      return checked(writer, `call(f,AT,${objectText(writer, EXTENSION_FUNCTIONS.get(expr.name))},[${args.join()}])`)
    }
    case 'facts':
      return checked(writer, `${objectText(writer, wholeFacts(expr.facts, writer.values, expr.span))}(f)`)
    case 'probe':
      return probeText(writer, expr)
    case 'not':
    case 'and':
    case 'or':
    case 'equal':
    case 'in':
    case 'is':
    case 'has':
      return local(writer, `${boolText(writer, expr)}?${TRUE}:${FALSE}`)
    default:
      return unreachable(expr)
  }
}

function isEntity(expr: LoweredExpr): boolean {
  return expr.kind === 'variable' && expr.name !== 'context'
}

/** A field of the value of `operand`: an id, or a negative number. */
function fieldText(writer: Writer, operand: LoweredExpr, key: string): string {
  if (operand.kind === 'variable' && operand.name === 'context')
    return readText(writer, `f.contextField(${keyText(writer, key)})`)
  const owner = valueText(writer, operand)
  const id = keyText(writer, key)
  return isEntity(operand) ? readText(writer, `e.attribute(${owner},${id})`) : `step(f,${owner},${id})`
}

function chainText(writer: Writer, { kind, operands }: Of<'and' | 'or'>): string {
  const isAnd = kind === 'and'
  const [first, ...rest] = operands.map((operand) => {
    let condition = ''
    const lines = block(writer, () => {
      condition = boolText(writer, operand)
    })
    return { lines, condition }
  })
  if (first === undefined) return String(isAnd)
  if (first.lines) writer.lines.push(first.lines)
  if (rest.every(({ lines }) => lines === '')) {
    return `(${[first, ...rest].map(({ condition }) => condition).join(isAnd ? '&&' : '||')})`
  }
  const n = writer.labels++
  const end = (condition: string) => `if(${isAnd ? '!' : ''}${condition})break l${n};`
  const body = rest.map(({ lines, condition }) => `${lines}\n${end(condition)}`).join('\n')
  writer.lines.push(`let b${n}=${!isAnd};l${n}:{${end(first.condition)}\n${body}\nb${n}=${isAnd};}`)
  return `b${n}`
}

function ifText(
  writer: Writer,
  { test, whenTrue, whenFalse }: Of<'if'>,
  write: (writer: Writer, expr: LoweredExpr) => string,
): string {
  const condition = boolText(writer, test)
  const name = `v${writer.labels++}`
  const branch = (expr: LoweredExpr) =>
    block(writer, () => {
      const text = write(writer, expr)
      writer.lines.push(`${name}=${text};`)
    })
  writer.lines.push(`let ${name};if(${condition}){${branch(whenTrue)}}else{${branch(whenFalse)}}`)
  return name
}

/** Whether `entity`, which is sure to be one or not, is in a group. */
function inText(writer: Writer, entity: string, isSure: boolean, { right, globs }: Group): string {
  const isPlain = isSure && globs.length === 0
  const members = isPlain && right.kind === 'constant' ? membersOf(right.value) : undefined
  if (members !== undefined) {
    const ids = members.map((member) => constantText(writer, writer.values.intern(member)))
    const isOne = ids.map((id) => `${entity}===${id}`)
    return `(${[...isOne, ...ids.map((id) => readText(writer, `e.hasAncestor(${entity},${id})`))].join('||')})`
  }
  const group = valueText(writer, right)
  const simple = `(${entity}===${group}||e.hasAncestor(${entity},${group}))`
  const member = `membership(f,AT,${objectText(writer, compileGlobs(globs, writer.values))},${entity},${group})`
  const isOne = `${group}>>>${TAG_SHIFT}===${ENTITY_TAG}`
  const found = checked(writer, isPlain ? `${isOne}?${simple}?${TRUE}:${FALSE}:${member}` : member)
  return `(${found}===${TRUE})`
}

/** The entities of a constant, if these are few and there is nothing else in it. */
function membersOf(value: Value): readonly EntityUid[] | undefined {
  const members = entitiesOf(value)
  return members && members.length > 0 && members.length <= MEMBERS_MAX ? members : undefined
}

const MEMBERS_MAX = 8

function isText(writer: Writer, { operand, type, group }: Of<'is'>): string {
  const entity = valueText(writer, operand)
  if (!isEntity(operand)) writer.lines.push(`if(${entity}>>>${TAG_SHIFT}!==${ENTITY_TAG})${writer.fail}`)
  const ofEntity = `f.values.entityType(${entity})`
  const isOfType = `(${isEntity(operand) ? readText(writer, ofEntity) : ofEntity}===${keyText(writer, type)})`
  if (group === undefined) return isOfType
  const name = `v${writer.labels++}`
  const body = block(writer, () => {
    const text = inText(writer, entity, true, group)
    writer.lines.push(`${name}=${text};`)
  })
  writer.lines.push(`let ${name}=false;if(${isOfType}){${body}}`)
  return name
}

function hasText(writer: Writer, { operand, attributes }: Of<'has'>): string {
  const [first, ...rest] = attributes
  const found = local(writer, fieldText(writer, operand, first!))
  if (!isEntity(operand)) writer.lines.push(`if(${found}===${NO_OWNER})${writer.fail}`)
  if (rest.length === 0) return `(${found}>=0)`
  const n = writer.labels++
  const steps = rest.map((key, i) => {
    const owner = i === 0 ? found : `s${n}_${i - 1}`
    return `if(${owner}<0)break l${n};const s${n}_${i}=step(f,${owner},${keyText(writer, key)});if(s${n}_${i}===${NO_OWNER})${writer.fail}`
  })
  writer.lines.push(`let b${n}=false;l${n}:{${steps.join('\n')}\nb${n}=s${n}_${rest.length - 1}>=0;}`)
  return `b${n}`
}

function probeText(writer: Writer, { facts, method, arg, span }: Of<'probe'>): string {
  const { values } = writer
  if (method === 'isEmpty') return checked(writer, `${objectText(writer, noFacts(facts, span))}(f)`)
  assert(arg !== undefined, 'a method without its argument')
  const columns = columnsOf(method, arg, facts)
  if (columns === undefined) {
    const value = valueText(writer, arg)
    return checked(writer, `${objectText(writer, probeFacts(method, { facts, values, span }))}(f,${value})`)
  }
  const row: string[] = []
  for (const { value, column } of columns) row[column] = valueText(writer, value)
  return checked(writer, `${objectText(writer, probeRow(facts, span))}(f,[${row.join()}])`)
}

function lessText(writer: Writer, { left, right, orEqual }: Of<'less'>): string {
  const a = valueText(writer, left)
  const b = valueText(writer, right)
  const isInt = (operand: string) => `${operand}>>>${TAG_SHIFT}===${INT_TAG}`
  // Ids of inline integers are in the order of the integers.
  const small = `${a}${orEqual ? '<=' : '<'}${b}?${TRUE}:${FALSE}`
  return checked(writer, `${isInt(a)}&&${isInt(b)}?${small}:isLess(f,AT,${orEqual === true},${a},${b})`)
}

function recordText(writer: Writer, { entries }: Of<'record'>): string {
  const values = entries.map(({ value }) => valueText(writer, value))
  const pairs = entries.map(({ key }, i) => `[${keyText(writer, key)},${values[i]}]`)
  return local(writer, `f.values.record([${pairs.join()}])`)
}
