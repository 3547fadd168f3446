/**
 * Generated kernels: their texts, as golden files in `test/fixtures/kernels`, hold no text of a program; and code, closures
 * and every kind of storage derive the same.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { takeKernels } from '../../src/fixpoint/generate.ts'
import { rowsOf } from '../program/programs.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)
const edges = (count: number) =>
  `edge = [${numbers(count).map((i) => `["n${i}", "n${(i * 7 + 3) % count}"], ["n${i}", "n${(i * 3 + 1) % count}"]`)}]`

interface Case {
  readonly name: string
  readonly text: string
  /** The predicate whose rows are looked at. */
  readonly output: string
}

const CASES: readonly Case[] = [
  {
    name: 'recursion, group by group',
    text: `[data]\n${edges(40)}\n[rules]\nreach(X, Y) :- edge(X, Y).\nreach(X, Z) :- reach(X, Y), edge(Y, Z).`,
    output: 'reach',
  },
  {
    name: 'recursion with two recursive atoms',
    text: `[data]\n${edges(40)}\n[rules]\nreach(X, Y) :- edge(X, Y).\nreach(X, Z) :- reach(X, Y), reach(Y, Z).`,
    output: 'reach',
  },
  {
    name: 'same generation',
    text: `[data]\n${edges(40)}\n[rules]\nsg(X, Y) :- edge(P, X), edge(P, Y), X != Y.\nsg(X, Y) :- edge(P, X), sg(P, Q), edge(Q, Y).`,
    output: 'sg',
  },
  {
    name: 'triangles',
    text: `[data]\nedge = [${numbers(40).map((i) => `[${i}, ${i + 1}], [${i}, ${i + 2}]`)}]\n[rules]\ntri(X, Y, Z) :- edge(X, Y), edge(Y, Z), edge(X, Z).`,
    output: 'tri',
  },
  {
    name: 'negation and comparison',
    text: `[data]\nuse = [${numbers(60).map((i) => `["u${i}", ${i}]`)}]\nquota = [${numbers(60).map((i) => `["u${i}", ${(i * 37) % 60}]`)}]
[rules]\nover(U) :- use(U, N), quota(U, L), N > L.\nfine(U, N) :- use(U, N), not over(U).`,
    output: 'fine',
  },
  {
    name: 'aggregates',
    text: `[data]\ncall = [${numbers(90).map((i) => `["c${i}", "u${i % 11}", ${(i * 13) % 50}]`)}]\nuser = [${numbers(14).map((i) => `["u${i}"]`)}]
[rules]\ncalls(U, N) :- user(U), N = count(C, call(C, U, _)).\ntotal(U, N) :- user(U), N = sum(X, call(_, U, X)).
worst(U, N) :- user(U), N = max(X, call(_, U, X)).\nall(U, A, B, C) :- calls(U, A), total(U, B), worst(U, C).`,
    output: 'all',
  },
  {
    name: 'expressions, lists and three columns',
    text: `[data]\nuse = [${numbers(60).map((i) => `["u${i % 20}", ${i}, "t${i % 3}"]`)}]
[rules]\nnext(U, M, T) :- use(U, N, T), M = N + 1, M % 2 = 0, T in ["t0", "t1"].\nkept(U, T) :- next(U, _, T), use(U, _, "t2").`,
    output: 'kept',
  },
  {
    name: 'an aggregate in a recursion, and no atom before a negated one',
    text: `[data]\nstart = [[1], [2], [3]]\nvia = [[7, "x"], [8, "y"]]\ncut = [[0]]
[rules]\nlow(duration("1500ms"), "x").\nlow(duration("7s"), "y").
p("x", Z) :- start(Z).\np("y", Y) :- p(A, Y), via(_, A), M = min(B, low(B, A)), M < duration("2s").
q(X) :- not cut(1), p(X, _), not cut(2).`,
    output: 'p',
  },
  {
    name: 'a negated atom first',
    text: `[data]\nstart = [[1], [2], [3]]\n[rules]\ndecl cut(n: Long).\nq(X) :- not cut(1), start(X), X > 1.`,
    output: 'q',
  },
  {
    name: 'tails that are left at the first way through them',
    text: `[data]\nmember = [${numbers(60).map((i) => `["u${i % 9}", "g${i % 7}"]`)}]\nmay = [${numbers(60).map((i) => `["g${i % 7}", "d${i % 5}", ${i % 4}]`)}]
shut = ["d1", "d2"]\nnear = [${numbers(40).map((i) => `[${i}, ${i + 1}], [${i}, ${i + 2}]`)}]\n[rules]\ndecl may(g: String, d: String, level: Long).
active(U) :- member(U, G), may(G, D, N), N > 2, not shut(D).
some("yes") :- member(_, G), may(G, "d3", _).
listed(U) :- member(U, G), L in [2, 3], may(G, _, L).
corner(X) :- near(X, Y), near(Y, Z), near(X, Z).
top(Z) :- near(X, Z), near(X, Y), near(Y, Z), near(Z, W), near(W, V).
all(X, Y) :- active(X), some(Y), listed(X), corner(Z), top(Z).`,
    output: 'all',
  },
  {
    name: 'a constant whose id is 0',
    text: `[data]\nfirst = [["a", 1]]\nn = [[1], [2], [3]]\ncut = [["b", 2], ["c", 3]]
[rules]\nq("a", X) :- n(X), not cut("a", X).\nq("c", X) :- n(X), not cut("c", X).`,
    output: 'q',
  },
]

const MODES = ['auto', 'scan', 'hash', 'dense'].flatMap((storage) =>
  ['0', '1'].map((codegen) => ({ RUNE_STORAGE: storage, RUNE_CODEGEN: codegen })),
)

beforeEach(() => {
  takeKernels()
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe.each(CASES)('$name', ({ name, text, output }) => {
  test('becomes the kernels of the golden file', async () => {
    vi.stubEnv('RUNE_CODEGEN', '1')
    rowsOf(text, output)
    const file = `../fixtures/kernels/${name.replaceAll(/\W+/g, '-')}.txt`
    await expect(`${takeKernels().join('\n\n')}\n`).toMatchFileSnapshot(file)
  })

  test('derives the same rows in every mode', () => {
    const rows = rowsOf(text, output)
    expect(rows.length).toBeGreaterThan(0)
    for (const mode of MODES) {
      for (const [key, value] of Object.entries(mode)) vi.stubEnv(key, value)
      expect(rowsOf(text, output), JSON.stringify(mode)).toEqual(rows)
    }
  })
})

test('a rule fails in every mode where only what depends on the failure has no rows', () => {
  const text = `[data]\nmany = [[0, "a"], [1, "b"], [4, "a"]]\n[rules]\ndecl none(a: Long, b: Long).
p(X, X) :- 1 / X = Z, none(X, Z), many(X, _).`
  for (const mode of MODES) {
    for (const [key, value] of Object.entries(mode)) vi.stubEnv(key, value)
    expect(() => rowsOf(text, 'p'), JSON.stringify(mode)).toThrow('division by zero')
  }
})

test('no text of a program gets into a kernel', () => {
  vi.stubEnv('RUNE_CODEGEN', '1')
  const hostile = ['"];process.exit(1)//', '${process.exit(1)}', '*/throw 1/*', '`', "'+x+'", '\\u2028', '__proto__']
  const literal = (text: string) => JSON.stringify(text)
  const rows = hostile.map((text, i) => `[${literal(text)}, ${i}]`)
  const text = `[data]\np = [${rows}]\n[rules]
${hostile.map((t, i) => `q(X, ${literal(t)}) :- p(X, N), p(${literal(t)}, M), N <= M, X != ${literal(`${t}${i}`)}.`).join('\n')}
r(X) :- q(X, Y), X in [${hostile.map(literal)}], Y.starts_with(${literal(hostile[0] ?? '')}), not q(Y, ${literal(hostile[1] ?? '')}).
s(N) :- N = count(X, (q(X, ${literal(hostile[2] ?? '')}), X != ${literal(hostile[3] ?? '')})).`
  rowsOf(text, 'q')
  const kernels = takeKernels()
  expect(kernels.length).toBeGreaterThan(5)
  const words = new Set(kernels.flatMap((kernel) => kernel.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? []))
  const known =
    /^(const|let|if|else|for|while|break|continue|return|true|false|undefined|tail|C|E|n|w|h|m|x|cap|steps|spend|machine|Math|imul|add|count|columns|capacity|refill|most|length|heads|next|from|to|starts|base2?|span2?|stride|words|group|blocks|ids|deaths|[a-z]t?\d+(_\d+)*[hn]?|c\d+_[a-z]+\d*|xc\d+(_\d+)*[hn]?)$/
  expect([...words].filter((word) => !known.test(word))).toEqual([])
  for (const kernel of kernels) expect(kernel).toMatch(/^[\w\s=+\-*%&|^<>!?:;,.()[\]{}]*$/)
})
