/** Whole policies: scopes, conditions, links, what is reported, and random policy sets against the oracle. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lowerPolicies } from '../../../src/program/lower-policies.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import type { Span } from '../../../src/text/source.ts'
import { authorize } from '../../oracle/cedar.ts'
import { type CedarCase, generateCedar, policiesOf } from '../../properties/generate-cedar.ts'
import { runs } from '../../properties/random.ts'
import { answer, entity, lowerText, uid, type World } from './world.ts'

const ENTITIES = [
  entity('U::"a"', { in: ['G::"g"'] }),
  entity('G::"g"', { in: ['O::"o"'] }),
  entity('Action::"v"', { in: ['Action::"all"'] }),
]

const permitsOf = (text: string, world: World = { entities: ENTITIES }) =>
  answer(lowerText(text), world).satisfiedPermits

describe('a scope', () => {
  test.each([
    ['principal, action, resource', true],
    ['principal == U::"a", action, resource', true],
    ['principal == U::"b", action, resource', false],
    ['principal in G::"g", action, resource', true],
    ['principal in O::"o", action, resource', true],
    ['principal in O::"p", action, resource', false],
    ['principal is U, action, resource', true],
    ['principal is V, action, resource', false],
    ['principal is U in O::"o", action, resource', true],
    ['principal is V in O::"o", action, resource', false],
    ['principal, action == Action::"v", resource', true],
    ['principal, action == Action::"all", resource', false],
    ['principal, action in Action::"all", resource', true],
    ['principal, action in [Action::"w", Action::"all"], resource', true],
    ['principal, action in [], resource', false],
    ['principal, action, resource == R::"missing"', true],
    ['principal, action, resource in R::"missing"', true],
    ['principal, action, resource is R', true],
    ['principal, action, resource is R in G::"g"', false],
  ])('(%s) matches: %s', (scope, matches) => {
    expect(permitsOf(`permit (${scope});`)).toEqual(matches ? ['p0'] : [])
  })

  test('that does not match hides the errors of the conditions', () => {
    const { errors } = answer(lowerText('permit (principal == U::"b", action, resource) when { 1 };'), {})
    expect(errors).toEqual([])
  })
})

describe('conditions', () => {
  test('hold in the order of the text, and the first false one ends them', () => {
    expect(permitsOf('permit (principal, action, resource) when { true } unless { false } when { 1 < 2 };')).toEqual([
      'p0',
    ])
    const policies = lowerText('forbid (principal, action, resource) when { false } when { 1 };')
    expect(answer(policies, {})).toEqual({ satisfiedPermits: [], satisfiedForbids: [], errors: [] })
  })

  test.each(['when { 1 }', 'unless { 1 }', 'when { true } when { 1 }'])('that are no bool fail: %s', (condition) => {
    const { errors } = answer(lowerText(`permit (principal, action, resource) ${condition};`), {})
    expect(errors.map(({ message }) => message)).toEqual(['type error: expected bool, got long'])
  })
})

test('every policy is evaluated, whatever the others say', () => {
  const text = `
    permit (principal, action, resource);
    forbid (principal, action, resource) when { context.x };
    permit (principal, action, resource) when { context.y == 1 };
    forbid (principal, action, resource);
    permit (principal == U::"nobody", action, resource);`
  const { errors, ...satisfied } = answer(lowerText(text), {})
  expect(satisfied).toEqual({ satisfiedPermits: ['p0'], satisfiedForbids: ['p3'] })
  expect(errors.map(({ policyId, effect, message }) => [policyId, effect, message])).toEqual([
    ['p1', 'forbid', 'record does not have the attribute `x`'],
    ['p2', 'permit', 'record does not have the attribute `y`'],
  ])
})

test('a link applies as the policy that it stands for, and an unlinked template never does', () => {
  const template = 'permit (principal in ?principal, action, resource == ?resource);'
  const span: Span = { source: { path: '<test>', text: template }, start: 0, end: 0 }
  const values = new Map([
    ['?principal', { uid: uid('O::"o"'), span }],
    ['?resource', { uid: uid('R::"missing"'), span }],
  ])
  const linked = lowerText(template, { links: [{ template: 'p0', id: 'link', values, span }] })
  expect(answer(linked, { entities: ENTITIES }).satisfiedPermits).toEqual(['link'])
  expect(answer(linked, {}).satisfiedPermits).toEqual([])
  expect(permitsOf(template)).toEqual([])
})

test('satisfied and failing policies are those of the oracle', { timeout: 60_000 + runs(60_000) }, () => {
  const property = fc.property(fc.integer(), (seed) => {
    const cedarCase = generateCedar(seed)
    const { world, request } = cedarCase
    const expected = authorize({ policies: policiesOf(cedarCase), request, entities: world.entities })
    const found = answer(lowerCase(cedarCase), { entities: [...world.entities.values()], request })
    const decision = found.satisfiedForbids.length > 0 || found.satisfiedPermits.length === 0 ? 'deny' : 'allow'
    const reason = found.satisfiedForbids.length > 0 ? found.satisfiedForbids : found.satisfiedPermits
    const errors = new Set(found.errors.map(({ policyId }) => policyId))
    expect({ decision, reason: new Set(reason), errors }).toEqual(expected)
  })
  fc.assert(property, { numRuns: runs(600), endOnFailure: true })
})

function lowerCase({ statics, templates, links }: CedarCase) {
  const diagnostics = new Diagnostics()
  const span: Span = { source: { path: '<generated>', text: '' }, start: 0, end: 0 }
  const lowered = lowerPolicies(
    {
      statements: [...statics, ...templates],
      links: links.map(({ id, template, slots }) => ({
        id,
        template,
        values: new Map([...slots].map(([slot, value]) => [slot, { uid: value, span }])),
        span,
      })),
      settings: { globs: false, pathTypes: new Set() },
    },
    diagnostics,
  )
  expect(diagnostics.all.filter(({ severity }) => severity === 'error')).toEqual([])
  return lowered
}
