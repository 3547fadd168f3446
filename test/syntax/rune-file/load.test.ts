/** Tests of loading: the version, includes and their limits, and what all files say together. */
import { describe, expect, test } from 'vitest'
import { loadConfiguration } from '../../../src/syntax/rune-file/load.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import { type Files, loadFiles, loadText, memoryHost, placeOf, VERSION } from './memory-host.ts'

const including = (...names: string[]) => `${VERSION}include = [${names.map((name) => `"${name}"`).join(', ')}]\n`

function loadGiven(text: string, files: Files = {}, path?: string) {
  const diagnostics = new Diagnostics()
  const input = path === undefined ? { text } : { text, path }
  const configuration = loadConfiguration(input, memoryHost(files), diagnostics)
  return { configuration, places: diagnostics.all.map(placeOf) }
}

const WHOLE = `${VERSION}
[metadata]
name = "whole"
[options]
globs = true
[data]
environment = "production"
[rules]
parent_of(alice, bob). // fact
ancestor(X, Y) :- parent_of(X, Y). # rule
[schema]
entity User;
[entities]
'User::"alice"' = {}
[policies]
permit(principal, action, resource); # all
[tests]
[[tests.case]]
name = "n"
principal = "alice"
action = "read"
resource = "x"
expect = "permit"
`

describe('a file', () => {
  test('has all sections, read by their parsers', () => {
    const { configuration, places } = loadFiles({ 'main.rune': WHOLE })
    expect(places).toEqual([])
    const [file] = configuration?.files ?? []
    expect(file?.prefix).toBe('')
    expect(file?.data.map((entry) => entry.predicate)).toEqual(['environment'])
    expect(file?.clauses).toHaveLength(2)
    expect(file?.policies).toHaveLength(1)
    expect(file?.entities).toHaveLength(1)
    expect(file?.tests).toHaveLength(1)
    expect(file?.source.text.slice(file.schema?.start, file.schema?.end)).toBe('entity User;\n')
    expect(file?.policies[0]?.span.source).toBe(file?.source)
  })

  test('means the same with other line ends and a byte order mark', () => {
    const { configuration, places } = loadFiles({ 'main.rune': `\ufeff${WHOLE.replaceAll('\n', '\r\n')}` })
    expect(places).toEqual([])
    expect(configuration?.files[0]?.clauses).toHaveLength(2)
    expect(loadGiven(`\ufeff${WHOLE}`).places).toEqual([])
  })

  test('shows the mistakes of all its sections in one run', () => {
    const text = `version = "rune/1.0"
[options]
glob = true
[data]
x = nan
[rules]
p(X :- q.
[entities]
alice = {}
[policies]
permit(principal, action);
[tests]
[[tests.case]]
[dat]
`
    const codes = loadFiles({ 'main.rune': text }).places.map((place) => Number(/^main\.rune:(\d+)/.exec(place)?.[1]))
    expect(new Set(codes)).toEqual(new Set([3, 5, 7, 9, 11, 13, 14]))
  })

  test('that is not there is reported', () => {
    expect(loadFiles({}).places).toEqual(['R700'])
  })

  test('that is not UTF-8 is reported with its place', () => {
    const bytes = Uint8Array.from([...Buffer.from('version = "é'), 0xff])
    expect(loadFiles({ 'main.rune': bytes }).places).toEqual(['main.rune:1:13 R101'])
  })
})

describe('the version', () => {
  test.each([
    ['', ['main.rune:1:1 R204']],
    ['[data]\nx = 1', ['main.rune:1:1 R204']],
    ['# c\nversion = "rune/1.0"', []],
    ["version = 'rune/1.0' # c", []],
    ['"version" = """rune/1.0"""', []],
    ['version = "rune/2.0"\n[nonsense]', ['main.rune:2:1 R201', 'main.rune:1:11 R204']],
    ['version = 1', ['main.rune:1:11 R204']],
    ['include = []\nversion = "rune/1.0"', ['main.rune:2:1 R204']],
    ['version = "rune/1.0"\nversion = "rune/1.0"', ['main.rune:2:1 R200']],
    ['version = "rune/1.0"\nincludes = []', ['main.rune:2:1 R300']],
    ['version = "rune/1.0"\ndata = { x = 1 }', ['main.rune:2:1 R300']],
    ['version.x = "rune/1.0"', ['main.rune:1:1 R204']],
  ])('%j', (text, places) => {
    expect(loadFiles({ 'main.rune': text }).places).toEqual(places)
  })

  test('of an included file is wanted too', () => {
    expect(loadFiles({ 'main.rune': including('b.rune'), 'b.rune': '[data]\n' }).places).toEqual(['b.rune:1:1 R204'])
  })
})

describe('included files', () => {
  test('come before the files that include them, each once, with a prefix', () => {
    const { configuration, places } = loadFiles({
      'main.rune': including('lib/a.rune', './lib/b.rune', 'lib/../lib/a.rune', 'link/lib/b.rune'),
      'lib/a.rune': including('b.rune', '../c.rune'),
      'lib/b.rune': VERSION,
      'c.rune': VERSION,
    })
    expect(places).toEqual([])
    expect(configuration?.files.map((file) => [file.source.path, file.prefix])).toEqual([
      ['lib/b.rune', 'lib/b.rune#'],
      ['c.rune', 'c.rune#'],
      ['lib/a.rune', 'lib/a.rune#'],
      ['main.rune', ''],
    ])
  })

  test('are relative to the file, and so are fact files and entity files', () => {
    const { configuration, places } = loadFiles({
      'main.rune': including('lib/a.rune'),
      'lib/a.rune': `${VERSION}[data]\np = { file = "p.tsv" }\n[options]\nentities = "e.json"\n`,
      'lib/p.tsv': 'a\n',
      'lib/e.json': '[]',
    })
    expect(places).toEqual([])
    expect(configuration?.files[0]?.data[0]?.facts).toMatchObject({ path: 'lib/p.tsv' })
  })

  test('of a text are relative to its path, or to the working directory', () => {
    expect(loadGiven(including('b.rune'), { 'x/b.rune': VERSION }, 'x/a.rune').places).toEqual([])
    expect(loadGiven(including('b.rune'), { 'b.rune': VERSION }).places).toEqual([])
    expect(loadGiven(including('b.rune'), {}).places).toEqual(['<text>:2:12 R700'])
  })

  test('that are not there, or no list of strings, are reported where they are named', () => {
    expect(loadFiles({ 'main.rune': including('a.rune', 'b.rune') }).places).toEqual([
      'main.rune:2:12 R700',
      'main.rune:2:22 R700',
    ])
    expect(loadFiles({ 'main.rune': `${VERSION}include = "a.rune"` }).places).toEqual(['main.rune:2:11 R206'])
    expect(loadFiles({ 'main.rune': `${VERSION}include = [1]` }).places).toEqual(['main.rune:2:12 R206'])
  })

  test('that include each other are reported as a chain', () => {
    const { all, places, configuration } = loadFiles({
      'main.rune': including('a.rune'),
      'a.rune': including('b.rune'),
      'b.rune': including('link/a.rune'),
    })
    expect(configuration).toBeUndefined()
    expect(places).toEqual(['b.rune:2:12 R701'])
    expect(all[0]?.message).toBe('files include each other: a.rune → b.rune → link/a.rune')
    expect(all[0]?.related?.map(({ span, message }) => [span.source.path, message])).toEqual([
      ['a.rune', '`b.rune` is included here'],
    ])
  })

  test('may not include themselves', () => {
    expect(loadFiles({ 'main.rune': including('main.rune') }).places).toEqual(['main.rune:2:12 R701'])
    expect(loadGiven(including('a.rune'), { 'a.rune': VERSION }, 'a.rune').places).toEqual(['a.rune:2:12 R701'])
  })

  test('have a limit in depth and in number', () => {
    const chain = Array.from({ length: 100 }, (_, i) => [`f${i}.rune`, including(`f${i + 1}.rune`)])
    const deep = loadFiles({ 'main.rune': including('f0.rune'), ...Object.fromEntries(chain) })
    expect(deep.places).toEqual(['f30.rune:2:12 R702'])
    const names = Array.from({ length: 1500 }, (_, i) => `f${i}.rune`)
    const many = loadFiles({
      'main.rune': including(...names),
      ...Object.fromEntries(names.map((name) => [name, VERSION])),
    })
    expect(many.places).toHaveLength(501)
    expect(new Set(many.all.map((d) => d.code))).toEqual(new Set(['R702']))
  })

  test('show their mistakes with those of the root', () => {
    const files = { 'main.rune': `${including('a.rune')}[dat]\n`, 'a.rune': `${VERSION}[data]\nx = nan\n` }
    expect(loadFiles(files).places).toEqual(['main.rune:3:1 R201', 'a.rune:3:5 R102'])
  })
})

test('a lone surrogate in a text is refused with its place', () => {
  expect(loadGiven(`${VERSION}# \ud83d\ude00\ud800`)).toEqual({ configuration: undefined, places: ['<text>:2:4 R101'] })
})

test('a section that is empty holds nothing', () => {
  const sections = ['metadata', 'options', 'data', 'rules', 'schema', 'entities', 'policies', 'tests']
  expect(loadText(sections.map((name) => `[${name}]\n`).join('')).places).toEqual([])
})
