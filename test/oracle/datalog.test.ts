/** The Datalog oracle on small programs whose models are plain to see. */
import { describe, expect, test } from 'vitest'
import { parseClauses } from '../../src/syntax/datalog/parse.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import { entityUid, type Value } from '../../src/values/value.ts'
import { evaluate, type Facts } from './datalog.ts'
import { entityFacts, requestFacts } from './datalog-facts.ts'

/** The model of `text`: for each predicate its tuples, with `?` for a column that failed, errors marked. */
function model(text: string, facts: Facts = new Map()): (predicate: string) => string[] {
  const diagnostics = new Diagnostics()
  const clauses = parseClauses({ source: { path: 'test', text }, start: 0, end: text.length }, diagnostics)
  expect(diagnostics.all).toEqual([])
  const tuples = evaluate(clauses, facts)
  const shown = (row: readonly (Value | undefined)[]): string =>
    row.map((value) => (value === undefined ? '?' : short(value))).join()
  return (predicate) => {
    const { rows, errors } = tuples.get(predicate) ?? { rows: new Map(), errors: new Map() }
    return [...[...rows.values()].map(shown), ...[...errors.values()].map((row) => `error ${shown(row)}`)].sort()
  }
}

function short(value: Value): string {
  return typeof value !== 'object' ? `${value}` : value.kind === 'entity' ? `${value.type}:${value.id}` : value.kind
}

describe('what holds', () => {
  test('recursion reaches the closure', () => {
    expect(model('e(a, b). e(b, c). e(c, a). t(X, Y) :- e(X, Y). t(X, Z) :- e(X, Y), t(Y, Z).')('t')).toHaveLength(9)
  })

  test('negation sees the finished predicate', () => {
    const of = model('n(1). n(2). n(3). e(1, 2). r(2). r(Y) :- r(X), e(X, Y). u(X) :- n(X), not r(X).')
    expect(of('u')).toEqual(['1', '3'])
  })

  test('a predicate that needs its own negation is refused', () => {
    expect(() => model('p(1). q(X) :- p(X), not q(X).')).toThrow('not stratified')
  })

  test('aggregates range over the distinct bindings of all variables and wildcards', () => {
    const of = model(`
      call(ann, mon, 5). call(ann, tue, 5). call(bob, mon, 1). user(ann). user(bob). user(eve).
      total(U, N) :- user(U), N = count(C, call(U, _, C)).
      kinds(U, N) :- user(U), N = count_distinct(C, call(U, _, C)).
      cost(U, N) :- user(U), N = sum { C : call(U, _, C) }.
      least(U, N) :- user(U), N = min(C, call(U, _, C)).
      avg(U, N) :- user(U), N = mean(C, call(U, _, C)).
      short(U, N) :- count(C, call(U, _, C)).
      all(N) :- N = count(C, call(_, _, C)).`)
    expect(of('total')).toEqual(['ann,2', 'bob,1', 'eve,0'])
    expect(of('kinds')).toEqual(['ann,1', 'bob,1', 'eve,0'])
    expect(of('cost')).toEqual(['ann,10', 'bob,1', 'eve,0'])
    expect(of('least')).toEqual(['ann,5', 'bob,1'])
    expect(of('avg')).toEqual(['ann,5', 'bob,1'])
    expect(of('short')).toEqual(['ann,2', 'bob,1'])
    expect(of('all')).toEqual(['3'])
  })

  test('a min head keeps the best of each group through recursion', () => {
    const of = model(`
      e(a, b, 1). e(b, c, 1). e(a, c, 5). e(c, a, 1).
      d(X, Y, min W) :- e(X, Y, W).
      d(X, Z, min D + W) :- d(X, Y, D), e(Y, Z, W).`)
    expect(of('d')).toContain('a,c,2')
    expect(of('d')).toHaveLength(9)
  })

  test('an equivalence is reflexive over what is in it, symmetric and transitive', () => {
    expect(model('decl same(a, b) equivalence. same(1, 2). same(3, 2). same(4, 4).')('same')).toHaveLength(10)
  })

  test('disjunction, lists, splits and methods', () => {
    const of = model(`
      p(1). q(2). r(X) :- (p(X) ; q(X)), X in [2, 3].
      part(P) :- P = "a/b//c".split("/").
      under(X) :- X in ["/a", "/ab", "/a/b/../c", "/a/../b"], X.under("/a").
      text(N) :- X = "é😀", N = X.length.`)
    expect(of('r')).toEqual(['2'])
    expect(of('part')).toEqual(['', 'a', 'b', 'c'])
    expect(of('under')).toEqual(['/a', '/a/b/../c'])
    expect(of('text')).toEqual(['2'])
  })

  test('a string that meets a declared entity column is that entity', () => {
    const of = model('decl m(u: User, n: Long). m(ann, 1). has(U) :- m(U, _). n(N) :- m("ann", N).')
    expect(of('has')).toEqual(['User:ann'])
    expect(of('n')).toEqual(['1'])
  })

  test('the entity bridge goes both ways', () => {
    const uid = (id: string) => entityUid('U', id)
    const none = { attrs: new Map(), tags: new Map() }
    const store = [{ uid: uid('a'), parents: [uid('b')], ...none }]
    const of = model('entity.parent(U::"b", U::"c"). up(X) :- entity.ancestor(U::"a", X).', entityFacts(store))
    expect(of('up')).toEqual(['U:b', 'U:c'])
    expect(of('entity.type')).toEqual(['U:a,U', 'U:b,U'])
  })

  test('request-time predicates hold what the request says', () => {
    const request = {
      principal: entityUid('User', 'ann'),
      action: entityUid('Action', 'read'),
      resource: entityUid('File', '/a/./b'),
      context: new Map<string, Value>([['roles', { kind: 'set', elements: ['x', 'y'] }]]),
    }
    const of = model(
      'p(R) :- path(P), context.roles(R), context("roles", R), P = "/a/b".',
      requestFacts(request, ['File']),
    )
    expect(of('p')).toEqual(['x', 'y'])
  })
})

describe('what fails', () => {
  test('an error counts where all that does not depend on it holds, in any order', () => {
    for (const body of ['n(X), Y = 1 / X, Y > 2, q(X)', 'Y > 2, q(X), Y = 1 / X, n(X)']) {
      const of = model(`n(0). n(1). q(0). h(X, Y) :- ${body}. none(X) :- n(X), Y = 1 / X, Y > 5, not n(X).`)
      expect(of('h')).toEqual(['error 0,?'])
      expect(of('none')).toEqual([])
    }
  })

  test('a literal that mentions what an expression defines depends on the error of that expression', () => {
    const facts = 'n(0). p(1). p(2). ok(3) :- n(3). same(0, 0).'
    const errors = (body: string) => model(`${facts} h(N, X) :- ${body}.`)('h')
    for (const body of [
      'n(N), X = 1 / N, ok(X)',
      'ok(X), 1 / N = X, n(N)',
      'n(N), X = 1 / N, p(X), X > 1',
      'n(N), X = 1 / N, not p(X)',
      'n(N), Y = 1 / N, X = Y, ok(X)',
      'n(N), Y = 1 / N, X = Y + 1, ok(X), ok(Y)',
      'n(N), X in [1 / N, 2], ok(X)',
      'n(N), X = count(Y, (p(Y), Z = 1 / N, ok(Z))), ok(X)',
    ]) {
      expect([body, ...errors(body)]).toEqual([body, 'error 0,?'])
    }
    expect(model(`${facts} h(N) :- n(N), ok(1 / N).`)('h')).toEqual(['error 0'])
    expect(model(`${facts} h(N) :- n(N), not ok(1 / N).`)('h')).toEqual(['error 0'])
    expect(model(`${facts} h(N) :- n(N), X = 1 / N, ok(X), p(N).`)('h')).toEqual([])
    expect(errors('n(N), X = 1 / N, X = N, ok(X)')).toEqual([])
    expect(errors('n(N), X = 1 / N, X = N + 1, p(X)')).toEqual(['error 0,1'])
    expect(errors('n(N), X = 1 / N, X = N + 2, not p(X)')).toEqual([])
  })

  test('what only a row can bind does not depend on the error', () => {
    expect(model('q(0, 1). h(X) :- q(N, X), X = 1 / N.')('h')).toEqual(['error 1'])
    expect(model('q(0, 1). h(X) :- q(N, X), X = 1 / N, X > 1.')('h')).toEqual([])
    const circle = 'q(0, 1). q(2, 0). h(X, Y) :- q(N, Y), X = 1 / N, q(M, X), Y = 1 / M.'
    expect(model(circle)('h')).toEqual(['0,0', 'error 1,1'])
    const limits = 'limit(0, 1). limit(2, 9). call(a, 0). ok(5) :- limit(5, 5).'
    const rule = 'h(U) :- limit(U, N), N = count(X, call(X, U)), Y = 1 / U, ok(Y).'
    expect(model(`${limits} ${rule}`)('h')).toEqual(['error 0'])
  })

  test('errors spread to what uses them, under not and in aggregates too', () => {
    const of = model(`
      n(0). n(1). p(X) :- n(X), 1 / X = 1. q(X) :- p(X). r(X) :- n(X), not p(X). c(N) :- N = count(X, p(X)).
      b(N) :- n(X), N = 1 / X. s(X) :- n(X), b(X). g(X, N) :- n(X), N = sum(M, (b(M), M = X)).`)
    expect(of('p')).toEqual(['1', 'error 0'])
    expect(of('q')).toEqual(['1', 'error 0'])
    expect(of('r')).toEqual(['error 0'])
    expect(of('c')).toEqual(['error ?'])
    expect(of('s')).toEqual(['1', 'error 0', 'error 1'])
    expect(of('g')).toEqual(['error 0,?', 'error 1,?'])
  })

  test('an error stays beside the same tuple', () => {
    expect(model('n(0). h(X) :- n(X). h(X) :- n(X), 1 / X = 1.')('h')).toEqual(['0', 'error 0'])
  })

  test('overflow, wrong types and infinite floats fail; equality never does', () => {
    for (const test of ['X + 1 > 0', 'X - -1 > 0', 'X < "a"', 'X.length > 0', 'X * 1.5 > 0.0', '1.0 / 0.0 > 1.0']) {
      expect(model(`n(9223372036854775807). h(X) :- n(X), ${test}.`)('h')).toEqual(['error 9223372036854775807'])
    }
    expect(model('n(1). h(X) :- n(X), X != "a".')('h')).toEqual(['1'])
  })

  test('the best of a group with an error is unknown', () => {
    expect(model('n(0, 4). n(2, 4). d(min V) :- n(X, Y), V = Y / X.')('d')).toEqual(['2', 'error ?'])
  })
})
