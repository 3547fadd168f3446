/**
 * The examples: each opens, decides what its `[tests]` expect, and has no warning but the one that it is there to show.
 */
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Rune, renderDiagnostics, runTests, validate } from '../src/index.ts'

const FILES = readdirSync('examples').filter((name) => name.endsWith('.rune'))

/** `starts_with` on a path, which the first example is to have and the warning explains. */
const WARNINGS = new Map([['basic.rune', ['R478']]])

test('the examples are there', () => {
  const names = ['basic', 'datalog_basics', 'datalog_transitive', 'datalog_aggregation', 'agent_guardrail', 'rebac']
  expect(FILES).toEqual(expect.arrayContaining(names.map((name) => `${name}.rune`)))
})

test.each(FILES)('%s opens, with the warnings that it explains and no others', async (name) => {
  const { ok, diagnostics } = await validate({ path: `examples/${name}` })
  const said = renderDiagnostics(diagnostics, { color: false })
  expect(ok, said).toBe(true)
  expect(
    diagnostics.map(({ code }) => code),
    said,
  ).toEqual(WARNINGS.get(name) ?? [])
})

test.each(FILES)('%s decides as it says', async (name) => {
  const { cases } = await runTests({ path: `examples/${name}` })
  expect(cases.filter(({ passed }) => !passed)).toEqual([])
  expect(new Set(cases.map(({ expected }) => expected.decision)).size).toBeGreaterThanOrEqual(2)
})

test.each([
  [
    'datalog_basics.rune',
    'can(Who, What)',
    [
      ['ana', 'deploy'],
      ['ben', 'build'],
      ['ben', 'deploy'],
    ],
  ],
  ['datalog_basics.rune', 'trusted(Who)', [['ana'], ['ben']]],
  ['datalog_transitive.rune', 'ancestor("alice", X)', [['bob'], ['cara'], ['dan']]],
  ['datalog_transitive.rune', 'cost("eu", "asia", C)', [[200]]],
  ['datalog_transitive.rune', 'same_team("alice", X)', [['alice'], ['bob'], ['cara']]],
  ['datalog_transitive.rune', 'isolated("web", X)', [['batch'], ['reports'], ['web']]],
  [
    'datalog_aggregation.rune',
    'total_calls(User, Count)',
    [
      ['alice', 2],
      ['bob', 2],
    ],
  ],
  [
    'datalog_aggregation.rune',
    'calls_made(User, Sum)',
    [
      ['alice', 80],
      ['bob', 1100],
      ['carol', 0],
    ],
  ],
  [
    'datalog_aggregation.rune',
    'mean_calls(User, Mean), busiest_day(User, Most)',
    [
      ['alice', 40, 40],
      ['bob', 550, 700],
    ],
  ],
  ['datalog_aggregation.rune', 'allowed(User)', [['alice']]],
])('%s: %s', async (name, body, rows) => {
  const rune = await Rune.open(`examples/${name}`, { coordinator: 'inline' })
  expect(rune.query(body).rows).toEqual(rows)
})
