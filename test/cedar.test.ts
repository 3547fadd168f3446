/**
 * `rune-engine/cedar` as a user of cedar-wasm meets it: the same calls succeed and fail, errors are worded and placed alike,
 * and what was preparsed is kept as there. Decisions of random policies are in `test/properties/cedar.test.ts`.
 */
import type * as Wasm from '@cedar-policy/cedar-wasm/nodejs'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  type AuthorizationAnswer,
  type AuthorizationCall,
  type CheckParseAnswer,
  isAuthorized,
  type PolicySet,
  PREPARSED_MAX,
  preparseEntities,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from '../src/cedar.ts'
import {
  ANY,
  BASE,
  COMBINED,
  callOf,
  entity,
  FAILING,
  NONE,
  nested,
  type Parts,
  PROBES,
  policies,
  SCHEMA,
  U,
  when,
} from './cedar-calls.ts'
import { wasm } from './syntax/json/wasm-schema.ts'

/** `allow` or `deny` with reasons and failed policies, or `failure`. */
function outcome(answer: AuthorizationAnswer | Wasm.AuthorizationAnswer): string {
  if (answer.type === 'failure') {
    expect(answer.errors.length).toBeGreaterThan(0)
    return 'failure'
  }
  const { decision, diagnostics } = answer.response
  const failed = diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`)
  return [decision, ...[...diagnostics.reason].sort(), ...failed.sort()].join(' | ')
}

/** cedar-wasm throws what does not have the shape of a call. */
function outcomeThere(call: AuthorizationCall): string {
  try {
    return outcome(wasm.isAuthorized(call as Wasm.AuthorizationCall))
  } catch {
    return 'failure'
  }
}

describe('a call', () => {
  it.each(PROBES)('is answered as by cedar-wasm, or fails where it fails or throws: %s', (_, parts) => {
    const call = callOf(parts)
    const theirs = outcomeThere(call)
    expect(outcome(isAuthorized(call))).toBe(theirs)
  })

  it.each([null, undefined, 3, 'x', [], {}])('that is malformed is answered with a failure: %j', (call) => {
    for (const ask of [isAuthorized, statefulIsAuthorized]) {
      expect(ask(call as never)).toMatchObject({ type: 'failure', errors: [{ code: 'R294' }], warnings: [] })
    }
    expect(preparsePolicySet('malformed', 3 as never)).toMatchObject({ type: 'failure' })
    expect(preparsePolicySet(3 as never, {})).toMatchObject({ type: 'failure' })
    expect(preparseSchema(3 as never, SCHEMA)).toMatchObject({ type: 'failure' })
    expect(preparseSchema('malformed', undefined as never)).toMatchObject({ type: 'failure' })
    expect(preparseEntities(3 as never, [])).toMatchObject({ type: 'failure' })
    expect(preparseEntities('malformed', undefined as never)).toMatchObject({ type: 'failure' })
  })

  it('may hold bigints and JSON text, and refuses integers that it would have to round', () => {
    const big = 9007199254740993n
    const condition = when('context.n == 9007199254740993')
    expect(outcome(isAuthorized(callOf({ context: { n: big }, ...condition })))).toBe('allow | policy0')
    expect(outcome(isAuthorized(callOf({ context: `{"n": ${big}}`, ...condition })))).toBe('allow | policy0')
    const off = callOf({ context: { n: big - 1n }, ...condition })
    expect(outcome(isAuthorized(off))).toBe('deny')
    expect(isAuthorized(callOf({ context: { n: 2 ** 53 } }))).toMatchObject({ type: 'failure' })
    const entities = `[{"uid": {"type": "U", "id": "a"}, "attrs": {"n": ${big}}, "parents": []}]`
    expect(outcome(isAuthorized(callOf({ entities, ...when(`principal.n == ${big}`) })))).toBe('allow | policy0')
  })

  it('names the policies of a list by their place', () => {
    expect(outcome(isAuthorized(callOf(policies([ANY, ANY]))))).toBe('allow | policy0 | policy1')
  })
})

describe('an error of a policy', () => {
  const failing = FAILING.map((condition) => `permit(principal,action,resource) when { ${condition} };`)
  const text = `${ANY} // é😀\n${failing.join('\n')}`
  const template = 'permit(principal in ?principal,action,resource) when { "é" == context.n };'
  const call = callOf({
    entities: [entity('a')],
    policies: {
      staticPolicies: text,
      templates: { t: template },
      templateLinks: [{ templateId: 't', newId: 'L', values: { '?principal': U } }],
    },
  })

  const errorsOf = (answer: AuthorizationAnswer | Wasm.AuthorizationAnswer) =>
    answer.type === 'failure'
      ? []
      : answer.response.diagnostics.errors
          .map(({ policyId, error: { sourceLocations: places = [], ...error } }) => {
            return { policyId, starts: places.map(({ start }) => start), ...error }
          })
          .sort((a, b) => (a.policyId < b.policyId ? -1 : 1))

  it('has the words that cedar-wasm gives it, and starts where it says, in bytes of UTF-8', () => {
    const theirs = errorsOf(wasm.isAuthorized(call as Wasm.AuthorizationCall))
    expect(theirs).toHaveLength(FAILING.length + 1)
    expect(errorsOf(isAuthorized(call))).toEqual(theirs)
  })

  it('has the help that cedar-wasm gives it, whatever the operands are', () => {
    const policies = COMBINED.map((condition) => `permit(principal,action,resource) when { ${condition} };`)
    const all = callOf({ entities: [entity('a')], policies: { staticPolicies: policies.join('\n') } })
    const helps = (answer: AuthorizationAnswer | Wasm.AuthorizationAnswer) =>
      errorsOf(answer).map(({ policyId, message, help }) => ({ policyId, message, help }))
    const theirs = helps(wasm.isAuthorized(all as Wasm.AuthorizationCall))
    expect(theirs.length).toBeGreaterThan(1000)
    expect(helps(isAuthorized(all))).toEqual(theirs)
  })
})

describe('hostile input', () => {
  const repeat = (text: string) => text.repeat(20_000)
  const LONG: readonly (readonly [string, Parts])[] = [
    ['parentheses', when(`${repeat('(')}1${repeat(')')}`)],
    ['sets', when(`${repeat('[')}${repeat(']')}`)],
    ['a sum', when(`0${repeat('+1')} == 0`)],
    ['attributes', when(`context${repeat('.a')}`)],
    ['conditions', when(`true${repeat(' && true')}`)],
    ['conditionals', when(`${repeat('if true then true else ')}false`)],
    ['negations', when(`${repeat('!')}true`)],
    ['a policy as object', policies({ a: nested(20_000) })],
    ['a value', { context: nested(20_000) }],
    ['a value in JSON text', { context: `${repeat('{"x":')}1${repeat('}')}` }],
    ['a schema', { schema: `type t = ${repeat('Set<')}Long${repeat('>')};` }],
    ['a schema in JSON', { schema: `${repeat('{"x":')}1${repeat('}')}` }],
  ]

  it.each(LONG)('is answered, however long or deep: %s', (_, parts) => {
    expect(outcome(isAuthorized(callOf(parts)))).toMatch(/^(failure|allow \| policy0|deny)/)
    expect(outcome(isAuthorized(callOf({ schema: SCHEMA })))).toBe('allow | policy0')
  })

  it('that holds itself is a failure', () => {
    const loop: Record<string, unknown> = {}
    loop['x'] = loop
    for (const part of ['principal', 'context', 'schema']) {
      expect(outcome(isAuthorized(callOf({ [part]: loop })))).toBe('failure')
    }
    expect(outcome(isAuthorized(callOf(policies({ a: loop }))))).toBe('failure')
  })

  it('of many ancestors is decided', () => {
    const entities = Array.from({ length: 20_000 }, (_, i) => {
      return entity(i === 0 ? 'a' : `${i}`, { parents: [{ type: 'U', id: `${i + 1}` }] })
    })
    const call = (id: string) => callOf({ entities, ...when(`principal in U::"${id}" && !(principal in U::"x")`) })
    expect(outcome(isAuthorized(call('20000')))).toBe('allow | policy0')
    expect(outcome(isAuthorized(call('20001')))).toBe('deny')
  })
})

describe('a schema', () => {
  const json = { '': { entityTypes: { U: {}, R: {} }, actions: { v: { appliesTo: resources(['R']) } } } }

  it('may be text in either syntax, or an object', () => {
    for (const schema of [json, JSON.stringify(json), ` \n${JSON.stringify(json)}`]) {
      expect(outcome(isAuthorized(callOf({ schema })))).toBe('allow | policy0')
      expect(outcome(isAuthorized(callOf({ schema, principal: BASE.resource })))).toBe('failure')
    }
  })

  it('warns in the answer, every time', () => {
    const schema = `type ipaddr = String; ${SCHEMA}`
    for (let time = 0; time < 2; time++) {
      const [ours, theirs] = [isAuthorized(callOf({ schema })), wasm.isAuthorized(callOf({ schema }) as never)]
      expect(ours.type).toBe('success')
      expect(ours.warnings.map(({ message, sourceLocations }) => [message, sourceLocations])).toHaveLength(1)
      expect(theirs.warnings).toHaveLength(1)
    }
  })

  function resources(resourceTypes: readonly string[]): object {
    return { principalTypes: ['U'], resourceTypes }
  }
})

describe('what is preparsed', () => {
  const { policies: _, ...request } = BASE
  const ask = (preparsedPolicySetId: string, preparsedSchemaName?: string) =>
    outcome(
      statefulIsAuthorized({
        ...request,
        preparsedPolicySetId,
        ...(preparsedSchemaName !== undefined && { preparsedSchemaName }),
      }),
    )
  const success: CheckParseAnswer = { type: 'success' }

  it('is used by its name, and replaced by what is preparsed after it', () => {
    expect(preparsePolicySet('p', { staticPolicies: ANY })).toEqual(success)
    expect(ask('p')).toBe('allow | policy0')
    expect(preparsePolicySet('p', { staticPolicies: NONE })).toEqual(success)
    expect(ask('p')).toBe('deny | policy0')
    expect(preparseSchema('s', SCHEMA)).toEqual(success)
    expect(ask('p', 's')).toBe('deny | policy0')
    expect(preparseSchema('s', 'entity X;')).toEqual(success)
    expect(ask('p', 's')).toBe('failure')
  })

  it('stays as it was when its replacement has mistakes', () => {
    preparsePolicySet('q', { staticPolicies: ANY })
    const broken: PolicySet = { staticPolicies: 'permit(' }
    expect(preparsePolicySet('q', broken)).toMatchObject({ type: 'failure', errors: [{ code: 'R220' }] })
    expect(Object.keys(preparsePolicySet('q', broken))).toEqual(['type', 'errors'])
    expect(ask('q')).toBe('allow | policy0')
    preparseSchema('t', SCHEMA)
    expect(preparseSchema('t', 'entity')).toMatchObject({ type: 'failure', errors: [{ code: 'R250' }] })
    expect(ask('q', 't')).toBe('allow | policy0')
  })

  it('fails where nothing has the name, whatever the name', () => {
    preparsePolicySet('q', { staticPolicies: ANY })
    for (const id of ['nothing', '', '__proto__', 'constructor', '\ud800']) {
      expect(ask(id)).toBe('failure')
      expect(ask('q', id)).toBe('failure')
    }
    expect(preparsePolicySet('__proto__', { staticPolicies: ANY })).toEqual(success)
    expect(ask('__proto__')).toBe('allow | policy0')
  })

  it(`is forgotten after ${PREPARSED_MAX} others were used`, () => {
    for (const id of ['old', 'used']) preparsePolicySet(id, { staticPolicies: ANY })
    for (let n = 0; n < PREPARSED_MAX - 1; n++) {
      preparsePolicySet(`other ${n}`, { staticPolicies: ANY })
      expect(ask('used')).toBe('allow | policy0')
    }
    expect(ask('old')).toBe('failure')
  })

  it('does not remember the values of earlier calls', () => {
    const condition = 'context.a.contains(context.b) && principal.n == [context.b, "kept"] && principal in U::"g"'
    preparsePolicySet('values', { staticPolicies: `permit(principal,action,resource) when { ${condition} };` })
    const of = (a: string, b: string, n: unknown) =>
      outcome(
        statefulIsAuthorized({
          ...request,
          context: { a: [a], b },
          entities: [{ uid: U, attrs: { n: n as string[] }, parents: [{ type: 'U', id: 'g' }] }],
          preparsedPolicySetId: 'values',
        }),
      )
    for (const text of ['x', 'kept', 'y', '', 'x']) {
      expect(of(text, text, ['kept', text])).toBe('allow | policy0')
      expect(of(text, `${text}!`, ['kept', text])).toBe('deny')
      expect(of(text, text, [text])).toBe(text === 'kept' ? 'allow | policy0' : 'deny')
    }
  })
})

describe('entities that are preparsed', () => {
  const { policies: _, entities: __, ...request } = BASE
  const success: CheckParseAnswer = { type: 'success' }
  const inG = (id: string) => [entity(id, { parents: [{ type: 'G', id: 'g' }] })] as never
  const answer = (parts: object) =>
    statefulIsAuthorized({ ...request, preparsedPolicySetId: 'in g', preparsedEntitiesId: 'e', ...parts } as never)
  const ask = (parts: object = {}) => outcome(answer(parts))
  const refusal = (parts: object) => {
    const refused = answer(parts)
    return refused.type === 'failure' ? refused.errors.map(({ code, message }) => `${code} ${message}`) : refused.type
  }
  const permitting = (id: string, text: string) =>
    expect(preparsePolicySet(id, { staticPolicies: text })).toEqual(success)
  beforeEach(() => permitting('in g', 'permit(principal in G::"g", action, resource);'))

  it('are used by their id, and replaced by what is preparsed after them', () => {
    expect(preparseEntities('e', inG('a'))).toEqual(success)
    for (const validateRequest of [undefined, null, true, false]) {
      const parts = typeof validateRequest === 'boolean' ? { validateRequest } : {}
      expect(ask({ ...parts, preparsedSchemaName: null })).toBe('allow | policy0')
    }
    expect(ask({ principal: { type: 'U', id: 'b' } })).toBe('deny')
    expect(preparseEntities('e', JSON.stringify(inG('b')))).toEqual(success)
    expect(ask()).toBe('deny')
    expect(ask({ principal: { __entity: { type: 'U', id: 'b' } } })).toBe('allow | policy0')
  })

  it('are asked about by policies that are preparsed after them, and before', () => {
    preparseEntities('e', inG('a'))
    permitting('changing', ANY)
    expect(ask({ preparsedPolicySetId: 'changing' })).toBe('allow | policy0')
    permitting('changing', NONE)
    expect(ask({ preparsedPolicySetId: 'changing' })).toBe('deny | policy0')
  })

  it('stay as they were when their replacement has mistakes', () => {
    preparseEntities('e', inG('a'))
    expect(preparseEntities('e', [{}] as never)).toMatchObject({ type: 'failure', errors: [{ code: 'R288' }] })
    expect(preparseEntities('e', '[')).toMatchObject({ type: 'failure', errors: [{ code: 'R280' }] })
    expect(preparseEntities('e', inG('a'), 'entity')).toMatchObject({ type: 'failure', errors: [{ code: 'R250' }] })
    expect(preparseEntities('e', inG('a'), 'entity U, G;')).toMatchObject({
      type: 'failure',
      errors: [{ code: 'R727' }],
    })
    expect(ask()).toBe('allow | policy0')
  })

  it('stand in the place of entities, and never beside them', () => {
    preparseEntities('e', inG('a'))
    expect(refusal({ entities: [] })).toEqual(['R294 the call has both `entities` and `preparsedEntitiesId`'])
    expect(refusal({ preparsedEntitiesId: undefined })).toEqual([
      'R294 the call lacks the field `entities`, or `preparsedEntitiesId` in its place',
    ])
    expect(ask({ entities: inG('a'), preparsedEntitiesId: null })).toBe('allow | policy0')
    expect(refusal({ preparsedEntitiesId: 'nothing' })).toEqual([
      'R294 preparsed store of entities `nothing` not found',
    ])
    expect(refusal({ preparsedEntitiesId: 3 })).toEqual(['R294 the id of the preparsed store of entities is no string'])
    expect(outcome(isAuthorized({ ...callOf({}), preparsedEntitiesId: 'e' } as never))).toBe('failure')
  })

  it('are read by a schema, whose actions are among them, and asked about with what says the same', () => {
    permitting('actions', 'permit(principal in G::"g", action in Action::"g", resource);')
    preparseSchema('same', SCHEMA)
    const parts = { preparsedPolicySetId: 'actions', preparsedSchemaName: 'same' }
    for (const schema of [SCHEMA, `${SCHEMA} // in other words`, wasm.schemaToJson(SCHEMA)]) {
      const json = typeof schema === 'string' ? schema : 'json' in schema ? schema.json : {}
      expect(preparseEntities('e', inG('a'), json)).toEqual(success)
      for (let time = 0; time < 2; time++) expect(ask(parts)).toBe('allow | policy0')
      for (let time = 0; time < 2; time++) expect(ask({ ...parts, principal: BASE.resource })).toBe('failure')
      expect(ask({ ...parts, principal: BASE.resource, validateRequest: false })).toBe('deny')
      expect(ask({ ...parts, action: { type: 'Action', id: 'zz' }, validateRequest: false })).toBe('failure')
    }
    expect(preparseSchema('same', SCHEMA)).toEqual(success)
    expect(ask(parts)).toBe('allow | policy0')
  })

  it('are refused where the call names another schema than they were read by', () => {
    preparseSchema('one', SCHEMA)
    preparseSchema('other', SCHEMA.replace('n?: Long', 'm?: Long'))
    preparseEntities('e', inG('a'), SCHEMA)
    const refused = (by: string, named: string) => [
      `R294 the preparsed entities \`e\` were read by ${by}, and the call names ${named}`,
    ]
    expect(refusal({ preparsedSchemaName: 'other' })).toEqual(refused('another schema', 'one'))
    expect(refusal({})).toEqual(refused('a schema', 'none'))
    expect(ask({ preparsedSchemaName: 'one' })).toBe('allow | policy0')
    preparseEntities('e', inG('a'))
    expect(refusal({ preparsedSchemaName: 'one' })).toEqual(refused('no schema', 'one'))
  })

  it('know the entities that policies name, though none of them is stored', () => {
    const names = Array.from({ length: 40 }, (_, n) => n)
    const policy = (n: number) =>
      `permit(principal == U::"${n}", action == Action::"${n % 20}", resource == R::"${n}");`
    permitting('names', names.map(policy).join('\n'))
    preparseEntities('empty', [])
    const parts = { preparsedPolicySetId: 'names', preparsedEntitiesId: 'empty' }
    for (const n of [-1, ...names, ...names]) {
      const [principal, action, resource] = [
        { type: 'U', id: `${n}` },
        { type: 'Action', id: `${n % 20}` },
        { type: 'R', id: `${n}` },
      ]
      expect(ask({ ...parts, principal, action, resource })).toBe(n < 0 ? 'deny' : `allow | policy${n}`)
    }
  })

  it(`are forgotten after ${PREPARSED_MAX} others were used`, () => {
    for (const id of ['old', 'used']) preparseEntities(id, inG('a'))
    for (let n = 0; n < PREPARSED_MAX - 1; n++) {
      preparseEntities(`other ${n}`, [])
      expect(ask({ preparsedEntitiesId: 'used' })).toBe('allow | policy0')
    }
    expect(ask({ preparsedEntitiesId: 'old' })).toBe('failure')
  })

  it('give answers that are the caller’s own', () => {
    preparseEntities('e', inG('a'))
    const first = answer({})
    if (first.type === 'success') first.response.diagnostics.reason.push('mine')
    expect(ask()).toBe('allow | policy0')
  })
})
