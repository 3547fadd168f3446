/** Calls of `rune-engine/cedar` that nobody should make: each is answered with a failure or a decision, and none throws. */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  type AuthorizationCall,
  isAuthorized,
  preparseEntities,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from '../../src/cedar.ts'

const RUNS = Number(process.env['RUNE_FUZZ'] ?? 1)
const CALL = {
  principal: { type: 'User', id: 'alice' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'File', id: 'a' },
  context: {},
  entities: [],
  policies: { staticPolicies: 'permit(principal == User::"alice", action, resource);' },
}

/** `allow`, `deny` or `failure`. */
function ask(call: unknown): string {
  const answer = isAuthorized(call as AuthorizationCall)
  if (answer.type === 'success') return answer.response.decision
  expect(answer.errors.length).toBeGreaterThan(0)
  for (const { message } of answer.errors) expect(message).not.toMatch(/\n|TypeError|RangeError|\[object/)
  return 'failure'
}

const JUNK: readonly unknown[] = [
  null,
  true,
  0,
  -1.5,
  Number.NaN,
  2 ** 60,
  10n ** 30n,
  '',
  'User::"alice"',
  '\ud800',
  '{',
  '[]',
  [],
  [null],
  [[[[]]]],
  {},
  { type: 'User' },
  { id: 'alice' },
  { type: '', id: '' },
  { type: 'User"', id: 'alice' },
  { __entity: null },
  { __extn: { fn: '__proto__', arg: 1 } },
  { __expr: 'principal' },
  JSON.parse('{"__proto__": {"staticPolicies": "permit(principal, action, resource);"}}'),
  new Date(0),
  new Map(),
  Symbol('x'),
  () => 'permit(principal, action, resource);',
  Object.create(null),
]

describe('a call of a wrong shape never permits', () => {
  test('as a whole', () => {
    expect(ask(CALL)).toBe('allow')
    for (const junk of JUNK) expect(ask(junk)).toBe('failure')
    expect(ask(undefined)).toBe('failure')
  })

  test.each(Object.keys(CALL))('in `%s`', (field) => {
    for (const junk of JUNK) {
      const outcome = ask({ ...CALL, [field]: junk })
      const isData = field === 'context' || field === 'entities'
      if (!isData) expect(outcome).not.toBe('allow')
    }
    const { [field as keyof typeof CALL]: _, ...rest } = CALL
    expect(ask(rest)).toBe('failure')
  })

  test.each(['staticPolicies', 'templates', 'templateLinks', 'unknown'])('in `policies.%s`', (field) => {
    for (const junk of JUNK) expect(ask({ ...CALL, policies: { [field]: junk } })).not.toBe('allow')
  })

  test.each(['schema', 'validateRequest', 'unknown'])('in `%s`, which may be absent', (field) => {
    for (const junk of JUNK) {
      const outcome = ask({ ...CALL, [field]: junk })
      if (junk !== null && typeof junk !== 'boolean') expect(outcome).toBe('failure')
    }
  })

  test('anywhere inside', () => {
    const json = fc.jsonValue({ maxDepth: 4 })
    const entity = fc.record({ uid: fc.oneof(json, fc.constant(CALL.principal)), attrs: json, parents: json })
    const call = fc.record({
      context: json,
      entities: fc.oneof(json, fc.array(entity)),
      policies: json,
      principal: json,
    })
    fc.assert(
      fc.property(call, fc.subarray(['context', 'entities', 'policies', 'principal'] as const), (junk, fields) => {
        const taken = Object.fromEntries(fields.map((field) => [field, junk[field]]))
        const outcome = ask({ ...CALL, ...taken })
        if (fields.includes('policies') || fields.includes('principal')) expect(outcome).not.toBe('allow')
      }),
      { numRuns: 500 * RUNS },
    )
  })
})

describe('names that are preparsed', () => {
  test('are no properties of objects', () => {
    for (const name of ['__proto__', 'constructor', 'toString', '']) {
      const { policies: _, ...request } = CALL
      expect(statefulIsAuthorized({ ...request, preparsedPolicySetId: name }).type).toBe('failure')
      expect(preparsePolicySet(name, CALL.policies).type).toBe('success')
      const answer = statefulIsAuthorized({ ...request, preparsedPolicySetId: name })
      expect(answer.type === 'success' && answer.response.decision).toBe('allow')
      const withSchema = { ...request, preparsedPolicySetId: name, preparsedSchemaName: `none of ${name}` }
      expect(statefulIsAuthorized(withSchema).type).toBe('failure')
    }
  })

  test('keep what they had when what comes is wrong', () => {
    const { policies: _, ...request } = CALL
    expect(preparsePolicySet('kept', CALL.policies).type).toBe('success')
    expect(preparsePolicySet('kept', { staticPolicies: 'permit(' }).type).toBe('failure')
    for (const junk of JUNK.filter((one) => one !== ''))
      expect(preparsePolicySet(junk as string, CALL.policies).type).toBeDefined()
    for (const junk of JUNK) expect(preparseSchema('s', junk as string).type).toBeDefined()
    expect(statefulIsAuthorized({ ...request, preparsedPolicySetId: 'kept' }).type).toBe('success')
  })
})

describe('calls about entities that are kept', () => {
  const { policies, entities: _, ...request } = CALL
  const NAMES = { preparsedPolicySetId: 'junk', preparsedEntitiesId: 'junk' }
  const askKept = (call: unknown): string => {
    const answer = statefulIsAuthorized(call as never)
    return answer.type === 'success' ? answer.response.decision : answer.type
  }

  beforeEach(() => {
    expect(preparsePolicySet('junk', policies).type).toBe('success')
    expect(preparseEntities('junk', []).type).toBe('success')
  })

  test.each([
    'principal',
    'preparsedEntitiesId',
    'preparsedPolicySetId',
    'preparsedSchemaName',
    'validateRequest',
    'unknown',
  ])('never permit with a wrong shape in `%s`, whatever was asked before', (field) => {
    for (const junk of JUNK) {
      expect(askKept({ ...request, ...NAMES })).toBe('allow')
      // Another test may have preparsed something under any text.
      if (typeof junk === 'string' && field.endsWith('Id')) continue
      const isAbsent =
        (junk === null && /Schema|validate/.test(field)) || (junk === true && field === 'validateRequest')
      expect(askKept({ ...request, ...NAMES, [field]: junk })).toBe(isAbsent ? 'allow' : 'failure')
    }
  })

  test.each(['action', 'resource', 'context'])(
    'are answered as calls that bring entities, with junk in `%s`',
    (field) => {
      for (const junk of JUNK) {
        const call = { ...request, [field]: junk }
        const outcome = askKept({ ...call, entities: [], preparsedPolicySetId: 'junk' })
        for (let time = 0; time < 2; time++) expect(askKept({ ...call, ...NAMES })).toBe(outcome)
      }
    },
  )

  test('are about what they were, when what comes is wrong', () => {
    for (const junk of JUNK.filter((one) => !Array.isArray(one) || one.length > 0)) {
      if (typeof junk !== 'string') expect(preparseEntities(junk as never, []).type).toBe('failure')
      if (junk !== '[]') expect(preparseEntities('junk', junk as never).type).toBe('failure')
      expect(askKept({ ...request, ...NAMES })).toBe('allow')
    }
  })

  test('can ask for decisions while they are read, without any effect on themselves', () => {
    const inner: string[] = []
    const asking = (id: string) => ({
      ...request,
      ...NAMES,
      principal: { type: 'User', id },
      context: {
        get n() {
          const other = { ...request, principal: { type: 'User', id: id === 'alice' ? 'bob' : 'alice' } }
          inner.push(askKept({ ...other, ...NAMES }), askKept({ ...other, entities: [], preparsedPolicySetId: 'junk' }))
          return 1
        },
      },
    })
    expect(askKept(asking('alice'))).toBe('allow')
    expect(askKept(asking('bob'))).toBe('deny')
    expect(inner).toEqual(['failure', 'deny', 'failure', 'allow'])
  })
})

describe('ids of policies', () => {
  test.each(['__proto__', 'constructor', '', '\0', 'a"b', '\u2028'])('such as %j are data', (id) => {
    const staticPolicies = JSON.parse(`{${JSON.stringify(id)}: "permit(principal, action, resource);"}`)
    const answer = isAuthorized({ ...CALL, policies: { staticPolicies } })
    expect(answer.type === 'success' && answer.response.diagnostics.reason).toEqual([id])
  })
})
