/**
 * Names: arities, reserved names, the entity bridge, predicates without facts.
 */
import { describe, expect, test } from 'vitest'
import { analyseText, codesOf, messageOf, predicateOf, programOf, ruleCodes, underlined } from './programs.ts'

describe('names', () => {
  test('a predicate has one arity, and both places are named', () => {
    const { diagnostics } = analyseText('[data]\np = ["a"]\n[rules]\nq(X) :- p(X, _).')
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual(['R330 `p` has one column, not 2'])
    const place = diagnostics[0]?.related?.[0]?.span
    expect(place?.source.text.slice(place.start, place.end)).toBe('p')
    expect(ruleCodes('p(a). p(a, b).')).toEqual(['R330'])
    expect(ruleCodes('p(a, b). decl p(x).')).toEqual(['R330'])
  })

  test('a predicate that is first named in a body has the arity of its head', () => {
    expect(ruleCodes('q(X) :- p(X). p(a, b).')).toEqual(['R330'])
    expect(underlined('[rules]\nq(X) :- p(X). p(a, b).', 'R330')).toBe('p')
  })

  test('`principal` and `resource` have one or two columns, and no more', () => {
    expect(ruleCodes('p(X) :- principal(X). q(X) :- principal(X, _). r(X) :- resource(X, _), resource(X).')).toEqual([])
    expect(messageOf('[rules]\np(X) :- principal(X, _, _).', 'R330')).toBe('`principal` has one column or two, not 3')
    expect(ruleCodes('p(X) :- action(X, _).')).toEqual(['R330'])
  })

  test.each(['principal', 'action', 'resource', 'path', 'request', 'context', 'context.mfa'])(
    '`%s` comes with the request: no head, no declaration and no fact defines it',
    (name) => {
      expect(ruleCodes(`${name}(X) :- q(X). q(a).`)).toEqual(['R331'])
      expect(ruleCodes(`${name}("a").`)).toEqual(['R331'])
      expect(ruleCodes(`decl ${name}(x).`)).toEqual(['R331'])
      expect(codesOf(`[data]\n${name} = ["a"]`)).toEqual(['R331'])
    },
  )

  test('`permit` and `forbid` stand in heads alone, and are never facts', () => {
    expect(ruleCodes('p(a) :- permit.')).toEqual(['R332'])
    expect(ruleCodes('p(a) :- not forbid("x").')).toEqual(['R332'])
    expect(ruleCodes('permit.')).toEqual(['R331'])
    expect(ruleCodes('forbid("x").')).toEqual(['R331'])
    expect(codesOf('[data]\npermit = ["x"]')).toEqual(['R331'])
    expect(ruleCodes('decl permit(x).')).toEqual(['R331'])
    expect(ruleCodes('permit(a, b) :- action("x").')).toEqual(['R330'])
  })

  test('of the entity bridge there is what there is, and `entity.ancestor` is read-only', () => {
    expect(messageOf('[rules]\np(X) :- entity.parents(X, _).', 'R333')).toMatch(/did you mean `entity.parent`/)
    expect(ruleCodes('entity.owner(User::"a", User::"b").')).toEqual(['R333'])
    expect(ruleCodes('entity.ancestor(User::"a", User::"b").')).toEqual(['R331'])
    expect(codesOf('[data]\nentity.parent = [["a", "b"]]')).toEqual(['R331'])
    expect(ruleCodes('decl entity.parent(a, b).')).toEqual(['R331'])
  })

  test('dotted names are names, and hostile ones too', () => {
    const program = programOf('[data.agent]\ncapabilities = ["read"]\n[rules]\ncan(X) :- agent.capabilities(X).')
    expect(predicateOf(program, 'agent.capabilities')).toMatchObject({ arity: 1, scope: 'static' })
    expect(ruleCodes('__proto__(a). p(X) :- __proto__(X).')).not.toContain('R475')
  })

  test('a predicate with too many columns is refused', () => {
    expect(ruleCodes(`p(${Array.from({ length: 300 }, () => 'a').join(', ')}).`)).toEqual(['R334'])
  })

  test('`[]` declares a predicate: of one column where nothing says another number', () => {
    expect(predicateOf(programOf('[data]\np = []'), 'p').arity).toBe(1)
    expect(predicateOf(programOf('[data]\np = []\n[rules]\nq(X) :- p(X, _).'), 'p').arity).toBe(2)
    expect(codesOf('[data]\np = []\n[rules]\nq(X) :- p(X, _).')).toEqual([])
    expect(predicateOf(programOf('[data]\nready = [[]]'), 'ready').arity).toBe(0)
  })
})
