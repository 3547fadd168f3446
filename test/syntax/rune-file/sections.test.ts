/** Tests of sections: which lines are headers, in each language of a `.rune` file. */
import { describe, expect, test } from 'vitest'
import { splitSections } from '../../../src/syntax/rune-file/sections.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import { placeOf } from './memory-host.ts'

/** Each section's name and body, and the diagnostics. */
function split(text: string) {
  const source = { path: 'a', text }
  const diagnostics = new Diagnostics()
  const { preamble, sections } = splitSections(source, diagnostics)
  const body = ({ start, end }: { start: number; end: number }) => text.slice(start, end)
  const bodies = Object.fromEntries([...sections].map(([name, section]) => [name, body(section.body)]))
  const helps = diagnostics.all.map((d) => d.help)
  return { preamble: body(preamble), bodies, places: diagnostics.all.map(placeOf), helps }
}

describe('a header', () => {
  test('opens a section; TOML keeps its headers, all else is without', () => {
    const { preamble, bodies, places } = split('v = 1\n[data]\na = 1\n[data.b]\nc = 1\n[rules]\np(X).\n[options]\n')
    expect(places).toEqual([])
    expect(preamble).toBe('v = 1\n')
    expect(bodies).toEqual({ data: '[data]\na = 1\n[data.b]\nc = 1\n', rules: '\np(X).\n', options: '[options]\n' })
  })

  test.each([
    '[rules]',
    '  [rules]  ',
    '\t[ rules\t]',
    '[rules] # comment',
    '[rules]// comment',
    '[rules] /* comment */',
    '[rules]\r',
  ])('%j opens `[rules]`', (line) => {
    expect(split(`a = 1\n${line}\np(X).`).bodies).toHaveProperty('rules')
  })

  test.each(['[data.limits]', '["data".x]', "[ 'data' . x ]", '[[data]]', '[data."a]b"]'])(
    '%s opens `[data]`',
    (line) => {
      expect(split(`${line}\n`).bodies).toEqual({ data: `${line}\n` })
    },
  )

  test.each([
    '[rules] p(X).',
    'x [rules]',
    '[rules',
    'rules]',
    '[]',
    '["rules]',
    '[ru les]',
    '[[rules]',
    '[.rules]',
    '[rules.]',
  ])('%s is text', (line) => {
    expect(split(`[data]\n${line}\n`).bodies).toEqual({ data: `[data]\n${line}\n` })
  })

  test('`[cedar_policies]` is `[policies]`', () => {
    expect(split('[cedar_policies]\nx').bodies).toEqual({ policies: '\nx' })
    expect(split('[cedar_policies]\n[policies]\n').places).toEqual(['a:2:1 R202'])
  })
})

describe('header-like text is text', () => {
  const keeps = (text: string) => {
    const { bodies, places } = split(`${text}\n[tests]\n`)
    expect(places).toEqual([])
    expect(Object.keys(bodies)).toHaveLength(2)
    expect(bodies['tests']).toBe('[tests]\n')
  }

  test.each([
    ['a multi-line string', '[data]\na = """\n[rules]\n"""'],
    ['a multi-line string that ends with five quotes', '[data]\na = """\n[rules]\n"""""'],
    ['a multi-line string with escaped quotes', '[data]\na = """\\"""\n[rules]\n"""'],
    ['a multi-line literal string', "[data]\na = '''\n[rules]\\'''"],
    ['a comment', '[data]\n# [rules]\n#"""\na = 1'],
    ['an array', '[data]\na = [\n["rules"],\n["x"]\n]'],
    ['a key', '[data]\n"[rules]" = 1\n\'"""\' = 2'],
  ])('in %s of TOML', (_, text) => keeps(text))

  test.each([
    ['a string', '[rules]\np("\n[data]\n").'],
    ['a string of apostrophes', "[rules]\np('\n[data]\n')."],
    ['a string with escapes', '[rules]\np("\\"\n[data]\n").'],
    ['a block comment', '[rules]\n/*\n[data]\n*/ p(X).'],
    ['a line comment', '[rules]\n// [data] "\n# [data] /* "\np(X).'],
    ['a list', '[rules]\np(X) :- X in [\n[admin]\n].'],
    ['brackets', '[rules]\np(X) :- (\n[admin]\n).'],
    ['a list outside of brackets', '[rules]\np(X) :- q(X), X in\n["admin"]\n.'],
  ])('in %s of rules', (_, text) => keeps(text))

  test.each([
    ['a string', '[policies]\npermit(principal == U::"\n[data]\n", action, resource);'],
    ['a comment', '[policies]\n// [data] "\n# [data] "\n'],
    ['a list', '[policies]\npermit(principal, action, resource) when { [\n[admin]\n] };'],
    ['a condition', '[policies]\npermit(principal, action, resource) when { x in\n["a"]\n};'],
    ['an apostrophe in a comment', "[policies]\n// don't\n"],
    ['a schema', '[schema]\nentity User in\n[Group]; // "\n'],
  ])('in %s of Cedar', (_, text) => keeps(text))

  test('a block comment is no comment of Cedar', () => {
    expect(Object.keys(split('[policies]\n/*\n[data]\n').bodies)).toEqual(['policies', 'data'])
  })
})

describe('a mistake', () => {
  test('an unknown section is named once, with a suggestion, and what it holds is skipped', () => {
    const { bodies, places, helps } = split('[rule]\np("\n[rule.x]\n[data]\na=1\n')
    expect(places).toEqual(['a:1:1 R201'])
    expect(helps).toEqual(['did you mean `rules`?'])
    expect(bodies).toEqual({ data: '[data]\na=1\n' })
  })

  test.each(['constructor', '__proto__', 'x'])('`[%s]` is an unknown section', (name) => {
    const { places, helps } = split(`[${name}]\n`)
    expect(places).toEqual(['a:1:1 R201'])
    expect(helps[0]).toContain('metadata, options, data')
  })

  test('a section that was left cannot be returned to', () => {
    const { bodies, places } = split('[data]\na = 1\n[rules]\n[data.b]\nc = 1\n[data.c]\n[rules]\n')
    expect(places).toEqual(['a:4:1 R202', 'a:7:1 R202'])
    expect(bodies).toEqual({ data: '[data]\na = 1\n', rules: '\n' })
  })

  test.each(['[rules.x]', '[[policies]]', '["schema"]'])('%s has no tables', (line) => {
    expect(split(`a = 1\n${line}\n`).places).toEqual(['a:2:1 R203'])
  })

  test('a bracket that was left open does not hide the sections after it', () => {
    expect(Object.keys(split('[data]\na = [1\n[rules]\np(\n[policies]\npermit(\n[tests]\n').bodies)).toEqual([
      'data',
      'rules',
      'policies',
      'tests',
    ])
  })

  test('a string of one line that was left open ends with its line', () => {
    expect(Object.keys(split('[data]\na = "x\n[rules]\n').bodies)).toEqual(['data', 'rules'])
    expect(Object.keys(split('[data]\na = "x\\\n[rules]\n').bodies)).toEqual(['data', 'rules'])
  })

  test.each([
    ['a header', `[data${'.a'.repeat(1e5)}]\n`],
    ['a key', `[data]\na${'.a'.repeat(1e5)} = 1\n`],
    ['an inline table', `[data]\na = [{ a${' . "a"'.repeat(1e5)} = 1 }]\n`],
  ])('a key with too many segments is refused in %s', (_, text) => {
    const { bodies, places } = split(text)
    expect(bodies).toEqual({})
    expect(places).toHaveLength(1)
    expect(places[0]).toContain('R205')
  })

  test('dots of numbers and strings are no segments', () => {
    const text = `[data]\na = [${'1.5, "a.b.c",'.repeat(100)}]\nb = "${'.'.repeat(100)}" # ${'.'.repeat(100)}\n`
    expect(split(text).places).toEqual([])
  })
})

test('an empty text has no sections', () => {
  expect(split('')).toEqual({ preamble: '', bodies: {}, places: [], helps: [] })
})
