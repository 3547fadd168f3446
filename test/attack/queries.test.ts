/** Queries that ask for too much, or for what they may not see. */
import { expect, test } from 'vitest'
import { Rune } from '../../src/index.ts'
import { codesOf, HEAD } from './attempt.ts'

const TEXT = `${HEAD}[options]
max_steps = 100000
[data]
n = [${Array.from({ length: 100 }, (_, i) => i).join(', ')}]
name = ["alice", "__proto__"]
[rules]
now(X) :- principal(X, "User"), name(X).
permit("now") :- now(_).`

test.each<[string, string]>([
  ['n(A), n(B), n(C), n(D), A + B + C + D < 0', 'R504'],
  [`n(A), A > ${'('.repeat(10_000)}1`, 'R265'],
  [`n(A)${', n(A)'.repeat(10_000)}`, 'R342'],
  ['n(A), B = A / 0', 'R402'],
  ['n(A), A = "x"', 'R406'],
  ['permit(X)', 'R332'],
  ['now(X)', 'R355'],
  ['principal(X)', 'R355'],
  ['context("k", V)', 'R355'],
  ['constructor(X)', 'R356'],
  ['$groups1(X)', 'R134'],
  ['n(A). n(B) :- n(A)', 'R260'],
  ['', 'R260'],
  ['name("\ud800")', 'R101'],
  ['name("alice', 'R130'],
])('%s is refused with a place', async (query, code) => {
  const rune = await Rune.fromText(TEXT, { coordinator: 'inline' })
  let codes: string[] = []
  try {
    rune.query(query)
  } catch (error) {
    codes = codesOf(error, 'request')
  }
  expect(codes).toContain(code)
  expect(rune.query('name(X), X != "alice"').rows).toEqual([['__proto__']])
})
