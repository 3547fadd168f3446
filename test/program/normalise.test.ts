/**
 * Clauses in normal form: disjunction, expressions, `split`, constants, context keys.
 */
import { describe, expect, test } from 'vitest'
import { analyseRules, codesOf, messageOf, programOf, rowsOf, ruleCodes } from './programs.ts'

describe('rules', () => {
  test('facts, joins and recursion', () => {
    const text =
      '[rules]\nparent(a, b). parent(b, c).\nanc(X, Y) :- parent(X, Y).\nanc(X, Z) :- parent(X, Y), anc(Y, Z).'
    expect(rowsOf(text, 'anc')).toEqual(['"a", "b"', '"a", "c"', '"b", "c"'])
  })

  test('a disjunction is as many rules as it has ways', () => {
    const text = '[data]\np = [1, 2]\nq = [3]\nr = [1, 3]\n[rules]\ns(X) :- (p(X) ; q(X)), r(X).'
    expect(rowsOf(text, 's')).toEqual(['1', '3'])
    expect(programOf(text).rules.filter(({ name }) => name.startsWith('s:'))).toHaveLength(2)
  })

  test('disjunctions that multiply without end are refused', () => {
    const ten = Array.from({ length: 10 }, () => '(p(X) ; q(X))').join(', ')
    expect(ruleCodes(`p(1). q(1). r(X) :- ${ten}.`)).toEqual(['R342'])
    const long = Array.from({ length: 300 }, () => 'p(X)').join(', ')
    expect(ruleCodes(`p(1). r(X) :- ${long}.`)).toEqual(['R342'])
  })

  test('expressions in atoms and heads become variables', () => {
    const text = '[data]\np = [1, 2, 3]\n[rules]\nq(X * 10) :- p(X), p(X + 1).\nr(X) :- p(X), not p(X + 1).\nf(1 + 2).'
    expect(rowsOf(text, 'q')).toEqual(['10', '20'])
    expect(rowsOf(text, 'r')).toEqual(['3'])
    expect(rowsOf(text, 'f')).toEqual(['3'])
  })

  test('each `_` is a variable of its own', () => {
    expect(rowsOf('[rules]\np(a, b). p(c, c).\nq(X) :- p(X, _), p(_, X).', 'q')).toEqual(['"c"'])
  })

  test('`context.k(V)` is `context("k", V)`, for whole keys alone', () => {
    const rule = programOf('[rules]\np(V) :- context.mfa(V).').rules.find(({ name }) => name.startsWith('p:'))
    expect(rule?.body[0]).toMatchObject({ predicate: 7, args: [{ value: 'mfa' }, { kind: 'variable' }] })
    expect(ruleCodes('p(V) :- context.a.b(V).')).toEqual(['R345'])
    expect(ruleCodes('p(V) :- context.a(V, 1).')).toEqual(['R330'])
  })

  test('`split` yields one row a part, wherever it stands', () => {
    const text = `[rules]
t("a,b,c").
p(X) :- t(T), X = T.split(",").
q(X) :- t(T), X in T.split(",").
r(T.split(",") + "!") :- t(T).
s(a) :- t(T), T.split(",") = "b".
u(a) :- t(T), T.split(",") = "x".`
    expect(rowsOf(text, 'p')).toEqual(['"a"', '"b"', '"c"'])
    expect(rowsOf(text, 'q')).toEqual(['"a"', '"b"', '"c"'])
    expect(rowsOf(text, 'r')).toEqual(['"a!"', '"b!"', '"c!"'])
    expect(rowsOf(text, 's')).toEqual(['"a"'])
    expect(rowsOf(text, 'u')).toEqual([])
  })

  test('`split` under `not` is refused: one part or all of them could be meant', () => {
    expect(ruleCodes('t("a,b"). p(a) :- t(T), not t(T.split(",")).')).toEqual(['R341'])
    expect(ruleCodes('t("a,b"). p(a) :- t(T), not "a" in T.split(",").')).toEqual(['R341'])
    expect(ruleCodes('t("a,b"). p(a) :- t(T), not T.split(",").starts_with("a").')).toEqual(['R341'])
  })

  test('a method that does not exist is an error with the nearest name, one with too many values too', () => {
    expect(messageOf('[rules]\nt(a). p(X) :- t(X), X.startswith("a").', 'R343')).toBe(
      'there is no method `startswith` | did you mean `starts_with`?',
    )
    expect(ruleCodes('t(a). p(X) :- t(X), X.starts_with().')).toEqual(['R343'])
    expect(ruleCodes('t(a). p(X) :- t(X), X.__proto__ = "a".')).toEqual(['R343'])
  })

  test('a constant pattern or directory that is malformed is an error at load', () => {
    expect(ruleCodes('t(a). p(X) :- t(X), X.matches("a**b").')).toEqual(['R344'])
    expect(ruleCodes('t(a). p(X) :- t(X), X.under("relative").')).toEqual(['R344'])
    expect(ruleCodes('t(a). p(X) :- t(X), X.under("/../x").')).toEqual(['R344'])
  })

  test('an entity with an unescaped star in rules is refused, and a backslash keeps the star', () => {
    expect(ruleCodes('p(File::"/etc/*").')).toEqual(['R460'])
    expect(ruleCodes('p(File::"/etc/a**").')).toEqual(['R461'])
    expect(rowsOf('[rules]\np(File::"/etc/\\\\*").', 'p')).toEqual(['File::"/etc/*"'])
    expect(rowsOf('[options]\nglobs = false\n[rules]\np(File::"/etc/*").', 'p')).toEqual(['File::"/etc/*"'])
  })

  test('uids of path types are normalised in rules', () => {
    const options = '[options]\npath_types = ["File"]\n'
    expect(rowsOf(`${options}[rules]\np(File::"/a/../b").`, 'p')).toEqual(['File::"/b"'])
    expect(codesOf(`${options}[rules]\np(File::"/../b").`)).toEqual(['R340'])
    expect(codesOf(`${options}[rules]\nq(a). p(X) :- q(X), File::"b" = File::"/b".`)).toEqual(['R340'])
  })

  test('hostile names are ordinary names', () => {
    const text = '[rules]\nconstructor("__proto__"). hasOwnProperty(X) :- constructor(X).'
    expect(rowsOf(text, 'hasOwnProperty')).toEqual(['"__proto__"'])
  })

  test('a mistake in one alternative is reported once', () => {
    expect(analyseRules('p(1). q(X) :- (p(X) ; p(X)), X.length = 1.').diagnostics).toHaveLength(1)
  })
})
