/** Requests that reach a limit while policies are evaluated, and reloads beside them: nothing of the one before is left. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { Rune } from '../../src/index.ts'
import { temporaryFolder } from '../threads/temporary.ts'

afterEach(() => vi.unstubAllEnvs())

const ASKS_ALL = 'permit (principal, action, resource) when { context.facts.big.isEmpty() || context.x == 1 };'
const FAILS_FIRST = 'permit (principal, action, resource) when { context.x == 1 };'
const ASKS_THE_SAME = 'permit (principal, action, resource) when { !context.facts.big.isEmpty() && context has ok };'
const ASKS_MUCH =
  'permit (principal, action, resource) when { context has a && context.facts.big != context.facts.other };'

/** Of 100 steps; each row of the 60 that a policy reads is one. */
const open = (policies: readonly string[]) => {
  const rows = (name: string) => `${name} = [${Array.from({ length: 60 }, (_, i) => `"${name}${i}"`).join()}]`
  const head = `version = "rune/1.0"\n[options]\nmax_steps = 100\n[data]\n${rows('big')}\n${rows('other')}\n[policies]\n`
  return Rune.fromText(head + policies.join('\n'), { coordinator: 'inline' })
}

function outcome(rune: Rune, context: Readonly<Record<string, unknown>>): string {
  try {
    const { decision, errors } = rune.authorize({
      principal: 'U::"u"',
      action: 'Action::"v"',
      resource: 'D::"d"',
      context,
    })
    return [decision, ...errors.map(({ id }) => id)].join(' ')
  } catch (error) {
    return String(error).match(/R\d+/)?.[0] ?? String(error)
  }
}

test.each(['0', '1', undefined])(
  'RUNE_CODEGEN=%s: a policy that fails takes no more steps than one that does not',
  async (codegen) => {
    vi.stubEnv('RUNE_CODEGEN', codegen)
    for (const policies of [[ASKS_ALL], [ASKS_ALL, ASKS_THE_SAME]]) {
      const rune = await open(policies)
      const outcomes = Array.from({ length: 40 }, (_, n) => outcome(rune, { n }))
      expect(new Set(outcomes)).toEqual(new Set(['deny policy0']))
      await rune.close()
    }
  },
)

test.each(['0', '1'])('RUNE_CODEGEN=%s: a request that reached a limit leaves nothing behind', async (codegen) => {
  vi.stubEnv('RUNE_CODEGEN', codegen)
  const rune = await open([FAILS_FIRST, ASKS_MUCH])
  for (let n = 0; n < 3; n++) expect(outcome(rune, { a: n })).toBe('R504')
  expect(outcome(rune, { y: 1 })).toBe('deny policy0')
  expect(outcome(rune, { x: 1 })).toBe('permit')
  await rune.close()
})

test('predicates that get another number, and another arity, are looked up as they are now', async () => {
  const input = (extra: string) => `version = "rune/1.0"
[data]
${extra && 'extra = ["e"]'}
owner = [["u", "d"]]
admin = ["a"]
[rules]
${extra}
decl owner(who: User, doc: Doc).
decl admin(who: User).
[policies]
permit (principal, action, resource) when { context.facts.owner.contains({who: principal, doc: resource}) };
permit (principal, action, resource) when { context.facts.admin.contains(principal) };
`
  vi.stubEnv('RUNE_CODEGEN', '1')
  for (const [before, after] of [
    ['', 'decl extra(x: User).'],
    ['decl extra(x: User).', ''],
  ] as const) {
    const path = join(temporaryFolder(), 'main.rune')
    writeFileSync(path, input(before))
    const rune = await Rune.open(path, { coordinator: 'inline' })
    const asked = () =>
      ['u', 'a', 'nobody'].map((id) => {
        return rune.authorize({ principal: `User::"${id}"`, action: 'Action::"v"', resource: 'Doc::"d"' }).allowed
      })
    expect(asked()).toEqual([true, true, false])
    writeFileSync(path, input(after))
    await rune.reload()
    expect(asked()).toEqual([true, true, false])
    await rune.close()
  }
})
