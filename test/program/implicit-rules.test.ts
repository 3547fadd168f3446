/**
 * Rules that no text writes: equivalences, ancestors, and the existence of entities.
 */
import { describe, expect, test, vi } from 'vitest'
import { counts } from '../../src/program/counts.ts'
import { programOf, rowsOf, ruleCodes } from './programs.ts'

describe('equivalences', () => {
  test('are reflexive, symmetric and transitive over what appears', () => {
    const text =
      '[rules]\ndecl same(a, b) equivalence.\nsame(x, y). same(y, z). alias(u, v).\nsame(X, Y) :- alias(X, Y).\npair(X, Y) :- same(X, Y).'
    const rows = rowsOf(text, 'pair')
    expect(rows).toHaveLength(9 + 4)
    expect(rows).toContain('"x", "x"')
    expect(rows).toContain('"z", "x"')
    expect(rows).not.toContain('"x", "u"')
  })

  test('take from each other what they need, and are one predicate to whoever asks', () => {
    const text = `[rules]
decl same(a, b) equivalence.
same(x, y). child(x, u). child(y, v). child(u, u2). child(v, v2).
same(A, B) :- same(X, Y), child(X, A), child(Y, B).`
    expect(rowsOf(text, 'same')).toHaveLength(12)
    expect(counts(programOf(text))).toMatchObject({ predicates: 2, rules: 1, facts: 5 })
  })

  test('that depend on themselves derive each pair about once for each link, not for each member of a class', () => {
    const steps = (length: number): number => {
      const links = Array.from({ length }, (_, i) => `["${i}", "${i + 1}"]`)
      const rules = 'decl same(a, b) equivalence.\nsame(X, Y) :- same(X, Z), other(Z, Y).'
      // The clock is read each time that so many steps are done.
      const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
      expect(rowsOf(`[data]\nsame = [${links}]\nother = [["x", "y"]]\n[rules]\n${rules}`, 'same')).toHaveLength(
        (length + 1) ** 2,
      )
      const reads = clock.mock.calls.length
      clock.mockRestore()
      return reads
    }
    // Twice as many members have four times as many pairs.
    expect(steps(600) / steps(300)).toBeLessThan(5)
  })

  test('have two columns of one type', () => {
    expect(ruleCodes('decl same(a) equivalence.')).toContain('R337')
    expect(ruleCodes('decl same(a: User, b: Group) equivalence.')).toEqual(['R337'])
    expect(ruleCodes('decl same(a, b) equivalence. same(x, 1).')).toEqual(['R337'])
    expect(ruleCodes('decl same(a, b) equivalence. same(X, Y, min 1) :- same(X, Y).')).toContain('R330')
  })
})

describe('the entity store', () => {
  test('ancestors are the transitive closure of parents', () => {
    const text =
      '[rules]\nentity.parent(U::"a", G::"b"). entity.parent(G::"b", G::"c").\nanc(X, Y) :- entity.ancestor(X, Y).'
    expect(rowsOf(text, 'anc')).toEqual(['G::"b", G::"c"', 'U::"a", G::"b"', 'U::"a", G::"c"'])
  })

  test('what rules give a parent, an attribute or a tag exists', () => {
    const text = `[data]
u = ["x"]
[rules]
decl u(user: User).
entity.parent(U, Group::"g") :- u(U). entity.attr(A::"a", "n", 1). entity.tag(T::"t", "k", "v").
entity.type(E::"e", "E").
t(E, T) :- entity.type(E, T).`
    expect(rowsOf(text, 't')).toEqual(['A::"a", "A"', 'E::"e", "E"', 'T::"t", "T"', 'User::"x", "User"'])
  })

  test('no rule says that an entity is of another type', () => {
    expect(ruleCodes('entity.type(User::"a", "Group").')).toEqual(['R349'])
    expect(rowsOf('[rules]\np("B"). p("A"). entity.type(A::"a", T) :- p(T).\nt(T) :- entity.type(_, T).', 't')).toEqual(
      ['"A"'],
    )
  })

  test('without such heads there are no such rules', () => {
    const heads = new Set(programOf('[rules]\np(1).').rules.map(({ name }) => name))
    expect([...heads]).toEqual(['entity.ancestor'])
  })
})
