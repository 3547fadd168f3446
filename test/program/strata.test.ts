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

  test('what depends on an on-demand predicate is on demand, as is what depends on the request', () => {
    const program = programOf(`[rules]
q(a). q(b).
decl a(x: String) on_demand. a(X) :- q(X).
b(X) :- q(X), not a(X). c(N) :- N = count(X, b(X)). d(X) :- q(X). decl e(x: String) materialize. e(X) :- d(X).
f(X) :- a(X), action(X). g(X) :- action(X). decl h(x: String) on_demand. h(a).`)
    const on = (names: string) => [...names].map((name) => predicateOf(program, name))
    expect(on('abch').map(({ scope, evaluation }) => `${scope}, ${evaluation}`)).toEqual(
      Array(4).fill('static, on demand'),
    )
    expect(on('fg').map(({ scope, evaluation }) => `${scope}, ${evaluation}`)).toEqual(
      Array(2).fill('request, on demand'),
    )
    expect(on('qde').map(({ evaluation }) => evaluation)).toEqual(Array(3).fill('materialized'))
  })

  test('what a rule is taken apart into is evaluated as the rule is', () => {
    const rules = 'p(X, N) :- q(X), N = count(Y, (r(X, Y); s(X, Y))). q(a). r(a, b). s(a, c).'
    const evaluations = (text: string) =>
      programOf(text).predicates.flatMap(({ name, evaluation }) => (name.startsWith('$or') ? [evaluation] : []))
    expect(evaluations(`[rules]\n${rules}`)).toEqual(['materialized'])
    expect(evaluations(`[rules]\ndecl p(x: String, n: Long) on_demand. ${rules}`)).toEqual(['on demand'])
  })

  test('what is materialised cannot depend on an on-demand predicate', () => {
    const demanded = 'q(a). decl p(x) on_demand. p(X) :- q(X). r(X) :- p(X).'
    expect(ruleCodes(`decl m(x) materialize. m(X) :- r(X). ${demanded}`)).toEqual(['R408'])
    expect(ruleCodes(`decl m(x) materialize. m(X) :- q(X), not r(X). ${demanded}`)).toEqual(['R408'])
    expect(ruleCodes(`decl m(x) materialize. m(X) :- p(X). p(X) :- m(X). ${demanded}`)).toEqual(['R408'])
    expect(ruleCodes(`entity.attr(User::"a", "n", X) :- r(X). s(X) :- entity.attr(_, "n", X). ${demanded}`)).toEqual([
      'R408',
    ])
    expect(ruleCodes(`decl m(x) materialize. m(X) :- q(X). ${demanded}`)).toEqual([])
  })

  test('chains that a request would have to follow end at 200 predicates', () => {
    const chain = (length: number) =>
      ['p0(X) :- action(X).', ...Array.from({ length }, (_, i) => `p${i + 1}(X) :- p${i}(X).`)].join('\n')
    expect(ruleCodes(chain(150))).toEqual([])
    expect(ruleCodes(chain(300))).toEqual(['R405'])
    const onDemand = `decl p(x) on_demand. p(a).\n${chain(300).replace('action', 'p')}`
    expect(ruleCodes(onDemand)).toEqual(['R405'])
  })
})
