/** Literals: what is an atom, a comparison, a test, a group, an aggregate. */
import { describe, expect, test } from 'vitest'
import type { Literal } from '../../../src/syntax/datalog/ast.ts'
import { printLiteral } from '../../../src/syntax/datalog/print.ts'
import { codes, parse, parseQuery } from './parsed.ts'

function literals(text: string): readonly Literal[] {
  const { literals: found, problems } = parseQuery(text)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return found
}

/** Kind and text of each literal. */
function read(text: string): string[] {
  return literals(text).map((literal) => `${literal.kind}: ${printLiteral(literal)}`)
}

describe('a name', () => {
  test('is an atom, unless an operator makes it a value', () => {
    expect(read('ready, a.b, p(X), alice = X, alice in S, alice + X = Y, true = X, user::"a" = X')).toEqual([
      'atom: ready',
      'atom: a.b',
      'atom: p(X)',
      'compare: alice = X',
      'in: alice in S',
      'compare: alice + X = Y',
      'compare: true = X',
      'compare: user::"a" = X',
    ])
  })

  test('of an extension type makes a value where a method or an operator follows', () => {
    expect(
      read('ip("1.2.3.4").isLoopback, duration("1h") < D, ip("1.2.3.4") in S, ip("x"), ip(X), duration(A, B)'),
    ).toEqual([
      'test: ip("1.2.3.4").isLoopback()',
      'compare: duration("1h") < D',
      'in: ip("1.2.3.4") in S',
      'atom: ip("x")',
      'atom: ip(X)',
      'atom: duration(A, B)',
    ])
  })

  test('with variables for arguments is an atom though it is glued to the next clause', () => {
    expect(parse('p(X) :- ip(X).q(b).').clauses).toHaveLength(2)
  })
})

describe('negation', () => {
  test('is `not` or `!`, before atoms, `in` and methods', () => {
    expect(read('not p(X), !p(X), not X in [a], !X in S, not X.contains("a"), !T::"a".b, not ready')).toEqual([
      'atom: not p(X)',
      'atom: not p(X)',
      'in: not X in [a]',
      'in: not X in S',
      'test: not X.contains("a")',
      'test: not T::"a".b()',
      'atom: not ready',
    ])
  })

  test('may have its one literal in parentheses', () => {
    expect(read('not (p(X)), !(X in S), not ((X.contains("a")))')).toEqual([
      'atom: not p(X)',
      'in: not X in S',
      'test: not X.contains("a")',
    ])
  })

  test.each(['not X = 1', 'not (p, q)', 'not (p ; q)', 'not not p', '!!p', 'not (not p)', 'not count(X, p(X))'])(
    'is refused: %s',
    (text) => {
      expect(codes(`p :- ${text}.`)).toEqual(['R269'])
    },
  )
})

test('comparisons compare any expressions', () => {
  expect(read('X = 1, X == 1, X != Y + 1, 1 < X, X <= 2, "a" > X, X >= (1)')).toEqual([
    'compare: X = 1',
    'compare: X = 1',
    'compare: X != Y + 1',
    'compare: 1 < X',
    'compare: X <= 2',
    'compare: "a" > X',
    'compare: X >= 1',
  ])
})

test('`in` takes a list or an expression', () => {
  expect(read('X in ["a", b, 1 + 2], X in [], X in S, X + 1 in S, User::"a" in G')).toEqual([
    'in: X in ["a", b, 1 + 2]',
    'in: X in []',
    'in: X in S',
    'in: X + 1 in S',
    'in: User::"a" in G',
  ])
})

describe('a parenthesis', () => {
  test('groups literals, and disjunctions nest', () => {
    expect(read('(a, b ; c), ((a ; b), c ; d), (p(X)), (X < 1 ; X > 2), (X.contains("a"))')).toEqual([
      'or: (a, b ; c)',
      'or: ((a ; b), c ; d)',
      'or: (p(X))',
      'or: (X < 1 ; X > 2)',
      'or: (X.contains("a"))',
    ])
  })

  test('starts an expression where one goes on after it', () => {
    expect(read('(X + 1) < Y, (X).contains("a"), ((X) + 1) * 2 = Y, (X) in S, (X.replace("a", "b") + Y) = Z')).toEqual([
      'compare: X + 1 < Y',
      'test: X.contains("a")',
      'compare: (X + 1) * 2 = Y',
      'in: X in S',
      'compare: X.replace("a", "b") + Y = Z',
    ])
  })
})

describe('an aggregate', () => {
  test('is one side of `=`, or stands alone', () => {
    expect(
      read('N = count(X, p(X, _)), sum { X * 2 : p(X) } == N, 3 = max(X, (p(X), not q(X))), mean(X, (a(X) ; b(X)))'),
    ).toEqual([
      'compare: N = count(X, p(X, _))',
      'compare: sum(X * 2, p(X)) = N',
      'compare: 3 = max(X, (p(X), not q(X)))',
      'bare_aggregate: mean(X, (a(X) ; b(X)))',
    ])
  })

  test('has the literals of its parentheses for a body', () => {
    const [literal] = literals('count(X, (p(X), q(X) ; r(X)))')
    expect(literal?.kind === 'bare_aggregate' && literal.aggregate.body.map(({ kind }) => kind)).toEqual(['or'])
    const [other] = literals('count_distinct(X, (p(X), (q(X))))')
    expect(other?.kind === 'bare_aggregate' && other.aggregate.body.map(({ kind }) => kind)).toEqual(['atom', 'or'])
  })
})

test('places are those of the text', () => {
  const text = 'not p(X), X + 1 < Y, X in [a], X.f(a), N = count(X, p(X)), (a ; b)'
  expect(literals(text).map(({ span }) => text.slice(span.start, span.end))).toEqual([
    'not p(X)',
    'X + 1 < Y',
    'X in [a]',
    'X.f(a)',
    'N = count(X, p(X))',
    '(a ; b)',
  ])
})
