/**
 * Strata and request scope: order, cycles, long chains, what cannot depend on the request.
 */
import { describe, expect, test } from 'vitest'
import { analyseRules, messageOf, predicateOf, programOf, ruleCodes } from './programs.ts'

describe('strata', () => {
  test('each comes after all that it depends on', () => {
    const program = programOf('[rules]\nc(X) :- b(X), not a(X). b(X) :- a(X). b(X) :- c2(X). c2(X) :- b(X). a(1).')
    const place = (name: string) => {
      const { id } = predicateOf(program, name)
      return program.strata.findIndex(({ predicates }) => predicates.includes(id))
    }
    expect(place('a')).toBeLessThan(place('b'))
    expect(place('b')).toBe(place('c2'))
    expect(place('b')).toBeLessThan(place('c'))
    expect(program.strata[place('b')]?.recursive).toBe(true)
    expect(program.strata[place('c')]?.recursive).toBe(false)
    expect(program.strata.flatMap(({ rules }) => rules)).toHaveLength(program.rules.length)
  })

  test('a cycle through `not` is an error that prints the cycle', () => {
    expect(messageOf('[rules]\nwin(X) :- move(X, Y), not win(Y). move(a, b).', 'R400')).toMatch(
      /^`win` depends on its own absence: win → not win \|/,
    )
    const { diagnostics } = analyseRules('p(X) :- q(X), not r(X). r(X) :- s(X). s(X) :- p(X). q(1).')
    const [cycle] = diagnostics
    expect(cycle?.message).toBe('`p` depends on its own absence: p → not r → s → p')
    expect(cycle?.related?.map(({ message }) => message)).toEqual([
      '`p` depends on not `r`',
      '`r` depends on `s`',
      '`s` depends on `p`',
    ])
  })

  test('a cycle through an aggregate is one too, whatever stands between', () => {
    expect(messageOf('[rules]\nn(N) :- N = count(X, n(X)).', 'R400')).toMatch(/an aggregate over itself/)
    expect(ruleCodes('n(U, N) :- N = count(X, p(U, X)). p(U, X) :- n(U, X).')).toEqual(['R400'])
    expect(messageOf('[rules]\nu(a). n(N) :- N = count(X, (u(X) ; n(X))).', 'R400')).not.toContain('$')
  })

  test('a cycle through the entity store is one as well', () => {
    const rules = 'entity.parent(E, Group::"g") :- entity.type(E, "User"), not entity.ancestor(E, Group::"g").'
    expect(ruleCodes(rules)).toEqual(['R400'])
  })

  test('one cycle a component is reported', () => {
    expect(ruleCodes('p(X) :- e(X), not q(X). q(X) :- e(X), not p(X). r(X) :- e(X), not r(X). e(1).')).toEqual([
      'R400',
      'R400',
    ])
  })

  test('ten thousand rules in a chain take no stack', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => `p${i + 1}(X) :- p${i}(X).`).join('\n')
    expect(programOf(`[rules]\np0(1).\n${chain}`).strata.length).toBeGreaterThan(10_000)
  })
})

describe('request scope', () => {
  test('what depends on a request-time predicate is request-scoped, through rules, `not` and aggregates', () => {
    const program = programOf(`[rules]
q(a).
a(X) :- action(X). b(X) :- a(X). c(X) :- q(X), not b(X). d(N) :- N = count(X, c(X)). e(X) :- q(X).
f(E) :- entity.type(E, "User").`)
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => predicateOf(program, name).scope)).toEqual([
      'request',
      'request',
      'request',
      'request',
      'static',
      'static',
    ])
    expect(predicateOf(program, 'f').readsEntities).toBe(true)
    expect(predicateOf(program, 'e').readsEntities).toBe(false)
  })

  test('an `entity.*` head cannot depend on the request', () => {
    expect(ruleCodes('entity.parent(User::"a", Group::"g") :- action("x").')).toEqual(['R403'])
    expect(ruleCodes('p(X) :- action(X). entity.attr(User::"a", "n", X) :- p(X).')).toEqual(['R403'])
  })

  test('a request-scoped predicate cannot be materialized', () => {
    expect(ruleCodes('decl p(x) materialize. p(X) :- action(X).')).toEqual(['R404'])
    expect(ruleCodes('decl p(x) on_demand. p(X) :- action(X).')).toEqual([])
  })

  test('chains that a request would have to follow end at 200 predicates', () => {
    const chain = (length: number) =>
      ['p0(X) :- action(X).', ...Array.from({ length }, (_, i) => `p${i + 1}(X) :- p${i}(X).`)].join('\n')
    expect(ruleCodes(chain(150))).toEqual([])
    expect(ruleCodes(chain(300))).toEqual(['R405'])
  })
})
