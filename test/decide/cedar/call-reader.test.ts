/** Calls about kept entities: read once, as the careful way reads them, and forgotten. */
import { describe, expect, test } from 'vitest'
import { type PlainCall, plainCallOf } from '../../../src/decide/cedar/call-reader.ts'
import { askPlainCall, compilePolicySet, createEntityStore } from '../../../src/decide/cedar/policy-set.ts'
import { readPolicySet } from '../../../src/syntax/cedar-call.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import { schemaOf } from '../../syntax/json/wasm-schema.ts'
import { entity } from './world.ts'

const SCHEMA = `entity Group; entity User in Group; entity Colour enum ["red"];
action read appliesTo { principal: [User, Colour], resource: User, context: { n?: Long, s?: String, who?: User } };`
const ids = { preparsedPolicySetId: 'p', preparsedEntitiesId: 'e' }
const user = (id: string) => ({ type: 'User', id })
const CALL = { principal: user('a'), action: { type: 'Action', id: 'read' }, resource: user('b'), context: {}, ...ids }

/** What is asked of a policy set and a store: the ids of the policies that permit, or `undefined` for who has to read it. */
function opened(policies: readonly string[], withSchema = false) {
  const read = readPolicySet({ staticPolicies: policies }, new Diagnostics())
  if (read === undefined) throw new Error('the policies are wrong')
  const compiled = compilePolicySet(read)
  const store = createEntityStore(
    [entity('User::"a"', { in: ['Group::"g"'] })],
    withSchema ? schemaOf(SCHEMA) : undefined,
  )
  const askPlain = (call: PlainCall) => askPlainCall(compiled, store, call)?.reason
  const ask = (given: object) => {
    const call = plainCallOf(given)
    return call && askPlain(call)
  }
  return { ask, askPlain, dictionary: () => compiled.stages.get(store)?.dictionary }
}

/** `given`, that counts how often each of its properties is read, at any depth. */
function counted(given: object, reads: Map<string, number>, path = ''): object {
  const copy = {}
  for (const [key, value] of Object.entries(given)) {
    const at = `${path}.${key}`
    const inner = typeof value === 'object' && value !== null ? counted(value, reads, at) : value
    const get = () => {
      reads.set(at, (reads.get(at) ?? 0) + 1)
      return inner
    }
    Object.defineProperty(copy, key, { enumerable: true, get })
  }
  return copy
}

describe('a call about kept entities', () => {
  test('is plain where there is nothing else in it, in any order', () => {
    expect(plainCallOf(CALL)).toMatchObject(CALL)
    expect(plainCallOf(Object.fromEntries(Object.entries(CALL).reverse()))).toMatchObject(CALL)
    expect(plainCallOf({ ...CALL, validateRequest: false, preparsedSchemaName: 's' })).toMatchObject({
      validateRequest: false,
    })
    const { context: _, ...lacking } = CALL
    for (const other of [
      undefined,
      null,
      3,
      'x',
      [],
      lacking,
      { ...CALL, entities: [] },
      { ...lacking, unknown: {} },
    ]) {
      expect(plainCallOf(other)).toBeUndefined()
    }
  })

  test('has no properties but its own', () => {
    const inherits = Object.create(
      { validateRequest: false, preparsedSchemaName: 's' },
      Object.getOwnPropertyDescriptors(CALL),
    )
    expect(plainCallOf(inherits)).toMatchObject({ validateRequest: undefined, preparsedSchemaName: undefined })
    expect(plainCallOf(Object.create(CALL))).toBeUndefined()
    const { ask } = opened(['permit(principal, action, resource);'])
    expect(
      ask({ ...CALL, principal: Object.assign(Object.create({ id: 'a' }), { type: 'User', x: 1 }) }),
    ).toBeUndefined()
    expect(ask({ ...CALL, principal: Object.assign(Object.create(user('x')), user('a')) })).toBeUndefined()
  })

  test.each([
    ['plain', CALL, true],
    ['with a value that is not plain', { ...CALL, context: { n: 1, who: user('c'), s: 'x' } }, false],
    ['with an entity that is written out', { ...CALL, resource: { __entity: user('b') } }, false],
    ['with a type that is none', { ...CALL, resource: { type: 'no type', id: 'b' } }, false],
  ])('is read once, and else stands as it was read: %s', (_, given, isPlain) => {
    const { askPlain } = opened(['permit(principal, action, resource);'])
    for (let time = 0; time < 2; time++) {
      const reads = new Map<string, number>()
      const call = plainCallOf(counted(given, reads))
      if (call === undefined) throw new Error('it is plain')
      expect(askPlain(call) !== undefined).toBe(isPlain)
      // Whoever has to read it reads all of it.
      if (!isPlain) expect(JSON.parse(JSON.stringify(call))).toEqual(given)
      expect([...reads].filter(([, count]) => count !== 1)).toEqual([])
    }
  })

  test('conforms by what was found out about the like of it, and only then', () => {
    const { ask } = opened(['permit(principal, action, resource);'], true)
    expect(ask(CALL)).toBeUndefined()
    expect(ask({ ...CALL, validateRequest: false })).toBeUndefined()
  })

  test('leaves nothing behind that would grow without end', () => {
    const { ask, dictionary } = opened(['permit(principal == User::"7", action, resource) when { context.s == "x7" };'])
    for (let n = 0; n < 20_000; n++) {
      const reason = ask({
        ...CALL,
        principal: user(`${n}`),
        resource: user(`r${n}`),
        context: { s: `x${n}`, [`k${n}`]: n },
      })
      expect(reason).toEqual(n === 7 ? ['policy0'] : [])
    }
    expect(dictionary()?.generation).toBeGreaterThan(0)
    expect(ask({ ...CALL, principal: user('7'), context: { s: 'x7' } })).toEqual(['policy0'])
    expect(ask({ ...CALL, principal: user('8'), context: { s: 'x7' } })).toEqual([])
  })
})
