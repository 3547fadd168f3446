/** The index of policies: what it leaves out, and what it must not. That nothing is lost is shown in `authorize.test.ts`. */
import { describe, expect, test } from 'vitest'
import { compilePolicies } from '../../../src/decide/cedar/authorize.ts'
import { type Candidates, numbersOf, PolicyIndex } from '../../../src/decide/cedar/policy-index.ts'
import { scopeOf } from '../../../src/decide/cedar/scope.ts'
import { ImageDictionary } from '../../../src/image/dictionary.ts'
import { Overlay } from '../../../src/image/overlay.ts'
import { Values } from '../../../src/image/value-ids.ts'
import { createCoordinator } from '../../../src/threads/coordinator.ts'
import { attachReader } from '../../../src/threads/reader.ts'
import { readUpdate } from '../../../src/threads/update.ts'
import { createRandom } from '../../properties/random.ts'
import { entity, frameOf, lowerText, uid, type World } from './world.ts'

const ENTITIES = [
  entity('U::"a"', { in: ['G::"g"'] }),
  entity('G::"g"', { in: ['O::"o"'] }),
  entity('Action::"v"', { in: ['Action::"all"'] }),
]

/** The numbers of the policies of `text` that are asked about a request. */
function asked(text: string, request: World['request'] = {}, few = 0): readonly number[] {
  const dictionary = new ImageDictionary()
  const values = new Values(dictionary)
  const policies = lowerText(text)
  compilePolicies(policies, values)
  const index = new PolicyIndex(
    policies.map(({ condition }) => scopeOf(condition, values)),
    { few },
  )
  return flat(index.find(frameOf({ entities: ENTITIES, request }, new Values(new Overlay(dictionary)))))
}

function flat(candidates: Candidates): number[] {
  return numbersOf(candidates).sort((a, b) => a - b)
}

describe('a policy is asked where its scope can match', () => {
  test.each([
    ['principal, action, resource', true],
    ['principal == U::"a", action, resource', true],
    ['principal == U::"b", action, resource', false],
    ['principal in O::"o", action, resource', true],
    ['principal in O::"p", action, resource', false],
    ['principal is U, action, resource', true],
    ['principal is V, action, resource', false],
    ['principal is U in O::"p", action, resource', false],
    ['principal, action == Action::"w", resource', false],
    ['principal, action in Action::"all", resource', true],
    ['principal, action in [Action::"w", Action::"all"], resource', true],
    ['principal, action in [], resource', false],
    ['principal, action, resource == R::"other"', false],
    ['principal, action, resource in R::"missing"', true],
  ])('(%s): %s', (scope, isAsked) => {
    expect(asked(`permit (${scope});`)).toEqual(isAsked ? [0] : [])
  })

  test.each([
    ['principal in G::"g" && action == Action::"v"', true],
    ['principal in G::"h"', false],
    ['principal in [G::"h", G::"i"]', true],
    ['principal in [G::"h", 1]', true],
    ['principal is V && 1', false],
    ['principal is U in 1 && principal == U::"b"', true],
    ['context.x && principal == U::"b"', true],
    ['principal == 1', true],
    ['principal == U::"b" || true', true],
  ])('also by what conditions begin with: %s is asked: %s', (condition, isAsked) => {
    expect(asked(`permit (principal, action, resource) when { ${condition} };`)).toEqual(isAsked ? [0] : [])
  })
})

test('among many, few are asked', () => {
  const grants = Array.from({ length: 2000 }, (_, i) => {
    const who = i % 3 === 0 ? `principal in G::"g${i % 50}"` : `principal == U::"u${i % 500}"`
    return `permit (${who}, action in [Action::"v", Action::"all"], resource == R::"r${i % 40}");`
  })
  const text = [
    ...grants,
    'forbid (principal, action, resource);',
    'permit (principal == U::"a", action, resource);',
  ].join('\n')
  const found = asked(text, { principal: uid('U::"u7"'), resource: uid('R::"r7"') }, 8)
  expect(found).toContain(7)
  expect(found).toContain(2000)
  expect(found.length).toBeLessThan(12)
})

test('where a principal has more ancestors than there are policies, all are asked', () => {
  const groups = Array.from({ length: 100 }, (_, i) => `G::"g${i}"`)
  const text = groups
    .slice(0, 20)
    .map((group) => `permit (principal in ${group}, action, resource);`)
    .join('\n')
  const dictionary = new ImageDictionary()
  const values = new Values(dictionary)
  const policies = lowerText(text)
  compilePolicies(policies, values)
  const index = new PolicyIndex(policies.map(({ condition }) => scopeOf(condition, values)))
  const world = { entities: [entity('U::"a"', { in: groups })] }
  expect(flat(index.find(frameOf(world, new Values(new Overlay(dictionary)))))).toHaveLength(20)
})

/** An id after which readers forget what they do not know, so that others get the ids of its values. */
const LONG = 'x'.repeat(2 ** 18)

test('where entities lead to is remembered as long as they stay, and only of those that are stored', () => {
  const groups = Array.from({ length: 12 }, (_, i) => i)
  const scopes = groups.flatMap((i) => [
    `@id("in ${i}") permit (principal in G::"${i}", action == Action::"v", resource);`,
    `@id("of ${i}") permit (principal, action == Action::"v", resource in G::"${i}");`,
  ])
  const policies = [
    ...scopes,
    '@id("is V") permit (principal is V, action == Action::"v", resource);',
    'permit (principal == U::"guest", action == Action::"w", resource);',
  ].join('\n')
  const coordinator = createCoordinator({ input: { text: `version = "rune/1.0"\n[policies]\n${policies}` } })
  coordinator.load()
  const reader = attachReader({ memory: coordinator.memory }, 0)
  const random = createRandom(7)
  const members = ['u0', 'u1', 'u2', 'd0', 'd1'].map((id) => `U::"${id}"`)
  const entityIn = (name: string, parents: readonly number[]) => {
    return { uid: uid(name), attrs: {}, parents: parents.map((i) => uid(`G::"${i}"`)) }
  }
  const stored = new Map<string, readonly number[]>()
  for (let round = 0; round < 100; round++) {
    const [member, parents] = [random.pick(members), random.some(groups, 0.2)]
    stored.set(member, parents)
    coordinator.update([readUpdate({ entities: [entityIn(member, parents)] }, reader.program())])
    for (const principal of [...members, 'U::"guest"', 'V::"guest"', `U::"${LONG}"`, `V::"${LONG}"`, 'U::"guest"']) {
      const isBrought = !stored.has(principal) && random.chance(0.5)
      const inGroups = isBrought ? random.some(groups, 0.2) : (stored.get(principal) ?? [])
      const resource = random.pick(members)
      const entities = isBrought ? [entityIn(principal, inGroups)] : []
      const { reasons } = reader.authorize({ principal, action: 'Action::"v"', resource, entities })
      expect(new Set(reasons)).toEqual(
        new Set([
          ...inGroups.map((i) => `in ${i}`),
          ...(resource === principal ? inGroups : (stored.get(resource) ?? [])).map((i) => `of ${i}`),
          ...(principal.startsWith('V') ? ['is V'] : []),
        ]),
      )
    }
  }
})
