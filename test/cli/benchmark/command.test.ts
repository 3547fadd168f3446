/** `rune benchmark` at toy size: each mode, what it prints, what it refuses, and what a baseline decides. Nothing is timed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { BenchmarkResult } from '../../../src/cli/benchmark/result.ts'
import { rune } from '../fake-terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'rune-benchmark-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** Each request once, in two repetitions. */
const TOY = ['--requests', '60', '--duration', 'once', '--warmup', '0', '--repetitions', '2']
const toy = (...args: string[]) => rune(['benchmark', ...args, ...TOY])
const toyScenario = (name: string, ...args: string[]) => toy(name, '--scale', '0.02', ...args)

async function resultOf(run: ReturnType<typeof rune>): Promise<BenchmarkResult> {
  const { exit, out, err } = await run
  expect({ exit, err }).toEqual({ exit: 0, err: '' })
  return JSON.parse(out)
}

describe('each mode decides each request', () => {
  test.each([
    ['cached', 1],
    ['cached', 3],
    ['uncached', 2],
    ['prepared', 2],
  ])('%s, by %i threads, and the totals add up', async (mode, threads) => {
    const args = ['--mode', mode, '--threads', `${threads}`, '--format', 'json']
    const { decisions, throughput, requests, latency, floor } = await resultOf(toyScenario('rbac', ...args))
    // Twice a repetition: in blocks, and one by one.
    const each = 60 * 2 * 2
    expect(throughput.threads.map((thread) => thread.decisions)).toEqual(new Array(threads).fill(each))
    expect(decisions.total).toBe(threads * each)
    expect(decisions.permit + decisions.deny + decisions.forbid + decisions.error).toBe(decisions.total)
    expect(decisions.error).toBe(0)
    expect(requests).toEqual({ distinct: 60, asked: 60 })
    expect(latency).toMatchObject({ of: 1, samples: threads * 60 * 2 })
    expect([throughput.repetitions.length, floor.repetitions.length]).toEqual([2, 2])
  })

  test.each([
    ['cached', { hits: 360, misses: 120, evictions: 0, uncacheable: 0, hitRate: 0.75 }],
    ['prepared', { hits: 360, misses: 120, evictions: 0, uncacheable: 0, hitRate: 0.75 }],
    ['uncached', undefined],
  ])('%s: of four rounds, the first finds nothing cached', async (mode, counts) => {
    const { cache } = await resultOf(toyScenario('rbac', '--mode', mode, '--threads', '2', '--format', 'json'))
    expect(cache).toEqual(counts && { ...counts, bytes: expect.any(Number) })
  })

  test('mixed: some often, others rarely', async () => {
    const args = ['--mode', 'mixed', '--hit-rate', '50%', '--format', 'json']
    const { decisions, requests, settings } = await resultOf(toyScenario('rbac', ...args))
    expect(settings.hitRate).toBe(0.5)
    expect(requests.distinct).toBeGreaterThan(1000)
    expect(decisions.total).toBe(requests.distinct * 2 * 2)
  })

  test('batch: by the pool', async () => {
    const args = ['--mode', 'batch', '--threads', '2', '--format', 'json']
    const { decisions, latency, cache } = await resultOf(toyScenario('agent', ...args))
    expect(decisions.total).toBe(60 * 2)
    expect(latency).toMatchObject({ of: 60, samples: 2 })
    expect(cache).toBeUndefined()
  })
})

test('the same seed gives the same decisions, whatever the mode', async () => {
  const of = async (...args: string[]) => (await resultOf(toyScenario('abac', '--format', 'json', ...args))).decisions
  const [first, second, other] = [await of(), await of('--mode', 'uncached'), await of('--seed', '2')]
  expect(second).toEqual(first)
  expect(other).not.toEqual(first)
  expect(first.failing).toBeGreaterThan(0)
})

test('as JSON, the result is one line with all that was measured', async () => {
  const { out } = await toyScenario('rebac', '--format', 'json', '--reload-every', '1ms', '--update-rate', '1000')
  expect(out.trimEnd().split('\n')).toHaveLength(1)
  const result: BenchmarkResult = JSON.parse(out)
  expect(result).toMatchObject({
    format: 'rune-benchmark/1',
    name: 'rebac',
    settings: { scenario: 'rebac', mode: 'cached', threads: 1, requests: 60, repetitions: 2, seed: 1, scale: 0.02 },
    machine: { cpu: expect.any(String), cores: expect.any(Number), node: process.version },
    memory: { rows: expect.any(Number), rowBytes: expect.any(Number), arenaBytes: expect.any(Number) },
    eventLoop: { p50Ms: expect.any(Number), p99Ms: expect.any(Number), maxMs: expect.any(Number) },
    gc: { count: expect.any(Number), totalMs: expect.any(Number), maxMs: expect.any(Number) },
    reloads: { count: expect.any(Number) },
    updates: { count: expect.any(Number) },
  })
  expect(result.memory.rows).toBeGreaterThan(100)
  expect(result.memory.arenaBytes).toBeGreaterThan(result.memory.rowBytes)
})

test('as text, it says how many requests were distinct, what came of them, and what was cached', async () => {
  const { exit, out } = await toyScenario('policies-10k')
  expect(exit).toBe(0)
  expect(out).toMatch(/^scenario policies-10k, scale 0\.02, seed 1; mode cached, 1 thread\n/)
  expect(out).toMatch(/^requests {4}60 distinct, each once$/m)
  expect(out).toMatch(/^decisions {3}240: permit [\d.]+ %, deny [\d.]+ %, forbid [\d.]+ %, error 0; in 0 % a /m)
  for (const name of [
    'cached',
    'throughput',
    'thread 1',
    'all',
    'floor',
    'latency',
    'memory',
    'event loop',
    'garbage',
  ]) {
    expect(out).toMatch(new RegExp(`^${name} `, 'm'))
  }
  expect(out).toMatch(/reading the clock, \d+ ns, is included/)
  expect(out).toContain('█')
})

test('on a terminal, a bar says how far it is, and goes away', async () => {
  const args = ['benchmark', 'rbac', '--scale', '0.02', ...TOY]
  const { err } = await rune(args, { isTerminal: true })
  expect(err).toContain('warming up')
  expect(err).toContain('repetition 2 of 2')
  expect(err.endsWith('\r\x1b[K')).toBe(true)
})

describe('a configuration', () => {
  const POLICY = `version = "rune/1.0"
[schema]
entity User, Guest;
entity File;
action read, write appliesTo { principal: User, resource: File };
[entities]
'User::"ana"' = {}
'User::"ben"' = {}
'Guest::"gil"' = {}
'File::"a"' = {}
[policies]
permit(principal == User::"ana", action == Action::"read", resource);
`
  const policy = file('policy.rune', POLICY)

  test('has requests drawn from what it stores, as its schema allows', async () => {
    const { name, decisions, requests } = await resultOf(toy('-c', policy, '--format', 'json'))
    expect(name).toBe(policy)
    expect(requests.distinct).toBe(4)
    expect(decisions).toMatchObject({ total: 16, permit: 4, deny: 12, error: 0 })
  })

  test('has requests from a file, and those that are refused count as errors', async () => {
    const line = (principal: string) => JSON.stringify({ principal, action: 'read', resource: 'File::"a"' })
    const lines = [line('User::"ana"'), line('User::"zoe"'), '', line('Guest::"gil"'), line('User::"ana"')]
    const requests = file('requests.jsonl', `${lines.join('\n')}\n`)
    const result = await resultOf(toy('-c', policy, '--requests-file', requests, '--format', 'json'))
    expect(result.requests.distinct).toBe(3)
    expect(result.decisions).toMatchObject({ total: 12, permit: 4, deny: 4, error: 4 })
  })

  test.each(['null', '7', '{"principal": null, "action": "read", "resource": "File::\\"a\\""}'])(
    'has no requests from a file that holds %s',
    async (line) => {
      const { exit, out, err } = await toy('-c', policy, '--requests-file', file('requests.jsonl', `${line}\n`))
      expect({ exit, out }).toEqual({ exit: 3, out: '' })
      expect(err).toContain('here is no principal')
    },
  )

  test('with a schema does not know the entity that updates bring', async () => {
    const { exit, out, err } = await toy('-c', policy, '--update-rate', '10')
    expect({ exit, out }).toEqual({ exit: 3, out: '' })
    expect(err).toContain('RuneBenchmark')
  })

  test('can be the standard input, and not both inputs', async () => {
    const args = ['benchmark', '-c', '-', ...TOY]
    expect(await rune(args, { input: POLICY })).toMatchObject({ exit: 0 })
    expect(await rune([...args, '--requests-file', '-'], { input: POLICY })).toMatchObject({ exit: 64 })
  })

  test('that is not valid is 3', async () => {
    const wrong = file('wrong.rune', 'version = "rune/1.0"\n[polices]\n')
    expect(await toy('-c', wrong)).toMatchObject({ exit: 3, out: '' })
  })
})

describe('a baseline', () => {
  const path = join(folder, 'base.json')
  const SIX = ['--requests', '60', '--duration', 'once', '--warmup', '0', '--repetitions', '6', '--scale', '0.02']
  const run = (...args: string[]) => rune(['benchmark', 'rbac', ...SIX, ...args])

  /** The baseline with something else in it. */
  async function baseline(change: (base: BenchmarkResult) => unknown): Promise<string> {
    const { exit } = await run('--save', path)
    expect(exit).toBe(0)
    return file('changed.json', JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))))
  }
  const withRates = (base: BenchmarkResult, factor: number) => {
    const repetitions = base.throughput.repetitions.map((rate) => rate * factor)
    return { ...base, throughput: { ...base.throughput, repetitions } }
  }

  test('that was a thousand times as fast ends in 4', async () => {
    const fast = await baseline((base) => withRates(base, 1000))
    const { exit, out } = await run('--baseline', fast, '--fail-over', '10%')
    expect(exit).toBe(4)
    expect(out).toMatch(/\nREGRESSED: [\d.]+ % slower than the baseline, relative to the floor \(p = 0.001\)/)
  })

  test('that was a thousand times as slow ends in 0, as JSON too', async () => {
    const slow = await baseline((base) => withRates(base, 0.001))
    const { exit, out } = await run('--baseline', slow, '--format', 'json')
    expect(exit).toBe(0)
    expect(JSON.parse(out).verdict).toMatchObject({ regressed: false, chance: 1, limit: 0.1 })
  })

  test.each<[string, (base: BenchmarkResult) => unknown, string]>([
    ['another machine', (base) => ({ ...base, machine: { ...base.machine, cpu: 'another' } }), '`cpu` was "another"'],
    ['another scenario', (base) => ({ ...base, name: 'abac' }), '`name` was "abac"'],
    ['another mode', (base) => ({ ...base, settings: { ...base.settings, mode: 'batch' } }), '`mode` was "batch"'],
    ['too few repetitions', (base) => ({ ...base, floor: { ...base.floor, repetitions: [1] } }), 'no result'],
    ['nothing', () => ({}), 'no result'],
    ['null', () => null, 'no result'],
    ['no settings', (base) => ({ ...base, settings: null }), 'no result'],
    ['no machine', (base) => ({ ...base, machine: null }), 'no result'],
  ])('of %s is refused', async (_what, change, message) => {
    const { exit, out, err } = await run('--baseline', await baseline(change))
    expect({ exit, out }).toEqual({ exit: 3, out: '' })
    expect(err).toContain('error[R766]')
    expect(err).toContain(message)
  })

  test('of another Node is compared, with a warning', async () => {
    const other = await baseline((base) => ({
      ...withRates(base, 0.001),
      machine: { ...base.machine, node: 'v1.0.0' },
    }))
    const { exit, err } = await run('--baseline', other)
    expect(exit).toBe(0)
    expect(err).toContain('warning: the baseline was measured with Node v1.0.0')
  })

  test('that cannot be written is 1', async () => {
    expect(await run('--save', join(folder, 'none', 'base.json'))).toMatchObject({ exit: 1 })
  })
})

describe('usage', () => {
  test.each([
    [['roles'], "there is no scenario 'roles'"],
    [['rbac', '-c', 'policy.rune'], 'two things to measure'],
    [['--requests-file', 'requests.jsonl'], '--requests-file is for --config'],
    [['-c', 'policy.rune', '--scale', '2'], '--scale is for scenarios'],
    [['--hit-rate', '0.5'], '--hit-rate is for --mode mixed'],
    [['--fail-over', '10%'], '--fail-over is for --baseline'],
    [['--save', 'base.json', '--repetitions', '4'], 'at least 5 repetitions'],
    [['--mode', 'fast'], 'Allowed choices are'],
    [['--requests', '0'], 'no integer from 1'],
    [['--requests', '1e3'], 'no integer from 1'],
    [['--threads', '257'], 'no integer from 1 to 256'],
    [['--duration', '0'], 'more than 0'],
    [['--duration', '5h'], 'such as 500ms'],
    [['--warmup', '-1'], 'such as 500ms'],
    [['--zipf', 'x'], 'no number from 0'],
    [['--mode', 'mixed', '--hit-rate', '100%'], 'no share below 1'],
    [['--reload-every', '0ms'], 'more than 0'],
    [['--update-rate', '0'], 'no number from 0.01'],
    [['--scale', '0'], 'no number from 0.001'],
    [['--format', 'xml'], 'Allowed choices are'],
    [['--threads', '1', '--threads', '2'], 'more than once'],
  ])('%j is refused', async (args, message) => {
    const { exit, out, err } = await rune(['benchmark', ...args])
    expect({ exit, out }).toEqual({ exit: 64, out: '' })
    expect(err).toContain(message)
  })
})

test('what is interrupted leaves no files behind', async () => {
  const own = mkdtempSync(join(folder, 'tmp-'))
  const args = ['dist/rune.js', 'benchmark', 'rbac', '--scale', '0.02', '--duration', '60']
  const child = spawn(process.execPath, args, { env: { ...process.env, TMPDIR: own }, stdio: 'ignore' })
  await vi.waitUntil(() => readdirSync(own).length > 0, { timeout: 20_000 })
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([null, 'SIGINT'])
  expect(readdirSync(own)).toEqual([])
})
