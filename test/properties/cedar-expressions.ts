/**
 * Random Cedar expressions of a wanted type over a world, now and then of another type: every operator, method and
 * extension function of the language.
 */
import type { BinaryOperator, CoreMethod, Expr } from '../../src/syntax/cedar/ast.ts'
import type { EntityUid } from '../../src/values/value.ts'
import {
  ENTITY_TYPES,
  EXTENSION_TEXTS,
  randomType,
  randomValue,
  TAGS,
  type Type,
  type World,
  WRONG_TEXTS,
} from './cedar-world.ts'
import type { Random } from './random.ts'

/** Where generated nodes stand: nowhere. */
export const span = { source: { path: '<generated>', text: '' }, start: 0, end: 0 }

const HUGE = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 62n, 3037000500n] as const

/** A choice of random expressions over a world. */
interface Maker {
  readonly random: Random
  readonly world: World
  /** Probability that a node has another type than its place wants. */
  readonly illTyped: number
  readonly sources: readonly Source[]
}

/** A maker of random expressions of a type, at most `depth` high. */
export function createExpressions(options: Omit<Maker, 'sources'>): (type: Type, depth: number) => Expr {
  const maker = { ...options, sources: listSources(options.world) }
  return (type, depth) => make(maker, type, depth)
}

const STRING: Type = { kind: 'string' }
const BOOL: Type = { kind: 'bool' }

function make(maker: Maker, wanted: Type, depth: number): Expr {
  const { random, illTyped } = maker
  const type = random.chance(illTyped) ? randomType(random) : wanted
  if (depth <= 0 || random.chance(0.15)) return leaf(maker, type)
  if (random.chance(0.07)) return choose(maker, type, depth - 1)
  if (random.chance(0.05)) return tag(maker, 'getTag', depth - 1)
  return compound(maker, type, depth - 1)
}

function choose(maker: Maker, type: Type, depth: number): Expr {
  const [test, first, second] = [make(maker, BOOL, depth), make(maker, type, depth), make(maker, type, depth)]
  // biome-ignore lint/suspicious/noThenProperty: the syntax tree's word
  return { kind: 'if', test, then: first, else: second, span }
}

function entity(maker: Maker, depth: number): Expr {
  return make(maker, { kind: 'entity', type: maker.random.pick(ENTITY_TYPES) }, depth)
}

function tag(maker: Maker, method: 'getTag' | 'hasTag', depth: number): Expr {
  const { random } = maker
  const name = random.chance(0.9) ? literal(random.pick(TAGS)) : make(maker, STRING, depth)
  return { kind: 'method', method, receiver: entity(maker, depth), args: [name], span }
}

function leaf(maker: Maker, type: Type): Expr {
  const { random, world, sources } = maker
  const fitting = sources.filter((source) => sameType(source.type, type))
  if (fitting.length > 0 && random.chance(0.6)) return random.pick(fitting).expr
  switch (type.kind) {
    case 'bool':
      return literal(random.chance(0.6))
    case 'long':
      return literal(random.chance(0.15) ? random.pick(HUGE) : BigInt(random.int(5) - 1))
    case 'string':
      return literal(randomValue(random, world, type) as string)
    case 'entity': {
      if (random.chance(0.4)) return { kind: 'variable', name: random.pick(['principal', 'resource', 'action']), span }
      return { kind: 'entity', uid: randomValue(random, world, type) as EntityUid, span }
    }
    case 'set':
      return { kind: 'set', elements: random.list(0, 3, () => leaf(maker, type.element)), span }
    case 'record': {
      const entries = random.some([...type.fields], 0.9).map(([key, t]) => ({ key, value: leaf(maker, t), span }))
      return { kind: 'record', entries, span }
    }
    default:
      return construct(maker, type.kind)
  }
}

function construct({ random }: Maker, name: keyof typeof EXTENSION_TEXTS): Expr {
  const texts: readonly string[] = random.chance(0.06) ? WRONG_TEXTS[name] : EXTENSION_TEXTS[name]
  const args = [literal(random.pick(texts))]
  if (random.chance(0.01)) args.push(literal('x'))
  return { kind: 'extension', name, args, span }
}

function compound(maker: Maker, type: Type, depth: number): Expr {
  const { random } = maker
  const one = random.chance(0.5)
  switch (type.kind) {
    case 'bool':
      return random.pick(BOOLS)(maker, depth)
    case 'long': {
      if (random.chance(0.2)) return { kind: 'negate', operand: make(maker, type, depth), span }
      if (random.chance(0.2)) return extension(maker, random.pick(TO_LONG), depth, ['duration'])
      return binary(random.pick(['+', '-', '*']), make(maker, type, depth), make(maker, type, depth))
    }
    case 'datetime':
      if (one) return extension(maker, 'offset', depth, ['datetime', 'duration'])
      return extension(maker, 'toDate', depth, ['datetime'])
    case 'duration':
      if (one) return extension(maker, 'durationSince', depth, ['datetime', 'datetime'])
      return extension(maker, 'toTime', depth, ['datetime'])
    case 'set':
      return { kind: 'set', elements: random.list(0, 3, () => make(maker, type.element, depth)), span }
    case 'record': {
      const entries = [...type.fields].map(([key, t]) => ({ key, value: make(maker, t, depth), span }))
      return { kind: 'record', entries, span }
    }
    default:
      return one ? get(maker, type, depth) : leaf(maker, type)
  }
}

/** An attribute of a record. */
function get(maker: Maker, type: Type, depth: number): Expr {
  const attribute = maker.random.pick(['a', 'b', '__proto__', 'in'])
  const fields = new Map<string, Type>([
    ['z', randomType(maker.random, 0)],
    [attribute, type],
  ])
  return { kind: 'get', operand: make(maker, { kind: 'record', fields }, depth), attribute, span }
}

/** The ways to make a Bool. */
const BOOLS: readonly ((maker: Maker, depth: number) => Expr)[] = [
  (maker, depth) => ({ kind: 'not', operand: make(maker, BOOL, depth), span }),
  ...(['&&', '&&', '||', '||'] as const).map((operator) => (maker: Maker, depth: number) => {
    return binary(operator, make(maker, BOOL, depth), make(maker, BOOL, depth))
  }),
  ...(['==', '!='] as const).map((operator) => (maker: Maker, depth: number) => {
    const type = randomType(maker.random)
    return binary(operator, make(maker, type, depth), make(maker, type, depth))
  }),
  ...(['<', '<=', '>', '>='] as const).map((operator) => (maker: Maker, depth: number) => {
    const type: Type = { kind: maker.random.pick(['long', 'long', 'datetime', 'duration']) }
    return binary(operator, make(maker, type, depth), make(maker, type, depth))
  }),
  (maker, depth) => binary('in', entity(maker, depth), entity(maker, depth)),
  (maker, depth) => {
    const element: Type = { kind: 'entity', type: maker.random.pick(ENTITY_TYPES) }
    return binary('in', entity(maker, depth), make(maker, { kind: 'set', element }, depth))
  },
  (maker, depth) => ({ kind: 'is', operand: entity(maker, depth), type: maker.random.pick(ENTITY_TYPES), span }),
  (maker, depth) => {
    const type = maker.random.pick(ENTITY_TYPES)
    return { kind: 'is', operand: entity(maker, depth), type, in: entity(maker, depth), span }
  },
  (maker, depth) => has(maker, depth, [maker.random.pick(maker.sources).name]),
  (maker, depth) => {
    const { random } = maker
    return has(
      maker,
      depth,
      random.list(2, 3, () => random.pick(['a', 'b', 'owner', 'level'])),
    )
  },
  guarded,
  (maker, depth) => {
    return { kind: 'like', operand: make(maker, STRING, depth), pattern: randomPattern(maker.random), span }
  },
  ...(['contains', 'containsAll', 'containsAny', 'isEmpty'] as const).map((method) => {
    return (maker: Maker, depth: number) => sets(maker, method, depth)
  }),
  (maker, depth) => tag(maker, 'hasTag', depth),
  (maker, depth) => extension(maker, maker.random.pick(COMPARE_DECIMALS), depth, ['decimal', 'decimal']),
  (maker, depth) => extension(maker, maker.random.pick(TEST_ADDRESS), depth, ['ip']),
  (maker, depth) => extension(maker, 'isInRange', depth, ['ip', 'ip']),
]

function has(maker: Maker, depth: number, attributes: readonly string[]): Expr {
  const { random } = maker
  const record: Type = { kind: 'record', fields: new Map([['a', BOOL]]) }
  const operand: Expr = random.chance(0.5)
    ? { kind: 'variable', name: random.pick(['principal', 'resource', 'context']), span }
    : random.pick([() => entity(maker, depth), () => make(maker, record, depth)])()
  return { kind: 'has', operand, attributes, span }
}

/** An attribute that is asked for before it is used. */
function guarded(maker: Maker): Expr {
  const source = maker.random.pick(maker.sources)
  const present: Expr = { kind: 'has', operand: source.owner, attributes: [source.name], span }
  return binary('&&', present, binary('==', source.expr, leaf(maker, source.type)))
}

function sets(maker: Maker, method: CoreMethod, depth: number): Expr {
  const element = randomType(maker.random, 1)
  const set: Type = { kind: 'set', element }
  const args = method === 'isEmpty' ? [] : [make(maker, method === 'contains' ? element : set, depth)]
  return { kind: 'method', method, receiver: make(maker, set, depth), args, span }
}

type Simple = Exclude<Type['kind'], 'entity' | 'set' | 'record'>

function extension(maker: Maker, name: string, depth: number, kinds: readonly Simple[]): Expr {
  return { kind: 'extension', name, args: kinds.map((kind) => make(maker, { kind }, depth)), span }
}

const TO_LONG = ['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays'] as const
const COMPARE_DECIMALS = ['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'] as const
const TEST_ADDRESS = ['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'] as const

function literal(value: boolean | bigint | string): Expr {
  return { kind: 'literal', value, span }
}

function binary(operator: BinaryOperator, left: Expr, right: Expr): Expr {
  return { kind: 'binary', operator, left, right, span }
}

interface Source {
  readonly expr: Expr
  readonly type: Type
  readonly owner: Expr
  readonly name: string
}

/** Attributes of the request's variables, and what lies below these. */
function listSources(world: World): Source[] {
  const below = (owner: Expr, fields: ReadonlyMap<string, Type>, depth: number): Source[] =>
    [...fields].flatMap(([name, type]) => {
      const expr: Expr = { kind: 'get', operand: owner, attribute: name, span }
      const inner =
        type.kind === 'record' ? type.fields : type.kind === 'entity' ? world.attrs.get(type.type) : undefined
      return [{ expr, type, owner, name }, ...(inner === undefined || depth === 0 ? [] : below(expr, inner, depth - 1))]
    })
  const variable = (name: 'principal' | 'resource' | 'context'): Expr => ({ kind: 'variable', name, span })
  return [
    ...below(variable('principal'), world.attrs.get('User') ?? new Map(), 1),
    ...below(variable('resource'), world.attrs.get('Doc') ?? new Map(), 1),
    ...below(variable('context'), world.context, 1),
  ]
}

function sameType(left: Type, right: Type): boolean {
  if (left.kind === 'set' && right.kind === 'set') return sameType(left.element, right.element)
  if (left.kind === 'entity' && right.kind === 'entity') return left.type === right.type
  return left.kind === right.kind
}

function randomPattern(random: Random): (string | null)[] {
  const runs = random.list(0, 4, () =>
    random.chance(0.5) ? null : random.pick(['a', 'ali', '*', 'é', '\\', 'ce', '"', '😀', '\0']),
  )
  const merged: (string | null)[] = []
  for (const run of runs) {
    const last = merged.at(-1)
    if (typeof run === 'string' && typeof last === 'string') merged[merged.length - 1] = last + run
    else merged.push(run)
  }
  return merged
}
