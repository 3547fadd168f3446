/**
 * Defined variables: which of a body's variables no atom binds.
 */
import { expect, test } from 'vitest'
import { definedVariables } from '../../src/program/defined.ts'
import { planBody } from '../../src/program/plan.ts'
import { predicateOf, programOf } from './programs.ts'

const FACTS = `decl n(n: Long). decl p(n: Long). decl q(n: Long, m: Long). decl s(s: String). decl l(s: String, n: Long).
n(1). p(1). q(1, 1). s("a"). l("a", 1).`

/** The names of the variables that the body of `h(…) :- body` defines; the plan of the body takes all of it. */
function defined(head: string, body: string): string[] {
  const program = programOf(`[rules]\n${FACTS}\n${head} :- ${body}.`)
  const rule = program.rules.find((one) => one.head === predicateOf(program, 'h').id)
  if (!rule) throw new Error('no rule')
  const found = definedVariables(rule)
  expect(planBody(rule.body, { defined: found }).stuck).toEqual([])
  return [...found].map((variable) => rule.variables[variable]?.replace(/^\$.*/, '$') ?? '').sort()
}

test.each([
  ['h(X) :- n(X), p(X), X > 0', []],
  ['h(X) :- X = 1, p(X)', []],
  ['h(X) :- X in [1, 2], p(X)', []],
  ['h(X) :- n(N), X = N + 1', ['X']],
  ['h(X) :- n(N), N + 1 = X, p(X)', ['X']],
  ['h(N) :- n(N), p(N + 1)', ['$']],
  ['h(N + 1) :- n(N)', ['$']],
  ['h(N) :- n(N), not p(N + 1)', ['$']],
  ['h(X) :- n(N), X in [N, 2], p(X)', ['X']],
  ['h(X) :- s(S), X = S.split(","), s(X)', ['X']],
  ['h(S, N) :- s(S), N = count(M, l(S, M)), n(N)', ['N']],
  ['h(Y) :- n(N), X = N + 1, Y = X, p(Y)', ['X', 'Y']],
  ['h(Y) :- n(N), X = N + 1, Y = X + 1, p(Y), p(X)', ['X', 'Y']],
  ['h(X) :- n(N), X = N + 1, p(M), X = M + 2', ['X']],
])('%s defines %j', (rule, names) => {
  const [head = '', body = ''] = rule.split(' :- ')
  expect(defined(head, body)).toEqual(names)
})

test.each([
  ['q(N, X) & X = N + 1', []],
  ['l(S, X) & X = count(M, l(S, M))', []],
  ['X = 10 / N & N = X + 1 & n(N)', ['X']],
  ['X = 10 / N & N = X + 1 & n(N) & p(X)', []],
  ['q(N, Y) & X = N + 1 & q(M, X) & Y = M + 1', []],
  ['q(N, X) & X = N + 1 & Z = N + X & p(Z)', ['Z']],
  ['l(S, X) & X = count(M, l(S, M)) & Y = X + 1 & p(Y)', ['Y']],
])('what only atoms can bind is not defined: of %s, %j are', (body, names) => {
  const literals = body.split(' & ')
  expect(defined('h(X)', literals.join(', '))).toEqual(names)
  expect(defined('h(X)', literals.reverse().join(', '))).toEqual(names)
})
