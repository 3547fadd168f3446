/** Entities that are read at once are those that are read the long way, and so is what is wrong with them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entitiesFromJs, entitiesFromJson, entitiesFromText } from '../../../src/syntax/json/entities.ts'
import { jsonFromJs } from '../../../src/syntax/json/from-js.ts'
import { parseJson } from '../../../src/syntax/json/json.ts'
import { jsonLocator } from '../../../src/syntax/json/locate.ts'
import { plainEntities, plainEntitiesOfText } from '../../../src/syntax/json/plain-entities.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'

const RUNS = 1000 * Number(process.env['RUNE_FUZZ'] ?? 1)

const text = fc.oneof(fc.constantFrom('', 'a', 'b', '"', '\\', 'é', '\ud800', '1.5', 'a:b'), fc.string())
const type = fc.oneof(
  { arbitrary: fc.constantFrom('User', 'Ns::Group', 'Action'), weight: 9 },
  fc.constantFrom('', 'if', 'a b'),
)
const uid = fc.oneof(
  { arbitrary: fc.record({ type, id: text }), weight: 6 },
  { arbitrary: fc.record({ __entity: fc.record({ type, id: text }) }), weight: 2 },
  fc.record({ type, id: text, more: fc.constantFrom(1, undefined) }, { requiredKeys: ['id'] }),
  fc.record({ __entity: fc.record({ type, id: text }), more: fc.constant(undefined) }),
  fc.constantFrom('User::"a"', null, { __expr: 'User::"a"' }),
)
const extension = fc.record({
  __extn: fc.record(
    { fn: fc.constantFrom('ip', 'decimal', 'none'), arg: fc.constantFrom('127.0.0.1', '1.5', 1), more: fc.constant(1) },
    { requiredKeys: ['fn'] },
  ),
})
const key = fc.constantFrom('a', 'b', 'toString', '__proto__', '__entity', '__extn', '__expr', '\ud800')
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 10, depthSize: 'medium' },
    text,
    fc.boolean(),
    fc.oneof(fc.integer(), fc.constantFrom(-0, 0.5, 2 ** 53 - 1, 2 ** 53, Number.NaN)),
    { arbitrary: fc.oneof(uid, extension), weight: 2 },
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: false }),
  ),
}))
const jsValue = fc.oneof(
  { arbitrary: value, weight: 9 },
  fc.constantFrom(undefined, null, 2n ** 63n, 5n, Symbol('s'), new Map(), [undefined]),
)
const entityOf = (of: fc.Arbitrary<unknown>) => {
  const fields = fc.oneof(
    { arbitrary: fc.dictionary(fc.constantFrom('a', 'b', '__entity', '\ud800'), of, { maxKeys: 2 }), weight: 9 },
    fc.constantFrom(null, [], {}),
  )
  return fc.record(
    { uid, attrs: fields, parents: fc.array(uid, { maxLength: 2 }), tags: fields, more: of },
    { requiredKeys: [], noNullPrototype: true },
  )
}
const list = (of: fc.Arbitrary<unknown>) => fc.array(entityOf(of), { maxLength: 3 })

function outcome<T>(read: (diagnostics: Diagnostics) => T): unknown {
  const diagnostics = new Diagnostics()
  const found = read(diagnostics)
  return { found, diagnostics: diagnostics.all }
}

const ofText = (source: { path: string; text: string }) =>
  outcome((diagnostics) => {
    const json = parseJson({ source }, diagnostics)
    return json && entitiesFromJson(json, { diagnostics, locate: jsonLocator({ source }) })
  })

describe('entities that are read at once', () => {
  it('are those of values that are read the long way', () => {
    fc.assert(
      fc.property(list(jsValue), (given) => {
        const long = outcome((diagnostics) => {
          const json = jsonFromJs(given, 'entities', diagnostics)
          return json && entitiesFromJson(json, { diagnostics })
        })
        expect(outcome((diagnostics) => entitiesFromJs(given, 'entities', { diagnostics }))).toEqual(long)
      }),
      { numRuns: RUNS },
    )
  })

  it('are those of texts that are read the long way', () => {
    // Numbers as JavaScript writes none, keys that stand twice, and what is no JSON.
    const change = fc.constantFrom<readonly [RegExp, string]>(
      [/\d+/, '$&.0'],
      [/\d+/, '$&e0'],
      [/\d+/, '-0'],
      [/\d+/, '9007199254740993'],
      [/"a":/, '"b":'],
      [/\{/, '{"a":1,"a":2,'],
      [/[[{,:]/, '$& '],
      [/[\]}]/, ''],
    )
    fc.assert(
      fc.property(list(value), fc.option(change), (given, changed) => {
        const written = JSON.stringify(given)
        const source = { path: 'entities', text: changed ? written.replace(...changed) : written }
        const read = outcome((diagnostics) => entitiesFromText(source, { diagnostics })?.entities)
        expect(read).toEqual(ofText(source))
      }),
      { numRuns: RUNS },
    )
  })

  const plain = [
    {
      uid: { type: 'User', id: 'a "b"\\' },
      attrs: { name: 'é', age: 3, admin: true, roles: ['a', 'b'], at: { __extn: { fn: 'ip', arg: '127.0.0.1' } } },
      parents: [{ __entity: { type: 'Ns::Group', id: 'c' } }],
      tags: { boss: { __entity: { type: 'User', id: 'd:' } }, place: { zip: 1, more: { a: [] } } },
    },
  ]

  it('are what plain entities are', () => {
    expect(plainEntities(plain)).toHaveLength(1)
    expect(plainEntitiesOfText(JSON.stringify(plain))).toEqual(plainEntities(plain))
  })

  it.each([
    [{ __entity: { type: 'User', id: 'a' }, more: undefined }],
    [{ __entity: { type: 'User', id: 'a' }, more: 1 }],
    [{ __extn: { fn: 'ip', arg: 'nowhere' } }],
    [{ __expr: 'User::"a"' }],
    [{ a: '\ud800' }],
    [[undefined]],
    [2 ** 53],
    [2n ** 63n],
    [new Map()],
  ])('are none with what is not plain or wrong: %o', (value) => {
    expect(plainEntities([{ uid: { type: 'User', id: 'a' }, attrs: { a: value }, parents: [] }])).toBeUndefined()
  })

  it.each([
    ['{ "a": 1, "a": 1 }'],
    ['{ "a": 1, "b": { "\\u0061": 1, "a": 1 } }'],
    ['{ "a": 1.0 }'],
    ['{ "a": 1e2 }'],
    ['{ "a": 9007199254740993 }'],
    ['{ "a": "\\ud800" }'],
    ['{ "a": 1, }'],
  ])('are none of a text that JavaScript reads as another one: %s', (attrs) => {
    const written = `[{ "uid": { "type": "User", "id": "a:\\\\" }, "attrs": ${attrs}, "parents": [] }]`
    expect(plainEntitiesOfText(written)).toBeUndefined()
  })

  it('are no more than may be handed over', () => {
    const shared = Array.from({ length: 2000 }, () => 1)
    const many = { uid: plain[0]?.uid, attrs: { a: Array.from({ length: 2001 }, () => shared) }, parents: [] }
    expect(plainEntities([many])).toBeUndefined()
  })

  it('are read once more where a getter gives something else the second time', () => {
    let asked = 0
    const entity = {
      uid: { type: 'User', id: 'a' },
      get attrs() {
        return asked++ === 0 ? { a: 1.5 } : { a: 1 }
      },
      parents: [],
    }
    const read = outcome((diagnostics) => entitiesFromJs([entity], 'entities', { diagnostics }))
    expect(read).toMatchObject({ found: [{ attrs: new Map([['a', 1n]]) }], diagnostics: [] })
  })
})
