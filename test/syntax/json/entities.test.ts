/** Cedar's JSON for entities, contexts and values: what cedar-wasm reads, read as it does, and mistakes in their places. */
import { describe, expect, it } from 'vitest'
import { contextFromJson, entitiesFromJson } from '../../../src/syntax/json/entities.ts'
import { type EntityData, entitiesToJson } from '../../../src/syntax/json/entity-data.ts'
import { type Json, parseJson } from '../../../src/syntax/json/json.ts'
import { jsonLocator } from '../../../src/syntax/json/locate.ts'
import { uidFromJson } from '../../../src/syntax/json/values.ts'
import type { Schema } from '../../../src/syntax/schema/schema.ts'
import { type Diagnostic, Diagnostics } from '../../../src/text/diagnostic.ts'
import { printValue } from '../../../src/values/print.ts'
import { entityUid, type Value } from '../../../src/values/value.ts'
import { schemaOf } from './wasm-schema.ts'

const action = entityUid('Action', 'v')

function json(text: string): Json {
  const diagnostics = new Diagnostics()
  const value = parseJson({ source: { path: 'a.json', text } }, diagnostics)
  diagnostics.throwIfErrors()
  return value as Json
}

interface Read {
  readonly entities: EntityData[] | undefined
  readonly all: readonly Diagnostic[]
}

function readEntities(text: string, schema?: Schema): Read {
  const diagnostics = new Diagnostics()
  const locate = jsonLocator({ source: { path: 'entities.json', text } })
  const entities = entitiesFromJson(json(text), { diagnostics, locate, ...(schema && { schema }) })
  expect(entities === undefined).toBe(diagnostics.hasErrors)
  return { entities, all: diagnostics.all }
}

/** How often `work` looks something up in a map or a set. */
function lookUps(work: () => void): number {
  let count = 0
  const { get, has } = Map.prototype
  const { has: hasElement } = Set.prototype
  Map.prototype.get = function (key) {
    count++
    return get.call(this, key)
  }
  Map.prototype.has = function (key) {
    count++
    return has.call(this, key)
  }
  Set.prototype.has = function (key) {
    count++
    return hasElement.call(this, key)
  }
  try {
    work()
  } finally {
    Object.assign(Map.prototype, { get, has })
    Object.assign(Set.prototype, { has: hasElement })
  }
  return count
}

/** `code text` for each mistake, where `text` is what the mistake points at. */
function mistakes(text: string, schema?: Schema): string[] {
  return readEntities(text, schema).all.map(({ code, span }) => `${code} ${text.slice(span?.start, span?.end)}`)
}

function context(text: string, schema?: Schema): string | undefined {
  const diagnostics = new Diagnostics()
  const value = contextFromJson(json(text), { diagnostics, ...(schema && { schema }) }, action)
  return value === undefined ? diagnostics.all.map(({ code }) => code).join(' ') : printValue(value)
}

function entity(attrs: string, rest = ''): string {
  return `[{"uid":{"type":"U","id":"a"},"attrs":${attrs},"parents":[]${rest}}]`
}

describe('a value', () => {
  it.each([
    ['{"a": [true, "x", -9223372036854775808]}', '{"a": [true, -9223372036854775808, "x"]}'],
    ['{"e": {"__entity": {"type": "N::U", "id": "é\\u0000"}}}', '{"e": N::U::"é\\0"}'],
    ['{"e": {"__entity": {"type": "U", "id": "a", "extra": 1}}}', '{"e": U::"a"}'],
    ['{"i": {"__extn": {"fn": "ip", "arg": "10.0.0.0/8"}}}', '{"i": ip("10.0.0.0/8")}'],
    ['{"i": {"__extn": {"fn": "decimal", "args": ["1.50"]}}}', '{"i": decimal("1.5")}'],
    [
      '{"t": {"__extn": {"fn": "offset", "args": [{"__extn": {"fn": "datetime", "arg": "2024-01-01"}}, {"__extn": {"fn": "duration", "arg": "1h"}}]}}}',
      '{"t": datetime("2024-01-01T01:00:00Z")}',
    ],
    ['{"a": {"__entity": "text"}}', '{"a": {"__entity": "text"}}'],
    ['{"a": {"__entity": {"type": "U", "id": "a"}, "b": 1}}', '{"a": {"__entity": {"id": "a", "type": "U"}, "b": 1}}'],
    ['{"a": {"__extn": {"fn": "ip"}}}', '{"a": {"__extn": {"fn": "ip"}}}'],
    ['{"a": {"__expr": 1}}', '{"a": {"__expr": 1}}'],
    ['{"a": {"__entity": []}}', '{"a": {"__entity": []}}'],
    ['{"__proto__": {"toString": 1}}', '{"__proto__": {"toString": 1}}'],
  ])('without a schema: %s', (text, printed) => {
    expect(context(text)).toBe(printed)
  })

  it.each([
    ['{"a": null}', 'R285'],
    ['{"a": [1.5]}', 'R285'],
    ['{"a": {"__expr": "1"}}', 'R285'],
    ['{"a": {"__entity": ["U", "a"]}}', 'R286'],
    ['{"a": {"__extn": ["ip", "::1"]}}', 'R286'],
    ['{"a": {"__extn": {"fn": "foo", "arg": "x"}}}', 'R287'],
    ['{"a": {"__extn": {"fn": "ip", "arg": "zz"}}}', 'R287'],
    ['{"a": {"__extn": {"fn": "ip", "args": []}}}', 'R287'],
    ['{"a": {"__extn": {"fn": "unknown", "arg": "x"}}}', 'R287'],
    ['{"a": {"__entity": {"type": "U U", "id": "a"}}}', 'R289'],
    ['{"a": {"__entity": {"type": "__cedar::U", "id": "a"}}}', 'R289'],
    ['{"__entity": {"type": "U", "id": "a"}}', 'R293'],
    ['[]', 'R293'],
    ['{"a": null, "b": {"c": [1.5, null]}}', 'R285 R285 R285'],
  ])('is refused without a schema: %s', (text, codes) => {
    expect(context(text)).toBe(codes)
  })

  const schema = schemaOf(`entity U; type R = { a: Long, b?: ipaddr };
    action v appliesTo { principal: U, resource: U, context: { i?: ipaddr, e?: U, s?: Set<decimal>, r?: R, n?: Long, t?: datetime } };`)

  it.each([
    [
      '{"i": "::1", "s": ["1.0", {"fn": "decimal", "arg": "2.0"}, {"__extn": {"fn": "decimal", "arg": "3.0"}}]}',
      '{"i": ip("::1"), "s": [decimal("1.0"), decimal("2.0"), decimal("3.0")]}',
    ],
    [
      '{"e": {"type": "U", "id": "a"}, "r": {"a": 1, "b": "10.0.0.1"}}',
      '{"e": U::"a", "r": {"a": 1, "b": ip("10.0.0.1")}}',
    ],
    ['{"n": "text", "e": {"type": "X", "id": "a"}}', '{"e": X::"a", "n": "text"}'],
  ])('is read by the type that the schema gives it: %s', (text, printed) => {
    expect(context(text, schema)).toBe(printed)
  })

  it.each([
    ['{"i": 1}', 'R287'],
    ['{"i": null}', 'R285'],
    ['{"e": "U::\\"a\\""}', 'R289'],
    ['{"e": {"__expr": "x"}}', 'R285'],
    ['{"s": "1.0"}', 'R724'],
    ['{"r": {"b": "::1", "c": 1}}', 'R726 R725'],
    ['{"unknown": 1}', 'R726'],
    ['3', 'R724'],
  ])('that does not fit the type is refused: %s', (text, codes) => {
    expect(context(text, schema)).toBe(codes)
  })
})

describe('a uid', () => {
  const read = (text: string): string => {
    const diagnostics = new Diagnostics()
    const uid = uidFromJson({ diagnostics, path: [], subject: () => 'a test' }, json(text))
    return uid ? printValue(uid) : diagnostics.all.map(({ code }) => code).join()
  }

  it('is written in either form', () => {
    expect(read('{"type":"A::B","id":""}')).toBe('A::B::""')
    expect(read('{"__entity":{"type":"U","id":"a"},"type":"G","id":"x"}')).toBe('U::"a"')
    expect(read('{"__entity":3,"type":"G","id":"x"}')).toBe('G::"x"')
  })

  it.each([
    '"U::\\"a\\""',
    'null',
    '["U","a"]',
    '{"type":"U"}',
    '{"type":"","id":"a"}',
    '{"type":"A::","id":"a"}',
    '{"type":" A","id":"a"}',
  ])('is refused: %s', (text) => {
    expect(read(text)).toBe('R289')
  })
})

describe('entities', () => {
  it('have uid, attributes, parents and tags', () => {
    const { entities } = readEntities(
      '[{"uid":{"type":"U","id":"a"},"attrs":{"n":1},"parents":[{"type":"G","id":"g"}],"tags":{"t":"x"},"ignored":1}]',
    )
    const expected: EntityData = {
      uid: entityUid('U', 'a'),
      attrs: new Map<string, Value>([['n', 1n]]),
      parents: [entityUid('G', 'g')],
      tags: new Map([['t', 'x']]),
    }
    expect(entities).toEqual([expected])
  })

  it('written as JSON read the same, and empty ones too', () => {
    const text = entity(
      '{"__proto__":{"x":[9007199254740993]},"i":{"__extn":{"fn":"ip","arg":"::1"}}}',
      ',"tags":{"é":true}',
    )
    const { entities } = readEntities(text)
    expect(readEntities(entitiesToJson(entities ?? [])).entities).toEqual(entities)
    expect(readEntities(entitiesToJson([])).entities).toEqual([])
  })

  it('that are malformed are all reported where they stand', () => {
    const text = `[{"uid":{"type":"U U","id":"a"},"attrs":{},"parents":[]}, 3, {"uid":{"type":"U","id":"a"}},
      {"uid":{"type":"U","id":"a"},"attrs":{"x":null,"y":{"z":[1.5]}},"parents":[4],"tags":[]}]`
    expect(mistakes(text)).toEqual([
      'R289 {"type":"U U","id":"a"}',
      'R288 3',
      'R288 {"uid":{"type":"U","id":"a"}}',
      'R285 null',
      'R285 1.5',
      'R288 []',
      'R289 4',
    ])
    expect(mistakes('{}')).toEqual(['R288 {}'])
    expect(mistakes(entity('[]'))).toEqual(['R288 []'])
  })

  it('stop being read after 100 mistakes', () => {
    expect(mistakes(`[${'3,'.repeat(100_000)}3]`)).toHaveLength(100)
  })

  it('given twice are one if they are the same, in whatever order and spelling', () => {
    const one =
      '{"uid":{"type":"U","id":"a"},"attrs":{"s":[1,2],"d":{"__extn":{"fn":"decimal","arg":"1.0"}}},"parents":[{"type":"G","id":"g"},{"type":"G","id":"h"}]}'
    const other =
      '{"parents":[{"type":"G","id":"h"},{"type":"G","id":"g"},{"type":"G","id":"g"}],"attrs":{"d":{"__extn":{"fn":"decimal","arg":"1.00"}},"s":[2,1,1]},"uid":{"__entity":{"type":"U","id":"a"}}}'
    expect(readEntities(`[${one},${other}]`).entities).toHaveLength(1)
    const differing = one.replace('[1,2]', '[1,2,3]')
    expect(mistakes(`[${one},${differing}]`)).toEqual([`R290 ${differing}`])
  })

  it('whose type and id would run together are told apart', () => {
    const at = (type: string, id: string): string =>
      `{"uid":{"type":"${type}","id":"${id}"},"attrs":{"t":"${type}"},"parents":[]}`
    expect(readEntities(`[${at('A', 'B::c')},${at('A::B', 'c')},${at('A', '\\"B')}]`).entities).toHaveLength(3)
  })

  it('that are their own ancestors are refused, in linear time', () => {
    const at = (id: number, ...parents: number[]): string =>
      `{"uid":{"type":"U","id":"${id}"},"attrs":{},"parents":[${parents.map((p) => `{"type":"U","id":"${p}"}`).join()}]}`
    expect(mistakes(`[${at(1, 1)}]`)).toEqual(['R291 [{"type":"U","id":"1"}]'])
    expect(mistakes(`[${at(0, 1)},${at(1, 2)},${at(2, 1)}]`)).toEqual(['R291 [{"type":"U","id":"2"}]'])
    expect(mistakes(`[${at(0, 1, 2)},${at(1, 3)},${at(2, 3)}]`)).toEqual([])
    const chain = (length: number) => Array.from({ length }, (_, i) => at(i, i + 1, i + 2, i + 3)).join()
    const good = (length: number) => () => expect(mistakes(`[${chain(length)}]`)).toEqual([])
    const bad = (length: number) => () => expect(mistakes(`[${chain(length)},${at(length, 0)}]`)).toHaveLength(1)
    for (const read of [good, bad]) expect(lookUps(read(2000)) / lookUps(read(1000))).toBeLessThan(2.1)
    // No recursion of the data is a recursion of the stack.
    good(20_000)()
  })

  it('that are actions have only actions as parents', () => {
    const at = (type: string): string =>
      `[{"uid":{"type":"N::Action","id":"a"},"attrs":{},"parents":[{"type":"${type}","id":"b"}]}]`
    expect(mistakes(at('Action'))).toEqual([])
    expect(mistakes(at('U'))).toEqual(['R292 {"type":"U","id":"b"}'])
    expect(mistakes(at('MyAction'))).toEqual(['R292 {"type":"MyAction","id":"b"}'])
  })

  const schema = schemaOf(`entity G; entity E enum ["x"];
    entity U in G { n: Long, e?: E, r?: { l: Set<Long> } } tags String; action g; action v in g appliesTo { principal: U, resource: U };`)

  it('point at what does not conform to the schema', () => {
    expect(
      mistakes(entity('{"n":"s","z":1,"r":{"l":[1,true]},"e":{"type":"E","id":"y"}}', ',"tags":{"t":1}'), schema),
    ).toEqual(['R724 "s"', 'R726 1', 'R724 true', 'R723 {"type":"E","id":"y"}', 'R724 1'])
    expect(mistakes(entity('{}').replace('[]', '[{"type":"E","id":"x"}]'), schema)).toEqual([
      'R725 {}',
      'R727 {"type":"E","id":"x"}',
    ])
    expect(mistakes('[{"uid":{"type":"X","id":"a"},"attrs":{},"parents":[]}]', schema)).toEqual([
      'R722 {"type":"X","id":"a"}',
    ])
    expect(mistakes('[{"uid":{"type":"G","id":"a"},"attrs":{},"parents":[],"tags":{"a":1}}]', schema)).toEqual([
      'R728 1',
    ])
    expect(mistakes('[{"uid":{"type":"Action","id":"zz"},"attrs":{},"parents":[]}]', schema)).toEqual([
      'R720 {"type":"Action","id":"zz"}',
    ])
    expect(mistakes('[{"uid":{"type":"Action","id":"v"},"attrs":{},"parents":[]}]', schema)).toEqual([
      'R729 {"type":"Action","id":"v"}',
    ])
  })

  it('that are actions are left to the schema once they agree with it', () => {
    const v = '[{"uid":{"type":"Action","id":"v"},"attrs":{},"parents":[{"type":"Action","id":"g"}]}]'
    expect(readEntities(v, schema).entities).toEqual([])
    expect(readEntities(v).entities).toHaveLength(1)
  })
})
