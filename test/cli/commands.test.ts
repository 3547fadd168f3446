/** The commands, run in this process: results, exit codes, where input comes from, colours. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import pkg from '../../package.json' with { type: 'json' }
import { rune } from './fake-terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'rune-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const POLICY = `version = "rune/1.0"

[options]
default_principal_type = "User"
default_resource_type = "File"
path_types = ["File"]

[data]
age = [["ana", 41], ["ben", 9007199254740993]]
pair = [["\\u202e", { entity = 'User::"x"' }]]

[rules]
forbid("closed " + "\\u{202e}day") :- action("close").

[policies]
@id("all may read")
permit(principal, action == Action::"read", resource);
@id("those with mfa write")
permit(principal, action == Action::"write", resource) when { context.mfa };
@id("guests delete")
permit(principal in Group::"guests", action == Action::"delete", resource);
`
const policy = file('policy.rune', POLICY)

const request = (action: string, ...more: string[]) => [
  'eval',
  '-c',
  policy,
  '--principal',
  'ana',
  '--action',
  action,
  '--resource',
  '/tmp/a',
  ...more,
]

describe('eval', () => {
  test('a permit is 0, and says by which policy and where', async () => {
    const { exit, out, err } = await rune(request('read'))
    expect(exit).toBe(0)
    expect(out).toBe(`permit\n  by policy all may read (${policy}:16:1)\n`)
    expect(err).toBe('(opened in 1.0 ms, decided in 1.0 ms)\n')
  })

  test('a deny is 2', async () => {
    expect(await rune(request('list'))).toMatchObject({ exit: 2, out: 'deny\n  nothing permits it\n' })
  })

  test('a forbid is 2, and its reason shows no invisible character', async () => {
    const { exit, out } = await rune(request('close'))
    expect(exit).toBe(2)
    expect(out).toBe(`forbid\n  by rule closed \\u{202e}day (${policy}:13:1)\n`)
  })

  test('as JSON, the decision alone is printed', async () => {
    const { exit, out, err } = await rune(request('close', '--format', 'json'))
    expect(exit).toBe(2)
    expect(out).toBe('{"decision":"forbid","allowed":false,"reasons":["closed \\u202eday"],"errors":[],"epoch":1}\n')
    expect(err).toBe('')
  })

  test('an entity literal is taken as it is', async () => {
    const args = ['eval', '-c', policy, '--principal', 'User::"ana"', '--action', 'Action::"read"']
    expect(await rune([...args, '--resource', 'File::"/tmp/../x"'])).toMatchObject({ exit: 0 })
  })

  test('the context comes from the argument, a file or the standard input', async () => {
    const context = '{"mfa": true}'
    expect(await rune(request('write', '--context', context))).toMatchObject({ exit: 0 })
    expect(await rune(request('write', '--context', `@${file('context.json', context)}`))).toMatchObject({ exit: 0 })
    expect(await rune(request('write', '--context', '-'), { input: context })).toMatchObject({ exit: 0 })
    expect(await rune(request('write', '--context', '{"mfa": false}'))).toMatchObject({ exit: 2 })
  })

  test.each(['--principal', '--action', '--resource', '--context', '--entities', '--config', '--format'])(
    'a second %s is refused: it would replace the first',
    async (option) => {
      const { exit, out, err } = await rune([...request('read'), option, 'text', option, 'text'])
      expect({ exit, out }).toEqual({ exit: 64, out: '' })
      expect(err).toContain(option)
    },
  )

  test('entities of the request come from a file or the standard input', async () => {
    const entities =
      '[{"uid": {"type": "User", "id": "ana"}, "attrs": {}, "parents": [{"type": "Group", "id": "guests"}]}]'
    expect(await rune(request('delete'))).toMatchObject({ exit: 2 })
    expect(await rune(request('delete', '--entities', file('e.json', entities)))).toMatchObject({ exit: 0 })
    expect(await rune(request('delete', '--entities', '-'), { input: entities })).toMatchObject({ exit: 0 })
  })

  test.each([
    ['JSON that is none', ['--context', '{mfa}'], 'R280'],
    ['a context that is no object', ['--context', '[]'], 'R293'],
    ['a context with facts', ['--context', '{"facts": {}}'], 'R742'],
    ['a context that does not fit in 64 bits', ['--context', '{"n": 9223372036854775808}'], 'R151'],
    ['entities that are none', ['--entities', policy], 'R280'],
  ])('%s is 3', async (_what, more, code) => {
    const { exit, out, err } = await rune(request('read', ...more))
    expect({ exit, out }).toEqual({ exit: 3, out: '' })
    expect(err).toContain(`error[${code}]`)
  })
})

describe('the configuration', () => {
  const validate = (args: string[], env = {}, input: string | Uint8Array = '') =>
    rune(['validate', ...args], { env, input })

  test('is what --config says, else what $RUNE_CONFIG says', async () => {
    expect(await validate(['-c', policy])).toMatchObject({ exit: 0 })
    expect(await validate([], { RUNE_CONFIG: policy })).toMatchObject({ exit: 0 })
    expect(await validate(['-c', policy], { RUNE_CONFIG: 'none.rune' })).toMatchObject({ exit: 0 })
    expect(await validate([policy, '-c', 'none.rune'])).toMatchObject({ exit: 0 })
  })

  test('is the standard input for `-`', async () => {
    const { exit, out } = await validate(['-'], {}, POLICY)
    expect(exit).toBe(0)
    expect(out).toBe('<stdin> is valid: 2 predicates, 1 rule, 3 policies, 1 stratum, 3 facts\n')
    expect((await validate(['-'], {}, 'version = "rune/1.0"\n[polices]\n')).err).toContain('--> <stdin>:2:')
  })

  test('is refused where it is not UTF-8', async () => {
    const { exit, err } = await validate(['-'], {}, new Uint8Array([0x76, 0xff]))
    expect(exit).toBe(3)
    expect(err).toContain('error[R101]: the standard input is not UTF-8')
  })
})

describe('validate', () => {
  test('as JSON, each diagnostic says where it stands', async () => {
    const wrong = file('wrong.rune', 'version = "rune/1.0"\n\n[policies]\npermit(principal, action, resourc);\n')
    const { exit, out, err } = await rune(['validate', wrong, '--format', 'json'])
    expect({ exit, err }).toEqual({ exit: 3, err: '' })
    expect(JSON.parse(out)).toEqual({
      ok: false,
      diagnostics: [
        expect.objectContaining({ code: 'R223', severity: 'error', file: wrong, line: 4, message: expect.any(String) }),
      ],
    })
  })

  test('as JSON, what can be opened is counted', async () => {
    const { out } = await rune(['validate', policy, '--format', 'json'])
    expect(JSON.parse(out)).toEqual({
      ok: true,
      diagnostics: [],
      counts: expect.objectContaining({ predicates: 2, rules: 1, policies: 3, facts: 3 }),
    })
  })
})

describe('query', () => {
  const query = (body: string, ...more: string[]) => rune(['query', '-c', policy, body, ...more])

  test('rows are literals with tabs between, integers exact, nothing invisible', async () => {
    expect(await query('age(Who, N)')).toMatchObject({ exit: 0, out: '"ana"\t41\n"ben"\t9007199254740993\n' })
    expect((await query('age(Who, N)')).err).toBe('(2 rows of Who, N; opened in 1.0 ms, answered in 1.0 ms)\n')
    expect((await query('pair(A, B)')).out).toBe('"\\u{202e}"\tUser::"x"\n')
  })

  test('as JSON, rows have columns', async () => {
    const { out } = await query('age(Who, N)', '--format', 'json')
    expect(out).toBe('{"columns":["Who","N"],"rows":[["ana",41],["ben",9007199254740993]]}\n')
    expect((await query('pair(A, B)', '--format', 'json')).out).toBe(
      '{"columns":["A","B"],"rows":[["\\u202e",{"__entity":{"type":"User","id":"x"}}]]}\n',
    )
  })

  test('without variables, the answer is true or false', async () => {
    expect(await query('age("ana", 41)')).toMatchObject({ exit: 0, out: 'true\n' })
    expect(await query('age("ana", 42)')).toMatchObject({ exit: 0, out: 'false\n' })
    expect((await query('age("ana", 42)', '--format', 'json')).out).toBe('{"columns":[],"rows":[]}\n')
  })

  test('a body that is none is 3', async () => {
    expect(await query('age(Who')).toMatchObject({ exit: 3, out: '' })
  })
})

describe('test', () => {
  const CASE = (name: string, expected: string) => `[[tests.case]]
name = "${name}"
principal = 'User::"a"'
action = "read"
resource = 'File::"b"'
expect = "${expected}"
`
  const good = file('good.rune', `version = "rune/1.0"\n\n[tests]\n${CASE('good \\u202e', 'deny')}`)
  const bad = file('bad.rune', `version = "rune/1.0"\n\n[tests]\n${CASE('bad', 'permit')}`)
  const broken = file('broken.rune', 'version = "rune/1.0"\n[nothing]\n')

  test('all that pass are 0, and invisible characters of names are shown', async () => {
    const { exit, out } = await rune(['test', good])
    expect(exit).toBe(0)
    expect(out).toBe(`${good}\n  ok    good \\u{202e}\n1 passed, 0 failed\n`)
  })

  test('one that fails is 5, and says what was expected', async () => {
    const { exit, out } = await rune(['test', good, bad])
    expect(exit).toBe(5)
    expect(out).toContain(`  FAIL  bad  ${bad}:4\n        expected permit\n        got      deny\n`)
    expect(out).toContain('1 passed, 1 failed\n')
  })

  test('a file that cannot be opened is 3, and the others still run', async () => {
    const { exit, out, err } = await rune(['test', broken, good])
    expect(exit).toBe(3)
    expect(out).toContain('1 passed, 0 failed\n')
    expect(err).toContain('error[R201]')
  })

  test('without any case it is 5: nothing was shown', async () => {
    expect(await rune(['test', policy])).toMatchObject({ exit: 5 })
  })

  test('as JSON, each case says what was expected and decided', async () => {
    const { exit, out } = await rune(['test', good, bad, broken, '--format', 'json'])
    expect(exit).toBe(3)
    expect(JSON.parse(out)).toMatchObject({
      passed: 1,
      failed: 1,
      files: [
        { file: good, cases: [{ name: 'good \u202e', passed: true, got: { decision: 'deny' } }] },
        { file: bad, cases: [{ name: 'bad', line: 4, passed: false, expected: { decision: 'permit' } }] },
        { file: broken, cases: [], diagnostics: [{ code: 'R201', line: 2 }] },
      ],
    })
  })

  test('the `*_test.rune` files beside the configuration run too', async () => {
    const inner = mkdtempSync(join(folder, 'tests-'))
    const main = join(inner, 'main.rune')
    writeFileSync(main, `version = "rune/1.0"\n\n[tests]\n${CASE('of the file', 'deny')}`)
    writeFileSync(
      join(inner, 'more_test.rune'),
      `version = "rune/1.0"\ninclude = ["main.rune"]\n\n[tests]\n${CASE('of the other', 'deny')}`,
    )
    const { exit, out } = await rune(['test', '-c', main])
    expect(exit).toBe(0)
    expect(out).toMatch(/of the file\n[\s\S]*more_test\.rune\n {2}ok {4}of the other\n2 passed, 0 failed\n$/)
  })
})

describe('compile', () => {
  const source = file('source.rune', POLICY)
  const [snapshot, other] = [join(folder, 'source.img'), join(folder, 'other.snapshot')]

  test('writes a snapshot beside the configuration, which every command takes in its place', async () => {
    const { exit, out, err } = await rune(['compile', source])
    expect({ exit, err }).toEqual({ exit: 0, err: '(compiled in 1.0 ms)\n' })
    expect(out).toMatch(/^wrote .*source\.img: \d+\.\d KiB, 3 rows\n$/)
    const args = ['--principal', 'ana', '--action', 'read', '--resource', '/tmp/a']
    const decided = await rune(['eval', '-c', snapshot, ...args])
    expect(decided).toMatchObject({ exit: 0, out: `permit\n  by policy all may read (${source}:16:1)\n` })
    const rows = await rune(['query', '-c', snapshot, 'age(Who, Age)'])
    expect(rows).toMatchObject({ exit: 0, out: '"ana"\t41\n"ben"\t9007199254740993\n' })
    expect(await rune(['validate', snapshot])).toEqual({
      exit: 0,
      out: `${snapshot} is valid: 2 predicates, 1 rule, 3 policies, 1 stratum, 3 facts\n`,
      err: '',
    })
  })

  test('as JSON, says what it wrote', async () => {
    const { exit, out, err } = await rune(['compile', '-c', source, '-o', other, '--format', 'json'])
    expect({ exit, err }).toEqual({ exit: 0, err: '' })
    expect(JSON.parse(out)).toEqual({
      file: other,
      bytes: statSync(other).size,
      rows: 3,
      durationMs: 1,
      diagnostics: [],
      counts: expect.objectContaining({ policies: 3, facts: 3 }),
    })
  })

  test('takes the standard input, if it is told where to', async () => {
    expect(await rune(['compile', '-', '-o', other], { input: POLICY })).toMatchObject({ exit: 0 })
    const { exit, err } = await rune(['compile', '-'], { input: POLICY })
    expect(exit).toBe(1)
    expect(err).toContain('name it: `--output FILE`')
    expect(await rune(['compile', source, '-o', ''])).toMatchObject({ exit: 1, out: '' })
  })

  test('refuses what cannot be opened with 3, and leaves the snapshot', async () => {
    await rune(['compile', source, '-o', other])
    const before = readFileSync(other)
    expect(await rune(['compile', file('broken-source.rune', 'version = 1'), '-o', other])).toMatchObject({
      exit: 3,
      out: '',
    })
    expect(readFileSync(other).equals(before)).toBe(true)
  })
})

describe('init', () => {
  const path = join(folder, 'first.rune')

  test('writes a configuration that has no warning and passes its tests', async () => {
    expect(await rune(['init', path])).toMatchObject({ exit: 0, err: '' })
    expect(await rune(['validate', path])).toMatchObject({ exit: 0, err: '' })
    const { exit, out } = await rune(['test', path])
    expect(exit).toBe(0)
    expect(out).toContain('5 passed, 0 failed')
    const args = ['--principal', 'ana', '--action', 'read', '--resource', '/srv/docs/plan.md']
    expect(await rune(['eval', '-c', path, ...args])).toMatchObject({ exit: 0 })
  })

  test('overwrites only with --force', async () => {
    const kept = file('kept.rune', 'mine')
    expect(await rune(['init', kept])).toMatchObject({ exit: 1, out: '' })
    expect(readFileSync(kept, 'utf8')).toBe('mine')
    expect(await rune(['init', '--force', kept])).toMatchObject({ exit: 0 })
    expect(readFileSync(kept, 'utf8')).toContain('rune/1.0')
  })
})

describe('colours', () => {
  const isPainted = async (args: string[], isTerminal: boolean, env = {}) =>
    (await rune([...request('read'), ...args], { isTerminal, env })).out.includes('\x1b[')

  test('are for terminals; NO_COLOR turns them off, and the flags outweigh both', async () => {
    expect(await isPainted([], true)).toBe(true)
    expect(await isPainted([], false)).toBe(false)
    expect(await isPainted([], true, { NO_COLOR: '1' })).toBe(false)
    expect(await isPainted(['--color'], false, { NO_COLOR: '1' })).toBe(true)
    expect(await isPainted(['--no-color'], true)).toBe(false)
  })

  test('reach diagnostics too', async () => {
    const { err } = await rune(['validate', 'none.rune'], { isTerminal: true })
    expect(err).toContain('\x1b[')
  })
})

describe('usage', () => {
  test.each([
    [[]],
    [['nothing']],
    [['eval', '--principal', 'a']],
    [['query']],
    [['query', 'a', 'b']],
    [['init', '--no']],
  ])('%j is 64, and says how it is used', async (args) => {
    const { exit, out, err } = await rune(args)
    expect({ exit, out }).toEqual({ exit: 64, out: '' })
    expect(err).toMatch(/--help/)
  })

  test('help and version are results', async () => {
    expect(await rune(['--version'])).toEqual({ exit: 0, out: `${pkg.version}\n`, err: '' })
    for (const args of [['--help'], ['help'], ['eval', '--help']]) {
      const { exit, out, err } = await rune(args)
      expect({ exit, err }).toEqual({ exit: 0, err: '' })
      expect(out).toContain('Usage: rune')
    }
  })
})
