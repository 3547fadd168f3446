/** Policy sets of the Cedar API: plain Cedar over the entities of one call. */
import { describe, expect, it } from 'vitest'
import { askPolicySet, askStore, compilePolicySet, createEntityStore } from '../../../src/decide/cedar/policy-set.ts'
import { readPolicySet } from '../../../src/syntax/cedar-call.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import type { Value } from '../../../src/values/value.ts'
import type { Entity } from '../../oracle/cedar.ts'
import { entity, uid } from './world.ts'

/** The ids of satisfied permits, and the messages of what failed, for a condition on each line. */
function answers(conditions: readonly string[], entities: readonly Entity[], context: Record<string, Value> = {}) {
  const staticPolicies = conditions.map((condition) => `permit(principal, action, resource) when { ${condition} };`)
  const read = readPolicySet({ staticPolicies }, new Diagnostics())
  if (read === undefined) throw new Error('the policies are wrong')
  const policies = compilePolicySet(read)
  const request = {
    principal: uid('U::"a"'),
    action: uid('Action::"v"'),
    resource: uid('R::"r"'),
    context: { kind: 'record' as const, fields: new Map(Object.entries(context)) },
  }
  const store = createEntityStore(entities)
  const first = askPolicySet(policies, request, entities)
  expect(askPolicySet(policies, request, entities)).toEqual(first)
  expect(askStore(policies, store, { request, isValidated: false })).toEqual(first)
  return [...first.reason, ...first.errors.map(({ policyId, message }) => `${policyId}: ${message}`)]
}

describe('a policy set', () => {
  it('is plain Cedar: stars, paths and `facts` mean nothing special', () => {
    const conditions = [
      'File::"/tmp/a" in File::"/tmp/*"',
      'File::"/tmp/*" in File::"/tmp/*"',
      'File::"/tmp/./a" == File::"/tmp/a"',
      'context.facts.p.contains(1) && context has facts && context == context',
      'context.facts.q',
    ]
    const p: Value = { kind: 'set', elements: [1n] }
    const facts: Value = { kind: 'record', fields: new Map([['p', p]]) }
    expect(answers(conditions, [], { facts })).toEqual([
      'policy1',
      'policy3',
      'policy4: record does not have the attribute `q`',
    ])
  })

  it('finds attributes, tags and ancestors of the entities of the call', () => {
    const entities = [
      entity('U::"a"', { in: ['G::"g"', 'G::"g"'], attrs: { n: 1n, friend: uid('U::"b"') }, tags: { t: 'x' } }),
      entity('U::"b"', { attrs: { n: 2n } }),
      entity('G::"g"', { in: ['G::"top"'] }),
    ]
    const conditions = [
      'principal.n + principal.friend.n == 3 && principal.getTag("t") == "x" && principal in G::"top"',
      'principal has n && !(principal has m) && !(resource has n) && !principal.hasTag("n") && !(principal in U::"b")',
      'resource.n == 1',
      'principal.m == 1',
      'principal.friend.getTag("t") == "x"',
      'G::"top" in G::"top" && !(G::"top" in G::"g") && principal.n == principal.n',
    ]
    expect(answers(conditions, entities)).toEqual([
      'policy0',
      'policy1',
      'policy5',
      'policy2: entity `R::"r"` does not exist',
      'policy3: `U::"a"` does not have the attribute `m`',
      'policy4: `U::"b"` does not have the tag `t`',
    ])
  })
})
