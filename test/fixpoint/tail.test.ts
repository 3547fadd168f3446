/** Tails of join orders: left at the first way through them, unless something in them can fail. */
import { afterEach, expect, test, vi } from 'vitest'
import { tailOf } from '../../src/fixpoint/tail.ts'
import { Rune } from '../../src/index.ts'
import { planBody } from '../../src/program/plan.ts'
import { predicateOf, programOf, rowsOf } from '../program/programs.ts'

const FACTS = `decl n(n: Long). decl q(n: Long, m: Long). decl s(n: Long, s: String). decl h(n: Long).
n(1). q(1, 1). s(1, "a").`

/** Of the rule `rule`: the literals before the tail and those of it, in the order of the plan. */
function partsOf(rule: string): [number, number] {
  const program = programOf(`[rules]\n${FACTS}\n${rule}`)
  const found = program.rules.find((one) => one.head === predicateOf(program, 'h').id)
  if (!found) throw new Error('no rule')
  const wanted = new Set(found.args.flatMap((arg) => (arg.kind === 'variable' ? [arg.variable] : [])))
  const { steps } = planBody(found.body)
  const tail = tailOf(steps, { bound: [], wanted, needsAll: () => false })
  return [tail, steps.length - tail]
}

test.each([
  ['h(X) :- n(X), q(X, Y), q(Y, Z), n(Z).', [1, 3]],
  ['h(1) :- q(X, Y), q(Y, Z).', [0, 2]],
  ['h(X) :- n(X), q(X, Y), Y < 3, not n(Y), Y != X.', [1, 4]],
  ['h(X) :- n(X), q(X, Y), not Y in [1, 2], s(Y, S), S != "b".', [1, 4]],
  ['h(X) :- n(X), q(X, Y), 6 / Y = 2.', [3, 0]],
  ['h(X) :- n(X), q(X, Y), Y + 1 < 3, q(Y, Z), n(Z).', [3, 2]],
  ['h(X) :- n(X), s(X, S), S.starts_with("a").', [3, 0]],
  ['h(X) :- n(X), s(X, S), "b" = S.split(",").', [3, 0]],
  ['h(X) :- n(X), q(X, Y), 2 = sum(Z, q(Y, Z)).', [3, 0]],
])('%s has %j steps before its tail and in it', (rule, parts) => {
  expect(partsOf(rule)).toEqual(parts)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

test.each(['0', '1'])('what fails behind the first way is still an error: code %s', (codegen) => {
  vi.stubEnv('RUNE_CODEGEN', codegen)
  const facts = 'q(1, 3). q(1, 2). q(1, 0). q(2, 1). n(2). n(3).'
  const rows = (body: string) => rowsOf(`[rules]\n${FACTS}\n${facts}\nh(X) :- n(X), ${body}.`, 'h')
  expect(rows('q(X, Y), n(Y)')).toEqual(['1', '2'])
  expect(() => rows('q(X, Y), 6 / Y > 0')).toThrow('division by zero')
  expect(() => rows('q(X, Y), Z = 6 / Y, q(Z, _)')).toThrow('division by zero')
  expect(rows('q(X, Y), Y > 0, n(Z), q(Z, Y)')).toEqual(['1', '2'])
})

test('a request goes through a tail no further than to the first way', async () => {
  const numbers = Array.from({ length: 300 }, (_, i) => `[${i}, ${i}]`).join()
  const rune = await Rune.fromText(
    `version = "rune/1.0"\n[options]\nmax_steps = 2000\n[data]\nq = [${numbers}]
[rules]
forbid :- action("see"), q(X, _), q(Y, _), X <= Y, q(Y, _).
forbid :- action("check"), q(X, _), q(Y, _), X / (Y + 1) > 1000.`,
    { coordinator: 'inline' },
  )
  const request = { principal: 'User::"ana"', action: 'see', resource: 'Doc::"d"' }
  expect(rune.authorize(request).decision).toBe('forbid')
  expect(() => rune.authorize({ ...request, action: 'check' })).toThrow('needs more than 2000 steps')
  await rune.close()
})

test.each(['0', '1'])(
  'a rule over a predicate without rows fails where that depends on the failure, and only there: code %s',
  (codegen) => {
    vi.stubEnv('RUNE_CODEGEN', codegen)
    const rows = (body: string) => rowsOf(`[rules]\n${FACTS}\ndecl none(n: Long).\nh(X) :- n(X), ${body}.`, 'h')
    expect(rows('none(Y), Z = X / 0, Z > 1')).toEqual([])
    expect(() => rows('Z = X / 0, none(Z)')).toThrow('division by zero')
    expect(rows('not none(X)')).toEqual(['1'])
  },
)
