/** Reloads: whatever was loaded before, what readers get is what a coordinator that starts anew makes of the files. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attachArena } from '../src/image/arena.ts'
import { RuneError } from '../src/text/diagnostic.ts'
import { type Coordinator, createCoordinator } from '../src/threads/coordinator.ts'
import { createReader, type Reader } from '../src/threads/reader.ts'
import { temporaryFolder } from './threads/temporary.ts'

const POLICIES = [
  '@id("a") permit(principal, action == Action::"read", resource)\n  when { context.facts.member.contains({ user: principal }) };',
  'permit(principal in Group::"g", action, resource) when { principal.level < 5 && resource.name like "é*" };',
  '  forbid(principal, action, resource) unless { principal has level };',
  '// a comment\npermit(principal == ?principal, action, resource);',
  '@id("never") permit(principal == User::"a", action, resource) when { principal == User::"b" };',
  '@id("wrong") permit(principal, action, resource) when { context.facts.nobody.isEmpty() };',
  'permit(principal, action, resource',
]
/** So that most texts have no mistake. */
const OFTEN = POLICIES.slice(1, 4)
const RULES = [
  'member(U) :- lead(U).',
  'decl seen(at: Long).',
  'permit("x") :- seen(_).',
  'member(U) :- lead(U), U != "u1".',
]
const DATA = ['lead = [["u0"], ["u1"]]', 'lead = [["u1"]]', 'lead = [["u1"], ["u2"], ["u0"]]']

const some = (all: readonly string[], maxLength: number) => fc.array(fc.constantFrom(...all), { maxLength })
const text = fc
  .record({
    data: fc.constantFrom(...DATA),
    rules: some(RULES, 3),
    policies: some([...POLICIES, ...OFTEN, ...OFTEN], 6),
  })
  .map(
    ({ data, rules, policies }) =>
      `version = "rune/1.0"\n[data]\n${data}\n[rules]\ndecl member(user: User).\n${rules.join('\n')}\n[entities]\n'User::"u0"' = { in = ['Group::"g"'], attrs = { level = 1 } }\n[policies]\n${policies.join('\n')}\n`,
  )

const REQUESTS = ['u0', 'u1', 'u2'].map((id) => ({ principal: `User::"${id}"`, action: 'read', resource: 'Doc::"d"' }))

/** What a load makes of the file, as all see it. */
function outcome({ load }: Coordinator, reader: () => Reader) {
  try {
    const { warnings, counts, rows } = load()
    const at = reader()
    const decisions = REQUESTS.map((request) => ({ ...at.authorize(request), epoch: 0 }))
    const members = at.query('member(U)').rows.flat().map(String).sort()
    return { warnings, counts, rows, decisions, members, program: at.program() }
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return error.diagnostics
  }
}

test('a reload yields what a first load of the same files does', () => {
  const path = join(temporaryFolder(), 'main.rune')
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 6 }), (texts) => {
      const coordinator = createCoordinator({ input: { path } })
      const reader = createReader(attachArena(coordinator.memory))
      for (const one of texts) {
        writeFileSync(path, one)
        const fresh = createCoordinator({ input: { path } })
        const expected = outcome(fresh, () => createReader(attachArena(fresh.memory)))
        expect(outcome(coordinator, () => reader)).toEqual(expected)
        coordinator.tidy()
      }
      reader.close()
    }),
    { numRuns: 60 },
  )
})

test('an edit of one policy leaves what was compiled of the others, and of relations what was attached', () => {
  const path = join(temporaryFolder(), 'main.rune')
  const load = (level: number) => {
    const policies = [1, 2, level].map(
      (n) => `@id("p${n}") permit(principal, action, resource) when { context.n < ${n} };`,
    )
    writeFileSync(path, `version = "rune/1.0"\n# ${'x'.repeat(level)}\n[policies]\n${policies.reverse().join('\n')}\n`)
    coordinator.load()
    return reader.program()
  }
  const coordinator = createCoordinator({ input: { path } })
  const reader = createReader(attachArena(coordinator.memory))
  const [before, after] = [load(3), load(4)]
  expect(after.policies[1]).toBe(before.policies[1])
  expect(after.policies[2]).toBe(before.policies[2])
  expect(after.predicates).toBe(before.predicates)
})
