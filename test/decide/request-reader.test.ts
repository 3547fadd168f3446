/** Requests that are read straight into a frame come to what the careful way makes of them, and are read once. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AuthorizeRequest, checkRequest } from '../../src/decide/request.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { build } from '../../src/threads/build.ts'
import { attachReader, type Reader } from '../../src/threads/reader.ts'
import { storeOf } from '../../src/threads/store-of.ts'
import { createRandom, runs } from '../properties/random.ts'

const HEAD = `version = "rune/1.0"
[options]
default_principal_type = "User"
path_types = ["File"]
[entities]
'User::"a"' = { in = ['Group::"g"'] }
`
const POLICIES = `[policies]
permit (principal == User::"a", action, resource);
permit (principal in Group::"g", action == Action::"read", resource in File::"/tmp/**");
permit (principal, action, resource) when { context has n && context.n > 3 };
forbid (principal, action, resource) when { context has s && context.s == "no" };
permit (principal, action, resource) when { context.b };
permit (principal, action, resource) when { context == {n: 1, s: "x"} };
permit (principal == resource, action, resource);
`.replace('principal == resource, action, resource)', 'principal, action, resource) when { principal == resource }')
const SCHEMA = `[schema]
entity Group, File;
entity Kind enum ["x"];
entity User in [Group];
action read appliesTo { principal: [User, Kind], resource: [File, User], context: { n: Long, s?: String, b?: Bool, e?: User, d?: decimal } };
action write appliesTo { principal: User, resource: File };
`

const readerOf = (text: string): Reader => attachReader({ memory: storeOf(build({ text })).arena.memory })

const outcome = (decide: () => unknown): unknown => {
  try {
    return decide()
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return error.diagnostics.map(({ code, message, help }) => [code, message, help])
  }
}

const ENTITIES: readonly unknown[] = [
  'a',
  'User::"a"',
  'User::"b"',
  'Kind::"x"',
  'Kind::"y"',
  'File::"/tmp/./x"',
  'File::"/tmp/x"',
  'File::"x"',
  'User::"',
  '',
  'Group::"g"',
  { type: 'User', id: 'a' },
  { type: 'User', id: 'c' },
  { id: 'a' },
  { type: 'File', id: '/tmp/y' },
  { type: 'File', id: '/..' },
  { type: 'no type', id: 'a' },
  { type: 1, id: 'a' },
  { type: 'User', id: 1 },
  { type: 'User', id: '\ud800' },
  null,
  undefined,
  7,
  [],
]
const ACTIONS: readonly unknown[] = [
  'read',
  'read',
  'write',
  'other',
  'Action::"read"',
  { type: 'Action', id: 'write' },
  { id: 'read' },
]
const VALUES: readonly unknown[] = [
  1,
  4,
  -0,
  2 ** 53,
  2 ** 27,
  -(2 ** 26),
  1.5,
  Number.NaN,
  5n,
  2n ** 63n,
  'x',
  'no',
  '',
  '\ud800',
  'é😀',
  true,
  false,
  null,
  undefined,
  Symbol('s'),
  () => 1,
  [],
  [1, 'x'],
  {},
  { n: 1 },
  { __entity: { type: 'User', id: 'a' } },
  { __extn: { fn: 'decimal', arg: '1.0' } },
  new Map(),
  new Date(0),
  '1.0',
]
const KEYS = ['n', 's', 'b', 'e', 'd', 'facts', '__proto__', 'constructor', '', '\ud800', '__expr', 'other'] as const

function randomRequest(seed: number): () => AuthorizeRequest {
  const random = createRandom(seed)
  const [principal, action, resource] = [random.pick(ENTITIES), random.pick(ACTIONS), random.pick(ENTITIES)]
  const isPlain = random.chance(0.6)
  const entries = random.some(KEYS, 0.3).map((key): [string, unknown] => {
    const usual = { n: random.pick([1, 4, 9n]), s: random.pick(['x', 'no']), b: random.chance(0.5) }
    return [key, isPlain && key in usual ? usual[key as 'n'] : random.pick(VALUES)]
  })
  const form = random.int(14)
  const throwing = random.chance(0.1)
  return () => {
    const context = Object.fromEntries(entries)
    if (throwing) {
      Object.defineProperty(context, 'z', {
        enumerable: true,
        get: () => {
          throw new Error('no')
        },
      })
    }
    const forms = [
      undefined,
      null,
      'text',
      [],
      new Proxy(context, {}),
      Object.create(null, Object.getOwnPropertyDescriptors(context)),
      Object.setPrototypeOf(['x'], random.pick([Object.prototype, null])),
      new Proxy([], { getPrototypeOf: () => Object.prototype }),
    ]
    const request = { principal, action, resource, context: form < forms.length ? forms[form] : context }
    const brings = random.chance(0.1) ? { entities: random.chance(0.5) ? [] : null } : {}
    return { ...request, ...brings } as unknown as AuthorizeRequest
  }
}

describe.each([
  ['without a schema', HEAD + POLICIES],
  [
    'with a schema',
    HEAD + SCHEMA + POLICIES.replaceAll(/\{ context\.b \}|\{ context == .*\}/g, '{ context has b && context.b }'),
  ],
])('%s', (_, text) => {
  test('a request has the outcome of the careful way, the first time and again', () => {
    const reader = readerOf(text)
    const property = fc.property(fc.integer(), (seed) => {
      const request = randomRequest(seed)
      const careful = outcome(() => reader.decide((target) => checkRequest(request(), target)))
      for (let times = 0; times < 2; times++) expect(outcome(() => reader.authorize(request()))).toEqual(careful)
    })
    fc.assert(property, { numRuns: runs(2000), endOnFailure: true })
  })
})

test('each property is read once, whatever becomes of the request', () => {
  const reader = readerOf(HEAD + POLICIES)
  const contexts = [
    { n: 1, s: 'x' },
    { n: 1, deep: { x: [1] }, s: 'x' },
    { n: 1, s: 1.5 },
  ]
  for (const context of contexts) {
    const reads: string[] = []
    const watched = (object: object, name: string): object =>
      new Proxy(object, {
        get: (target, key, receiver) => {
          reads.push(`${name}.${String(key)}`)
          return Reflect.get(target, key, receiver)
        },
      })
    const request = {
      principal: watched({ type: 'User', id: 'a' }, 'principal'),
      action: 'read',
      resource: 'User::"b"',
      context: watched(context, 'context'),
    }
    outcome(() => reader.authorize(watched(request, 'request') as AuthorizeRequest))
    expect(reads.length).toBe(new Set(reads).size)
    expect(reads).toContain('context.s')
  }
})

test('an error of a getter is the cause of the error, and stands at its property', () => {
  const reader = readerOf(HEAD + POLICIES)
  const failing = (name: string) => ({
    n: 1,
    get [name](): never {
      throw new Error('no')
    },
  })
  const request = { principal: 'a', action: 'read', resource: 'User::"b"' }
  const message = (given: object) => outcome(() => reader.authorize({ ...request, ...given } as AuthorizeRequest))
  expect(message({ context: failing('s') })).toMatchObject([['R744', '`context.s` cannot be read', expect.any(String)]])
  expect(message({ principal: failing('id') })).toMatchObject([
    ['R744', '`principal.id` cannot be read', expect.any(String)],
  ])
})

test('what the image does not know is told apart, request after request', () => {
  const reader = readerOf(
    `${HEAD}[policies]\npermit (principal, action, resource) when { principal == resource || context.a == context.b };`,
  )
  const decide = (principal: string, resource: string, a: string, b: string) =>
    reader.authorize({ principal, action: 'new', resource, context: { a, b } }).decision
  for (let i = 0; i < 30_000; i++) {
    const [x, y] = [`User::"${i}"`, `User::"${i + 1}"`]
    if (
      decide(x, y, `${i}`, `${i}!`) !== 'deny' ||
      decide(x, x, '', '!') !== 'permit' ||
      decide(x, y, `${i}`, `${i}`) !== 'permit'
    )
      throw new Error(`wrong for ${i}`)
  }
})

test('equal decisions of one epoch are one frozen object', () => {
  const reader = readerOf(HEAD + POLICIES)
  const request = { principal: 'a', action: 'read', resource: 'User::"b"', context: { b: false } }
  const first = reader.authorize(request)
  expect(first).toMatchObject({ decision: 'permit', reasons: ['policy0'] })
  expect(reader.authorize({ ...request, resource: 'User::"c"' })).toBe(first)
  expect(Object.isFrozen(first) && Object.isFrozen(first.reasons)).toBe(true)
})
