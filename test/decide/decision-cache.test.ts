/** Decisions that are kept: what is found again, what must not be, and what all that takes. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DecisionCache } from '../../src/decide/decision-cache.ts'
import type { AuthorizeRequest } from '../../src/decide/request.ts'
import { createCoordinator } from '../../src/threads/coordinator.ts'
import { attachReader, type Reader } from '../../src/threads/reader.ts'
import { readUpdate } from '../../src/threads/update.ts'
import { HEAD, outcome, POLICIES } from '../properties/requests.ts'

afterEach(() => vi.restoreAllMocks())

interface World {
  readonly cached: Reader
  readonly plain: Reader
  readonly update: (input: unknown) => void
}

function worldOf(text: string, cacheBytes?: number): World {
  const coordinator = createCoordinator({ input: { text } })
  coordinator.load()
  const { memory } = coordinator
  const plain = attachReader({ memory }, 0)
  const update = (input: unknown) => coordinator.update([readUpdate(input, plain.program())])
  return { cached: attachReader({ memory }, cacheBytes), plain, update }
}

const ask = (context?: unknown, principal: unknown = 'a'): AuthorizeRequest =>
  ({ principal, action: 'read', resource: 'User::"b"', ...(context !== undefined && { context }) }) as AuthorizeRequest

test('an equal request is found again, however its entities are written', () => {
  const { cached } = worldOf(HEAD + POLICIES)
  const first = cached.authorize(ask({ n: 4, s: 'x', b: true }))
  for (const principal of ['a', 'User::"a"', { type: 'User', id: 'a' }, { id: 'a' }]) {
    expect(cached.authorize(ask({ n: 4, s: 'x', b: true }, principal))).toBe(first)
    expect(cached.authorize(ask({ s: 'x', b: true, n: 4 }, principal))).toBe(first)
  }
  expect(cached.cacheStats()).toMatchObject({ hits: 8, misses: 1, evictions: 0, uncacheable: 0 })
})

test('contexts that are nearly the same are told apart', () => {
  const text = `${HEAD}[policies]
permit (principal, action, resource) when { context.x == 1 };
permit (principal, action, resource) when { context has y && context.y };
permit (principal, action, resource) when { context == {} };
`
  const { cached, plain } = worldOf(text)
  const hidden = Object.defineProperty({ x: 2 }, 'y', { value: true })
  const inherited = Object.setPrototypeOf({ x: 2 }, { y: true })
  const contexts: unknown[] = [
    undefined,
    {},
    { x: 1 },
    { x: 1n },
    { x: '1' },
    { x: true },
    { x: [1] },
    { x: { x: 1 } },
    { y: true },
    { y: true, x: 1 },
    { x: 2, y: true },
    { x: 2 },
    hidden,
    inherited,
    { x: 2, [Symbol('y')]: true },
    JSON.parse('{"x": 2, "__proto__": {"y": true}}'),
    '{"x": 1}',
    '{"x": 2, "y": true}',
    { x: 1, a: 1, b: 2, c: 3, d: 4, e: 5 },
    { x: 2, a: 1, b: 2, c: 3, d: 4, e: 5 },
    { x: 2 ** 40 },
    { x: -(2 ** 40) },
  ]
  for (let round = 0; round < 3; round++) {
    for (const context of contexts) {
      const expected = outcome(() => plain.authorize(ask(context)))
      expect(outcome(() => cached.authorize(ask(context)))).toEqual(expected)
    }
  }
  expect(cached.cacheStats().hits).toBeGreaterThan(20)
})

describe('what is not kept', () => {
  test('a decision on which something failed', () => {
    const { cached } = worldOf(HEAD + POLICIES)
    for (let i = 0; i < 3; i++) expect(cached.authorize(ask()).errors).not.toEqual([])
    expect(cached.cacheStats()).toMatchObject({ hits: 0, misses: 3, uncacheable: 3 })
  })

  test('what depends on entities that the request brings', () => {
    const { cached } = worldOf(`${HEAD}[policies]\npermit (principal in Group::"g", action, resource);`)
    const brings = (parents: unknown[]) => ({
      ...ask({}, 'new'),
      entities: [{ uid: { type: 'User', id: 'new' }, attrs: {}, parents }],
    })
    const inGroup = brings([{ type: 'Group', id: 'g' }])
    const prepared = cached.prepareRequest(inGroup)
    for (let i = 0; i < 2; i++) {
      expect(cached.authorize(inGroup).decision).toBe('permit')
      expect(cached.authorizePrepared(prepared).decision).toBe('permit')
      expect(cached.authorize(brings([])).decision).toBe('deny')
      expect(cached.authorize(ask({}, 'new')).decision).toBe('deny')
    }
    expect(cached.cacheStats()).toMatchObject({ hits: 1, misses: 1, uncacheable: 6 })
  })

  test('a decision with long reasons, which rules make of what requests say', () => {
    const { cached } = worldOf(`${HEAD}[rules]\nforbid("not " + S) :- context("s", S).`)
    for (const [units, hits] of [
      [10, 1],
      [2000, 0],
    ] as const) {
      const before = cached.cacheStats().hits
      for (let i = 0; i < 2; i++) {
        expect(cached.authorize(ask({ s: 'x'.repeat(units) })).reasons).toEqual([`not ${'x'.repeat(units)}`])
      }
      expect(cached.cacheStats().hits - before).toBe(hits)
    }
  })

  test('a request that reaches a limit', () => {
    const text = `version = "rune/1.0"
[options]
max_steps = 1000
[rules]
${Array.from({ length: 200 }, (_, i) => `n(${i}).`).join('\n')}
forbid :- principal(_, "U"), n(A), n(B), n(C), A + B + C > 5000.
`
    const { cached } = worldOf(text)
    const request = { principal: 'U::"a"', action: 'Action::"read"', resource: 'U::"b"' }
    for (let i = 0; i < 3; i++)
      expect(outcome(() => cached.authorize(request))).toMatchObject([['R504', expect.any(String), expect.any(String)]])
    expect(cached.cacheStats().hits).toBe(0)
  })
})

test('nothing outlives the state that it was decided in, nor a value that the image learns', () => {
  const { cached, update } = worldOf(`${HEAD}[rules]
ok("x").
permit :- principal(U, "User"), ok(U).
[policies]
permit (principal in Group::"g", action == Action::"read", resource);`)
  // All that the requests name is known to the image, but for the user who is new at first.
  const both = () =>
    ['new', 'a'].map((principal) => cached.authorize({ principal, action: 'Action::"read"', resource: 'Group::"g"' }))
  const user = (parents: unknown[]) => ({ uid: { type: 'User', id: 'new' }, attrs: {}, parents })
  for (let i = 0; i < 3; i++) {
    expect(both().map(({ decision }) => decision)).toEqual(['deny', 'permit'])
    update({ entities: [user([{ type: 'Group', id: 'g' }])] })
    for (let k = 0; k < 2; k++) expect(both().map(({ decision }) => decision)).toEqual(['permit', 'permit'])
    update({ entities: [user([])] })
    expect(both().map(({ decision }) => decision)).toEqual(['deny', 'permit'])
    update({ insert: { ok: [['new']] } })
    expect(both().map(({ decision }) => decision)).toEqual(['permit', 'permit'])
    update({ remove: { ok: [['new']] }, removeEntities: ['User::"new"'] })
  }
  expect(cached.cacheStats().hits).toBeGreaterThan(5)
})

test('any number of requests that are never asked again takes the same memory', () => {
  const policy = 'permit (principal, action, resource) when { context.s like "*7" };'
  const { cached, plain } = worldOf(`${HEAD}[policies]\n${policy}`, 2 ** 20)
  for (let i = 0; i < 60_000; i++) {
    const request = ask({ s: `${i}` }, `u${i % 5000}`)
    if (cached.authorize(request).allowed !== (i % 10 === 7)) throw new Error(`wrong for ${i}`)
  }
  const { bytes, misses, evictions } = cached.cacheStats()
  expect(bytes).toBeLessThanOrEqual(2 ** 20)
  expect(bytes).toBeGreaterThan(2 ** 18)
  expect(misses).toBe(60_000)
  expect(evictions).toBeGreaterThan(1000)
  const last = ask({ s: '59999' }, `u${59_999 % 5000}`)
  expect(cached.authorize(last)).toEqual(plain.authorize(last))
})

test('as much as fits of what comes again with a context is found', () => {
  const { cached } = worldOf(`${HEAD}[policies]\npermit (principal, action, resource) when { context.n > 3 };`)
  const turns = () => {
    for (let n = 0; n < 20_000; n++) cached.authorize(ask({ n }))
    return cached.cacheStats().hits
  }
  for (let i = 0; i < 5; i++) turns()
  expect(-turns() + turns()).toBeGreaterThan(15_000)
})

test('without a cache nothing is counted, and a small one holds what it can', () => {
  const { plain } = worldOf(HEAD + POLICIES)
  plain.authorize(ask())
  expect(plain.cacheStats()).toEqual({ hits: 0, misses: 0, evictions: 0, uncacheable: 0, bytes: 0 })
  const { cached } = worldOf(HEAD + POLICIES, 1)
  for (let i = 0; i < 100; i++) cached.authorize(ask({ n: i % 10, b: true }))
  expect(cached.cacheStats()).toMatchObject({ bytes: 328 })
})

test('a prepared request can be frozen, and is decided in the state of today', () => {
  const { cached, update } = worldOf(`${HEAD}[policies]\npermit (principal in Group::"g", action, resource);`)
  const prepared = Object.freeze(cached.prepareRequest(ask(undefined, 'new')))
  for (let i = 0; i < 2; i++) expect(cached.authorizePrepared(prepared).decision).toBe('deny')
  update({ entities: [{ uid: { type: 'User', id: 'new' }, attrs: {}, parents: [{ type: 'Group', id: 'g' }] }] })
  for (let i = 0; i < 2; i++) expect(cached.authorizePrepared(prepared).decision).toBe('permit')
})

test('a prepared request is not decided as in an epoch whose stamp has come again', () => {
  vi.spyOn(DecisionCache.prototype, 'turn').mockImplementation(() => undefined)
  // So many reasons are kept by the request alone.
  const policies = 'permit (principal in Group::"g", action == Action::"read", resource);\n'.repeat(17)
  const { cached, update } = worldOf(`${HEAD}[policies]\n${policies}`)
  const prepared = cached.prepareRequest({ principal: 'a', action: 'read', resource: 'Group::"g"' })
  for (let i = 0; i < 2; i++) expect(cached.authorizePrepared(prepared).decision).toBe('permit')
  update({ entities: [{ uid: { type: 'User', id: 'a' }, attrs: {}, parents: [] }] })
  expect(cached.authorizePrepared(prepared).decision).toBe('deny')
})
