/** Hostile files: whatever the text is, the loader yields a configuration or diagnostics with places, in time. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadConfiguration } from '../../../src/syntax/rune-file/load.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import { renderDiagnostics } from '../../../src/text/render.ts'
import { memoryHost, VERSION } from './memory-host.ts'

const SAMPLE = `version = "rune/1.0"
include = ["base.rune"]
[metadata]
name = """sämple 😀
[rules]
"""
[options]
path_types = ["File"]
[[options.links]]
template = 't'
id = "l"
values = { "?principal" = 'User::"alice"' }
[data]
role = [["alice", 1], ["bob", -2]] # [rules]
when = 2026-01-01T00:00:00.5+01:00
e = [{ entity = 'User::"a"' }]
[data.x]
y = [{ a = 1.5, "b" = true }]
[rules]
decl member(user: User, n: Long).
p(X, "a\\n[data]") :- role(X, N), N > 1, not q(X). /* [data] */
total(U, N) :- count(C, calls(U, _, C)).
[entities]
'User::"alice"' = { in = ['G::"g"'], attrs = { a = [1, { b = "c" }] }, tags.t = "x" }
[policies]
@id("a")
permit(principal in G::"g", action, resource == File::"/a/*") when { context.facts.p.contains("\\u{1f600}") };
[tests]
[[tests.case]]
name = "n"
principal = "alice"
action = "read"
resource = "/a"
expect = "deny"
facts.role = [["x", 1]]
`

/** Loads a file, renders what is wrong with it, and says how many mistakes there are. */
function attack(content: string | Uint8Array): number {
  const diagnostics = new Diagnostics()
  const host = memoryHost({ 'main.rune': content, 'base.rune': VERSION })
  const configuration = loadConfiguration({ path: 'main.rune' }, host, diagnostics)
  expect(configuration === undefined).toBe(diagnostics.hasErrors)
  for (const file of configuration?.files ?? [])
    for (const entry of file.data) expect(entry.span.end).toBeGreaterThan(0)
  for (const { span } of diagnostics.all) {
    expect(span).toBeDefined()
    expect(span?.start).toBeLessThanOrEqual(span?.end ?? -1)
    expect(span?.end).toBeLessThanOrEqual(span?.source.text.length ?? -1)
  }
  expect(renderDiagnostics(diagnostics.all, { color: true }).length).toBeLessThan(200_000)
  return diagnostics.all.length
}

const numRuns = 300 * Number(process.env['RUNE_FUZZ'] ?? 1)
const bytes = Buffer.from(SAMPLE)

test('the sample is right', () => {
  expect(attack(SAMPLE)).toBe(0)
})

test('cut at every byte, the sample is loaded or diagnosed', () => {
  for (let end = 0; end < bytes.length; end++) attack(bytes.subarray(0, end))
})

test('with pieces removed, repeated or replaced, the sample is loaded or diagnosed', () => {
  const pieces = fc.constantFrom(
    '"',
    "'",
    '"""',
    '[',
    ']',
    '{',
    '}',
    '\n',
    '\r',
    '#',
    '/*',
    '[rules]',
    '\n[data]\n',
    '\\',
    '\0',
    '.',
    '=',
  )
  const edits = fc.array(fc.tuple(fc.nat(SAMPLE.length), fc.nat(20), pieces), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(edits, (all) => {
      let text = SAMPLE
      for (const [at, length, piece] of all) text = text.slice(0, at) + piece + text.slice(at + length)
      attack(text.toWellFormed())
    }),
    { numRuns },
  )
})

test('binary files are diagnosed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
      expect(attack(content)).toBeGreaterThan(0)
    }),
    { numRuns },
  )
})

const MANY = 10_000
const LONG = 10_000_000

describe('deep and long', () => {
  test.each([
    ['arrays', `[data]\nx = ${'['.repeat(MANY)}`],
    ['closed arrays', `[data]\nx = ${'['.repeat(MANY)}${']'.repeat(MANY)}`],
    ['inline tables', `[data]\nx = ${'{a='.repeat(MANY)}1${'}'.repeat(MANY)}`],
    ['inline tables of dotted keys', `[data]\nx = ${`{${'a.'.repeat(60)}a=`.repeat(60)}1${'}'.repeat(60)}`],
    ['keys', `[data]\n${'a.'.repeat(MANY)}a = 1`],
    ['headers', `[data${'.a'.repeat(MANY)}]\nx = 1`],
    ['brackets of rules', `[rules]\np(X) :- ${'('.repeat(MANY)}`],
    ['brackets of policies', `[policies]\npermit(principal, action, resource) when { ${'('.repeat(MANY)} };`],
    ['attributes', `[entities]\n'U::"a"' = { attrs = { a = ${'['.repeat(MANY)} } }`],
    ['header lines', `[data]\n${'[[data.a]]\n'.repeat(MANY)}x = nan`],
    ['unknown sections', Array.from({ length: MANY }, (_, i) => `[x${i}]\n`).join('')],
    ['sections that stand twice', '[data]\n[rules]\n'.repeat(MANY)],
    ['unknown keys', `[options]\n${Array.from({ length: MANY }, (_, i) => `k${i} = 1\n`).join('')}`],
    ['open brackets', '[\n'.repeat(MANY)],
  ])('%s are diagnosed', (_, body) => {
    expect(attack(`${VERSION}${body}\n`)).toBeGreaterThan(0)
  })

  test.each([
    ['a string', `[data]\nx = "${'a'.repeat(LONG)}"`, 0],
    ['a comment', `# ${'['.repeat(LONG)}`, 0],
    ['white space', `[data]\nx =${' '.repeat(LONG)}1`, 0],
    ['a row of values', `[data]\nx = [${'1,'.repeat(LONG / 20)}nan]`, 1],
    ['a header', `[${'a'.repeat(LONG)}]`, 1],
    ['an integer', `[data]\nx = ${'9'.repeat(LONG / 100)}`, 1],
    ['a string of rules', `[rules]\np("${'a'.repeat(LONG)}").`, 0],
    ['an open string', `[data]\nx = """${'a\n'.repeat(LONG / 10)}`, 1],
  ])('a line with %s of megabytes is read', (_, body, mistakes) => {
    expect(attack(`${VERSION}${body}\n`)).toBe(mistakes)
  })
})

describe('names', () => {
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    '%s is a name like others',
    (name) => {
      expect(attack(`${VERSION}[metadata]\n${name} = 1\n[${name}]\n`)).toBe(1)
      expect(attack(`${VERSION}${name} = 1\n`)).toBe(1)
      expect(attack(`${VERSION}[data]\nx = [{ ${name} = 1 }]\n`)).toBe(0)
      expect(attack(`${VERSION}[entities]\n'U::"${name}"' = { attrs = { ${name} = { ${name} = 1 } } }\n`)).toBe(0)
      expect(attack(`${VERSION}[options]\n${name} = 1\n`)).toBe(1)
    },
  )

  test.each(['', '.', '/', '../../../../etc/passwd', 'a\\u0000b', 'x'.repeat(10_000)])(
    'a file %j is not there',
    (name) => {
      expect(attack(`version = "rune/1.0"\ninclude = ["${name}"]\n`)).toBe(1)
      expect(attack(`${VERSION}[data]\nx = { file = "${name}", format = "csv" }\n`)).toBe(1)
    },
  )
})
