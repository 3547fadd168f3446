/** Requests that are read straight into a frame come to what the careful way makes of them, and are read once. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AuthorizeRequest, checkRequest } from '../../src/decide/request.ts'
import { build } from '../../src/threads/build.ts'
import { attachReader, type Reader } from '../../src/threads/reader.ts'
import { storeOf } from '../../src/threads/store-of.ts'
import { runs } from '../properties/random.ts'
import { CONFIGURATIONS, HEAD, outcome, POLICIES, randomRequest } from '../properties/requests.ts'

const readerOf = (text: string): Reader => attachReader({ memory: storeOf(build({ text })).arena.memory }, 0)

describe.each(CONFIGURATIONS)('%s', (_, text) => {
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
