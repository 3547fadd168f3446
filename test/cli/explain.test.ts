/** `rune explain`: what it prints in its two forms. The rest of its output is among the transcripts. */
import { expect, test } from 'vitest'
import { rune } from './fake-terminal.ts'

const POLICY = 'test/fixtures/command-line/explain/policy.rune'

const explain = (action: string, ...more: string[]) =>
  rune(['explain', '-c', POLICY, '--principal', 'ana', '--resource', 'notes', '--action', action, ...more])

test('a permit is 0, with what its clauses came to', async () => {
  const { exit, out, err } = await explain('write')
  expect({ exit, err }).toEqual({ exit: 0, err: '' })
  expect(out).toBe(`permit
  by policy writers (${POLICY}:34:1)
      true   action == Action::"write": action = Action::"write"
      true   resource is Doc: resource = Doc::"notes"
`)
})

test('what is hidden in a value is shown, and outcomes are painted', async () => {
  const { exit, out } = await explain('wr\u{202e}ite', '--color')
  expect(exit).toBe(2)
  expect(out).toContain('\x1b[33mdeny\x1b[0m\n  nothing permits it; the nearest:\n')
  expect(out).toContain('\x1b[33mfalse \x1b[0m action == Action::"write"')
  expect(out).toContain('action = Action::"wr\\u{202e}ite"')
})

test('as JSON, the explanation is one line', async () => {
  const { exit, out } = await explain('list', '--format', 'json')
  expect(exit).toBe(2)
  const { decision, because, whyNot } = JSON.parse(out)
  expect(decision).toMatchObject({ decision: 'deny' })
  expect(because).toEqual([])
  expect(whyNot.permits).toHaveLength(4)
  expect(whyNot.permits[1]).toMatchObject({
    id: 'staff \u202eread',
    clauses: [{ outcome: 'true' }, { outcome: 'false' }],
  })
})
