/**
 * Types: what is inferred, what can never be equal or apply, what is checked at run time.
 */
import { describe, expect, test } from 'vitest'
import { analyseRules, analyseText, codesOf, messageOf, predicateOf, programOf, rowsOf, ruleCodes } from './programs.ts'

const message = (rules: string, code: string) => messageOf(`[rules]\n${rules}`, code)

describe('types', () => {
  test('are inferred through the whole program', () => {
    const program = programOf(`[data]
n = [1, 2]
mixed = [1, "a"]
[rules]
decl u(user: User).
a(X) :- n(X). a("x"). b(X, Y) :- a(X), n(Y). c(X) :- b(_, X), X > 1. d(X + 1.5) :- f(X). f(2.5).
e(X) :- mixed(X), n(X). g(X) :- u(X). h(N) :- N = mean(X, n(X)). i(X.id) :- u(X). k(V) :- context("x", V).`)
    const types = (name: string) =>
      predicateOf(program, name).columns.map(({ type }) => (type === 'any' ? type : [...type].sort()))
    expect(types('a')).toEqual([['Long', 'String']])
    expect(types('b')).toEqual([['Long', 'String'], ['Long']])
    expect(types('c')).toEqual([['Long']])
    expect(types('d')).toEqual([['Float']])
    expect(types('e')).toEqual([['Long']])
    expect(types('g')).toEqual([['entity:User']])
    expect(types('h')).toEqual([['Float']])
    expect(types('i')).toEqual([['String']])
    expect(types('k')).toEqual(['any'])
  })

  test('recursion and mutual recursion end with all types', () => {
    const program = programOf('[rules]\np(1). p(X) :- q(X). q(X) :- r(X). r(X) :- p(X). q("a").')
    const { type } = predicateOf(program, 'r').columns[0] ?? {}
    expect(type && type !== 'any' && [...type].sort()).toEqual(['Long', 'String'])
  })

  test.each([
    ['a join', 'p(1). q(a). r(X) :- p(X), q(X).'],
    ['a negation', 'p(1). q(a). r(X) :- p(X), not q(X).'],
    ['a constant', 'p(1). r(a) :- p(b).'],
    ['a negated constant', 'p(1). r(a) :- not p(b).'],
    ['a comparison', 'p(1). q(a). r(X) :- p(X), q(Y), X = Y.'],
    ['an inequality', 'p(1). q(a). r(X) :- p(X), q(Y), X != Y.'],
    ['a list', 'p(1). r(X) :- p(X), X in ["a", "b"].'],
    ['a negated list', 'p(1). r(X) :- p(X), not X in ["a"].'],
    ['entities of two types', 'p(User::"a"). q(Group::"a"). r(X) :- p(X), not q(X).'],
    ['the id of an entity', 'p(User::"a"). r(X) :- p(X), principal(X).'],
    ['an entity of the store', 'p("a"). r(X) :- p(X), entity.type(X, "User").'],
    ['the groups of an aggregate', 'p(1). q(a, 1). r(N) :- p(X), N = count(Y, q(X, Y)).'],
    ['the result of an aggregate', 'p(1). r(a) :- "x" = count(Y, p(Y)).'],
    ['a declaration', 'decl r(x: String). p(1). r(X) :- p(X).'],
    ['an entity head', 'p(1). entity.attr("a", "n", X) :- p(X).'],
    ['a part of a text', 'p(1). r(X) :- p(X), X = "a,b".split(",").'],
    ['context', 'p(1.5). r(X) :- p(X), context("k", X).'],
  ])('%s of disjoint types is an error, not an empty result', (_, rules) => {
    expect(ruleCodes(rules)).toEqual(['R406'])
  })

  test('both types are named, and where they come from', () => {
    const { diagnostics } = analyseRules('decl member(user: User).\nblocked(bob).\nok(X) :- member(X), not blocked(X).')
    const [found] = diagnostics
    expect(found?.message).toBe('`X` is a User, and column 1 of `blocked` is a String: they are never equal')
    expect(found?.help).toMatch(/`User::"…"`/)
    expect(found?.related?.map((r) => r.message)).toEqual([
      '`X` is a User by column `user` of `member`',
      '`blocked` is first named here',
    ])
  })

  test.each([
    [
      'R406',
      'n(1). s("a"). q(X) :- n(X), not s(X + 1).',
      'this is a Long, and column 1 of `s` is a String: they are never equal',
    ],
    ['R406', 'decl t(a: Long). s("a"). t(X.lower()) :- s(X).', 'column `a` of `t` is a Long, and this is a String'],
    [
      'R406',
      'n(1). t("a", "b"). q(X, N) :- n(X), N = count(Y, (t(X, Y) ; t(Y, X))).',
      '`X` is a Long, and its place in the aggregate is a String: they are never equal',
    ],
    [
      'R421',
      'd(1, 2). e(2). d(X, min N) :- d(X, N), e(N + 1).',
      'a best value comes from this recursion, and is used for something else than a sum',
    ],
    [
      'R403',
      'entity.attr(X, "n", N) :- N = count(Y, (t(X, Y), action(Y))). decl t(a: User, b: String).',
      '`entity.attr` adds to the entity store, and cannot depend on this aggregate, which depends on the request',
    ],
  ])('%s names nothing that the text does not name: %s', (code, rules, said) => {
    expect(message(rules, code)?.startsWith(said)).toBe(true)
    for (const place of [
      'n(1). s("a"). q(X) :- n(X), s(X + 1).',
      'q(X, N) :- N = count(Y, t(X, Y)), X > N. t("a", "b").',
    ]) {
      const { diagnostics } = analyseRules(place)
      expect(
        JSON.stringify(diagnostics.map(({ message: text, related }) => [text, related?.map((r) => r.message)])),
      ).not.toContain('$')
    }
  })

  test('a column of which nothing is known is no error', () => {
    expect(codesOf('[data]\nnone = []\n[rules]\np(X) :- none(X), X > 1. q(X) :- none(X), X.starts_with("a").')).toEqual(
      [],
    )
    expect(ruleCodes('p(X) :- context("k", X), X > 1. q(X) :- entity.attr(_, "n", X), X.length > 2.')).toEqual([])
  })

  test('the same id under another type is another value', () => {
    expect(ruleCodes('p(User::"a"). p(Group::"a"). q(Group::"a"). r(X) :- p(X), not q(X).')).toEqual([])
  })

  test.each([
    ['`<` of two types', 'p(1). q(a). r(X) :- p(X), q(Y), X < Y.'],
    ['`<` of integer and float', 'p(1). r(X) :- p(X), X < 1.5.'],
    ['`<` of bools', 'p(true). r(X) :- p(X), X < true.'],
    ['`<` of entities', 'p(User::"a"). r(X) :- p(X), X < User::"b".'],
    ['`<` of decimals', 'p(decimal("1.0")). r(X) :- p(X), X < decimal("2.0").'],
    ['`+` of two types', 'p(1). r(X + "a") :- p(X).'],
    ['`-` of texts', 'p(a). r(X - "a") :- p(X).'],
    ['a negative text', 'p(a). r(-X) :- p(X).'],
    ['a method of texts on a number', 'p(1). r(X) :- p(X), X.starts_with("a").'],
    ['a method of entities on a text', 'p(a). r(X.id) :- p(X).'],
    ['a method with another argument', 'p(a). r(X) :- p(X), X.starts_with(1).'],
    ["one of Cedar's methods", 'p(a). r(X) :- p(X), X.isIpv4().'],
    ['a method that yields no bool', 'p(a). r(X) :- p(X), X.length.'],
    ['a sum of texts', 'p(a). r(N) :- N = sum(X, p(X)).'],
    ['a mean of texts', 'p(a). r(N) :- N = mean(X, p(X)).'],
    ['a least entity', 'p(User::"a"). r(N) :- N = min(X, p(X)).'],
    ['`in` of what is no set', 'p(a). r(X) :- p(X), X in X.'],
    ['`split` of a number', 'p(1). r(X) :- p(Y), X = Y.split(",").'],
  ])('%s is an error', (_, rules) => {
    expect(ruleCodes(rules)).toEqual(['R407'])
  })

  test('help says what to write instead', () => {
    expect(message('p(decimal("1.0")). r(X) :- p(X), X < decimal("2.0").', 'R407')).toMatch(/`lessThan`/)
    expect(message('p(1). r(X) :- p(X), X < 1.5.', 'R407')).toMatch(/`2.0`/)
  })

  test('order is defined on integers, floats, texts, datetimes and durations', () => {
    for (const [a, b] of [
      ['1', '2'],
      ['1.5', '2.5'],
      ['"a"', '"b"'],
      ['datetime("2026-01-01")', 'datetime("2026-01-02")'],
      ['duration("1h")', 'duration("2h")'],
    ]) {
      expect(rowsOf(`[rules]\np(${a}). p(${b}).\nr(X) :- p(X), X < ${b}.`, 'r')).toHaveLength(1)
    }
  })

  test('one mistake is reported once, and hides none that follows from it', () => {
    expect(ruleCodes('p(1). q(a). r(X) :- p(X), q(X), X.length > 2, X > 1.')).toEqual(['R406'])
  })
})

describe('declared columns', () => {
  test('a value that may not fit is checked at run time, and is a failure', () => {
    const text = '[rules]\ndecl p(x: String).\nq(1). q(a).\np(X) :- q(X).'
    expect(() => rowsOf(text, 'p')).toThrow(/R401/)
    expect(rowsOf('[rules]\ndecl p(x: String).\nq(b). q(a).\np(X) :- q(X).', 'p')).toEqual(['"a"', '"b"'])
  })

  test('no check is added where all values fit', () => {
    const { program } = analyseText('[rules]\ndecl p(x: String | Long).\nq(a).\np(X) :- q(X).')
    expect(program?.rules.find(({ name }) => name.startsWith('p:'))?.body).toHaveLength(1)
  })

  test('no float becomes an attribute of an entity', () => {
    expect(ruleCodes('entity.attr(User::"a", "n", 1.5).')).toEqual(['R340'])
    expect(ruleCodes('p(1.5). entity.attr(User::"a", "n", X) :- p(X).')).toEqual(['R406'])
    expect(() => rowsOf('[rules]\np(1.5). p(1). entity.attr(User::"a", "n", X) :- p(X).', 'p')).toThrow(/R401/)
  })

  test('facts of the entity store relate entities', () => {
    expect(ruleCodes('entity.parent("a", "b").')).toEqual(['R340'])
    expect(ruleCodes('entity.parent(User::"a", Group::"b").')).toEqual([])
  })
})
