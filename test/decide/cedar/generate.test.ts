/**
 * Generated code of policies: its texts, as golden files in `test/fixtures/policies`, hold no text of a policy, and policies
 * that differ in constants share one. That code and closures agree is shown where policies are evaluated (`world.ts`).
 */
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { takeCodes } from '../../../src/decide/cedar/generate.ts'
import { Rune } from '../../../src/engine.ts'
import { answer, entity, lowerText, type World } from './world.ts'

const WORLD: World = {
  entities: [entity('U::"a"', { in: ['G::"g"'], attrs: { n: 1n, s: 'text' }, tags: { t: 1n } }), entity('G::"g"')],
  request: {
    context: new Map<string, bigint | string | boolean>([
      ['n', 3n],
      ['s', 'text'],
      ['b', true],
    ]),
  },
}

/** Asked together, they read once what several of them read. */
const TOGETHER = `permit (principal in G::"g", action, resource is R) when { principal.n < context.n };
permit (principal, action, resource is R) when { principal in G::"g" && principal.n == 1 };
forbid (principal is U, action, resource) when { principal.missing };`

beforeEach(() => {
  takeCodes()
})

const CASES: readonly (readonly [name: string, scope: string, conditions: string])[] = [
  ['a scope', 'principal in G::"g", action in [Action::"v", Action::"w"], resource == R::"r"', ''],
  ['types', 'principal is U in G::"g", action, resource is R', ''],
  [
    'attributes',
    'principal, action, resource',
    'when { principal.n < context.n && principal has s && principal.s like "te*" }',
  ],
  ['nested attributes', 'principal, action, resource', 'when { context has r.x.y && principal.r.x == {a: context.n} }'],
  [
    'chains',
    'principal, action, resource',
    'when { context.b || principal.b && !(resource in [principal, context.e]) } unless { false }',
  ],
  ['branches', 'principal, action, resource', 'when { (if context.b then principal.n + 1 else -context.n) * 2 == 4 }'],
  [
    'sets',
    'principal, action, resource',
    'when { [1, context.n].contains(3) && [1, 2].containsAll([context.n]) && ![context.s].isEmpty() }',
  ],
  ['tags', 'principal, action, resource', 'when { principal.hasTag(context.s) && principal.getTag("t") == 1 }'],
  [
    'extensions',
    'principal, action, resource',
    'when { ip(context.s).isInRange(ip("10.0.0.0/8")) || decimal("1.0").lessThan(context.d) }',
  ],
]

test('policies that are asked together become one text', async () => {
  answer(lowerText(TOGETHER), WORLD)
  const texts = takeCodes().filter((text) => text.includes('p1:'))
  await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot('../../fixtures/policies/together.txt')
})

describe.each(CASES)('%s', (name, scope, conditions) => {
  test('become the text of the golden file', async () => {
    answer(lowerText(`permit (${scope}) ${conditions};`), WORLD)
    const file = `../../fixtures/policies/${name.replaceAll(/\W+/g, '-')}.txt`
    await expect(`${takeCodes().join('\n\n')}\n`).toMatchFileSnapshot(file)
  })
})

test('policies that differ in constants, or are links of one template, share one text', () => {
  const many = Array.from({ length: 50 }, (_, i) => {
    const [who, what, key] = [`U::"a${i}"`, `R::"r${i % 7}"`, JSON.stringify(`k${i}`)]
    return `permit (principal == ${who}, action, resource in ${what}) when { context has ${key} && context[${key}] > ${i} };`
  })
  answer(lowerText(many.join('\n')), WORLD)
  expect(takeCodes()).toHaveLength(1)
})

test('what is too long or too deep for code is interpreted', () => {
  const deep = `${'if context.b then '.repeat(80)}true${' else false'.repeat(80)}`
  const long = Array.from({ length: 900 }, (_, i) => `context.n != ${i + 10}`).join(' && ')
  const found = answer(
    lowerText(`permit (principal, action, resource) when { ${deep} };
permit (principal, action, resource) when { ${long} };`),
    WORLD,
  )
  expect(found.satisfiedPermits).toEqual(['p0', 'p1'])
  expect(takeCodes()).toHaveLength(0)
})

const HOSTILE = [
  '"];process.exit(1)//',
  '${process.exit(1)}',
  '*/throw 1/*',
  '`',
  "'+x+'",
  '\u2028',
  '__proto__',
  '}}}})',
  '\\',
]

test('no text of a policy gets into code', async () => {
  vi.stubEnv('RUNE_CODEGEN', '1')
  const policies = HOSTILE.flatMap((text) => {
    const [string, id] = [JSON.stringify(text), JSON.stringify(text).replace('\u2028', '\\u{2028}')]
    const uid = `A::${id}`
    return [
      `@id(${JSON.stringify(`p ${text}`)}) permit (principal == ${uid}, action == Action::${id}, resource in ${uid});`,
      `permit (principal, action, resource) when { context has ${string} && context[${string}] == ${string} };`,
      `forbid (principal is A in ${uid}, action, resource) when { principal[${string}] like ${string} || {${string}: 1} == context };`,
      `permit (principal, action, resource) when { principal in [${uid}, context.e] && [${string}].contains(context.s) };`,
      `permit (principal, action, resource) when { principal.hasTag(${string}) && ip(${string}).isIpv4() };`,
    ]
  })
  const rune = await Rune.fromText(
    `version = "rune/1.0"\n[options]\nglobs = false\n[policies]\n${policies.join('\n')}\n`,
    {
      coordinator: 'inline',
    },
  )
  for (const text of HOSTILE) {
    const id = { type: 'A', id: text }
    rune.authorize({
      principal: id,
      action: { type: 'Action', id: text },
      resource: id,
      context: JSON.parse(`{${JSON.stringify(text)}: ${JSON.stringify(text)}, "s": "x"}`),
    })
  }
  await rune.close()
  vi.unstubAllEnvs()
  const texts = takeCodes()
  expect(texts.some((text) => text.split('t|=').length > HOSTILE.length)).toBe(true)
  const words = new Set(texts.flatMap((text) => text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? []))
  const known =
    /^(const|let|if|else|break|return|true|false|[fKOtpare]|AT|failing|[bvlmp]\d+|s\d+_\d+|principal|action|resource|context|contextField|entities|values|attribute|hasAncestor|entityType|record|set|step|compute|opposite|isLess|membership|isLike|call|isElement|containsAll|containsAny|hasNoElements|tagOf|isTagged)$/
  expect([...words].filter((word) => !known.test(word))).toEqual([])
  for (const text of texts) expect(text).toMatch(/^[\w\s=+\-*%&|^<>!?:;,.()[\]{}"]*$/)
  for (const text of texts)
    expect(text.match(/"[^"]*"/g) ?? []).toEqual(expect.not.arrayContaining([expect.not.stringMatching(/^"[-+*]"$/)]))
})
