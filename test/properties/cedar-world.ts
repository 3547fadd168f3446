/**
 * What random Cedar policies talk about: a few entity types with typed attributes and tags, entities in groups, and typed
 * values. `generate-cedar.ts` writes policies and requests over it.
 */
import type { EntityUid, Value } from '../../src/values/value.ts'
import { entityUid } from '../../src/values/value.ts'
import type { Entities, Entity } from '../oracle/cedar.ts'
import { callExtension } from '../oracle/cedar-extensions.ts'
import { entityKey } from '../oracle/value-key.ts'
import type { Random } from './random.ts'

export type Type =
  | { readonly kind: 'bool' | 'long' | 'string' | 'decimal' | 'ip' | 'datetime' | 'duration' }
  | { readonly kind: 'entity'; readonly type: string }
  | { readonly kind: 'set'; readonly element: Type }
  | { readonly kind: 'record'; readonly fields: ReadonlyMap<string, Type> }

export interface World {
  readonly attrs: ReadonlyMap<string, ReadonlyMap<string, Type>>
  readonly tag: Type
  readonly context: ReadonlyMap<string, Type>
  /** Every uid that policies name, stored or not. */
  readonly uids: readonly EntityUid[]
  readonly entities: Entities
}

export const ENTITY_TYPES = ['User', 'Group', 'Doc', 'Ns::Folder'] as const
export const ACTION_TYPES = ['Action', 'Ns::Action'] as const
export const TAGS = ['team', '', 'é'] as const

const NAMES = ['a', 'b', 'owner', 'level', 'in', 'if', '', '__proto__', 'constructor', 'x y', 'é"'] as const
const IDS = [
  'alice',
  'bob',
  'g1',
  'g2',
  '',
  'a b',
  '"',
  '\\',
  '\0',
  '\n',
  'é',
  '😀',
  '*',
  '__proto__',
  'a::"b"',
  '\u{ad}',
] as const

/** Texts that constructors take. */
export const EXTENSION_TEXTS = {
  decimal: ['0.0', '1.5', '-0.5', '12.3456', '922337203685477.5807', '-922337203685477.5808', '01.10', '-0.0'],
  ip: [
    '10.0.0.1',
    '10.0.0.0/8',
    '10.1.0.0/16',
    '127.0.0.1',
    '224.0.0.1',
    '::1',
    'ff00::/8',
    '::',
    '1:2::/32',
    '0.0.0.0/0',
  ],
  datetime: [
    '2024-01-01',
    '1969-12-31T23:59:59.999Z',
    '2024-02-29T12:30:00Z',
    '0000-01-01',
    '9999-12-31T23:59:59+2359',
  ],
  duration: ['0ms', '1h30m', '-1d', '1500ms', '-25h', '9223372036854775807ms', '-9223372036854775808ms', '60m'],
} as const

/** Texts that constructors refuse, most of them. */
export const WRONG_TEXTS = {
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

/** A type that attributes and expressions may have. */
export function randomType(random: Random, depth = 2): Type {
  const simple: Type[] = (['bool', 'long', 'string', 'decimal', 'ip', 'datetime', 'duration'] as const).map((kind) => ({
    kind,
  }))
  const choice = random.int(depth > 0 ? 12 : 9)
  if (choice < 7) return random.pick(simple)
  if (choice < 9) return { kind: 'entity', type: random.pick(ENTITY_TYPES) }
  if (choice < 11) return { kind: 'set', element: randomType(random, depth - 1) }
  return { kind: 'record', fields: randomFields(random, depth - 1) }
}

function randomFields(random: Random, depth: number): Map<string, Type> {
  return new Map(random.list(1, 4, () => [random.pick(NAMES), randomType(random, depth)]))
}

/** A value of `type`; integers are small, since JSON that cedar-wasm reads holds no others. */
export function randomValue(random: Random, world: Pick<World, 'uids'>, type: Type): Value {
  const value = (t: Type): Value => randomValue(random, world, t)
  switch (type.kind) {
    case 'bool':
      return random.chance(0.5)
    case 'long':
      return random.pick([0n, 1n, -1n, 2n, 7n, 9007199254740991n, -9007199254740991n])
    case 'string':
      return random.pick(IDS)
    case 'entity':
      return random.pick(world.uids.filter((uid) => uid.type === type.type))
    case 'set':
      return { kind: 'set', elements: random.list(0, 3, () => value(type.element)) }
    case 'record':
      return randomRecord(random, world, type.fields)
    default:
      return callExtension(type.kind, [random.pick<string>(EXTENSION_TEXTS[type.kind])])
  }
}

function randomRecord(random: Random, world: Pick<World, 'uids'>, fields: ReadonlyMap<string, Type>) {
  const present = random.some([...fields], 0.9)
  return { kind: 'record', fields: new Map(present.map(([name, t]) => [name, randomValue(random, world, t)])) } as const
}

/** Fields with values, some of them left out. */
export function randomContext(random: Random, world: World): ReadonlyMap<string, Value> {
  return randomRecord(random, world, world.context).fields
}

/** Types, entities and groups. */
export function randomWorld(random: Random): World {
  const attrs = new Map(ENTITY_TYPES.map((type) => [type, randomFields(random, 2)]))
  const tag = randomType(random, 1)
  const uids = [...ENTITY_TYPES, ...ACTION_TYPES].flatMap((type) => {
    const ids = new Set(random.list(2, 4, () => random.pick(IDS)))
    return [...ids].map((id) => entityUid(type, id))
  })
  const entities = new Map<string, Entity>()
  const deep = random.chance(0.2)
  uids.forEach((uid, i) => {
    if (random.chance(0.12)) return
    const isAction = (other: EntityUid): boolean => (ACTION_TYPES as readonly string[]).includes(other.type)
    // Parents stand later in the list, so that there is no cycle. A deep store is one chain.
    const later = uids.slice(i + 1, deep ? i + 2 : undefined).filter((other) => isAction(other) === isAction(uid))
    entities.set(entityKey(uid), {
      uid,
      attrs: isAction(uid)
        ? new Map()
        : randomRecord(random, { uids }, attrs.get(uid.type as 'User') ?? new Map()).fields,
      parents: random.some(later, deep ? 1 : 0.25),
      tags: new Map(
        isAction(uid) ? [] : random.some(TAGS, 0.6).map((name) => [name, randomValue(random, { uids }, tag)]),
      ),
    })
  })
  return { attrs, tag, context: randomFields(random, 2), uids, entities }
}
