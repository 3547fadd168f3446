/** What cedar-wasm does for us behind its fence: schemas, validation, formatting, and that a trap costs one instance. */
import { describe, expect, test } from 'vitest'
import type { Policy } from '../../../src/syntax/cedar/ast.ts'
import { parsePolicies } from '../../../src/syntax/cedar/parse.ts'
import type { Json } from '../../../src/syntax/json/json.ts'
import { withContextFacts } from '../../../src/syntax/schema/context-facts.ts'
import { formatPolicies } from '../../../src/syntax/schema/format.ts'
import { readSchema } from '../../../src/syntax/schema/read-schema.ts'
import type { RecordType } from '../../../src/syntax/schema/schema.ts'
import { validatePolicies } from '../../../src/syntax/schema/validate.ts'
import { askCedar, openFence } from '../../../src/syntax/schema/wasm.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import type { Source } from '../../../src/text/source.ts'
import { entityUid } from '../../../src/values/value.ts'

const SCHEMA = `
namespace App {
  type Details = { secret: Bool, size?: Long };
  entity User in [Group] = { name: String, networks: Set<ipaddr> } tags String;
  entity Group;
  entity Color enum ["red", "green"];
  entity Doc { owner: User, details: Details };
  action read, "write it" in [all] appliesTo { principal: [User, Group], resource: Doc, context: Details };
  action all;
}
`

const fence = openFence()

describe('reading a schema', () => {
  test('resolves names, common types and defaults', () => {
    const schema = read(SCHEMA).schema
    expect([...(schema?.entityTypes.keys() ?? [])].sort()).toEqual([
      'App::Color',
      'App::Doc',
      'App::Group',
      'App::User',
    ])
    expect(schema?.entityTypes.get('App::Color')?.enum).toEqual(['red', 'green'])
    expect(schema?.entityTypes.get('App::User')).toMatchObject({ memberOf: ['App::Group'], tags: { kind: 'string' } })
    expect(schema?.entityTypes.get('App::Doc')?.attributes.attributes.get('owner')).toEqual({
      type: { kind: 'entity', name: 'App::User' },
      required: true,
    })
    const action = schema?.actions.get('App::Action::"write it"')
    expect(action?.principals).toEqual(['App::User', 'App::Group'])
    expect(action?.memberOf).toEqual([entityUid('App::Action', 'all')])
    expect(action?.context.attributes.get('size')).toEqual({ type: { kind: 'long' }, required: false })
  })

  test('text and JSON of one schema resolve to the same', () => {
    const { json } = read(SCHEMA)
    expect(json).toBeDefined()
    const diagnostics = new Diagnostics()
    expect(readSchema(fence, { json: json ?? null }, diagnostics)?.schema).toEqual(read(SCHEMA).schema)
    expect(diagnostics.all).toEqual([])
  })

  test('a mistake is reported at its place, in UTF-16 and behind comments of both kinds', () => {
    const text = '# é😀 "\nentity U; // {\nentity V { a: Set<Lon>, "é😀": String };'
    expect(found(read(text).diagnostics)).toEqual([
      expect.stringMatching(/^R250 error at `Lon`: failed to resolve type: Lon;/),
    ])
    expect(found(read('entity U { a: Long').diagnostics)).toEqual([
      expect.stringMatching(/^R250 error at ``: unexpected end of input; expected/),
    ])
  })

  test.each([
    [
      'a type that resolving alone would let pass',
      'type C = Set<Long>; entity U; action a appliesTo { principal: U, resource: U, context: C };',
    ],
    ['a cycle of common types', 'type A = { a: A };'],
    ['a shadowed name', 'entity U; namespace N { entity U; }'],
    ['an undeclared action', 'action a in [b];'],
  ])('%s is refused', (_, text) => {
    const { schema, diagnostics } = read(text)
    expect(schema).toBeUndefined()
    expect(diagnostics.all.map((d) => d.code)).toEqual(['R250'])
  })

  test('JSON that is no schema is refused', () => {
    for (const json of [
      null,
      [],
      'x{',
      1n,
      record({ '': record({}) }),
      record({ '': record({ foo: 'x' }) }),
    ] as Json[]) {
      const diagnostics = new Diagnostics()
      expect(readSchema(fence, { json }, diagnostics)).toBeUndefined()
      expect(diagnostics.hasErrors).toBe(true)
    }
  })

  test('a common type and an entity type of one name are refused in JSON, where they differ', () => {
    const type = record({ type: 'Long' })
    const json = record({
      '': record({ commonTypes: record({ C: type }), entityTypes: record({ C: record({}) }), actions: record({}) }),
    })
    const diagnostics = new Diagnostics()
    expect(readSchema(fence, { json }, diagnostics)).toBeUndefined()
    expect(diagnostics.all.map((d) => d.code)).toEqual(['R250'])
  })

  test('keys that JavaScript knows are ordinary', () => {
    const { schema } = read('entity U { __proto__: Long, constructor: String }; action "__proto__", "toString";')
    expect([...(schema?.entityTypes.get('U')?.attributes.attributes.keys() ?? [])]).toEqual([
      '__proto__',
      'constructor',
    ])
    expect(schema?.actions.has('Action::"__proto__"')).toBe(true)
    const { json } = read('entity U { __proto__: Long };')
    const diagnostics = new Diagnostics()
    const again = readSchema(fence, { json: json ?? null }, diagnostics)
    expect(again?.schema.entityTypes.get('U')?.attributes.attributes.has('__proto__')).toBe(true)
  })

  test('nesting that cedar-wasm would trap at, and half surrogate pairs, are refused before it is asked', () => {
    expect(found(read(`entity U { a: ${'{a: '.repeat(5000)}Long${'}'.repeat(5000)} };`).diagnostics)[0]).toMatch(
      /^R901/,
    )
    expect(found(read('entity U { "\ud800": Long };').diagnostics)[0]).toMatch(/^R101/)
  })
})

describe('validation', () => {
  test('errors and warnings stand at their places in the source', () => {
    const text = `
      // é😀
      permit(principal == App::User::"é😀", action == App::Action::"read", resource) # "comment"
      when { principal.nme == "é" && 9007199254740993 == 9007199254740993 };
      permit(principal, action, resource) when { principal == resource };`
    expect(found(validate(text))).toEqual([
      'R902 error at `principal.nme`: attribute `nme` on entity type `App::User` not found; did you mean `name`?',
      expect.stringMatching(/^R903 warning at `permit\(principal ==[\s\S]*identifier `é😀` contains the character/),
      expect.stringMatching(
        /^R903 warning at `permit\(principal, action, resource\) when \{ principal == resource };`: policy is imp/,
      ),
    ])
  })

  test('a link of a template is validated', () => {
    const text = 'permit(principal == ?principal, action == App::Action::"read", resource);'
    const diagnostics = validate(text, (template) => [
      { template, values: new Map([['?principal', entityUid('App::Color', 'blue')]]) },
    ])
    expect(found(diagnostics).length).toBeGreaterThan(0)
    expect(found(diagnostics).join()).toContain('unable to find an applicable action')
  })

  test('a link that does not fill the slots of its template is reported, and the other policies are validated', () => {
    const text = `permit(principal == ?principal, action, resource); permit(principal, action, resource) when { context.x };`
    const diagnostics = validate(text, (template) => [{ template, values: new Map() }])
    expect(diagnostics.all.map((d) => d.code)).toContain('R900')
    expect(diagnostics.all.map((d) => d.code)).toContain('R902')
  })

  test('facts have the type that they were given', () => {
    const { json } = read(SCHEMA)
    const column = {
      kind: 'record',
      attributes: new Map([['user', { type: { kind: 'entity', name: 'App::User' }, required: true }]]),
    }
    const facts: RecordType = {
      kind: 'record',
      attributes: new Map([
        ['blocked', { type: { kind: 'set', element: { kind: 'string' } }, required: true }],
        ['can', { type: { kind: 'set', element: column as RecordType }, required: true }],
        ['ready', { type: { kind: 'bool' }, required: true }],
        ['seen', { type: { kind: 'set', element: { kind: 'datetime' } }, required: true }],
      ]),
    }
    const diagnostics = new Diagnostics()
    const schema = withContextFacts(json ?? null, { type: facts }, diagnostics) ?? null
    expect(diagnostics.all).toEqual([])
    const good = `permit(principal is App::User, action == App::Action::"read", resource) when {
      context.secret && context.facts.ready && context.facts.blocked.contains(principal.name) &&
      context.facts.can.contains({user: principal}) && context.facts.seen.contains(datetime("2026-01-01")) };`
    expect(found(validate(good, undefined, schema))).toEqual([])
    const bad = 'permit(principal, action == App::Action::"read", resource) when { context.facts.blocked.contains(1) };'
    expect(found(validate(bad, undefined, schema))[0]).toMatch(/^R902/)
    const none = 'permit(principal, action == App::Action::"read", resource) when { context.facts.nope };'
    expect(found(validate(none, undefined, schema))[0]).toMatch(/^R902 error at `context.facts.nope`/)
  })

  test('a context that has facts of its own, and facts of an entity type that the schema lacks, are refused', () => {
    const { json } = read(
      'entity U; type C = D; type D = { facts: Long }; action a appliesTo { principal: U, resource: U, context: C };',
    )
    const diagnostics = new Diagnostics()
    expect(
      withContextFacts(json ?? null, { type: { kind: 'record', attributes: new Map() } }, diagnostics),
    ).toBeUndefined()
    expect(diagnostics.all.map((d) => d.code)).toEqual(['R252'])
    const type: RecordType = {
      kind: 'record',
      attributes: new Map([['p', { type: { kind: 'entity', name: 'Robot' }, required: true }]]),
    }
    const schema = withContextFacts(read(SCHEMA).json ?? null, { type }, new Diagnostics()) ?? null
    expect(found(validate('permit(principal, action, resource);', undefined, schema))).toEqual([
      expect.stringContaining('failed to resolve types: Robot'),
    ])
  })

  test('a policy that makes cedar-wasm trap is reported, and the others are validated', () => {
    // Longer than what the parser takes, so that cedar-wasm traps for sure.
    const long = `permit(principal, action, resource) when { 0${' + 1'.repeat(50_000)} == 1 };`
    const text =
      'permit(principal, action, resource); permit(principal == App::User::"a", action, resource) when { principal.nme };'
    const [first, second] = parsePolicies({ source: source(text) }, new Diagnostics())
    expect(first && second).toBeDefined()
    if (first === undefined || second === undefined) return
    const diagnostics = new Diagnostics()
    const policies = [{ ...first, span: { source: source(long), start: 0, end: long.length } }, second]
    validatePolicies(fence, { schema: read(SCHEMA).json ?? null, policies }, diagnostics)
    expect(diagnostics.all.map((d) => d.code)).toEqual(['R900', 'R902'])
  })
})

describe('the fence', () => {
  test('an instance that trapped is replaced', () => {
    const diagnostics = new Diagnostics()
    const poison = `permit(principal, action, resource) when { ${'['.repeat(3000)}${']'.repeat(3000)} };`
    const own = openFence()
    const ask = (text: string): unknown =>
      askCedar(
        own,
        { what: 'test', span: undefined, ask: (cedar) => cedar.checkParsePolicySet({ staticPolicies: text }).type },
        diagnostics,
      )
    expect(ask('permit(principal, action, resource);')).toBe('success')
    const first = own.instance
    expect(ask(poison)).toBeUndefined()
    expect(own.instance).toBeUndefined()
    expect(ask('permit(principal, action, resource);')).toBe('success')
    expect(own.instance).not.toBe(first)
    expect(diagnostics.all.map((d) => d.code)).toEqual(['R900'])
  })
})

describe('formatting', () => {
  test('keeps comments, and turns those of `.rune` files into Cedar’s', () => {
    expect(format('# why é\npermit(principal,action,resource) when {true&&"#"=="#"};#end\n')).toBe(
      '// why é\npermit (principal, action, resource)\nwhen { true && "#" == "#" }; //end\n',
    )
  })

  test('a mistake is reported', () => {
    const diagnostics = new Diagnostics()
    expect(formatPolicies(fence, { source: source('permit(principal') }, diagnostics)).toBeUndefined()
    expect(diagnostics.all.map((d) => d.code)).toEqual(['R251'])
    expect(formatPolicies(fence, { source: source('['.repeat(10_000)) }, diagnostics)).toBeUndefined()
    expect(formatPolicies(fence, { source: source('"\ud800"') }, diagnostics)).toBeUndefined()
    expect(diagnostics.all.map((d) => d.code)).toEqual(['R251', 'R901', 'R101'])
  })
})

function source(text: string): Source {
  return { path: 'test.rune', text }
}

function record(fields: Record<string, Json>): Json {
  return new Map(Object.entries(fields))
}

function read(text: string) {
  const diagnostics = new Diagnostics()
  const resolved = readSchema(fence, { source: source(text), hashComments: true }, diagnostics)
  return { schema: resolved?.schema, json: resolved?.json, diagnostics }
}

type Links = Parameters<typeof validatePolicies>[1]['links']

function validate(text: string, links?: (template: Policy) => Links, schema?: Json): Diagnostics {
  const diagnostics = new Diagnostics()
  const policies = parsePolicies({ source: source(text), hashComments: true }, diagnostics)
  expect(diagnostics.all).toEqual([])
  const [first] = policies
  const made = first && links?.(first)
  const json = schema ?? read(SCHEMA).json ?? null
  validatePolicies(fence, { schema: json, policies, hashComments: true, ...(made && { links: made }) }, diagnostics)
  return diagnostics
}

function found(diagnostics: Diagnostics): string[] {
  return diagnostics.all.map(({ code, severity, message, span, help }) => {
    const at = span === undefined ? '' : ` at \`${span.source.text.slice(span.start, span.end)}\``
    return `${code} ${severity}${at}: ${message}${help === undefined || severity === 'warning' ? '' : `; ${help}`}`
  })
}

function format(text: string): string | undefined {
  const diagnostics = new Diagnostics()
  const formatted = formatPolicies(fence, { source: source(text), hashComments: true }, diagnostics)
  expect(diagnostics.all).toEqual([])
  return formatted
}
