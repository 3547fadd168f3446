/** Texts that are too deep, too long or too many: refused with a place, or read in time that does not explode. */
import { describe, expect, test } from 'vitest'
import { attempt, HEAD, type Outcome } from './attempt.ts'

const DEEP = 10_000
const LONG = 10_000_000
const policy = (condition: string) => `[policies]\npermit(principal, action, resource) when { ${condition} };\n`
const REQUEST = { principal: 'User::"a"', action: 'read', resource: 'File::"f"', context: { s: 'a'.repeat(20_000) } }

describe(`${DEEP} levels`, () => {
  const nest = (open: string, inside: string, close: string) => open.repeat(DEEP) + inside + close.repeat(DEEP)
  const toml = ['metadata', 'options', 'data', 'entities', 'tests'].flatMap((section): [string, string, string[]][] => [
    [`arrays in [${section}]`, `[${section}]\na = ${nest('[', '1', ']')}\n`, ['R205']],
    [`open arrays in [${section}]`, `[${section}]\na = ${'['.repeat(DEEP)}\n`, ['R205']],
    [`tables in [${section}]`, `[${section}]\na = ${nest('{ a = ', '1', ' }')}\n`, ['R205']],
    [`keys in [${section}]`, `[${section}]\n${'a.'.repeat(DEEP)}a = 1\n`, ['R205']],
    [`segments of a header in [${section}]`, `[${section}]\n[${section}${'.a'.repeat(DEEP)}]\n`, ['R205']],
  ])
  test.each<[string, string, string[]]>([
    ...toml,
    ['parentheses in a condition', policy(nest('(', 'true', ')')), ['R232']],
    ['open parentheses in a condition', policy('('.repeat(DEEP)), ['R232']],
    ['sets', policy(`${nest('[', '', ']')} == []`), ['R232']],
    ['records', policy(`${nest('{a: ', '1', '}')} == {}`), ['R232']],
    ['`if`', policy(nest('if true then ', '1', ' else 1')), ['R232']],
    ['`else if`', policy(`${'if true then 1 else '.repeat(DEEP)}1`), ['R232']],
    ['`!`', policy(`${'!'.repeat(DEEP)}true`), ['R230']],
    ['`-`', policy(`${'-'.repeat(DEEP)}1 == 1`), ['R230']],
    ['`&&`', policy(`true${' && true'.repeat(DEEP)}`), ['R232']],
    ['`+`', policy(`1${' + 1'.repeat(DEEP)} == 1`), ['R232']],
    ['attributes', policy(`context${'.a'.repeat(DEEP)}`), ['R232']],
    ['methods', policy(`context${'.isEmpty()'.repeat(DEEP)}`), ['R232']],
    [
      'parentheses in a scope',
      `[policies]\npermit(principal == ${nest('(', 'U::"a"', ')')}, action, resource);`,
      ['R220'],
    ],
    ['lists of actions', `[policies]\npermit(principal, action in ${nest('[', '', ']')}, resource);`, ['R220']],
    ['records of a schema', `[schema]\nentity U { a: ${nest('{ a: ', 'Long', ' }')} };`, ['R901']],
    ['sets of a schema', `[schema]\nentity U { a: ${nest('Set<', 'Long', '>')} };`, ['R900']],
    ['open brackets of a schema', `[schema]\n${'['.repeat(DEEP)}`, ['R901']],
    ['parentheses in an expression', `[rules]\na(X) :- b(X), X > ${nest('(', '1', ')')}.`, ['R265']],
    ['parentheses in a body', `[rules]\na(X) :- ${nest('(', 'b(X)', ')')}.`, ['R265']],
    ['alternatives', `[rules]\na(X) :- ${nest('(b(X) ; ', 'b(X)', ')')}.`, ['R265']],
    ['`not`', `[rules]\na(X) :- b(X), ${'not '.repeat(DEEP)}b(X).`, ['R265']],
    ['`!` in rules', `[rules]\na(X) :- b(X), ${'!'.repeat(DEEP)}b(X).`, ['R265']],
    ['`-` in rules', `[rules]\na(X) :- b(X), X > ${'-'.repeat(DEEP)}1.`, ['R265']],
    ['`+` in rules', `[rules]\na(X) :- b(X), X > 1${' + 1'.repeat(DEEP)}.`, ['R265']],
    ['methods of rules', `[rules]\na(X) :- b(X), X${'.lower()'.repeat(DEEP)} = "a".`, ['R265']],
    ['aggregates', `[rules]\na(X) :- X = ${nest('count(Y, (b(Y), Y = ', '1', '))')}.`, ['R265']],
  ])('of %s are refused', async (_, text, codes) => {
    expect(await attempt(HEAD + text)).toEqual(codes)
  })
})

describe('ten megabytes', () => {
  const fill = (text: string) => text.repeat(LONG / text.length)
  test.each<[string, string, Outcome]>([
    ['a comment', `# ${fill('x')}\n`, 'open'],
    ['a string of [data]', `[data]\na = "${fill('x')}"\n`, 'open'],
    ['a string of [data] that is not closed', `[data]\na = "${fill('x')}`, ['R200']],
    // smol-toml makes a number of all digits, in more than linear time.
    ['an integer of [data]', `[data]\na = ${'9'.repeat(LONG / 10)}\n`, ['R102']],
    ['a key of [data]', `[data]\n${fill('x')} = 1\n`, 'open'],
    ['a header', `[${fill('x')}]\n`, ['R201']],
    ['a comment of rules', `[rules]\n/* ${fill('x*')} */ a(1).`, 'open'],
    ['a string of rules', `[rules]\na("${fill('x')}").`, 'open'],
    ['a string of rules that is not closed', `[rules]\na("${fill('x\n')}`, ['R130']],
    ['a predicate', `[rules]\n${fill('x')}(1).`, 'open'],
    ['a number of rules', `[rules]\na(${fill('9')}).`, ['R132']],
    ['a string of policies', `[policies]\n@id("${fill('x')}") permit(principal, action, resource);`, 'open'],
    ['a word of policies', `[policies]\n${fill('x')}(principal, action, resource);`, ['R222']],
    ['an integer of policies', policy(`${fill('9')} == 1`), ['R123']],
    ['a comment of policies', `[policies]\n// ${fill('x')}\n`, 'open'],
  ])('of %s are read or refused', async (_, text, outcome) => {
    expect(await attempt(HEAD + text)).toEqual(outcome)
  })
})

function each(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('')
}

describe('many', () => {
  test.each<[string, string, Outcome]>([
    ['literals', `[rules]\na(X) :- b(X)${', b(X)'.repeat(50_000)}.`, ['R342']],
    ['alternatives', `[rules]\na(X) :- (b(X)${' ; b(X)'.repeat(50_000)}).`, ['R342']],
    ['pairs of alternatives', `[rules]\na(X) :- b(X)${', (b(X) ; c(X))'.repeat(60)}.`, ['R342']],
    ['columns', `[rules]\na(${'1, '.repeat(50_000)}1).`, ['R334']],
    ['conditions', `[policies]\npermit(principal, action, resource) ${'when { true } '.repeat(50_000)};`, 'open'],
    ['mistakes', `[policies]\n${'permit(; '.repeat(50_000)}`, ['R220', 'R233']],
    ['mistakes in rules', `[rules]\n${'a(. '.repeat(50_000)}`, ['R260', 'R274']],
    [
      'names that are defined nowhere',
      `[rules]\n${each(12_000, (i) => `p${i}(X) :- undefined_name${i}(X).\n`)}`,
      'open',
    ],
    ['rules on one line', `[rules]\n${each(12_000, (i) => `p${i}(X) :- q(X). `)}`, 'open'],
    ['unknown methods', `[rules]\nq("a").\n${each(12_000, (i) => `p(X) :- q(X), X.m${i}("a").\n`)}`, ['R343', 'R505']],
    ['unknown keys', `[options]\n${each(12_000, (i) => `unknown_option${i} = 1\n`)}`, ['R300', 'R505']],
    [
      'facts that are asked for and unknown',
      `[policies]\n${each(8_000, (i) => `permit(principal, action, resource) when { context.facts.p${i} };\n`)}`,
      ['R450', 'R505'],
    ],
    ['characters of no language', `[rules]\n${'€ '.repeat(50_000)}`, ['R134', 'R274']],
    [
      'common types, each in the next',
      `[schema]\ntype A0 = Long;\n${chain(3000, (a) => `Set<${a}>`)}entity U { a: A3000 };`,
      ['R901'],
    ],
    [
      'common types that double each other',
      `[schema]\ntype A0 = Long;\n${chain(60, (a) => `{ a: ${a}, b: ${a} }`)}entity U { a: A60 };`,
      ['R901'],
    ],
    ['common types in a circle', '[schema]\ntype A = Set<B>;\ntype B = Set<A>;\nentity U { a: A };', ['R250']],
  ])('%s are read or refused', async (_, text, outcome) => {
    expect(await attempt(HEAD + text)).toEqual(outcome)
  })

  test('wildcards do not make matching slow', async () => {
    const stars = '*a'.repeat(500)
    const text = `${HEAD}[rules]\nforbid("m") :- context.s(S), S.matches("${stars}b").
forbid("l") :- context.s(S), S.like("${stars}b").
[policies]
forbid(principal, action, resource) when { context.s like "${stars}b" };
forbid(principal, action, resource in File::"${'/**/a'.repeat(200)}/b");
forbid(principal in User::"${stars}b", action, resource);
permit(principal, action, resource);`
    const id = 'a'.repeat(20_000)
    expect(await attempt(text, { ...REQUEST, principal: { type: 'User', id } })).toBe('permit')
    expect(await attempt(text, { ...REQUEST, resource: { type: 'File', id: '/a'.repeat(20_000) } })).toBe('permit')
  })
})

describe('a request', () => {
  const LOOP = `${HEAD}[options]
max_steps = 100000
[rules]
n(N) :- context.n(N).
forbid("cut") :- context.s(S), n(N), S.substring(N, 1000000) = "b".
forbid("join") :- action("join"), context.s(S), n(N), n(M), N < M, T = S + S, T = "b".
forbid("split") :- action("split"), context.s(S), n(N), n(M), "b" in [S], P = "x", P = S.split("a").
permit("all") :- action("read").`

  test('that works on long texts again and again needs too many steps', async () => {
    const n = Array.from({ length: 3000 }, (_, i) => i)
    for (const action of ['read', 'join', 'split']) {
      const request = { ...REQUEST, action, context: { s: 'a'.repeat(1_000_000), n } }
      expect(await attempt(LOOP, request)).toEqual(['R504'])
    }
    expect(await attempt(LOOP, { ...REQUEST, context: { s: 'a', n: [1, 2, 3] } })).toBe('permit')
  })

  test.each([
    'x::"'.repeat(100_000),
    `a::"${'\\"'.repeat(100_000)}`,
    `${' '.repeat(1_000_000)}::"`,
    `a::"x${' '.repeat(1_000_000)}`,
  ])('with a long id is refused in a few words', async (id) => {
    const text = `${HEAD}[options]\npath_types = ["File"]\n`
    expect(await attempt(text, { ...REQUEST, principal: id })).toEqual(['R741'])
    expect(await attempt(text, { ...REQUEST, resource: { type: 'File', id } })).toEqual(['R741'])
    expect(await attempt(text, { ...REQUEST, principal: { type: id, id: 'x' } })).toEqual(['R741'])
    expect(await attempt(text, { ...REQUEST, principal: { id } })).toEqual(['R741'])
  })
})

function chain(length: number, around: (name: string) => string): string {
  return Array.from({ length }, (_, i) => `type A${i + 1} = ${around(`A${i}`)};\n`).join('')
}
