/**
 * Safety: which variables nothing binds, and how that is said.
 */
import { describe, expect, test } from 'vitest'
import { analyseRules, messageOf, ruleCodes, underlined } from './programs.ts'

const unsafe = (rules: string): string[] =>
  analyseRules(rules).diagnostics.flatMap(({ code, message }) => (code === 'R350' ? [message] : [`${code} ${message}`]))

describe('safety', () => {
  test.each([
    ['p(X, Y) :- q(X). q(a).', '`Y` stands in the head, and nothing binds it'],
    ['p(X) :- q(X), not r(X, Y). q(a). r(a, b).', '`Y` stands under `not`, and nothing binds it'],
    ['p(X) :- q(X), Y > X. q(1).', '`Y` stands beside `>`, and nothing binds it'],
    ['p(X) :- q(X), Y != X. q(1).', '`Y` stands beside `!=`, and nothing binds it'],
    ['p(X) :- X = Y + 1, q(Z). q(1).', '`Y` stands beside `=`, and nothing binds it'],
    ['p(X) :- q(X), Y.starts_with("a"). q(a).', '`Y` stands in `starts_with`, and nothing binds it'],
    ['p(X) :- q(X), X in Y. q(a).', '`Y` stands beside `in`, and nothing binds it'],
    ['p(X) :- q(X), not Y in ["a"]. q(a).', '`Y` stands under `not`, and nothing binds it'],
    ['p(X) :- X = Y.split(","). q(a).', '`Y` stands in `split`, and nothing binds it'],
    ['p(X) :- q(X), q(Y + 1). q(1).', '`Y` stands beside `=`, and nothing binds it'],
    ['p(X).', '`X` stands in the head, and nothing binds it'],
    ['p(_) :- q(_). q(1).', '`_` stands in the head, where a value is needed'],
    ['p(X) :- q(X), _ > X. q(1).', '`_` stands beside `>`, where a value is needed'],
    ['p(X) :- q(X), count(Z, q(Z)) = Y + X. q(1).', '`Y` stands in `count`, and nothing binds it'],
  ])('%s', (rules, message) => {
    expect(unsafe(rules)).toEqual([message])
  })

  test('each variable is named once, at its place', () => {
    expect(unsafe('p(X) :- q(X), Y > X, Y < 3, not r(Y), Z != Y. q(1). r(1).')).toEqual([
      '`Y` stands beside `>`, and nothing binds it',
      '`Z` stands beside `!=`, and nothing binds it',
    ])
    expect(underlined('[rules]\np(Else) :- q(X), not r(X). q(a). r(a).', 'R350')).toBe('Else')
  })

  test('`=` and `in` bind, whatever the order', () => {
    expect(ruleCodes('p(Y) :- Y > 1, Y = X + 1, X in [1, 2].')).toEqual([])
    expect(ruleCodes('p(X) :- 1 = X.')).toEqual([])
  })

  test('a variable may be bound by nothing but a cycle', () => {
    expect(unsafe('p(X) :- X = Y + 1, Y = X + 1.')).toHaveLength(2)
  })

  test('help says what to write', () => {
    expect(messageOf('[rules]\np(X).', 'R350')).toMatch(/a fact has no variables/)
    expect(messageOf('[rules]\np(X) :- not q(X). q(a).', 'R350')).toMatch(/bind `X` by a literal that is not negated/)
  })
})
