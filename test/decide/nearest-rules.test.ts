/** Why not, of rules: the literals up to the one that stops them. */
import { expect, test } from 'vitest'
import { explain, linesOf } from './explain.ts'

const RULES = `[data]
member = [["ann", "eng"], ["ann", "ops"], ["bob", "eng"]]
suspended = ["ann"]
limit = [["eng", 3]]
[rules]
permit("write") :- action("write"), principal(P, "User").
permit("member " + P) :- principal(P, "User"), N > 5, limit(G, N), member(P, G), action("read").
permit("active") :- principal(P, "User"), member(P, _), not suspended(P).
permit :- principal(P), context.size(S), 10 / S > 1, member(P, "eng").
`

test('a rule that derives nothing says up to which literal it holds', async () => {
  const { because, whyNot } = await explain(RULES, { context: { size: 0 } })
  expect(because.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(['permit3 failed'])
  expect(whyNot?.permits.map(({ kind, id, line }) => [kind, id, line])).toEqual([
    ['rule', 'permit1', 11],
    ['rule', 'active', 12],
    ['rule', 'write', 10],
  ])
  expect(whyNot?.permits.map(linesOf)).toEqual([
    // `N > 5` waits for `N`.
    ['literal true: principal(P, "User")', 'literal true: limit(G, N)', 'literal false: N > 5', '  N = 3'],
    [
      'literal true: principal(P, "User")',
      'literal true: member(P, _)',
      'literal false: not suspended(P)',
      '  P = "ann"',
    ],
    ['literal false: action("write")'],
  ])
  expect(whyNot?.permits[0]?.clauses?.[2]).toMatchObject({ file: 'p.rune', line: 11, column: 48 })
})

test('a literal that fails where a later one does not hold is told as failed', async () => {
  const rule = 'permit :- principal(P), context.size(S), 10 / S > 1, action("write"), P = "ann".'
  const { because, whyNot } = await explain(`[rules]\n${rule}`, { context: { size: 0 } })
  expect(because).toEqual([])
  expect(whyNot?.permits.flatMap(linesOf)).toEqual([
    'literal true: principal(P)',
    'literal true: context.size(S)',
    'literal failed: 10 / S > 1',
    '  S = 0',
  ])
  expect(whyNot?.permits[0]?.clauses?.at(-1)?.because[0]?.message).toBe('division by zero')
})

test('many rules, and rules that take more steps by themselves, are left out', async () => {
  const many = Array.from({ length: 200 }, (_, i) => `permit("r${i}") :- principal(P), action("${i}"), P = "ann".`)
  const { whyNot } = await explain(`[rules]\n${many.join('\n')}`)
  expect(whyNot?.permits.map(({ id }) => id)).toEqual(['r0', 'r1', 'r2', 'r3', 'r4'])
  expect(whyNot?.more).toBe(195)
  const pairs = Array.from({ length: 100 }, (_, i) => `["ann", ${i}]`).join(', ')
  const costly = await explain(`max_steps = 5000
[data]
n = [${pairs}]
[rules]
permit("none") :- principal(P), n(P, A), n(P, B), n(P, C), A + B + C > 1000, action("write").`)
  expect(costly.whyNot).toEqual({ permits: [], more: 1 })
})
