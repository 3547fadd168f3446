/** Tests of `[entities]` and of the JSON file of `[options] entities`. */
import { describe, expect, test } from 'vitest'
import { loadText, pointedAt } from './memory-host.ts'

const uid = (type: string, id: string) => ({ kind: 'entity', type, id })

/** The entities of a text; the body starts on line 3. */
function entities(text: string) {
  const { configuration, places, all } = loadText(`[entities]\n${text}`)
  return { found: configuration?.files[0]?.entities, places, pointed: all.map(pointedAt), all }
}

describe('[entities]', () => {
  test('keys are entity literals, with parents, attributes and tags', () => {
    const { found, places } = entities(
      `'Agent::"a 1"' = { in = ['Group::"g"', 'Ns::T::"x"'], attrs = { verified = true }, tags = { team = "x" } }\n` +
        `'Group::"g"' = {}\n[entities."User::\\"u\\"".attrs]\nage = 3`,
    )
    expect(places).toEqual([])
    expect(found?.map((entity) => [entity.uid, entity.parents, [...entity.attrs], [...entity.tags]])).toEqual([
      [uid('Agent', 'a 1'), [uid('Group', 'g'), uid('Ns::T', 'x')], [['verified', true]], [['team', 'x']]],
      [uid('Group', 'g'), [], [], []],
      [uid('User', 'u'), [], [['age', 3n]], []],
    ])
    expect(found?.map(({ span }) => span.source.text.slice(span.start, span.end))).toEqual([
      `'Agent::"a 1"'`,
      `'Group::"g"'`,
      `"User::\\"u\\""`,
    ])
  })

  test('arrays are sets, tables records, `{ entity }` an entity, offset date-times datetimes', () => {
    const { found } = entities(
      `[ entities . 'U::"u"' .attrs]\ns = [1, "a", [true], []]\nr = { __proto__ = 1, x.y = { entity = 'U::"v"' } }\nd = 1970-01-01T00:00:01Z`,
    )
    const record = (fields: [string, unknown][]) => ({ kind: 'record', fields: new Map(fields) })
    expect(found?.[0]?.attrs).toEqual(
      new Map<string, unknown>([
        [
          's',
          {
            kind: 'set',
            elements: [1n, 'a', { kind: 'set', elements: [true] }, { kind: 'set', elements: [] }],
          },
        ],
        [
          'r',
          record([
            ['__proto__', 1n],
            ['x', record([['y', uid('U', 'v')]])],
          ]),
        ],
        ['d', { kind: 'datetime', value: 1000n }],
      ]),
    )
  })

  test.each([
    ['alice = {}', ['main.rune:3:1 R302'], ['alice']],
    [`'User::"a' = {}`, ['main.rune:3:1 R302'], [`'User::"a'`]],
    [`'User::"a" ' = {}`, ['main.rune:3:1 R302'], [`'User::"a" '`]],
    [`'U::"a"' = 1`, ['main.rune:3:12 R206'], ['1']],
    [`'U::"a"' = { im = [] }`, ['main.rune:3:14 R300'], ['im']],
    [`'U::"a"' = { in = 'U::"b"' }`, ['main.rune:3:19 R206'], [`'U::"b"'`]],
    [`'U::"a"' = { in = ['U::"b"', 'b', 1] }`, ['main.rune:3:30 R302', 'main.rune:3:35 R302'], [`'b'`, '1']],
    [`'U::"a"' = { attrs = [], tags = 1 }`, ['main.rune:3:22 R206', 'main.rune:3:33 R206'], ['[]', '1']],
    [`'U::"a"' = { attrs = { f = 1.5 } }`, ['main.rune:3:28 R102'], ['1.5']],
    [
      `'U::"a"' = { attrs = { f = [2026-01-01, 9223372036854775808] } }`,
      ['main.rune:3:29 R102', 'main.rune:3:41 R102'],
      ['2026-01-01', '9223372036854775808'],
    ],
    [`'U::"a"' = { attrs = { e = { entity = "x" } } }`, ['main.rune:3:39 R302'], ['"x"']],
    [`'U::"a"' = {}\n'U::"\\u{61}"' = {}`, ['main.rune:4:1 R304'], [`'U::"\\u{61}"'`]],
    [`'U::"a"' = {}\n"U::\\"a\\"" = {}`, ['main.rune:4:1 R200'], ['"']],
  ])('%s is refused', (text, places, pointed) => {
    const found = entities(text)
    expect(found.found).toBeUndefined()
    expect(found.places).toEqual(places)
    expect(found.pointed).toEqual(pointed)
  })

  test('attributes nest up to a limit', () => {
    const nested = `'U::"a"' = { attrs = { ${'a.'.repeat(60)}b = { ${'a.'.repeat(60)}b = 1 } } }`
    expect(entities(nested).places).toEqual([expect.stringContaining('R205')])
  })
})

describe('the JSON file of `[options] entities`', () => {
  const load = (json: string) => loadText('[options]\nentities = "e.json"', { 'e.json': json })

  test('holds entities in Cedar’s format, with their places', () => {
    const json =
      '[{"uid": {"type": "U", "id": "a"}, "attrs": {"n": 9007199254740993}, "parents": [], "tags": {"t": "x"}},\n{"uid":{"__entity":{"type":"G","id":"g"}},"attrs":{},"parents":[]}]'
    const { configuration, places } = load(json)
    expect(places).toEqual([])
    const [a, g] = configuration?.files[0]?.entities ?? []
    expect([a?.uid, a?.attrs.get('n'), a?.tags.get('t')]).toEqual([uid('U', 'a'), 9007199254740993n, 'x'])
    expect(g?.span.source.path).toBe('e.json')
    expect(g?.span.start).toBe(json.indexOf('\n') + 1)
  })

  test.each([
    '',
    '{}',
    '[{}]',
    '[{"uid": 1, "attrs": {}, "parents": []}]',
    '[',
    '[{"uid":{"type":"U","id":"a"},"attrs":{"f":1.5},"parents":[]}]',
  ])('%j is refused', (json) => {
    const { configuration, places } = load(json)
    expect(configuration).toBeUndefined()
    expect(places[0]).toMatch(/^e\.json:1:\d+ R/)
  })

  test('that is not there is reported where it is named', () => {
    expect(loadText('[options]\nentities = "no.json"').places).toEqual(['main.rune:3:12 R700'])
  })
})
