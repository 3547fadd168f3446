/** Profiles: what is counted is what decisions do, and times are of the right things. No time is compared with another. */
import { afterAll, describe, expect, test } from 'vitest'
import { type AuthorizeRequest, type Profile, Rune } from '../../src/index.ts'

const POLICY = `version = "rune/1.0"
[data]
member = [["ana", "admins"], ["ben", "staff"], ["cid", "staff"]]
inner = [["admins", "staff"], ["staff", "everybody"]]
edge = [${Array.from({ length: 200 }, (_, i) => `[${i}, ${i + 1}]`)}]
[rules]
decl in_group(user: String, group: String) on_demand.
in_group(U, G) :- member(U, G).
in_group(U, G) :- in_group(U, H), inner(H, G).
decl far(user: String) on_demand.
far(U) :- resource("far"), in_group(U, "staff"), edge(_, Y), Y > 199.
permit("staff writes") :- principal(P), action("write"), in_group(P, "staff").
[policies]
@id("everybody reads")
permit(principal, action == Action::"read", resource);
@id("staff reads what is far")
permit(principal, action == Action::"read", resource) when { context.facts.far.contains(principal.name) };
@id("no secrets")
forbid(principal, action == Action::"read", resource == File::"secret");
@id("by age")
permit(principal, action == Action::"age", resource) when { context.age > 18 };
@id("nobody deletes")
permit(principal, action == Action::"delete", resource);
@id("many patterns")
forbid(principal, action, resource) when { ${Array.from({ length: 50 }, (_, i) => `context has x${i} && context.x${i} like "*a*b*c*${i}"`).join(' || ')} };
[entities]
'User::"ana"' = { attrs = { name = "ana" } }
'User::"ben"' = { attrs = { name = "ben" } }
'User::"zoe"' = { attrs = { name = "zoe" } }
`
const ask = (principal: string, action: string, resource: string, more: Partial<AuthorizeRequest> = {}) => ({
  principal: `User::"${principal}"`,
  action: `Action::"${action}"`,
  resource: `File::"${resource}"`,
  ...more,
})
const REQUESTS: readonly AuthorizeRequest[] = [
  ask('ana', 'read', 'secret'),
  ask('ana', 'read', 'far'),
  ask('ana', 'read', 'far'),
  ask('zoe', 'read', 'far'),
  ask('ben', 'age', 'a', { context: { age: 19 } }),
  ask('ben', 'age', 'a', { context: { age: 'x' } }),
  ask('ben', 'write', 'a'),
  ask('eva', 'age', 'a', {
    context: { age: 17 },
    entities: [{ uid: { type: 'User', id: 'eva' }, attrs: {}, parents: [] }],
  }),
  { principal: 'User::"ana', action: 'read', resource: 'a' },
]
const rune = await Rune.fromText(POLICY, { path: 'policy.rune', coordinator: 'inline' })
afterAll(() => rune.close())

const once = (requests: readonly AuthorizeRequest[]) => rune.profile(requests, { durationMs: 0 })
const policyOf = ({ policies }: Profile, id: string) => policies.find((policy) => policy.id === id)
const predicateOf = ({ predicates }: Profile, name: string) => predicates.find((predicate) => predicate.name === name)

describe('counts', () => {
  test('decisions are those of `authorize`; what is refused is in no other number', () => {
    const { decisions, requests } = once(REQUESTS)
    const kinds = REQUESTS.slice(0, -1).map((request) => rune.authorize(request))
    const count = (kind: string) => kinds.filter(({ decision }) => decision === kind).length
    expect(requests).toBe(REQUESTS.length)
    expect(decisions).toEqual({
      permit: count('permit'),
      deny: count('deny'),
      forbid: count('forbid'),
      error: 1,
      failing: kinds.filter(({ errors }) => errors.length > 0).length,
    })
    expect(decisions).toMatchObject({ permit: 5, deny: 2, forbid: 1, failing: 1 })
  })

  test('a policy was asked by the requests that its scope can match, each as often as it came', () => {
    const profile = once(REQUESTS)
    const counts = profile.policies.map(({ id, asked, satisfied, failed }) => [id, asked, satisfied, failed])
    expect(counts.sort()).toEqual([
      ['by age', expect.any(Number), 1, 1],
      ['everybody reads', expect.any(Number), 4, 0],
      ['many patterns', 8, 0, 0],
      ['no secrets', expect.any(Number), 1, 0],
      ['nobody deletes', 0, 0, 0],
      ['staff reads what is far', 4, 2, 0],
    ])
    expect(policyOf(profile, 'by age')).toMatchObject({ effect: 'permit', file: 'policy.rune', line: 20, column: 1 })
  })

  test('rules have their goals, rows and steps, without those of lower strata and with them', () => {
    const profile = once(REQUESTS)
    const far = predicateOf(profile, 'far')
    // Three requests, of which two are of `ana`; the one about the secret asks as well.
    expect(far).toMatchObject({ arity: 1, asked: 4, goals: 4, rows: 2 })
    expect(far?.rules).toHaveLength(1)
    expect(far?.rules[0]).toMatchObject({ name: expect.stringContaining('far'), runs: 4, rows: 2, file: 'policy.rune' })
    const inGroup = predicateOf(profile, 'in_group')
    expect(inGroup).toMatchObject({ asked: 0 })
    expect(inGroup?.rules).toHaveLength(2)
    expect(predicateOf(profile, 'permit')).toMatchObject({ asked: 8, goals: 8, rows: 1 })
    for (const { steps, ownSteps, rules } of profile.predicates) {
      expect(steps).toBe(rules.reduce((sum, rule) => sum + rule.steps, 0))
      expect(ownSteps).toBe(rules.reduce((sum, rule) => sum + rule.ownSteps, 0))
      expect(ownSteps).toBeLessThanOrEqual(steps)
    }
    expect(far?.ownSteps).toBeLessThan(far?.steps ?? 0)
  })

  test('are the same each time, however long is timed', () => {
    const countsOf = ({ decisions, policies, predicates }: Profile) => ({
      decisions,
      policies: policies.map(({ ns, ...rest }) => JSON.stringify(rest)).sort(),
      predicates: predicates
        .map(({ name, arity, asked, goals, rows, steps }) => JSON.stringify([name, arity, asked, goals, rows, steps]))
        .sort(),
    })
    const longer = rune.profile(REQUESTS, { durationMs: 20 })
    expect(longer.rounds).toBeGreaterThanOrEqual(3)
    expect(countsOf(longer)).toEqual(countsOf(once(REQUESTS)))
  })

  test('a rule that looks at much takes more steps than one that looks at little', () => {
    const far = predicateOf(once([ask('ana', 'read', 'far')]), 'far')
    const near = predicateOf(once([ask('ana', 'read', 'near')]), 'far')
    expect(far?.steps).toBeGreaterThan(10 * (near?.steps ?? 0))
  })
})

describe('times', () => {
  test('add up, and are there for what was asked', () => {
    const { times, policies, predicates, rounds, clockNs, loopNs } = rune.profile(REQUESTS, { durationMs: 20 })
    const { whole, sum, reading, finding, policies: ofPolicies, decidingRules, combining } = times
    expect(sum).toBeCloseTo(reading + finding + ofPolicies + decidingRules + combining, 3)
    expect(ofPolicies).toBeCloseTo(
      policies.reduce((all, { ns }) => all + ns, 0),
      3,
    )
    for (const ns of [whole, reading, decidingRules, clockNs]) expect(ns).toBeGreaterThan(0)
    expect(loopNs).toBeGreaterThanOrEqual(0)
    expect(rounds).toBeLessThanOrEqual(31)
    for (const { asked, ns } of policies) if (asked === 0) expect(ns).toBe(0)
    for (const { goals, ns } of predicates) if (goals === 0) expect(ns).toBe(0)
  })

  test('put the most expensive first', () => {
    const { policies, predicates } = once(REQUESTS)
    for (const list of [policies, predicates, ...predicates.map(({ rules }) => rules)]) {
      const times = list.map(({ ns }) => ns)
      expect(times).toEqual([...times].sort((a, b) => b - a))
    }
  })
})

test('nothing is left behind: decisions, the cache and its counts are what they were', () => {
  const plain = REQUESTS.slice(0, 7)
  const before = plain.map((request) => rune.authorize(request))
  const stats = rune.cacheStats()
  once(REQUESTS)
  expect(rune.cacheStats()).toEqual(stats)
  expect(plain.map((request) => rune.authorize(request))).toEqual(before)
})

test('contexts that are too large to be kept together are timed a few at a time', () => {
  const context = (i: number) => ({ list: Array.from({ length: 20_000 }, (_, k) => `${i}-${k}`) })
  const requests = Array.from({ length: 8 }, (_, i) => ask('ana', 'read', 'a', { context: context(i) }))
  expect(policyOf(once(requests), 'everybody reads')).toMatchObject({ asked: 8, satisfied: 8 })
})

test('without requests there is nothing to say', () => {
  const { decisions, rounds, times } = rune.profile([])
  expect({ decisions, rounds }).toEqual({
    decisions: { permit: 0, deny: 0, forbid: 0, error: 0, failing: 0 },
    rounds: 0,
  })
  expect(times.whole).toBe(0)
})

test.each([
  [[undefined, {}], 'the requests are no list'],
  [[[], { durationMs: -1 }], '`durationMs` is no number from 0'],
  [[[], { durationMs: '5s' }], '`durationMs` is no number from 0'],
  [[[], null], 'is no object'],
])('%j is refused', ([requests, options], message) => {
  expect(() => rune.profile(requests as never, options as never)).toThrow(message)
})
