/**
 * `min` and `max` heads: what they keep, and what their own recursion may do with a best value.
 */
import { describe, expect, test } from 'vitest'
import { messageOf, rowsOf, ruleCodes } from './programs.ts'

const EDGES = 'edge(a, b, 1). edge(b, c, 2). edge(a, c, 5). edge(c, a, 1).\n'
const codes = (rules: string) => ruleCodes(EDGES + rules)

describe('`min` and `max` heads', () => {
  test('keep the best of each group, through recursion', () => {
    const text = `[rules]\n${EDGES}dist(X, Y, min D) :- edge(X, Y, D).
dist(X, Z, min D) :- dist(X, Y, A), edge(Y, Z, B), D = A + B.`
    expect(rowsOf(text, 'dist')).toContain('"a", "c", 3')
    expect(rowsOf(text, 'dist')).toHaveLength(9)
  })

  test('both distances of the recursion may be added', () => {
    expect(codes('d(X, Y, min D) :- edge(X, Y, D). d(X, Z, min A + B) :- d(X, Y, A), d(Y, Z, B).')).toEqual([])
    expect(
      codes('d(X, Y, min D) :- edge(X, Y, D). d(X, Z, min E) :- d(X, Y, A), edge(Y, Z, _), D = A + 1, E = D + 1.'),
    ).toEqual([])
  })

  test('all rules of a predicate mark the same column', () => {
    expect(codes('d(X, min D) :- edge(X, _, D). d(X, D) :- edge(_, X, D).')).toEqual(['R420'])
    expect(codes('d(X, min D) :- edge(X, _, D). d(X, max D) :- edge(_, X, D).')).toEqual(['R420'])
    expect(codes('d(X, min D) :- edge(X, _, D). d(z, 7).')).toEqual([])
    expect(codes('d(min X, min D) :- edge(X, _, D).')).toContain('R420')
  })

  test('the column has an order', () => {
    expect(codes('p(User::"a"). d(min X) :- p(X).')).toEqual(['R420'])
    expect(codes('permit(min X) :- action(X).')).toContain('R420')
  })

  test.each([
    ['compared', 'd(X, Z, min D) :- d(X, Y, A), edge(Y, Z, B), A < 10, D = A + B.'],
    ['multiplied', 'd(X, Z, min D) :- d(X, Y, A), edge(Y, Z, B), D = A * B.'],
    ['subtracted', 'd(X, Z, min D) :- d(X, Y, A), edge(Y, Z, B), D = B - A.'],
    ['joined', 'd(X, Z, min A) :- d(X, Y, A), edge(Y, Z, A).'],
    ['joined with itself', 'd(X, Z, min A) :- d(X, Y, A), d(Y, Z, A).'],
    ['asked for', 'd(X, Z, min D) :- d(X, Y, 3), edge(Y, Z, D).'],
    ['compared after it was added to', 'd(X, Z, min D) :- d(X, Y, A), edge(Y, Z, B), D = A + B, D < 10.'],
    ['put into another column', 'd(X, A, min B) :- d(X, Y, A), edge(Y, _, B).'],
    ['called', 'd(X, Z, min D) :- d(X, Y, A), edge(Y, Z, D), B = -A, B < 3.'],
  ])('within its own recursion a best value is not %s', (_, rule) => {
    expect(codes(`d(X, Y, min D) :- edge(X, Y, D).\n${rule}`)).toEqual(['R421'])
  })

  test('nor put into a column of another predicate of the recursion', () => {
    expect(codes('d(X, Y, min D) :- edge(X, Y, D). d(X, Y, min 1) :- e(X, Y, _). e(X, Y, D) :- d(X, Y, D).')).toEqual([
      'R421',
    ])
    expect(
      codes('d(X, Y, min D) :- edge(X, Y, D). d(X, Y, min D) :- e(X, Y, D). e(X, Y, max D) :- d(X, Y, D).'),
    ).toContain('R421')
    expect(
      codes('d(X, Y, min D) :- edge(X, Y, D). d(X, Y, min D) :- e(X, Y, D). e(X, Y, min D) :- d(X, Y, D).'),
    ).toEqual([])
  })

  test('nor concatenated: a longer text may come first', () => {
    expect(ruleCodes('s(a, b). d(X, min Y) :- s(X, Y). d(X, min Z) :- d(X, Y), Z = Y + "z".')).toEqual(['R421'])
  })

  test('outside of it, it is a value like all others', () => {
    const text = `[rules]\n${EDGES}d(X, min D) :- edge(X, _, D).\ncheap(X) :- d(X, D), D < 2.`
    expect(rowsOf(text, 'cheap')).toEqual(['"a"', '"c"'])
  })

  test('the message says what to do', () => {
    const text = `[rules]\n${EDGES}d(X, Y, min D) :- edge(X, Y, D).\nd(X, Z, min D) :- d(X, Y, A), edge(Y, Z, B), A < 10, D = A + B.`
    expect(messageOf(text, 'R421')).toMatch(/^`A` comes from this recursion, and is used for something else than a sum/)
  })
})
