/** Equivalences: a row for each member, from which all is answered that is asked of the pairs. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Rune } from '../../src/engine.ts'
import { build } from '../../src/threads/build.ts'

const open = (text: string) => Rune.fromText(`version = "rune/1.0"\n${text}`, { coordinator: 'inline' })

afterEach(() => {
  vi.unstubAllEnvs()
})

const FACTS = `[data]
n = ["a", "b", "c", "d", "e", "alone", "nobody"]
edge = [["b", "d"], ["e", "c"], ["c", "nobody"], ["a", "a"]]
link = [["a", "b"], ["c", "b"], ["e", "d"], ["alone", "alone"]]
`
const PAIRS = 'pair(X, Y) :- link(X, Y). pair(Y, X) :- pair(X, Y). pair(X, Z) :- pair(X, Y), pair(Y, Z).'
const EQUIVALENCE = 'decl same(a: String, b: String) equivalence. same(X, Y) :- link(X, Y).'

/** By the query that asks it: what rules can ask of `P`. */
const RULES = {
  'to(X, Z)': 'to(X, Z) :- P(X, Y), edge(Y, Z).',
  'joined(X, Z)': 'joined(X, Z) :- P(X, Y), edge(Y, W), P(W, Z), not P(X, Z).',
  'both(X, Y)': 'both(X, Y) :- n(X), n(Y), P(X, Y).',
  'self(X)': 'self(X) :- P(X, X).',
  'stranger(X)': 'stranger(X) :- n(X), not P(X, X).',
  'lost(X)': 'lost(X) :- n(X), not P(_, X).',
  'apart(X, Y)': 'apart(X, Y) :- n(X), n(Y), not P(X, Y).',
  'ofA(Y)': 'ofA(Y) :- P("a", Y).',
  'notOfA(Y)': 'notOfA(Y) :- n(Y), not P(Y, "a").',
  'known()': 'known :- P("a", "c"), not P("a", "d"), P(_, _).',
  'size(X, N)': 'size(X, N) :- N = count(Y, P(X, Y)).',
  'wild(X, N)': 'wild(X, N) :- n(X), N = count(_, P(X, _)).',
  'all(N)': 'all(N) :- N = count(_, P(_, _)).',
  'ones(N)': 'ones(N) :- N = count(X, P(X, X)).',
  'least(X, Y)': 'least(X, Y) :- n(X), Y = min(Z, P(Z, X)).',
  'others(X, N)': 'others(X, N) :- n(X), N = count(Y, (n(Y), not P(X, Y))).',
  'lonely(N)': 'lonely(N) :- N = count(Y, (n(Y), not P(Y, _))).',
  'reach(X, Y)': 'reach(X, Y) :- edge(X, Y). reach(X, Z) :- reach(X, Y), P(Y, W), edge(W, Z).',
  'made(X, Y)': 'made(X, Y) :- n(X), Z = X.substring(0, 1), P(Z, Y), not P(Z, "d").',
} as const

async function answers(name: string, head: string, declarations = ''): Promise<string[]> {
  const rules = Object.values(RULES).map((rule) => rule.replaceAll(/\bP\(/g, `${name}(`))
  const rune = await open(`${FACTS}[rules]\n${declarations}\n${head}\n${rules.join('\n')}`)
  const asked = [`${name}(X, Y)`, `${name}("b", Y)`, `n(X), not ${name}(X, "b")`, `N = count(Y, ${name}("b", Y))`]
  return [...Object.keys(RULES), ...asked].map((query) => `${query}: ${rune.query(query).toText()}`)
}

const normal = (all: readonly string[]) => all.map((text) => text.replaceAll(/\b(same|pair)\(/g, 'P('))

describe('what is asked of an equivalence is answered as it would be of its pairs', () => {
  const MODES = [
    ['', ''],
    ['0', 'scan'],
    ['1', ''],
    ['1', 'hash'],
  ] as const
  test.each(MODES)('with RUNE_CODEGEN=%s RUNE_STORAGE=%s', async (codegen, storage) => {
    vi.stubEnv('RUNE_CODEGEN', codegen)
    vi.stubEnv('RUNE_STORAGE', storage)
    const expected = normal(await answers('pair', PAIRS))
    expect(normal(await answers('same', EQUIVALENCE))).toEqual(expected)
    expect(expected.filter((text) => text.endsWith(': '))).toEqual([])
  })

  test('by what is evaluated on demand', async () => {
    const expected = normal(await answers('pair', PAIRS))
    expect(normal(await answers('same', EQUIVALENCE, 'decl n(x: String) on_demand.'))).toEqual(expected)
    expect(normal(await answers('same', EQUIVALENCE, 'decl link(x: String, y: String) on_demand.'))).toEqual(expected)
  })

  test('by policies and by rules that decide', async () => {
    const rune = await open(`${FACTS}[rules]
${EQUIVALENCE}
permit :- principal(P, _), resource(R, _), same(P, R).
[policies]
@id("asked") permit(principal, action, resource)
when { context.facts.same.contains({ a: context.who, b: "e" }) };`)
    const ask = (principal: string, resource: string) =>
      rune.authorize({
        principal: `U::"${principal}"`,
        action: 'read',
        resource: `R::"${resource}"`,
        context: { who: principal },
      }).decision
    expect(ask('a', 'c')).toBe('permit')
    expect(ask('a', 'd')).toBe('deny')
    expect(ask('d', 'a')).toBe('permit')
  })
})

describe('an equivalence', () => {
  test('takes a row for each link and one for each member, however long its chains are', () => {
    const count = 20_000
    const data = Array.from({ length: count }, (_, i) => `["${i}", "${i + 1}"]`)
    const { image } = build({
      text: `version = "rune/1.0"
[options]
max_facts = ${2 * count + 3}
[data]
same = [${data}]
[rules]
decl same(a, b) equivalence.
first(X) :- X = "0", same(X, "${count}").
apart(X) :- X = "0", not same(X, "${count}").`,
    })
    expect(image.relations.reduce((sum, relation) => sum + relation.count, 0)).toBe(2 * count + 2)
  })

  test('is that of the links that there are after each update', async () => {
    for (const rules of ['', 'same(X, Y) :- link(X, Y).']) {
      const rune = await open(`[data]
link = [["x", "y"]]
same = [["a", "b"], ["c", "d"]]
n = ["a", "b", "c", "d"]
[rules]
decl same(a: String, b: String) equivalence.
${rules}
apart(X, Y) :- n(X), n(Y), X < Y, not same(X, Y).
ofA(X) :- same("a", X).`)
      const count = () => [rune.query('apart(X, Y)').rows.length, rune.query('ofA(X)').rows.length]
      expect(count()).toEqual([4, 2])
      await rune.update({ insert: { same: [['b', 'c']] } })
      expect(count()).toEqual([0, 4])
      await rune.update({ insert: { same: [['a', 'd']] } })
      await rune.update({ remove: { same: [['b', 'c']] } })
      expect(count()).toEqual([0, 4])
      await rune.update({ remove: { same: [['a', 'b']] } })
      expect(count()).toEqual([3, 3])
      await rune.update({ remove: { same: [['a', 'd']] } })
      expect(count()).toEqual([5, 0])
      expect(rune.query('same("x", Y)').rows.length).toBe(rules === '' ? 0 : 2)
    }
  })

  test('that does not fit is refused, and changes nothing', async () => {
    const rune = await open('[options]\nmax_facts = 5\n[rules]\ndecl same(a: Long, b: Long) equivalence.\nsame(1, 2).')
    await expect(rune.update({ insert: { same: [[2, 3]] } })).resolves.toBeGreaterThan(0)
    await expect(rune.update({ insert: { same: [[3, 4]] } })).rejects.toThrow('R501: there are more than 5 facts')
    expect(rune.query('same(1, X)').rows).toHaveLength(3)
  })
})
