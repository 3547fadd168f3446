/** `context.facts` in policies: load errors, and how a policy says what it asks for. */
import { describe, expect, test } from 'vitest'
import type { PolicyInput } from '../../src/program/lower-policies.ts'
import type { TypeName } from '../../src/program/program.ts'
import { BUILTINS, type Predicate } from '../../src/program/program.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import { type Facts, lowerText, predicatesOf } from '../decide/cedar/world.ts'

const type = (...names: TypeName[]) => ({ type: new Set(names) })

const FACTS: Facts[] = [
  { name: 'ready', columns: [] },
  { name: 'blocked', columns: [type('entity:User')] },
  { name: 'agent.role', columns: [type('String')] },
  {
    name: 'pair',
    columns: [
      { name: 'a', ...type('Long') },
      { name: 'b', ...type('Long') },
    ],
  },
  { name: 'unnamed', columns: [{ name: 'a', ...type('Long') }, type('Long')] },
  { name: 'score', columns: [type('Float', 'Long')] },
  { name: 'mixed', columns: [type('Long', 'String')] },
  { name: 'untyped', columns: [{}] },
  { name: 'sets', columns: [type('Set')] },
  { name: 'both', columns: [] },
  { name: 'both.inner', columns: [] },
  { name: '$internal', columns: [] },
]

const PREDICATES: Predicate[] = [
  ...BUILTINS.map(({ name, arity }, id): Predicate => {
    const columns = Array.from({ length: arity }, () => ({ type: 'any' }) as const)
    return { id, name, arity, columns, scope: 'request', evaluation: 'on demand', readsEntities: false }
  }),
  ...predicatesOf(FACTS),
]

function lower(condition: string, input: Partial<PolicyInput> = {}, before = '') {
  const diagnostics = new Diagnostics()
  const text = `${before} permit (principal, action, resource) when { ${condition} };`
  const policies = lowerText(text, { predicates: PREDICATES, ...input }, diagnostics)
  return { policies, diagnostics: diagnostics.all }
}

const mistakes = (...args: Parameters<typeof lower>) =>
  lower(...args).diagnostics.map(({ code, span }) => `${code}: ${span?.source.text.slice(span.start, span.end)}`)

describe('a load error', () => {
  test.each([
    ['an unknown predicate', 'context.facts.blokked.contains(principal)', 'R450: context.facts.blokked'],
    ['an unknown name below a prefix', 'context.facts.agent.rule.isEmpty()', 'R450: context.facts.agent.rule'],
    ['an unknown predicate under has', 'context.facts has nope', 'R450: context.facts has nope'],
    ['an unknown predicate under extended has', 'context has facts.agent.nope', 'R450: context has facts.agent.nope'],
    ['a dotted name as one attribute', 'context.facts["agent.role"].isEmpty()', 'R450: context.facts["agent.role"]'],
    ['an internal predicate', 'context.facts["$internal"]', 'R450: context.facts["$internal"]'],
    ['columns without names', 'context.facts.unnamed.isEmpty()', 'R451: context.facts.unnamed'],
    ['a Float column', 'context.facts.score.contains(1)', 'R451: context.facts.score'],
    ['a name with two arities', 'context.facts.principal.isEmpty()', 'R451: context.facts.principal'],
    ['what decides', 'context.facts.permit.isEmpty()', 'R451: context.facts.permit'],
    ['a predicate that is a prefix', 'context.facts.both', 'R452: context.facts.both'],
    ['a predicate below a predicate', 'context.facts.both.inner', 'R452: context.facts.both.inner'],
    ['all facts as a value', 'context.facts == {}', 'R453: context.facts'],
    ['a prefix as a value', '[context.facts.agent].isEmpty()', 'R453: context.facts.agent'],
    ['the context as a value', 'context.facts.ready && context == {}', 'R453: context'],
    ['the context as an argument', 'context.facts.ready && [context].isEmpty()', 'R453: context'],
    [
      'the context on a detour',
      'context.facts.ready && (if true then context else context).a',
      'R453: context,R453: context',
    ],
  ])('is %s', (_, condition, expected) => expect(mistakes(condition).join()).toBe(expected))

  test('is the context as a value, in another policy too', () => {
    const before = 'permit (principal, action, resource) when { context == {} };'
    expect(mistakes('context.facts.ready', {}, before)).toEqual(['R453: context'])
    expect(mistakes('context.ready', {}, before)).toEqual([])
  })

  test('suggests what was meant', () => {
    const help = (condition: string) => lower(condition).diagnostics.map((diagnostic) => diagnostic.help)
    expect(help('context.facts.blokked.contains(principal)')).toEqual(['did you mean `blocked`?'])
    expect(help('context.facts.agent.rule.isEmpty()')).toEqual(['did you mean `agent.role`?'])
    expect(help('context.facts.unnamed.isEmpty()')).toEqual(['declare it: `decl unnamed(a: …, column2: …).`'])
  })
})

describe('with a schema', () => {
  test.each(['mixed', 'untyped', 'sets'])('a column of no single type is an error: %s', (name) => {
    expect(mistakes(`context.facts.${name}.isEmpty()`, { typed: true })).toEqual([`R451: context.facts.${name}`])
    expect(mistakes(`context.facts.${name}.isEmpty()`)).toEqual([])
  })

  test('typed predicates are right', () => {
    expect(mistakes('context.facts.pair.isEmpty() && context.facts.blocked.isEmpty()', { typed: true })).toEqual([])
  })
})

describe('a policy says how it asks', () => {
  const asks = (condition: string) => {
    const [policy] = lower(condition).policies
    const name = (id: number) => PREDICATES.find((predicate) => predicate.id === id)?.name
    return policy?.asks.map(
      ({ predicate, bound }) => `${name(predicate)}(${bound.map((b) => (b ? 'b' : 'f')).join('')})`,
    )
  }

  test.each([
    ['context.facts.ready', ['ready()']],
    ['context.facts.pair.contains({a: 1, b: 2})', ['pair(bb)']],
    ['context.facts.pair.containsAny([])', ['pair(bb)']],
    ['context.facts.pair.isEmpty()', ['pair(ff)']],
    ['context.facts.blocked == []', ['blocked(f)']],
    [
      'context.facts.blocked.contains(principal) || context.facts.blocked.contains(resource) || principal in context.facts.blocked',
      ['blocked(b)', 'blocked(f)'],
    ],
    ['context has facts.ready', []],
    ['context.other', []],
  ])('%s', (condition, expected) => expect(asks(condition)).toEqual(expected))

  test('and whether it mentions facts at all', () => {
    const policies = lower('context has facts', {}, 'permit (principal, action, resource);').policies
    expect(policies.map(({ usesFacts }) => usesFacts)).toEqual([false, true])
  })
})

test('in plain Cedar, `facts` is an attribute like all others', () => {
  const diagnostics = new Diagnostics()
  const text = 'permit (principal, action, resource) when { context.facts == context && context has facts.x };'
  const [policy] = lowerText(text, {}, diagnostics)
  expect(diagnostics.all).toEqual([])
  expect(policy).toMatchObject({ usesFacts: false, asks: [] })
})
