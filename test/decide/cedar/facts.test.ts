/** `context.facts` evaluated over a table of facts. Which uses of it are load errors: `test/program/lower-facts.test.ts`. */
import { describe, expect, test } from 'vitest'
import type { PolicyInput } from '../../../src/program/lower-policies.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import type { Value } from '../../../src/values/value.ts'
import { answer, type Facts, lowerText, predicatesOf, uid } from './world.ts'

const ALICE = uid('U::"a"')
const MISSING = uid('R::"missing"')

const HAS_BOOL = 'error: type error: expected one of [record, (entity of type `any_entity_type`)], got bool'

const FACTS: Facts[] = [
  { name: 'ready', columns: [], rows: [[]] },
  { name: 'closed', columns: [] },
  { name: 'agent.role', columns: [{}], rows: [['admin'], ['dev']] },
  { name: 'nothing', columns: [{}] },
  { name: 'group', columns: [{}], rows: [[uid('G::"g"')]] },
  { name: 'can_write', columns: [{ name: 'user' }, { name: 'resource' }], rows: [[ALICE, MISSING]] },
  { name: 'nested', columns: [{}], rows: [[{ kind: 'set', elements: [1n, 2n] }]] },
  { name: 'broken', columns: [{}], fails: 'integer overflow' },
  { name: 'broken_flag', columns: [], fails: 'integer overflow' },
  { name: 'broken_pair', columns: [{ name: 'a' }, { name: 'b' }], fails: 'integer overflow' },
  { name: 'measured', columns: [{}], rows: [[1.5]] },
]

function outcome(text: string, context: ReadonlyMap<string, Value> = new Map()): string {
  const diagnostics = new Diagnostics()
  const input: Partial<PolicyInput> = { predicates: predicatesOf(FACTS) }
  const policies = lowerText(`permit (principal, action, resource) when { ${text} };`, input, diagnostics)
  expect(diagnostics.all.filter(({ severity }) => severity === 'error')).toEqual([])
  const { satisfiedPermits, errors } = answer(policies, { facts: FACTS, request: { context } })
  return errors[0] ? `error: ${errors[0].message}` : String(satisfiedPermits.length === 1)
}

describe('context.facts is as if the context held the facts', () => {
  test.each([
    // arity 0
    ['context.facts.ready', 'true'],
    ['context.facts.closed', 'false'],
    ['context["facts"]["ready"]', 'true'],
    ['context.facts.ready.contains(1)', 'error: type error: expected set, got bool'],
    // arity 1
    ['context.facts.agent.role.contains("admin")', 'true'],
    ['context.facts.agent.role.contains("nobody knows this")', 'false'],
    ['context.facts.agent.role.contains(1)', 'false'],
    ['context.facts.agent.role.contains(context.zz)', 'error: record does not have the attribute `zz`'],
    ['context.facts.agent.role == ["dev", "admin"]', 'true'],
    ['["dev", "admin", "x"].containsAll(context.facts.agent.role)', 'true'],
    ['context.facts.agent.role.containsAll(["dev", "admin"])', 'true'],
    ['context.facts.agent.role.containsAll(["dev", "x"])', 'false'],
    ['context.facts.agent.role.containsAll([])', 'true'],
    ['context.facts.agent.role.containsAny(["x", "admin"])', 'true'],
    ['context.facts.agent.role.containsAny([])', 'false'],
    ['context.facts.agent.role.containsAny("admin")', 'error: type error: expected set, got string'],
    ['context.facts.nothing.isEmpty()', 'true'],
    ['context.facts.agent.role.isEmpty()', 'false'],
    ['context.facts.nothing == []', 'true'],
    ['context.facts.nested.contains([2, 1])', 'true'],
    ['[context.facts.nothing, context.facts.agent.role].contains([])', 'true'],
    ['G::"g" in context.facts.group', 'true'],
    ['principal in context.facts.group', 'false'],
    [
      'principal in context.facts.agent.role',
      'error: type error: expected (entity of type `any_entity_type`), got string',
    ],
    // records
    ['context.facts.can_write.contains({user: principal, resource: resource})', 'true'],
    ['context.facts.can_write.contains({resource: resource, user: principal})', 'true'],
    ['context.facts.can_write.contains({user: resource, resource: principal})', 'false'],
    ['context.facts.can_write.contains({user: principal})', 'false'],
    ['context.facts.can_write.contains({user: principal, other: resource})', 'false'],
    ['context.facts.can_write.contains({user: principal, resource: resource, more: 1})', 'false'],
    ['context.facts.can_write.contains(principal)', 'false'],
    ['context.facts.can_write.contains(if true then {user: principal, resource: resource} else {})', 'true'],
    ['context.facts.can_write.contains({user: U::"a", resource: R::"missing"})', 'true'],
    [
      'context.facts.can_write.contains({user: 1 + "", resource: context.zz})',
      'error: record does not have the attribute `zz`',
    ],
    ['context.facts.can_write.containsAny([1, {user: principal, resource: resource}])', 'true'],
    ['context.facts.can_write == [{user: principal, resource: resource}]', 'true'],
    // has
    ['context has facts', 'true'],
    ['context has facts.agent.role', 'true'],
    ['context.facts has agent', 'true'],
    ['context.facts.agent has role', 'true'],
    ['context.facts has ready', 'true'],
    ['context.facts.ready has x', HAS_BOOL],
    ['context has facts.ready.x', HAS_BOOL],
    ['context.facts.ready.x has y', HAS_BOOL],
    ['context has other', 'false'],
  ])('%s → %s', (text, expected) => expect(outcome(text)).toBe(expected))

  test('beside the attributes of the request', () => {
    expect(outcome('context has other && context.other == 1', new Map([['other', 1n]]))).toBe('true')
  })
})

describe('a predicate that fails makes the policy that asks for it fail', () => {
  test.each([
    ['context.facts.broken.contains(1)', 'broken'],
    ['context.facts.broken.containsAny([1])', 'broken'],
    ['context.facts.broken.isEmpty()', 'broken'],
    ['context.facts.broken == []', 'broken'],
    ['context.facts.broken_flag', 'broken_flag'],
    ['!context.facts.broken_flag', 'broken_flag'],
    ['context.facts.broken_pair.contains({a: 1, b: principal})', 'broken_pair'],
  ])('%s', (text, name) => {
    expect(outcome(text)).toBe(`error: predicate \`${name}\` cannot be evaluated: integer overflow`)
  })

  test('but not one that does not reach it', () => {
    expect(outcome('true || context.facts.broken_flag')).toBe('true')
  })
})

test('a float is an error where Cedar would have to see it', () => {
  expect(outcome('context.facts.measured == []')).toBe(
    'error: predicate `measured` holds a float, which Cedar does not have',
  )
})

test('policies that ask for facts are in their order among those that do not', () => {
  const conditions = [
    'context.zz',
    'context.facts.ready',
    'true',
    'context.facts.broken_flag',
    'context.facts.agent.role.contains("dev")',
    'principal == U::"a"',
    'false',
  ]
  const text = conditions.map((condition) => `permit (principal, action, resource) when { ${condition} };`).join('\n')
  const policies = lowerText(text, { predicates: predicatesOf(FACTS) })
  const { satisfiedPermits, errors } = answer(policies, { facts: FACTS, request: { context: new Map() } })
  expect(satisfiedPermits).toEqual(['p1', 'p2', 'p4', 'p5'])
  expect(errors.map(({ policyId }) => policyId)).toEqual(['p0', 'p3'])
})
