/** `rune profile`: what it prints in its two forms, where requests come from, and what it refuses. No time is looked at. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { ProfileResult } from '../../src/cli/profile.ts'
import { rune } from './fake-terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'rune-profile-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const policy = file(
  'policy.rune',
  `version = "rune/1.0"
[data]
friend = [["ana", "ben"]]
[rules]
decl close(a: String, b: String) on_demand.
close(X, Y) :- friend(X, Y).
permit("friends") :- principal(P), resource(R), close(P, R).
[policies]
@id("ana reads")
permit(principal == User::"ana", action == Action::"read", resource);
@id("nobody writes")
forbid(principal, action == Action::"write", resource);
@id("never \\u{202e} for ben")
permit(principal == User::"ben", action == Action::"read", resource) when { context.facts.close.contains({ a: "ben", b: "ana" }) };
[entities]
'User::"ana"' = {}
'User::"ben"' = {}
'Action::"read"' = {}
`,
)
const line = (principal: string) =>
  `${JSON.stringify({ principal: `User::"${principal}"`, action: 'Action::"read"', resource: 'User::"ben"' })}\n`
const requests = file('requests.jsonl', `${line('ana').repeat(6)}${line('ben').repeat(3)}\n${line('"')}`)
const ONCE = ['--duration', 'once']
const OF_FILE = ['profile', '-c', policy, '--requests-file', requests, ...ONCE]

async function json(...args: string[]): Promise<ProfileResult> {
  const { exit, out, err } = await rune([...args, '--format', 'json'])
  expect({ exit, err }).toEqual({ exit: 0, err: '' })
  expect(out.trimEnd().split('\n')).toHaveLength(1)
  return JSON.parse(out)
}

const ofPolicy = (result: ProfileResult, id: string) => result.policies.find((one) => one.id.startsWith(id))

describe('requests', () => {
  test('of a file are all decided, as often as they are there', async () => {
    const result = await json(...OF_FILE)
    expect(result).toMatchObject({
      format: 'rune-profile/1',
      name: policy,
      settings: { requests: 1000, seed: 1 },
      available: 10,
      requests: 10,
      rounds: 1,
      decisions: { permit: 6, deny: 3, forbid: 0, error: 1, failing: 0 },
    })
    expect(ofPolicy(result, 'ana')).toMatchObject({ asked: expect.any(Number), satisfied: 6, failed: 0, line: 9 })
    expect(ofPolicy(result, 'nobody')).toMatchObject({ asked: 0 })
    expect(result.predicates.find(({ name }) => name === 'permit')).toMatchObject({ arity: 1, asked: 9 })
  })

  test('of a file with more are taken from everywhere in it', async () => {
    const { available, decisions } = await json(...OF_FILE, '--requests', '5')
    expect(available).toBe(10)
    expect(decisions).toMatchObject({ permit: 3, deny: 2 })
  })

  test('are drawn from what a configuration stores', async () => {
    const { requests, decisions } = await json('profile', '-c', policy, ...ONCE)
    expect(requests).toBe(4)
    expect(decisions).toMatchObject({ permit: 2, deny: 2 })
  })

  test.each(['rbac', 'rebac', 'abac', 'agent', 'policies-10k'])('of the scenario %s', async (name) => {
    const result = await json('profile', name, '--scale', '0.02', '--requests', '60', ...ONCE)
    const { decisions, requests, policies, times } = result
    expect({ requests, error: decisions.error }).toEqual({ requests: 60, error: 0 })
    expect(decisions.permit + decisions.deny + decisions.forbid).toBe(60)
    expect(policies.some(({ satisfied }) => satisfied > 0)).toBe(true)
    expect(times.whole).toBeGreaterThan(0)
  })
})

test('as text, both sums are there, and policies that were never asked or never satisfied', async () => {
  const { exit, out, err } = await rune(OF_FILE)
  expect({ exit, err }).toEqual({ exit: 0, err: '' })
  expect(out).toContain(`profile of configuration ${policy}; Node v`)
  expect(out).toMatch(/^decisions {3}10: permit 60\.0 %, deny 30\.0 %, forbid 0, error 10\.0 %; .*errors are in no/m)
  for (const name of ['reading the request', 'finding candidates', 'policies', 'deciding rules', 'combining']) {
    expect(out).toMatch(new RegExp(`^${name} +[\\d.]+ [nµm]s +[<\\d.]+`, 'm'))
  }
  expect(out).toMatch(/^sum of these .*\nwhole, timed by itself .* 100 %$/m)
  expect(out).toMatch(/ +9 +6 +0 {2}permit {2}ana reads {2}.*policy\.rune:9$/m)
  expect(out).toMatch(/^never satisfied: 1 of \d: never \\u\{202e\} for ben$/m)
  expect(out).toMatch(/^never asked: 1 of 3: nobody writes$/m)
  expect(out).toMatch(/ permit\/1\n.* {3}permit0 {2}.*policy\.rune:7$/m)
})

test('`--top` says how many lines there are, and JSON has all', async () => {
  const args = ['profile', 'abac', '--scale', '0.02', '--requests', '60', ...ONCE, '--top', '3']
  const { out } = await rune(args)
  const { policies } = await json(...args)
  const asked = policies.filter((one) => one.asked > 0).length
  expect(out.match(/ (permit|forbid) {2}/g)).toHaveLength(3)
  expect(out).toContain(`and ${asked - 3} more; --top says`)
  expect(policies.length).toBeGreaterThan(3)
})

test('on a terminal, a line says that it takes a while, and goes away', async () => {
  const { err } = await rune(OF_FILE, { isTerminal: true })
  expect(err).toBe('profiling 10 requests …\r\x1b[K')
})

describe('usage', () => {
  test.each([
    [['roles'], "there is no scenario 'roles'"],
    [['rbac', '-c', 'policy.rune'], 'two things to measure'],
    [['--requests-file', 'requests.jsonl'], '--requests-file is for --config'],
    [['-c', 'policy.rune', '--scale', '2'], '--scale is for scenarios'],
    [['--top', '0'], 'no integer from 1'],
    [['--requests', '0'], 'no integer from 1'],
    [['--duration', '0'], 'more than 0'],
    [['--threads', '2'], 'unknown option'],
    [['--format', 'xml'], 'Allowed choices are'],
  ])('%j is refused', async (args, message) => {
    const { exit, out, err } = await rune(['profile', ...args])
    expect({ exit, out }).toEqual({ exit: 64, out: '' })
    expect(err).toContain(message)
  })
})
