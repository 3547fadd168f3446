/**
 * Warnings about rules and declarations, and what they must not be given for.
 */
import { describe, expect, test } from 'vitest'
import { analyseText, codesOf, messageOf, ruleCodes } from './programs.ts'

describe('warnings', () => {
  test('a predicate that is defined nowhere, with the nearest name', () => {
    expect(messageOf('[data]\nblocked = ["bob"]\n[rules]\np(X) :- action(X), not blokced(X).', 'R475')).toBe(
      'there is no predicate `blokced`, so it is empty | did you mean `blocked`?',
    )
    expect(
      analyseText('[rules]\np(X) :- q(X). r(X) :- q(X).').diagnostics.map(
        ({ code, severity }) => `${severity} ${code}`,
      ),
    ).toEqual(['warning R475'])
    expect(codesOf('[data]\nq = []\n[rules]\np(X) :- q(X).')).toEqual([])
    expect(ruleCodes('decl q(x). p(X) :- q(X).')).toEqual([])
  })

  test('a rule that can never fire, since a predicate that it reads is empty', () => {
    expect(ruleCodes('p(X) :- p(X).')).toEqual(['R476'])
    expect(ruleCodes('q(X) :- nothing(X). p(X) :- q(X).')).toEqual(['R475', 'R476'])
    expect(messageOf('[rules]\np(X) :- path(X).', 'R476')).toMatch(/`path` can have no row \| `path_types`/)
    expect(codesOf('[options]\npath_types = ["File"]\n[rules]\np(X) :- path(X).')).toEqual([])
  })

  test.each([
    ['p(X) :- X = 1, X = 2.'],
    ['p(X) :- X = "a", X in ["b", "c"].'],
    ['p(X) :- X in ["a", "b"], X in ["c"].'],
    ['p(a) :- "a" = "b".'],
    ['p(a) :- action("read"), action("write").'],
    ['p(a) :- principal("a"), principal("b", _).'],
    ['p(a) :- principal(_, "A"), principal(_, "B").'],
    ['p(a) :- request(U::"a", _, _), request(U::"b", _, _).'],
  ])('%s can never fire: two constants where there is one value', (rule) => {
    expect(ruleCodes(rule)).toEqual(['R476'])
  })

  test.each([
    ['p(X) :- X = 1, X = 1.'],
    ['p(X) :- X in ["a", "b"], X in ["b", "c"].'],
    ['p(a) :- (action("read") ; action("write")).'],
    ['p(a) :- request(U::"a", _, R::"b"), request(_, A::"c", _).'],
    ['p(a) :- principal("a"), resource("b").'],
    ['p(a) :- context("a", 1), context("b", 2), context("a", 2).'],
  ])('%s can fire', (rule) => {
    expect(ruleCodes(rule)).toEqual([])
  })

  test('a declaration that nothing uses', () => {
    expect(ruleCodes('decl p(x). q(1).')).toEqual(['R477'])
    expect(ruleCodes('decl p(x). q(X) :- p(X).')).toEqual([])
    expect(ruleCodes('decl p(x). p(1).')).toEqual([])
    expect(ruleCodes('decl p(x). p(X) :- q(X). q(1).')).toEqual([])
    const policy = 'permit(principal, action, resource) when { context.facts.p.contains(principal) };'
    expect(codesOf(`[rules]\ndecl p(x: User).\n[policies]\n${policy}`)).toEqual([])
  })

  test('`starts_with` on a path that ends within a name', () => {
    const options = '[options]\npath_types = ["File"]\n[rules]\n'
    expect(messageOf(`${options}p(X) :- path(X), X.starts_with("/allowed").`, 'R478')).toBe(
      '`starts_with("/allowed")` holds for `/allowed-other` too | write `under("/allowed")`, or `starts_with("/allowed/")`',
    )
    expect(codesOf(`${options}p(X) :- path(X), not X.starts_with("allowed").`)).toEqual(['R478'])
    expect(codesOf(`${options}p(X) :- path(X), X.starts_with("/allowed/").`)).toEqual([])
    expect(codesOf(`${options}p(X) :- resource(X), X.starts_with("/a").`)).toEqual(['R478'])
    expect(codesOf(`${options}p(X) :- resource(X), X.starts_with("doc-").`)).toEqual([])
  })

  test('a single bool that is asked for whatever it is', () => {
    const data = '[data]\nmaintenance = false\n[rules]\n'
    expect(messageOf(`${data}p(a) :- maintenance(_).`, 'R479')).toBe(
      '`maintenance(_)` holds for `maintenance = false` as well | write `maintenance(true)`',
    )
    expect(codesOf(`${data}p(a) :- maintenance(X).`)).toEqual(['R479'])
    expect(codesOf(`${data}p(a) :- not maintenance(_).`)).toEqual(['R479'])
    expect(codesOf(`${data}p(X) :- maintenance(X).`)).toEqual([])
    expect(codesOf(`${data}p(a) :- maintenance(true).`)).toEqual([])
  })
})
