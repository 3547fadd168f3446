/** What rules say with constants alone, computed when the file is analysed. */
import { expect, test } from 'vitest'
import { rulePrinter } from '../../src/program/print-rule.ts'
import { programOf, rowsOf } from './programs.ts'

const FACTS = `decl q(x: String). decl p(x: String, n: Long). decl h(x: String). decl n(n: Long). decl m(x: String, n: Long).
q("a"). p("a", 1). p("b", 7).`

function printed(rule: string): string {
  const program = programOf(`[rules]\n${FACTS}\n${rule}`)
  const printer = rulePrinter(program.predicates)
  return program.rules
    .filter(({ span }) => span)
    .map((r) => `${printer.head(r)} :- ${r.body.map((literal) => printer.literal(r, literal)).join(', ')}.`)
    .join('\n')
}

test.each([
  ['h(X) :- q(X), p(X, 1 + 2 * 3).', 'h(X) :- q(X), p(X, 7).'],
  ['h(X) :- p(X, N), Y = M + 1, M = 5, N < Y.', 'h(X) :- p(X, N), N < 6.'],
  ['h(X) :- p(X, N), N = M, M = 7.', 'h(X) :- p(X, 7).'],
  ['h(X) :- q(X), X = "a" + "b".lower.', 'h("ab") :- q("ab").'],
  ['n(N) :- N = -(7 / 2) % 2.', 'n(-1) :- .'],
  ['h(X) :- q(X), 1 < 2, "a" != "b", "ab".starts_with("a"), not "c" in ["a", "b"].', 'h(X) :- q(X).'],
  ['h(X) :- q(X), not p(Y, 1), Y = X, X = "c".', 'h("c") :- q("c"), not p("c", 1).'],
  ['h(X) :- q(X), Y + "b" = X, Y = "a".', 'h("ab") :- q("ab").'],
])('%s is %s', (written, folded) => {
  expect(printed(written)).toBe(folded)
})

test.each([
  ['h(X) :- q(X), 2 < 1.', '2 < 1'],
  ['h(X) :- q(X), X = "a", X = "b".', '"a" = "b"'],
  ['h(X) :- q(X), N = 1 + 1, N != 2.', '2 != 2'],
  ['h(X) :- q(X), X in ["c"], X = "a" + "b".', '"ab" in ["c"]'],
  ['h(X) :- p(X, N), 1 > 2, M = N / 0, M > 1.', '1 > 2'],
])('%s never holds, and no stratum has it', (rule, left) => {
  expect(printed(rule)).toBe(`h(X) :- ${left}.`)
  const { strata } = programOf(`[rules]\n${FACTS}\n${rule}`)
  expect(strata.flatMap(({ rules }) => rules.filter(({ span }) => span))).toEqual([])
})

test('an alternative that is false goes, the other one stays', () => {
  expect(printed('h(X) :- q(X), (1 = 2 ; p(X, 1)).')).toBe('h(X) :- 1 = 2.\nh(X) :- q(X), p(X, 1).')
})

test.each([
  ['n(N) :- q(_), N = 1 / 0.', 'n(N) :- q(_), N = 1 / 0.'],
  ['n(N) :- q(_), N = M + 1, M = 9223372036854775807.', 'n(N) :- q(_), N = 9223372036854775807 + 1.'],
  ['h(X) :- q(X), "a".substring(2, 1) = X.', 'h(X) :- q(X), "a".substring(2, 1) = X.'],
])('what fails stays: %s', (written, folded) => {
  expect(printed(written)).toBe(folded)
})

test('the groups of an aggregate stay variables, and its body is folded by itself', () => {
  expect(printed('m(X, N) :- X = "a", N = count(M, (p(X, M), M < K, K = 2 + 3)).')).toBe(
    'm(X, N) :- X = "a", N = count(M, p(X, M), M < 5).',
  )
})

test('a body of constants that never holds counts nothing', () => {
  expect(rowsOf(`[rules]\n${FACTS}\nm(X, N) :- q(X), N = count(M, (p(X, M), 1 = 2)).`, 'm')).toEqual(['"a", 0'])
})

test('a rule of which nothing is left but its head holds', () => {
  expect(rowsOf(`[rules]\n${FACTS}\nn(N) :- N = 1 + 2, N < 4.`, 'n')).toEqual(['3'])
})
