/** `rune inspect`: what it prints in its two forms, of a configuration and of a snapshot of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { InspectedPredicate } from '../../src/index.ts'
import { rune } from './fake-terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'rune-inspect-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const POLICY = 'test/fixtures/command-line/inspect/policy.rune'

async function json(...args: string[]): Promise<readonly InspectedPredicate[]> {
  const { exit, out, err } = await rune(['inspect', ...args, '--format', 'json'])
  expect({ exit, err }).toEqual({ exit: 0, err: '' })
  return JSON.parse(out).predicates
}

const numbersIn = (text: string) => (text.match(/\d[\d,]*(\.\d+)?/g) ?? []).map((n) => Number(n.replaceAll(',', '')))

test('both forms have the same numbers', async () => {
  const many = join(folder, 'many.rune')
  const facts = Array.from({ length: 1234 }, (_, i) => `["a${i}", "b${i % 5}"]`)
  writeFileSync(
    many,
    `version = "rune/1.0"\n[data]\nmany = [${facts}]\n[rules]\nmore(X, Y) :- many(X, Z), many(Y, Z).\n`,
  )
  const all = [POLICY, many].map(async (file) => (await json(file, '--all')).map((predicate) => ({ file, predicate })))
  for (const { file, predicate } of (await Promise.all(all)).flat()) {
    const { out } = await rune(['inspect', file, '--predicate', predicate.name])
    const section = out.slice(out.indexOf(`  ${predicate.name}/${predicate.arity}`))
    const { rows, facts, derived, bytes, storage, derivation, rules } = predicate
    const line = (start: string) => section.split('\n').find((text) => text.startsWith(`    ${start}`)) ?? ''
    expect(numbersIn(line('rows'))).toEqual([rows, facts, derived, bytes])
    for (const part of storage) expect(numbersIn(section)).toContain(part.bytes)
    if (derivation?.bytes !== undefined) expect(numbersIn(line('distinct by'))).toContain(derivation.bytes)
    const steps = rules.flatMap(({ orders }) => orders.flatMap((order) => order.steps))
    const printed = [...section.matchAll(/^ {8}\S.*? ([\d.,]+) rows? ?$/gm)].map((match) =>
      Number(match[1]?.replaceAll(',', '')),
    )
    if (!section.includes('\n\n')) expect(printed).toEqual(steps.map((step) => step.rows))
  }
})

test('a snapshot is what its configuration is', async () => {
  const image = join(folder, 'policy.img')
  expect(await rune(['compile', POLICY, '-o', image])).toMatchObject({ exit: 0 })
  expect(await json(image, '--all')).toEqual(await json(POLICY, '--all'))
})

test('strata are printed in their order, in lines of at most 100 columns, without colours in a pipe', async () => {
  const wide = 'a_predicate_of_a_rather_long_name'
  const columns = Array.from({ length: 9 }, (_, i) => `Argument${i}`)
  const policy = join(folder, 'wide.rune')
  writeFileSync(
    policy,
    `version = "rune/1.0"
[data]
a_relation_of_people = [["ana", "ben"]]
${wide} = [[${columns.map((name) => `"${name}"`).join()}]]
[rules]
${wide}_too(${columns}) :- ${wide}(${columns}), not ${wide}(${columns.toReversed()}), Argument0.starts_with("${'x'.repeat(90)}").
is_connected_with(SomePerson, OtherPerson) :- a_relation_of_people(SomePerson, OtherPerson).
is_connected_with(SomePerson, OtherPerson) :- is_connected_with(SomePerson, AnybodyBetween), a_relation_of_people(AnybodyBetween, OtherPerson).
`,
  )
  for (const file of [POLICY, policy]) {
    const { out } = await rune(['inspect', file])
    expect(out.split('\n').filter((line) => line.length > 100)).toEqual([])
    const strata = [...out.matchAll(/^stratum (\d+)/gm)].map((match) => Number(match[1]))
    expect(strata).toEqual(strata.toSorted((a, b) => a - b))
    expect(out).not.toContain('\x1b')
  }
  expect((await rune(['inspect', POLICY], { isTerminal: true })).out).toContain('\x1b[1mreach/2')
})

test('what the engine adds is left out, unless it has rows or is asked for', async () => {
  const input = `version = "rune/1.0"
[data]
member = [["ana", "staff"]]
[entities]
'User::"ana"' = {}
[rules]
decl same(a: String, b: String) equivalence.
same(X, Y) :- member(X, Y).
`
  const names = async (...more: string[]) => {
    const { out } = await rune(['inspect', '-', '--format', 'json', ...more], { input })
    return (JSON.parse(out).predicates as InspectedPredicate[]).map(({ name }) => name)
  }
  expect(await names()).toEqual(['entity.type', 'member', 'same'])
  expect(await names('--all')).toContain('$same')
  expect(await names('--predicate', '$same')).toEqual(['$same'])
  expect(await names('--predicate', 'principal')).toEqual(['principal', 'principal'])
})

test('the transcript of `docs/inspect.md` is one', async () => {
  const { out } = await rune(['inspect', POLICY, '--predicate', 'reach'])
  const printed = out.replaceAll(POLICY, 'policy.rune').split('\n')
  const shown = readFileSync('docs/inspect.md', 'utf8').split('\n')
  const start = shown.findIndex((line) => line.startsWith('    stratum '))
  const end = shown.findIndex((line, i) => i > start && /^\S/.test(line))
  for (const line of shown.slice(start, end)) expect(printed).toContain(line.slice(4))
})
