/** Requests through a region to an evaluator and back: each gets the decision that it would have got alone. */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { errorsOfRequest, failedDecision } from '../../src/decide/failed-request.ts'
import type { AuthorizeRequest } from '../../src/decide/request.ts'
import { Rune } from '../../src/engine.ts'
import { decodeAnswers } from '../../src/threads/batch-answers.ts'
import { decodeRequests, encodeRequests } from '../../src/threads/batch-requests.ts'
import { type BatchReader, evaluateBatch } from '../../src/threads/evaluate-batch.ts'
import { longs, runs, strings } from '../values/arbitrary.ts'

const POLICY = `version = "rune/1.0"
[options]
default_principal_type = "User"
default_resource_type = "File"
path_types = ["File"]
[rules]
permit("alice may") :- principal("alice", "User"), action("read").
forbid("secret") :- resource("/secret").
[policies]
@id("exact") permit(principal, action, resource) when { context has n && context.n == 9223372036854775807 };
@id("staff") permit(principal in Group::"staff", action, resource);
@id("limit") forbid(principal, action == Action::"write", resource) when { context.limit > 3 };
`

let reader: BatchReader
beforeAll(async () => {
  const rune = await Rune.fromText(POLICY)
  reader = { authorize: (request) => rune.authorize(request), epoch: () => 1 }
})

function decideAll(requests: readonly AuthorizeRequest[]) {
  const { region, items } = encodeRequests(requests, 0, requests.length)
  expect(items).toBe(requests.length)
  return decodeAnswers(evaluateBatch(region, reader), items)
}

function decideAlone(request: AuthorizeRequest) {
  try {
    return reader.authorize(request)
  } catch (error) {
    return failedDecision(errorsOfRequest(error, 'the request cannot be read'), reader.epoch())
  }
}

const ALICE = { principal: 'alice', action: 'read', resource: '/tmp/a.txt' }
const itself: Record<string, unknown> = {}
itself['itself'] = itself

/** A value for whatever type a caller should have kept to. */
const any = (value: unknown) => value as never

const halves = fc.constantFrom('\ud800', 'a\udc00', 'User::"\ud800"', '\udc00\ud800')
const ids = fc.oneof(fc.constantFrom('alice', 'read', 'write', '/secret', 'User::"alice"', 'User::"'), strings, halves)
const entityInputs = fc.oneof(
  ids,
  fc.record({ type: fc.oneof(fc.constantFrom('User', 'Action', 'Ns::T', 'a b', undefined, null, 7), halves), id: ids }),
  fc.record({ id: ids }),
  fc.constantFrom(undefined, null, 5, {}, { id: 5 }, { type: 'User' }, { type: 7, id: 8 }),
)
const plainValues = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    ...[strings, halves, longs, fc.boolean(), fc.integer(), fc.double()],
    fc.constantFrom<unknown>(
      undefined,
      null,
      Number.NaN,
      -0,
      2 ** 53,
      2n ** 63n,
      new Date(0),
      () => 1,
      Symbol.iterator,
    ),
    fc.constantFrom<unknown>(
      { __entity: { type: 'User', id: 'a' } },
      { __extn: { fn: 'ip', arg: '10.0.0.1' } },
      itself,
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(strings, fc.constantFrom('n', 'limit', 'facts', '__proto__')), tie('value'), { maxKeys: 3 }),
  ),
})).value
const texts = fc.oneof(
  ...[strings, halves],
  fc.constantFrom('{}', '[]', '{"n":9223372036854775807}', '{"limit":4}', '{"limit":1e3}', '{"a":1,"a":1}', '[1'),
)
const entities = fc.record({
  uid: fc.constantFrom({ type: 'User', id: 'bob' }, { type: 'User', id: 'alice' }),
  attrs: plainValues,
  parents: fc.constantFrom([], [{ type: 'Group', id: 'staff' }], 'none'),
})
const requests = fc.oneof(
  { weight: 9, arbitrary: fc.record({ principal: entityInputs, action: entityInputs, resource: entityInputs }) },
  {
    weight: 9,
    arbitrary: fc.record({
      principal: fc.constantFrom('alice', 'bob', { type: 'User', id: 'bob' }),
      action: fc.constantFrom('read', 'write'),
      resource: fc.constantFrom('/tmp/a.txt', '/secret'),
      context: fc.oneof(plainValues, texts),
      entities: fc.oneof(fc.array(entities, { maxLength: 3 }), plainValues, texts, fc.constant(undefined)),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom(undefined, null, 5, 'alice', () => 1, []) },
)

describe('a request of a batch', () => {
  test('is decided as it would be alone, whatever is beside it', () => {
    fc.assert(
      fc.property(fc.array(requests, { minLength: 1, maxLength: 20 }), (batch) => {
        const sent = batch as AuthorizeRequest[]
        const refused = [...decodeRequests(encodeRequests(sent, 0, sent.length).region)].map(
          ({ kind }) => kind === 'refused',
        )
        const expected = sent.map((request, i) => {
          const alone = decideAlone(request)
          // Of several mistakes, the thread that sends sees its own first.
          return refused[i] ? { ...alone, errors: expect.arrayContaining([expect.anything()]) } : alone
        })
        expect(decideAll(sent)).toEqual(expected)
        expect(expected.filter(({ allowed }, i) => allowed && refused[i])).toEqual([])
      }),
      runs(300),
    )
  })

  test('is permitted, denied and forbidden for its reasons', () => {
    const batch = [
      ALICE,
      { ...ALICE, principal: 'bob' },
      { ...ALICE, resource: '/secret' },
      { ...ALICE, principal: 'bob', context: { n: 2n ** 63n - 1n } },
      { ...ALICE, principal: 'bob', context: '{"n": 9223372036854775806}' },
      { ...ALICE, action: 'write', context: { limit: 'high' } },
    ]
    const decisions = decideAll(batch)
    expect(decisions.map(({ decision, reasons }) => [decision, ...reasons])).toEqual([
      ['permit', 'alice may'],
      ['deny'],
      ['forbid', 'secret'],
      ['permit', 'exact'],
      ['deny'],
      ['deny'],
    ])
    expect(decisions[5]?.errors).toMatchObject([{ kind: 'policy', id: 'limit', line: 12, file: '<text>' }])
  })

  test('is read once', () => {
    let reads = 0
    const get = <T>(value: T) => ({
      enumerable: true,
      get: () => {
        reads++
        return value
      },
    })
    const request = Object.defineProperties(
      {},
      {
        principal: get(Object.defineProperties({}, { type: get('User'), id: get('alice') })),
        action: get('read'),
        resource: get('/tmp/a.txt'),
        context: get(Object.defineProperties({}, { n: get(1) })),
        entities: get([]),
      },
    )
    expect(decideAll([any(request)])).toMatchObject([{ decision: 'permit' }])
    expect(reads).toBe(8)
  })

  test('fails alone when it throws, whatever it throws', () => {
    const thrower = (thrown: unknown) =>
      Object.defineProperty({ ...ALICE }, 'context', {
        get: () => {
          throw thrown
        },
      })
    const riddle = new Proxy(new Error(), {
      get: () => {
        throw riddle
      },
    })
    const decisions = decideAll([ALICE, thrower(new Error('no')), thrower(undefined), thrower(riddle), ALICE])
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, false, false, false, true])
    expect(decisions.slice(1, 4).map(({ errors }) => errors)).toEqual(
      ['no', 'undefined', 'what was thrown cannot be read'].map((why) => [
        { kind: 'request', id: 'R750', message: `the request cannot be read: ${why}` },
      ]),
    )
  })

  test('fails alone when it is too long', () => {
    const decisions = decideAll([{ ...ALICE, resource: 'x'.repeat(2 ** 26) }, ALICE])
    expect(decisions.map(({ allowed }) => allowed)).toEqual([false, true])
    expect(decisions[0]?.errors[0]).toMatchObject({ kind: 'request', id: 'R750' })
  })
})

describe('a chunk', () => {
  const itemsOf = (requests: readonly AuthorizeRequest[]) => encodeRequests(requests, 0, requests.length).items

  test('ends with the request that makes it long, or after as many as it holds', () => {
    const long = { ...ALICE, context: JSON.stringify({ text: 'x'.repeat(100_000) }) }
    expect(itemsOf(new Array(10).fill(long))).toBe(3)
    expect(itemsOf([{ ...long, resource: 'x'.repeat(2 ** 20) }, ALICE])).toBe(1)
    expect(itemsOf(new Array(5000).fill(ALICE))).toBe(1024)
  })

  test('starts where it is told', () => {
    const requests = [0, 1, 2, 3, 4].map((i) => ({ ...ALICE, principal: `p${i}` }))
    const { region, items } = encodeRequests(requests, 1, 4)
    const arrived = [...decodeRequests(region)]
    expect(items).toBe(3)
    expect(arrived).toEqual(requests.slice(1, 4).map((request) => ({ kind: 'request', request })))
  })
})
