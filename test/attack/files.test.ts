/** Malformed files of every kind: each is refused with a place, or means what it says. None ends in a stack trace or hangs. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attempt, attemptFile, HEAD, OPTIONS, REQUEST } from './attempt.ts'

const RUNS = Number(process.env['RUNE_FUZZ'] ?? 1)

const WHOLE = `${HEAD}
[metadata]
name = "everything" # with a comment

${OPTIONS}globs = true
[[options.links]]
template = "reader"
id = "alice reads"
values = { "?principal" = 'User::"alice"' }

[data]
blocked = ["mallory", 'eve']
limit = [{ user = "alice", n = 3 }]
text = """
[rules]
"""

[rules]
decl limit(user: User, n: Long).
/* [policies] */
near(X, Y) :- near(X, Z), edge(Z, Y, _).
edge("a", "b", 1.5e3).
total(N) :- N = sum(X, limit(_, X)).
forbid("blocked " + P) :- principal(P, "User"), blocked(P).
permit("small") :- request(P, _, _), limit(P, N), N < 5, (action("read") ; action("list")).

[entities]
'User::"alice"' = { in = ['Group::"staff"'], attrs = { level = 3, since = 2026-01-31T08:00:00Z }, tags = { a = "b" } }

[policies]
@id("reader") permit(principal == ?principal, action, resource in File::"/tmp/**") when { context.n like "a*\\*" };
forbid(principal, action, resource) unless { [1, 2].contains(2) && {a: ip("10.0.0.1")} has a };
# [tests]

[tests]
[[tests.case]]
name = "reads"
principal = "alice"
action = "read"
resource = "/tmp/a"
context = { n = "a" }
expect = "permit"
`

describe('a file that is damaged', () => {
  test('is whole to begin with', async () => {
    expect(await attempt(WHOLE, REQUEST)).toBe('permit')
  })

  test('anywhere cut off, it is refused with a place or opens', async () => {
    for (let end = 0; end < WHOLE.length; end += 3)
      await attempt(WHOLE.slice(0, end), { ...REQUEST, principal: 'nobody' })
  })

  test('with a part missing, doubled or replaced, it is refused with a place or opens', async () => {
    const place = fc.nat(WHOLE.length)
    const junk = fc.oneof(
      fc.constantFrom(
        '"',
        "'",
        '"""',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '.',
        ',',
        ';',
        '\\',
        '/*',
        '*/',
        '#',
        '\n',
        '\0',
        '\r',
      ),
      fc.string({ maxLength: 5, unit: 'binary' }),
      fc.constantFrom('[rules]', '\n[policies]\n', ':-', 'not ', '::', '9'.repeat(30), '\u202e', '\ufeff', '\ud800'),
    )
    await fc.assert(
      fc.asyncProperty(place, fc.nat(20), junk, async (at, length, text) => {
        await attempt(WHOLE.slice(0, at) + text + WHOLE.slice(at + length), { ...REQUEST, principal: 'nobody' })
      }),
      { numRuns: 300 * RUNS },
    )
  })

  test('that is noise is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 300, unit: 'binary' }), async (noise) => {
        expect(await attempt(noise, REQUEST)).toContainEqual(expect.stringMatching(/^R/))
        await attempt(`${HEAD}[rules]\n${noise}`, REQUEST)
        await attempt(`${HEAD}[policies]\n${noise}`, REQUEST)
        await attempt(`${HEAD}[data]\n${noise}`, REQUEST)
      }),
      { numRuns: 100 * RUNS },
    )
  })
})

describe('a header', () => {
  const PERMIT = '[policies]\npermit(principal, action, resource);\n'
  const FORBID = 'forbid(principal, action, resource);\n'

  test.each([
    ['a TOML string of several lines', `[data]\na = """\n${PERMIT}"""\n`],
    ['a literal TOML string of several lines', `[data]\na = '''\n${PERMIT}'''\n`],
    ['a string of rules', `[rules]\na("\n${PERMIT}").\n`],
    ['a string of rules in single quotes', `[rules]\na('\n${PERMIT}').\n`],
    ['a comment of rules', `[rules]\n/*\n${PERMIT}*/\n`],
    ['a string of policies', `[policies]\n${FORBID}@id("\n${PERMIT}") ${FORBID}`],
    ['a string after an escaped quote', `[rules]\na("\\"\n${PERMIT}").\n`],
    ['a string after an escaped backslash and a comment', `[rules]\na("x\\\\"). // "\nb("\n${PERMIT}").\n`],
    ['a string after quotes in a comment', `[policies]\n# "\n${FORBID}@id("\n${PERMIT}") ${FORBID}`],
  ])('in %s is text', async (_, text) => {
    expect(['deny', 'forbid']).toContain(await attempt(HEAD + OPTIONS + text, REQUEST))
  })

  test('after a comment that quotes open and close in is a header', async () => {
    expect(await attempt(`${HEAD}${OPTIONS}[rules]\n// it's "\n${PERMIT}`, REQUEST)).toBe('permit')
    expect(await attempt(`${HEAD}${OPTIONS}[data]\n# it's """\n${PERMIT}`, REQUEST)).toBe('permit')
  })
})

describe('what stands twice', () => {
  test.each([
    ['a key of [data]', '[data]\na = 1\na = 2', ['R200']],
    ['a dotted key', '[data]\na.b = 1\n[data.a]\nb = 2', ['R200']],
    ['a key that a table is', '[data]\na = 1\na.b = 2', ['R200']],
    ['an option', '[options]\nglobs = true\nglobs = false', ['R200']],
    ['a section', '[data]\na = 1\n[rules]\n[data]\nb = 1', ['R202']],
    ['a section under its other name', '[policies]\n[cedar_policies]\n', ['R202']],
    ['an entity', `[entities]\n'U::"a"' = {}\n'U::"\\u{61}"' = { attrs = { admin = true } }`, ['R304']],
    [
      'an entity by its path',
      `[options]\npath_types=["F"]\n[entities]\n'F::"/a"' = {}\n'F::"/b/../a/"' = { attrs = { x = 1 } }`,
      ['R290'],
    ],
    [
      'a policy',
      '[policies]\n@id("a") permit(principal,action,resource);@id("a") forbid(principal,action,resource);',
      ['R310'],
    ],
    [
      'a policy by its number',
      '[policies]\n@id("policy1") permit(principal,action,resource);forbid(principal,action,resource);',
      ['R310'],
    ],
    ['an annotation', '[policies]\n@id("a") @id("b") permit(principal,action,resource);', ['R225']],
    ['a declaration', '[rules]\ndecl a(x).\ndecl a(y).', ['R335']],
    ['the version', 'version = "rune/1.0"', ['R200']],
  ])('%s is refused', async (_, text, codes) => {
    expect(await attempt(HEAD + text)).toEqual(codes)
  })
})

describe('files', () => {
  let folder = ''
  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rune-attack-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each([
    ['an overlong form', [0xc0, 0xaf]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a character that does not exist', [0xf4, 0x90, 0x80, 0x80]],
    ['a character cut off', [0xe2, 0x82]],
    ['a stray continuation', [0x80]],
    ['UTF-16', [0xff, 0xfe, 0x76, 0x00]],
  ])('%s is no UTF-8, wherever it stands', async (_, bytes) => {
    const parts = [Buffer.from(`${HEAD}[data]\na = "`), Buffer.from(bytes), Buffer.from('"\n')]
    expect(await attemptFile(write('bad.rune', Buffer.concat(parts)))).toEqual(['R101'])
    write('bad.tsv', Buffer.concat([Buffer.from('a\t'), Buffer.from(bytes), Buffer.from('\nb\tc\n')]))
    for (const format of ['tsv', 'csv', 'jsonl']) {
      const facts = `${HEAD}[data]\na = { file = "bad.tsv", format = "${format}", types = ["String", "String"] }\n`
      expect(await attemptFile(write('facts.rune', facts))).toContain('R101')
    }
    write('bad.json', Buffer.concat([Buffer.from('["'), Buffer.from(bytes), Buffer.from('"]')]))
    expect(await attemptFile(write('entities.rune', `${HEAD}[options]\nentities = "bad.json"\n`))).toEqual(['R101'])
  })

  test('that hold each other, by whatever name, are refused', async () => {
    mkdirSync(join(folder, 'sub'), { recursive: true })
    symlinkSync('../cycle.rune', join(folder, 'sub', 'link.rune'))
    for (const name of [
      'cycle.rune',
      './cycle.rune',
      'sub/../cycle.rune',
      'sub/link.rune',
      join(folder, 'cycle.rune'),
    ]) {
      expect(await attemptFile(write('cycle.rune', `${HEAD}include = [${JSON.stringify(name)}]\n`))).toEqual(['R701'])
    }
  })

  test('that are no regular files are never waited for', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    for (const name of ['pipe', '/dev/zero', '/dev/stdin', '.', 'no-such-file', 'a\\u0000b', 'x'.repeat(5000), '']) {
      const inclusion = `${HEAD}include = ["${name}"]\n`
      expect(await attemptFile(write('include.rune', inclusion))).not.toBe('open')
      const facts = `${HEAD}[data]\na = { file = "${name}", format = "tsv", types = ["String"] }\n`
      expect(await attemptFile(write('facts.rune', facts))).toEqual(['R700'])
      expect(await attemptFile(write('entities.rune', `${HEAD}[options]\nentities = "${name}"\n`))).not.toBe('open')
    }
    expect(await attemptFile(join(folder, 'pipe'))).toEqual(['R700'])
  })

  test.each([
    ['tsv', 'a\t1\nb\n', ['R703']],
    ['tsv', 'a\t1\nb\t2\tx\n', ['R703']],
    ['tsv', 'a\t1e3\n', ['R704']],
    ['tsv', 'a\t1\n\n', ['R705']],
    ['csv', 'a,1\n"b,2\n', ['R705']],
    ['csv', 'a,"1"x\n', ['R705']],
    ['csv', '"a\n', ['R705']],
    ['jsonl', '["a", 1]\n["b"]\n', ['R703']],
    ['jsonl', '{"x": "a", "x": 1}\n', ['R281']],
    ['jsonl', '["a", 1.5]\n', ['R704']],
    ['jsonl', '["a", 9223372036854775808]\n', ['R151']],
    ['jsonl', `${'['.repeat(10_000)}\n`, ['R282']],
    ['jsonl', '\0\n', ['R280']],
  ])(
    'of %s facts with %j are refused with file and line, and nothing of them is loaded',
    async (format, text, codes) => {
      write('rows', text)
      const facts = `${HEAD}[data]\na = { file = "rows", format = "${format}", types = ["String", "Long"] }\n`
      expect(await attemptFile(write('facts.rune', facts))).toEqual(codes)
    },
  )
})
