/** The JSON form of policies: what it reads, refuses and writes. Agreement with cedar-wasm is a property test. */
import { describe, expect, test } from 'vitest'
import { policyFromJson, policyToJson } from '../../../src/syntax/cedar/est.ts'
import { EXPR_HEIGHT_MAX } from '../../../src/syntax/cedar/limits.ts'
import { parsePolicies } from '../../../src/syntax/cedar/parse.ts'
import { printPolicy } from '../../../src/syntax/cedar/print.ts'
import { type Json, parseJson } from '../../../src/syntax/json/json.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'

const SPAN = { source: { path: 'policy.json', text: '' }, start: 0, end: 0 }
const uid = { type: 'U', id: 'a' }
const base = {
  effect: 'permit',
  principal: { op: 'All' },
  action: { op: 'All' },
  resource: { op: 'All' },
  conditions: [],
}
const when = (body: unknown): unknown => ({ ...base, conditions: [{ kind: 'when', body }] })
const P = { Var: 'principal' }
const T = { Value: true }

describe('the JSON form', () => {
  test('integers stay exact both ways', () => {
    const whole = JSON.stringify(when({ Value: 'N' })).replace('"N"', '9007199254740993')
    const policy = read(whole).policy
    expect(policy && printPolicy(policy)).toContain('{ 9007199254740993 }')
    expect(policy && at(policyToJson(policy), 'conditions', 0, 'body', 'Value')).toBe(9007199254740993n)
  })

  test.each([
    ['a lower-case `all`', { ...base, principal: { op: 'all' } }, 'permit(principal, action, resource);'],
    [
      'an annotation without a value',
      { ...base, annotations: { a: null } },
      '@a\npermit(principal, action, resource);',
    ],
    [
      'escaped entities and ignored fields',
      { ...base, principal: { op: '==', entity: { __entity: { ...uid, x: 1 } }, y: 2 } },
      'permit(principal == U::"a", action, resource);',
    ],
    [
      'a type without a group',
      { ...base, resource: { op: 'is', entity_type: 'A::B', in: null } },
      'permit(principal, action, resource is A::B);',
    ],
    [
      'slots',
      {
        ...base,
        principal: { op: 'in', slot: '?principal' },
        resource: { op: 'is', entity_type: 'R', in: { slot: '?resource' } },
      },
      'permit(principal in ?principal, action, resource is R in ?resource);',
    ],
    [
      'lists of actions',
      { ...base, action: { op: 'in', entities: [{ type: 'N::Action', id: 'x' }] } },
      'permit(principal, action in [N::Action::"x"], resource);',
    ],
  ])('reads %s', (_, json, text) => {
    const { policy, codes } = read(JSON.stringify(json))
    expect(codes).toEqual([])
    expect(policy && printPolicy(policy)).toBe(text)
  })

  test.each([
    [{ Value: [1, 'a', { b: { __entity: uid } }] }, '[1, "a", {b: U::"a"}]'],
    [{ Value: { __entity: uid, x: 1 } }, '{__entity: {type: "U", id: "a"}, x: 1}'],
    [{ Value: { __entity: 'a' } }, '{__entity: "a"}'],
    [{ Value: { __extn: { fn: 'ip', arg: '::1' } } }, 'ip("::1")'],
    [
      { Value: { __extn: { fn: 'offset', args: [{ __extn: { fn: 'datetime', arg: 'x' } }, 1] } } },
      'datetime("x").offset(1)',
    ],
    [
      { like: { left: P, pattern: ['Wildcard', { Literal: 'a' }, { Literal: '*b' }, { Wildcard: null }] } },
      'principal like "*a\\*b*"',
    ],
    [{ has: { left: P, attr: ['a', 'b'] } }, 'principal has a.b'],
    [{ has: { left: P, attr: 'a b' } }, 'principal has "a b"'],
    [{ isInRange: [T, T, T] }, 'true.isInRange(true, true)'],
    [{ unknown: [] }, 'unknown()'],
    [{ isEmpty: { arg: P } }, 'principal.isEmpty()'],
    [{ Record: { ['__proto__']: T } }, '{__proto__: true}'],
  ])('reads %j', (body, text) => {
    const { policy, codes } = read(JSON.stringify(when(body)))
    expect(codes).toEqual([])
    expect(policy && printPolicy(policy)).toContain(`when { ${text} };`)
  })

  test.each([
    null,
    [],
    'permit',
    {},
    { ...base, extra: 1 },
    { ...base, effect: 'Permit' },
    { ...base, conditions: null },
    { ...base, annotations: null },
    { ...base, annotations: { 'a b': 'x' } },
    { ...base, annotations: { a: 1 } },
    { ...base, principal: { op: '!=', entity: uid } },
    { ...base, principal: { op: '==' } },
    { ...base, principal: { op: '==', slot: '?resource' } },
    { ...base, principal: { op: '==', entity: { type: ' U', id: 'a' } } },
    { ...base, principal: { op: '==', entity: { type: 'if', id: 'a' } } },
    { ...base, principal: { op: '==', entity: { type: 'U', id: 1 } } },
    { ...base, principal: { op: 'is', entity_type: 'T', x: 1 } },
    { ...base, action: { op: '==', entity: uid } },
    { ...base, action: { op: 'in' } },
    { ...base, action: { op: '==', slot: '?action' } },
    { ...base, conditions: [{ kind: 'if', body: T }] },
    { ...base, conditions: [{ kind: 'when' }] },
    when(null),
    when({}),
    when({ Value: true, Var: 'principal' }),
    when({ Value: null }),
    when({ Value: 1.5 }),
    when({ Value: { __expr: '1' } }),
    when({ Value: { __extn: { fn: 'foo', arg: 'x' } } }),
    when({ Var: 'foo' }),
    when({ Slot: '?principal' }),
    when({ foo: [T] }),
    when({ toString: [T] }),
    when({ '!': { arg: T, x: 1 } }),
    when({ '==': { left: T } }),
    when({ '.': { left: P, attr: 1 } }),
    when({ has: { left: P, attr: [] } }),
    when({ has: { left: P, attr: ['a', 'b c'] } }),
    when({ like: { left: P, pattern: 'a*' } }),
    when({ like: { left: P, pattern: [{ Literal: 1 }] } }),
    when({ is: { left: P, entity_type: 'T T' } }),
    when({ 'if-then-else': { if: T, else: T } }),
    when({ Set: {} }),
    when({ Record: [] }),
    when({ ip: T }),
    when({ contains: [T, T] }),
  ])('refuses %j', (json) => {
    const { policy, codes } = read(JSON.stringify(json))
    expect(policy).toBeUndefined()
    expect([...new Set(codes)]).toEqual(['R240'])
  })

  test('half surrogate pairs are refused wherever a string stands', () => {
    const bad = 'a\ud800'
    const trees: unknown[] = [
      { Value: bad },
      { '.': { left: P, attr: bad } },
      { Record: { [bad]: T } },
      { Value: { [bad]: 1 } },
    ]
    for (const body of trees) expect(fromJs(when(body)).codes).toEqual(['R240'])
    expect(fromJs({ ...base, annotations: { a: bad } }).codes).toEqual(['R240'])
  })

  test('height is bounded', () => {
    const chain = (n: number): unknown => {
      let body: unknown = T
      for (let i = 1; i < n; i++) body = { '!': { arg: body } }
      return when(body)
    }
    expect(fromJs(chain(EXPR_HEIGHT_MAX)).codes).toEqual([])
    expect(fromJs(chain(EXPR_HEIGHT_MAX + 1)).codes).toEqual(['R240'])
    expect(fromJs(chain(100_000)).codes).toEqual(['R240'])
    let nested: unknown = true
    for (let i = 0; i < 100_000; i++) nested = [nested]
    expect(fromJs(when({ Value: nested })).codes).toEqual(['R240'])
  })

  test('a policy that was read from text is written as cedar-wasm writes it', () => {
    const text = '@a permit(principal, action in [Action::"x"], resource) unless { "a" like "a*" || context has a };'
    const [policy] = parsePolicies({ source: { path: 'x', text } }, new Diagnostics())
    expect(policy && policyToJson(policy)).toEqual(
      json({
        effect: 'permit',
        principal: { op: 'All' },
        action: { op: 'in', entity: { type: 'Action', id: 'x' } },
        resource: { op: 'All' },
        conditions: [
          {
            kind: 'unless',
            body: {
              '||': {
                left: { like: { left: { Value: 'a' }, pattern: [{ Literal: 'a' }, 'Wildcard'] } },
                right: { has: { left: { Var: 'context' }, attr: 'a' } },
              },
            },
          },
        ],
        annotations: { a: null },
      }),
    )
  })
})

function read(text: string) {
  const diagnostics = new Diagnostics()
  const parsed = parseJson({ source: { path: 'policy.json', text } }, diagnostics)
  const policy = parsed === undefined ? undefined : policyFromJson(parsed, SPAN, diagnostics)
  return { policy, codes: diagnostics.all.map((d) => d.code) }
}

function fromJs(value: unknown) {
  const diagnostics = new Diagnostics()
  policyFromJson(json(value), SPAN, diagnostics)
  return { codes: diagnostics.all.map((d) => d.code) }
}

/** A JavaScript value as `Json`; without recursion, since tests nest deep. */
function json(value: unknown): Json {
  const root: Json[] = []
  const todo: { value: unknown; put: (made: Json) => void }[] = [{ value, put: (made) => root.push(made) }]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { value: one, put } = next
    if (Array.isArray(one)) {
      const made: Json[] = one.map(() => null)
      put(made)
      for (const [i, element] of one.entries()) todo.push({ value: element, put: (child) => (made[i] = child) })
    } else if (typeof one === 'object' && one !== null) {
      const made = new Map<string, Json>()
      put(made)
      for (const [key, field] of Object.entries(one)) todo.push({ value: field, put: (child) => made.set(key, child) })
    } else if (one === null || typeof one === 'string' || typeof one === 'boolean' || typeof one === 'number') {
      put(typeof one === 'number' ? BigInt(one) : one)
    }
  }
  return root[0] ?? null
}

function at(json: Json, ...path: (string | number)[]): Json | undefined {
  let part: Json | undefined = json
  for (const step of path) {
    if (part instanceof Map) part = part.get(String(step))
    else if (Array.isArray(part)) part = part[Number(step)]
  }
  return part
}
