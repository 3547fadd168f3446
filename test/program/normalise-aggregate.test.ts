/**
 * Aggregates: groups, empty groups, the short form, local variables, disjunction within.
 */
import { describe, expect, test } from 'vitest'
import { codesOf, messageOf, rowsOf } from './programs.ts'

const CALLS = `[data]
user = ["alice", "bob", "carol"]
call = [["alice", 1, 5], ["alice", 2, 5], ["alice", 3, 7], ["bob", 1, 2]]
[rules]
`
const rows = (rules: string, name: string) => rowsOf(CALLS + rules, name)
const codes = (rules: string) => codesOf(CALLS + rules)

describe('aggregates', () => {
  test('bindings of all variables and wildcards count, `count_distinct` counts values', () => {
    expect(rows('n(U, N) :- user(U), N = count(C, call(U, _, C)).', 'n')).toEqual([
      '"alice", 3',
      '"bob", 1',
      '"carol", 0',
    ])
    expect(rows('n(U, N) :- user(U), N = count_distinct(C, call(U, _, C)).', 'n')).toEqual([
      '"alice", 2',
      '"bob", 1',
      '"carol", 0',
    ])
  })

  test('a group that nothing else binds is enumerated, and is never empty', () => {
    expect(rows('n(U, N) :- N = count(C, call(U, _, C)).', 'n')).toEqual(['"alice", 3', '"bob", 1'])
    expect(rows('n(U, N) :- N = sum(C, call(U, _, C)).', 'n')).toEqual(['"alice", 17', '"bob", 2'])
  })

  test('two aggregates that share a group that nothing binds are symmetric', () => {
    const rules = 'a(1, x). a(2, x). b(1, x). b(1, y).\nn(N, M) :- N = count(X, a(X, Y)), M = count(Z, b(Z, Y)).'
    expect(rows(rules, 'n')).toEqual(['2, 1'])
  })

  test('an aggregate can group by the result of another', () => {
    const rules = 'size(3, big). size(1, small).\nn(U, N, M) :- N = count(C, call(U, _, C)), M = count(S, size(N, S)).'
    expect(rows(rules, 'n')).toEqual(['"alice", 3, 1', '"bob", 1, 1'])
  })

  test('without a binding, `min`, `max` and `mean` derive nothing', () => {
    for (const f of ['min', 'max', 'mean']) {
      expect(rows(`n(U) :- user(U), N = ${f}(C, call(U, _, C)).`, 'n')).toEqual(['"alice"', '"bob"'])
    }
  })

  test('the sum of no floats is a float', () => {
    const rules = 'w(alice, 1.5).\nn(U, N) :- user(U), N = sum(C, w(U, C)).'
    expect(rows(rules, 'n')).toEqual(['"alice", 1.5', '"bob", 0.0', '"carol", 0.0'])
  })

  test('without groups there is one result', () => {
    expect(rows('n(N) :- N = count(C, call(_, _, C)).', 'n')).toEqual(['4'])
    expect(rows('n(N) :- N = count(C, call("nobody", _, C)).', 'n')).toEqual(['0'])
    expect(rows('n(N) :- N = count(_, call(_, _, _)).', 'n')).toEqual(['4'])
  })

  test('braces, several literals and expressions', () => {
    expect(rows('n(U, N) :- N = sum { C * 2 : call(U, _, C) }.', 'n')).toEqual(['"alice", 34', '"bob", 4'])
    expect(rows('n(N) :- N = count(U, (user(U), call(U, _, C), C > 4)).', 'n')).toEqual(['3'])
  })

  test('the result may be compared instead of bound', () => {
    expect(rows('n(U) :- user(U), 3 = count(C, call(U, _, C)).', 'n')).toEqual(['"alice"'])
    expect(rows('n(U) :- call(U, N, _), N = count(C, call(U, _, C)).', 'n')).toEqual(['"alice"', '"bob"'])
  })

  test('the variable of an aggregate is local to it', () => {
    expect(rows('n(C, N) :- call(_, 1, C), N = count(C, call("alice", _, C)).', 'n')).toEqual(['2, 3', '5, 3'])
    expect(messageOf(`${CALLS}n(C, N) :- N = count(C, call("alice", _, C)).`, 'R350')).toBe(
      '`C` stands in the head, and nothing binds it | the `C` of the aggregate is another variable, local to it',
    )
  })

  test('the short form gives its result to the head variable that nothing binds', () => {
    expect(rows('n(U, N) :- count(C, call(U, _, C)).', 'n')).toEqual(['"alice", 3', '"bob", 1'])
    expect(rows('n(U, N) :- user(U), count(C, call(U, _, C)), N < 2.', 'n')).toEqual(['"bob", 1', '"carol", 0'])
  })

  test('a short form whose result can go nowhere, or to two places, is an error', () => {
    expect(codes('n(U) :- count(C, call(U, _, C)).')).toEqual(['R347'])
    expect(codes('n(U, N, M) :- count(C, call(U, _, C)).')).toEqual(['R347'])
    expect(codes('n(N, M) :- count(C, call(_, _, C)), sum(C, call(_, _, C)).')).toEqual(['R347'])
  })

  test('a disjunction within counts each binding of its variables once', () => {
    const rules = 'p(1). p(2). q(2). q(3).\nn(N) :- N = count(X, (p(X) ; q(X))).'
    expect(rows(rules, 'n')).toEqual(['3'])
    expect(rows('n(U, N) :- user(U), N = count(X, (call(U, X, _) ; call(U, _, X))).', 'n')).toEqual([
      '"alice", 6',
      '"bob", 2',
      '"carol", 0',
    ])
    expect(rows('p(1). p(2). q(1).\nn(N) :- N = count(X, (p(X), (q(X) ; p(X)))).', 'n')).toEqual(['2'])
  })

  test('variables that only some alternatives bind keep bindings apart, and cannot be used outside', () => {
    expect(rows('p(1, a). p(1, b). q(1).\nn(N) :- N = count(X, (p(X, Y), Y != "c" ; q(X))).', 'n')).toEqual(['3'])
    expect(codes('p(1, a). q(1).\nn(Y, N) :- N = count(X, (p(X, Y) ; q(X))).')).toEqual(['R348'])
  })

  test('an aggregate within another is refused', () => {
    expect(codes('n(N) :- N = count(X, (user(X), M = count(C, call(X, _, C)), M > 1)).')).toContain('R346')
  })

  test('`_` in place of the variable is for `count` alone', () => {
    expect(codes('n(N) :- N = sum(_, call(_, _, _)).')).toEqual(['R346'])
  })

  test('what is aggregated and not bound within is an error', () => {
    expect(codes('n(N) :- N = sum(C + D, call(_, _, C)).')).toEqual(['R350'])
    expect(codes('n(N) :- N = count(C, (call(_, _, C), D > C)).')).toEqual(['R350'])
  })
})
