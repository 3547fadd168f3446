/** Calls of the Cedar API for its tests: one that is permitted, parts to change in it, and the probes of requests. */
import type { AuthorizationCall } from '../src/cedar.ts'

export const ANY = 'permit(principal,action,resource);'
export const NONE = 'forbid(principal,action,resource);'
export const U = { type: 'U', id: 'a' }
export const BASE: AuthorizationCall = {
  principal: U,
  action: { type: 'Action', id: 'v' },
  resource: { type: 'R', id: 'r' },
  context: {},
  entities: [],
  policies: { staticPolicies: ANY },
}
export const SCHEMA = `entity G; entity U in G { n?: Long, ip?: ipaddr } tags String; entity R; entity Colour enum ["red"];
action g; action v in g appliesTo { principal: [U, Colour], resource: R, context: { n?: Long, u?: U } };`

/** The parts of a call that matter to a test. */
export type Parts = { readonly [key in keyof AuthorizationCall]?: unknown }

/** A call of any shape, also one that the types forbid. */
export function callOf(parts: Parts): AuthorizationCall {
  return { ...BASE, ...parts } as AuthorizationCall
}

export const policies = (staticPolicies: unknown): Parts => ({ policies: { staticPolicies } })
export const when = (condition: string): Parts => policies(`permit(principal,action,resource) when { ${condition} };`)
export const entity = (id: string, more: object = {}): object => ({
  uid: { type: 'U', id },
  attrs: {},
  parents: [],
  ...more,
})
const linked = (values: object, template = 'permit(principal in ?principal, action, resource);'): Parts => ({
  policies: { templates: { t: template }, templateLinks: [{ templateId: 't', newId: 'L', values }] },
})
const attribute = (x: unknown): Parts => ({ entities: [entity('a', { attrs: { x } })] })

export const PROBES: readonly (readonly [string, Parts])[] = [
  ['an entity twice, the same', { entities: [entity('a'), entity('a')] }],
  ['an entity twice, with other attributes', { entities: [entity('a'), entity('a', { attrs: { n: 1 } })] }],
  ['a cycle', { entities: [entity('a', { parents: [{ type: 'U', id: 'b' }] }), entity('b', { parents: [U] })] }],
  ['an entity that is its own parent', { entities: [entity('a', { parents: [U] })] }],
  [
    'a parent that does not exist',
    { entities: [entity('a', { parents: [{ type: 'G', id: 'g' }] })], ...when('principal in G::"g"') },
  ],
  ['an entity without attrs', { entities: [{ uid: U, parents: [] }] }],
  ['an entity without parents', { entities: [{ uid: U, attrs: {} }] }],
  ['an entity with an unknown field', { entities: [entity('a', { foo: 1 })] }],
  ['null as attrs', { entities: [entity('a', { attrs: null })] }],
  ['null as a value', attribute(null)],
  ['a fraction', attribute(1.5)],
  ['the escape __expr', { context: { x: { __expr: 'U::"a"' } } }],
  [
    'the escape __entity with a key beside it',
    { context: { x: { __entity: U, y: 1 } }, ...when('context.x == U::"a"') },
  ],
  [
    'the escape __entity with a key inside',
    { context: { x: { __entity: { ...U, y: 1 } } }, ...when('context.x == U::"a"') },
  ],
  ['the escape __extn of an unknown function', { context: { x: { __extn: { fn: 'foo', arg: '1' } } } }],
  ['the escape __extn with a bad address', { context: { x: { __extn: { fn: 'ip', arg: 'zz' } } } }],
  [
    'the escape __extn with several arguments',
    {
      context: {
        x: { __extn: { fn: 'offset', args: [{ __extn: { fn: 'datetime', arg: '2024-01-01' } }, duration('1d')] } },
      },
      ...when('context.x == datetime("2024-01-02")'),
    },
  ],
  ['a type of two words', { principal: { type: 'U U', id: 'a' } }],
  ['a type with a space before it', { principal: { type: ' U', id: 'a' } }],
  ['a reserved type', { principal: { type: '__cedar::U', id: 'a' } }],
  ['a type that is a keyword', { principal: { type: 'if', id: 'a' } }],
  ['the escape __entity as principal', { principal: { __entity: U } }],
  ['a forbid and a permit', policies(ANY + NONE)],
  ['a forbid that fails', policies(`${ANY}forbid(principal,action,resource) when { context.x };`)],
  ['when and unless', policies('permit(principal,action,resource) when { true } unless { false };')],
  ['unless that is no bool', policies('permit(principal,action,resource) unless { 1 };')],
  ['when that is no bool', when('1')],
  ['an empty when', when('')],
  ['a false scope before an error', policies('permit(principal == U::"b",action,resource) when { 1 };')],
  ['the annotation @id', policies(`@id("x") ${ANY}`)],
  ['trailing commas', policies('permit(principal,action in [Action::"v",],resource,) when { [1,].contains(1) };')],
  ['a linked template', linked({ '?principal': U })],
  ['a link without its value', linked({})],
  ['a link with a value too many', linked({ '?principal': U, '?resource': U })],
  ['a template without links', { policies: { templates: { t: 'permit(principal == ?principal,action,resource);' } } }],
  [
    'an action in a group of the entities',
    {
      entities: [{ uid: BASE.action, attrs: {}, parents: [{ type: 'Action', id: 'g' }] }],
      ...policies('permit(principal,action in Action::"g",resource);'),
    },
  ],
  ['an action in what is no action', policies('permit(principal,action in U::"g",resource);')],
  [
    'an action with a parent that is no action',
    { entities: [{ uid: BASE.action, attrs: {}, parents: [{ type: 'G', id: 'g' }] }] },
  ],
  [
    'an action whose group is known from the schema',
    { schema: SCHEMA, ...policies('permit(principal,action in Action::"g",resource);') },
  ],
  ['a principal that is stored nowhere, with a schema', { schema: SCHEMA }],
  ['an action that the schema lacks', { schema: SCHEMA, action: { type: 'Action', id: 'zz' } }],
  [
    'an action that the schema lacks, not validated',
    { schema: SCHEMA, action: { type: 'Action', id: 'zz' }, validateRequest: false },
  ],
  ['an id that an enumeration lacks', { schema: SCHEMA, principal: { type: 'Colour', id: 'blue' } }],
  [
    'an id that an enumeration lacks, not validated',
    { schema: SCHEMA, principal: { type: 'Colour', id: 'blue' }, validateRequest: false },
  ],
  ['a principal of the wrong type', { schema: SCHEMA, principal: { type: 'R', id: 'a' } }],
  [
    'a principal of the wrong type, not validated',
    { schema: SCHEMA, principal: { type: 'R', id: 'a' }, validateRequest: false },
  ],
  ['a context that the schema refuses', { schema: SCHEMA, context: { n: 'x' } }],
  ['a context that the schema refuses, not validated', { schema: SCHEMA, context: { n: 'x' }, validateRequest: false }],
  ['an entity as the schema says', { schema: SCHEMA, context: { u: U }, ...when('context.u == U::"a"') }],
  [
    'an address as the schema says',
    { schema: SCHEMA, entities: [entity('a', { attrs: { ip: '10.0.0.1' } })], ...when('principal.ip.isIpv4()') },
  ],
  [
    'text as the arguments of a call that the schema expects',
    {
      schema: 'entity U, R; action v appliesTo { principal: U, resource: R, context: { d: datetime } };',
      context: { d: { fn: 'offset', args: [{ fn: 'offset', args: ['2024-01-01', '1d'] }, duration('1d')] } },
      ...when('context.d == datetime("2024-01-03")'),
    },
  ],
  [
    'text as the arguments of a call that is not expected',
    { context: { d: { __extn: { fn: 'offset', args: ['2024-01-01', '1d'] } } } },
  ],
  ['an attribute that the schema lacks', { schema: SCHEMA, ...attribute(1) }],
  ['a tag that the schema allows', { schema: SCHEMA, entities: [entity('a', { tags: { t: 'x' } })] }],
  ['a tag that the schema refuses', { schema: SCHEMA, entities: [entity('a', { tags: { t: 1 } })] }],
  [
    'an action among the entities that differs from the schema',
    { schema: SCHEMA, entities: [{ uid: BASE.action, attrs: {}, parents: [] }] },
  ],
  [
    'an action among the entities as in the schema',
    { schema: SCHEMA, entities: [{ uid: BASE.action, attrs: {}, parents: [{ type: 'Action', id: 'g' }] }] },
  ],
  ['a schema with a syntax error', { schema: 'entity' }],
  ['a schema as object', { schema: { '': { entityTypes: { U: {}, R: {} }, actions: {} } } }],
  ['a schema that is no schema', { schema: 3 }],
  ['null as schema', { schema: null }],
  [
    'a record with the key __entity in a policy',
    when('{"__entity": 1} == {"__entity": 1} && {"__entity": 1}["__entity"] == 1'),
  ],
  [
    'a context with the key __proto__',
    { context: JSON.parse('{"__proto__": 1}'), ...when('context["__proto__"] == 1') },
  ],
  ['an attribute __proto__ that is not there', when('context has "__proto__" || context has constructor')],
  ['a context that is a list', { context: [] }],
  ['a context that is an entity', { context: { __entity: U } }],
  ['a context that is an address', { context: { __extn: { fn: 'ip', arg: '1.1.1.1' } } }],
  ['a context 100 levels deep', { context: nested(100) }],
  ['a context 200 levels deep', { context: nested(200) }],
  ['half of a surrogate pair', { context: { x: '\ud800' } }],
  ['entities that are no list', { entities: {} }],
  ['no principal', { principal: undefined }],
  ['null as principal', { principal: null }],
  ['an unknown field', { foo: 1 } as Parts],
  ['a context beyond 2^53 as float', { context: { x: 1e300 } }],
]

function duration(arg: string): object {
  return { __extn: { fn: 'duration', arg } }
}

export function nested(levels: number): object {
  let value: object = {}
  for (let i = 0; i < levels; i++) value = { x: value }
  return value
}

/** Conditions that fail, each in its own way or at its own place. */
export const FAILING: readonly string[] = [
  'context["é"] == 1',
  '"😀" == principal.y.z',
  '9223372036854775807 + 1 > 0',
  '{a: 1}.b',
  'U::"none".n == 1',
  'U::"none".getTag("t") == 1',
  'principal.getTag("none") == 1',
  'principal.getTag(1) == 1',
  '"é".hasTag("t")',
  '"a" + 1 == 2',
  '1 - "a" == 2',
  '2 * principal == 2',
  '-"a" == 1',
  '1 < "a"',
  'principal <= 1',
  'ip("::1") < ip("::1")',
  'datetime("2024-01-01") < duration("1d")',
  '!(1)',
  '1 && true',
  'true && "é"',
  'false || principal',
  'if 1 then true else false',
  '1 in principal',
  'principal in "é"',
  '1 is U',
  '1 is U in principal',
  'principal is U in 1',
  '"é".n',
  '1 has n',
  'true && (1 has n.m)',
  '1 like "é*"',
  '1.contains(1)',
  '[1].containsAll("é")',
  '1.containsAny([1])',
  '1.isEmpty()',
  'ip(1).isIpv4()',
  'ip("é").isIpv4()',
  'ip("::1").isInRange(1)',
  '1.isIpv4()',
  'decimal("1.0").lessThan(1)',
]

/** Operators and functions with operands of all kinds in place of `A` and `B`. */
const FORMS = `A < B;A >= B;A + B == 1;A * B == 1;-A == 1;!A;A && B;A || B;if A then true else B;A in B;A like "x";A.contains(B);A.containsAll(B);A.containsAny(B);A.isEmpty();A.hasTag(B);A.getTag(B) == 1;A.lessThan(B);A.isInRange(B);A.offset(B) == 1;A.durationSince(B) == 1;A.toDate() == 1;A has y;A.y;A is User;A is User in B`
const OPERANDS = `1;"s";true;principal;[1];{a: 1};ip("1.1.1.1");decimal("1.0");datetime("2024-01-01");duration("1d")`
/** Conditions. */
export const COMBINED = FORMS.split(';').flatMap((form) =>
  OPERANDS.split(';').flatMap((a) =>
    OPERANDS.split(';').map((b) => form.replace(/\bA\b/, `(${a})`).replace(/\bB\b/, `(${b})`)),
  ),
)
