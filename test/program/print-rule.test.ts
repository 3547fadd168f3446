/** Rules as people read them again. */
import { expect, test } from 'vitest'
import { rulePrinter } from '../../src/program/print-rule.ts'
import { build } from '../../src/threads/build.ts'

function printed(rule: string): string {
  const { program } = build({
    text: `version = "rune/1.0"\n[data]\np = [["a", 1]]\nq = ["a"]\n[rules]\ndecl p(x: String, n: Long).\ndecl q(x: String).\n${rule}`,
  })
  const printer = rulePrinter(program.predicates)
  const written = program.rules.filter(({ span }) => span)
  return written
    .map((r) => `${printer.head(r)} :- ${r.body.map((literal) => printer.literal(r, literal)).join(', ')}.`)
    .join('\n')
}

test.each([
  'h(X) :- p(X, _), not q(X).',
  'h(X, "a b") :- p(X, 1).',
  'h(X, N) :- p(X, M), N = (M + 1) * -M, N != 2.',
  'h(X) :- p(X, M), M in [1, 2], not X in ["b", "c"].',
  'h(X) :- q(X), X.starts_with("a"), not X.ends_with("b").',
  'h(P) :- q(X), P = X.split("/").',
  'h(X, N) :- q(X), N = sum(M, p(X, M)).',
  'h :- q(_).',
])('%s', (rule) => {
  expect(printed(rule)).toBe(rule)
})

test('an expression in an atom is a variable by then', () => {
  expect(printed('h(X) :- q(X), p(X, 1 + 2).')).toMatch(/^h\(X\) :- .*p\(X, (\$\d+|3)\)/)
})
