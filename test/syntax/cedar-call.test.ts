/** Calls in cedar-wasm's shapes are taken where cedar-wasm takes them, exactly, and refused with answers of its shape. */
import type * as Wasm from '@cedar-policy/cedar-wasm/nodejs'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type {
  AuthorizationAnswer,
  AuthorizationCall,
  CheckParseAnswer,
  StatefulAuthorizationCall,
} from '../../src/syntax/cedar-api.ts'
import { type CedarCall, readCall, readPolicySet } from '../../src/syntax/cedar-call.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import { printEntityUid } from '../../src/values/entity-uid.ts'
import { schemaOf, wasm } from './json/wasm-schema.ts'

const STATIC = 'permit(principal,action,resource);'
const TEMPLATE = 'permit(principal == ?principal,action,resource in ?resource);'
const EST = {
  effect: 'permit',
  principal: { op: 'All' },
  action: { op: 'All' },
  resource: { op: 'All' },
  conditions: [],
}
const EST_TEMPLATE = { ...EST, principal: { op: '==', slot: '?principal' } }
const VALUES = { '?principal': { type: 'U', id: 'a' }, '?resource': { __entity: { type: 'D', id: 'd' } } }
const BASE = {
  principal: { type: 'U', id: 'a' },
  action: { type: 'Action', id: 'v' },
  resource: { type: 'D', id: 'd' },
  context: {},
  entities: [],
  policies: { staticPolicies: STATIC },
}
const SCHEMA = 'entity U, D; action g; action v in g appliesTo { principal: U, resource: D, context: { n?: Long } };'

const sources = {
  schemaOf: (schema: unknown) => schemaOf(String(schema)),
  policiesOf: readPolicySet,
}

/** Reads a call that must be taken. */
function taken(call: object): CedarCall {
  const read = readCall({ ...BASE, ...call }, 'plain', sources)
  if ('errors' in read) throw new Error(read.errors[0]?.message)
  return read
}

/** The messages of a failure, or `taken`; throws as `readCall` does. */
function outcome(call: object): string {
  const read = readCall({ ...BASE, ...call }, 'plain', sources)
  return 'errors' in read ? read.errors.map(({ code, message }) => `${code} ${message}`).join('\n') : 'taken'
}

const link = (more: object = {}): object => ({ templateId: 't', newId: 'l', values: VALUES, ...more })
const withLinks = (...templateLinks: object[]): object => ({
  staticPolicies: { s: STATIC },
  templates: { t: TEMPLATE },
  templateLinks,
})

describe('a policy set', () => {
  const sets: [string, unknown][] = [
    ['one text', { staticPolicies: `${STATIC} forbid(principal,action,resource);` }],
    ['an empty text', { staticPolicies: '' }],
    ['nothing', {}],
    ['a list of one', { staticPolicies: [STATIC] }],
    ['an empty list', { staticPolicies: [] }],
    ['named texts and objects', { staticPolicies: { a: STATIC, '': EST } }],
    ['templates as text and object, linked', withLinks(link(), link({ newId: 'k' }))],
    [
      'an object as template',
      {
        templates: { t: EST_TEMPLATE },
        templateLinks: [{ templateId: 't', newId: 'l', values: { '?principal': BASE.principal } }],
      },
    ],
    ['a template in a text', { staticPolicies: STATIC + TEMPLATE }],
    ['a named template among static policies', { staticPolicies: { a: TEMPLATE } }],
    ['an object with a slot among static policies', { staticPolicies: { a: EST_TEMPLATE } }],
    ['two policies under one name', { staticPolicies: { a: STATIC + STATIC } }],
    ['no policy under a name', { staticPolicies: { a: ' ' } }],
    ['a number as policy', { staticPolicies: { a: 3 } }],
    ['an object that is no policy', { staticPolicies: { a: { effect: 'permit' } } }],
    ['a static policy as template', { templates: { t: STATIC } }],
    ['two templates under one name', { templates: { t: TEMPLATE + TEMPLATE } }],
    ['a link to nothing', withLinks(link({ templateId: 'x' }))],
    ['a link to a static policy', withLinks(link({ templateId: 's', values: {} }))],
    ['a link with the id of a policy', withLinks(link({ newId: 's' }))],
    ['a link with the id of its template', withLinks(link({ newId: 't' }))],
    ['two links with one id', withLinks(link(), link())],
    ['a link with a missing value', withLinks(link({ values: { '?principal': BASE.principal } }))],
    [
      'a link with a value too many',
      { templates: { t: 'permit(principal == ?principal,action,resource);' }, templateLinks: [link()] },
    ],
    ['a link with a value that is no entity', withLinks(link({ values: { ...VALUES, '?principal': 'U' } }))],
    ['a template and a policy of one id', { staticPolicies: { t: STATIC }, templates: { t: TEMPLATE } }],
    ['a syntax error', { staticPolicies: 'permit(' }],
    ['null', null],
    ['a text', STATIC],
    ['an unknown field', { foo: 1 }],
    ['null as static policies', { staticPolicies: null }],
    ['templates as list', { templates: [TEMPLATE] }],
    ['links as null', { templateLinks: null }],
    ['a link with an unknown field', withLinks(link({ foo: 1 }))],
    ['a link without values', withLinks({ templateId: 't', newId: 'l' })],
    ['a link with an unknown slot', withLinks(link({ values: { ...VALUES, '?foo': BASE.principal } }))],
  ]

  const outcomeOf = (read: () => { type?: string } | object): string => {
    try {
      const answer = read()
      return 'errors' in answer ? 'failure' : 'success'
    } catch {
      return 'throws'
    }
  }

  it.each(sets)('is taken, refused or thrown back as by cedar-wasm: %s', (_, policies) => {
    const theirs = outcomeOf(() => wasm.isAuthorized({ ...BASE, policies } as unknown as Wasm.AuthorizationCall))
    expect(outcomeOf(() => readCall({ ...BASE, policies }, 'plain', sources))).toBe(theirs)
  })

  it('has ids by place in a text or list, else as named', () => {
    const idsOf = (policies: object): string[] => taken({ policies }).policies.statements.map(({ id }) => id)
    expect(idsOf({ staticPolicies: STATIC + STATIC })).toEqual(['policy0', 'policy1'])
    expect(idsOf({ staticPolicies: [STATIC, STATIC] })).toEqual(['policy0', 'policy1'])
    expect(idsOf({ staticPolicies: { __proto__: STATIC, a: `@id("b") ${STATIC}` } })).toEqual(['a'])
    expect(idsOf({ staticPolicies: JSON.parse(`{"__proto__":"${STATIC}"}`) })).toEqual(['__proto__'])
  })

  it('has links with the values of their slots', () => {
    const [first] = taken({ policies: withLinks(link()) }).policies.links
    const values = [...(first?.values ?? [])].map(([slot, { uid }]) => `${slot} ${printEntityUid(uid)}`)
    expect([first?.template, first?.id, ...values]).toEqual(['t', 'l', '?principal U::"a"', '?resource D::"d"'])
  })

  it('reports all mistakes of all its parts', () => {
    const diagnostics = new Diagnostics()
    const set = { staticPolicies: { a: 'permit(', b: TEMPLATE }, templates: { c: STATIC }, templateLinks: [link()] }
    expect(readPolicySet(set, diagnostics)).toBeUndefined()
    expect(diagnostics.all.map(({ code }) => code)).toEqual(['R220', 'R294', 'R294', 'R294'])
  })
})

describe('a call', () => {
  it('of the wrong shape throws', () => {
    for (const call of [
      { principal: undefined },
      { foo: 1 },
      { validateRequest: 'x' },
      { context: undefined },
      { policies: [] },
    ]) {
      expect(() => outcome(call)).toThrow(/^R294/)
    }
    expect(() => readCall(null, 'plain', sources)).toThrow(/^R294/)
    expect(() => readCall(BASE, 'stateful', sources)).toThrow(/^R294: the call lacks the field `preparsedPolicySetId`/)
  })

  it('has all its mistakes in one answer', () => {
    const lines = outcome({
      principal: 'U::"a"',
      context: { a: null },
      entities: [{}],
      policies: { staticPolicies: 'permit(' },
    })
    expect(lines.split('\n').map((line) => line.slice(0, 4))).toEqual(['R289', 'R285', 'R288', 'R220'])
  })

  it('takes integers exactly: as bigint and in JSON text', () => {
    const big = 9007199254740993n
    expect(taken({ context: { n: big } }).request.context.fields.get('n')).toBe(big)
    expect(taken({ context: '{"n": 9007199254740993}' }).request.context.fields.get('n')).toBe(big)
    expect(outcome({ context: { n: 2 ** 53 } })).toBe('R284 `context.n` is an integer too large to be exact')
    const entities = '[{"uid":{"type":"U","id":"a"},"attrs":{"n":-9223372036854775808},"parents":[]}]'
    expect(taken({ entities }).entities[0]?.attrs.get('n')).toBe(-9223372036854775808n)
  })

  it('says where a mistake of a text stands, in bytes of UTF-8', () => {
    const context = '{"é😀": nul}'
    const read = readCall({ ...BASE, context }, 'plain', sources)
    const [error] = 'errors' in read ? read.errors : []
    expect(error?.sourceLocations).toEqual([{ label: null, start: 11, end: 12 }])
    expect(error).toMatchObject({ code: 'R280', url: null, severity: 'error', related: [] })
  })

  it('with a schema brings its actions and must conform unless told otherwise', () => {
    const { entities } = taken({ schema: SCHEMA })
    expect(entities.map(({ uid }) => printEntityUid(uid))).toEqual(['Action::"g"', 'Action::"v"'])
    expect(outcome({ schema: SCHEMA, principal: BASE.resource })).toMatch(/^R721/)
    expect(outcome({ schema: SCHEMA, context: { n: 'x' } })).toMatch(
      /^R724 the context is not valid for `Action::"v"`: in `context.n`, /,
    )
    expect(outcome({ schema: SCHEMA, principal: BASE.resource, context: { n: 'x' }, validateRequest: false })).toBe(
      'taken',
    )
    expect(outcome({ schema: SCHEMA, action: { type: 'Action', id: 'zz' }, validateRequest: false })).toMatch(/^R720/)
    expect(outcome({ schema: null, principal: BASE.resource })).toBe('taken')
  })

  it('of the stateful kind asks for what was kept', () => {
    const asked: unknown[] = []
    const { policies: _, ...rest } = BASE
    const kept = {
      schemaOf: (name: unknown) => {
        asked.push(name)
        return schemaOf(SCHEMA)
      },
      policiesOf: (id: unknown, diagnostics: Diagnostics) => {
        asked.push(id)
        return readPolicySet({ staticPolicies: STATIC }, diagnostics)
      },
    }
    const read = readCall({ ...rest, preparsedPolicySetId: 'p', preparsedSchemaName: 's' }, 'stateful', kept)
    expect('errors' in read).toBe(false)
    expect(asked).toEqual(['s', 'p'])
  })

  it('that fails without a known schema is answered, not read', () => {
    const failing = {
      ...sources,
      schemaOf: (_: unknown, diagnostics: Diagnostics) => diagnostics.error('R250', 'bad schema'),
    }
    const read = readCall({ ...BASE, schema: 'x', context: { a: null } }, 'plain', failing as unknown as typeof sources)
    expect('errors' in read ? read.errors.map(({ message }) => message) : []).toEqual(['bad schema'])
  })
})

it('the types take what is typed for cedar-wasm, and give what can be read by its types', () => {
  expectTypeOf<Wasm.AuthorizationCall>().toExtend<AuthorizationCall>()
  expectTypeOf<Wasm.StatefulAuthorizationCall>().toExtend<StatefulAuthorizationCall>()
  expectTypeOf<AuthorizationAnswer>().toExtend<Wasm.AuthorizationAnswer>()
  expectTypeOf<CheckParseAnswer>().toExtend<Wasm.CheckParseAnswer>()
})
