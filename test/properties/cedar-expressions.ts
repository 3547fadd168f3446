/**
 * Random Cedar expressions of a wanted type over a world, now and then of another type: every operator, method and
 * extension function of the language.
 */
import type { BinaryOperator, CoreMethod, Expr } from '../../src/syntax/cedar/ast.ts'
import type { EntityUid } from '../../src/values/value.ts'
import { ENTITY_TYPES, EXTENSION_TEXTS, randomType, randomValue, TAGS, type Type, type World } from './cedar-world.ts'
import type { Random } from './random.ts'

/** Where generated nodes stand: nowhere. */
export const span = { source: { path: '<generated>', text: '' }, start: 0, end: 0 }

const WRONG_TEXTS = {
  decimal: ['', '1', '.5', '5.', '1.12345', '+1.0', '922337203685477.5808', '1.0 ', '-.5', '٣.٣'],
  ip: [
    '',
    '127.0.0.01',
    '::ffff:127.0.0.1',
    '10.0.0.0/08',
    '10.0.0.0/33',
    '1.2.3',
    '[::1]',
    ':::',
    '1::2::3',
    '::1%eth0',
    '1:2:3:4:5:6:7:8::',
  ],
  datetime: [
    '',
    '2024-02-30',
    '2023-02-29',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:00:00',
    '2024-01-01T00:00:00.1Z',
    '2024-01-01T00:00:00+2400',
    '+2024-01-01',
  ],
  duration: ['', '-', '1d1d', '1h1d', '+1ms', '9223372036854775808ms', '106751991168d', '1.5s', '1ms '],
} as const

const HUGE = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 62n, 3037000500n] as const

/** How wild the expressions are. */
export interface Wildness {
  /** Probability that a node has another type than its place wants. */
  readonly illTyped: number
}

/** A maker of random expressions over `world`. */
export function createExpressions(
  random: Random,
  world: World,
  { illTyped }: Wildness,
): (type: Type, depth: number) => Expr {
  const sources = listSources(world)

  function expr(wanted: Type, depth: number): Expr {
    const type = random.chance(illTyped) ? randomType(random) : wanted
    if (depth <= 0 || random.chance(0.15)) return leaf(type)
    if (random.chance(0.07)) return choose(type, depth - 1)
    if (random.chance(0.05))
      return { kind: 'method', method: 'getTag', receiver: entity(depth - 1), args: [tagName(depth - 1)], span }
    return compound(type, depth - 1)
  }

  const string: Type = { kind: 'string' }
  const bool: Type = { kind: 'bool' }
  const choose = (type: Type, depth: number): Expr => ({
    kind: 'if',
    test: expr(bool, depth),
    // biome-ignore lint/suspicious/noThenProperty: the syntax tree's word
    then: expr(type, depth),
    else: expr(type, depth),
    span,
  })
  const entity = (depth: number): Expr => expr({ kind: 'entity', type: random.pick(ENTITY_TYPES) }, depth)
  const tagName = (depth: number): Expr => (random.chance(0.9) ? literal(random.pick(TAGS)) : expr(string, depth))

  function leaf(type: Type): Expr {
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
        if (random.chance(0.4))
          return { kind: 'variable', name: random.pick(['principal', 'resource', 'action']), span }
        return { kind: 'entity', uid: randomValue(random, world, type) as EntityUid, span }
      }
      case 'set':
        return { kind: 'set', elements: random.list(0, 3, () => leaf(type.element)), span }
      case 'record': {
        const entries = random.some([...type.fields], 0.9).map(([key, t]) => ({ key, value: leaf(t), span }))
        return { kind: 'record', entries, span }
      }
      default:
        return construct(type.kind)
    }
  }

  function construct(name: keyof typeof EXTENSION_TEXTS): Expr {
    const texts: readonly string[] = random.chance(0.06) ? WRONG_TEXTS[name] : EXTENSION_TEXTS[name]
    const args = [literal(random.pick(texts))]
    if (random.chance(0.01)) args.push(literal('x'))
    return { kind: 'extension', name, args, span }
  }

  function compound(type: Type, depth: number): Expr {
    switch (type.kind) {
      case 'bool':
        return random.pick(BOOLS)(depth)
      case 'long': {
        if (random.chance(0.2)) return { kind: 'negate', operand: expr(type, depth), span }
        if (random.chance(0.2)) return extension(random.pick(TO_LONG), depth, ['duration'])
        return binary(random.pick(['+', '-', '*']), expr(type, depth), expr(type, depth))
      }
      case 'datetime':
        return random.chance(0.5)
          ? extension('offset', depth, ['datetime', 'duration'])
          : extension('toDate', depth, ['datetime'])
      case 'duration':
        return random.chance(0.5)
          ? extension('durationSince', depth, ['datetime', 'datetime'])
          : extension('toTime', depth, ['datetime'])
      case 'set':
        return { kind: 'set', elements: random.list(0, 3, () => expr(type.element, depth)), span }
      case 'record': {
        const entries = [...type.fields].map(([key, t]) => ({ key, value: expr(t, depth), span }))
        return { kind: 'record', entries, span }
      }
      default:
        return random.chance(0.5) ? get(type, depth) : leaf(type)
    }
  }

  /** An attribute of a record literal. */
  function get(type: Type, depth: number): Expr {
    const attribute = random.pick(['a', 'b', '__proto__', 'in'])
    const fields = new Map<string, Type>([
      ['z', randomType(random, 0)],
      [attribute, type],
    ])
    return { kind: 'get', operand: expr({ kind: 'record', fields }, depth), attribute, span }
  }

  const BOOLS: readonly ((depth: number) => Expr)[] = [
    (depth) => ({ kind: 'not', operand: expr(bool, depth), span }),
    ...(['&&', '&&', '||', '||'] as const).map(
      (o) => (depth: number) => binary(o, expr(bool, depth), expr(bool, depth)),
    ),
    ...(['==', '!='] as const).map((o) => (depth: number) => {
      const type = randomType(random)
      return binary(o, expr(type, depth), expr(type, depth))
    }),
    ...(['<', '<=', '>', '>='] as const).map((o) => (depth: number) => {
      const type: Type = { kind: random.pick(['long', 'long', 'datetime', 'duration']) }
      return binary(o, expr(type, depth), expr(type, depth))
    }),
    (depth) => binary('in', entity(depth), entity(depth)),
    (depth) =>
      binary(
        'in',
        entity(depth),
        expr({ kind: 'set', element: { kind: 'entity', type: random.pick(ENTITY_TYPES) } }, depth),
      ),
    (depth) => ({ kind: 'is', operand: entity(depth), type: random.pick(ENTITY_TYPES), span }),
    (depth) => ({ kind: 'is', operand: entity(depth), type: random.pick(ENTITY_TYPES), in: entity(depth), span }),
    (depth) => ({ kind: 'has', operand: owner(depth), attributes: [random.pick(sources).name], span }),
    (depth) => ({
      kind: 'has',
      operand: owner(depth),
      attributes: random.list(2, 3, () => random.pick(['a', 'b', 'owner', 'level'])),
      span,
    }),
    () => guarded(),
    (depth) => ({ kind: 'like', operand: expr(string, depth), pattern: randomPattern(random), span }),
    (depth) => sets('contains', depth),
    (depth) => sets('containsAll', depth),
    (depth) => sets('containsAny', depth),
    (depth) => sets('isEmpty', depth),
    (depth) => ({ kind: 'method', method: 'hasTag', receiver: entity(depth), args: [tagName(depth)], span }),
    (depth) => extension(random.pick(COMPARE_DECIMALS), depth, ['decimal', 'decimal']),
    (depth) => extension(random.pick(TEST_ADDRESS), depth, ['ip']),
    (depth) => extension('isInRange', depth, ['ip', 'ip']),
  ]

  const owner = (depth: number): Expr =>
    random.chance(0.5)
      ? { kind: 'variable', name: random.pick(['principal', 'resource', 'context']), span }
      : random.pick([entity, record])(depth)
  const record = (depth: number): Expr => expr({ kind: 'record', fields: new Map([['a', bool]]) }, depth)

  /** An attribute that is asked for before it is used. */
  function guarded(): Expr {
    const source = random.pick(sources)
    const has: Expr = { kind: 'has', operand: source.owner, attributes: [source.name], span }
    return binary('&&', has, binary('==', source.expr, leaf(source.type)))
  }

  function sets(method: CoreMethod, depth: number): Expr {
    const element = randomType(random, 1)
    const set: Type = { kind: 'set', element }
    const arg = (): Expr => (method === 'contains' ? expr(element, depth) : expr(set, depth))
    return { kind: 'method', method, receiver: expr(set, depth), args: method === 'isEmpty' ? [] : [arg()], span }
  }

  function extension(
    name: string,
    depth: number,
    kinds: readonly Exclude<Type['kind'], 'entity' | 'set' | 'record'>[],
  ): Expr {
    return { kind: 'extension', name, args: kinds.map((kind) => expr({ kind }, depth)), span }
  }

  return expr
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
