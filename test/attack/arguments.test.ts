/** Arguments that no type checker would let pass: each is refused in plain words, and none is answered with a permit. */
import { describe, expect, test } from 'vitest'
import { isAuthorized, preparsePolicySet, preparseSchema, statefulIsAuthorized } from '../../src/cedar.ts'
import {
  positionOf,
  Rune,
  RuneError,
  renderDiagnostic,
  renderDiagnostics,
  runTests,
  validate,
  visible,
} from '../../src/index.ts'
import { codesOf, HEAD, OPTIONS, REQUEST } from './attempt.ts'

type Any = never

const JUNK: readonly unknown[] = [undefined, null, true, 5, Number.NaN, 5n, Symbol('x'), () => '', [], {}, new Date(0)]
const REVOKED = Proxy.revocable({}, {})
REVOKED.revoke()
const CAUSE = new Error('no')
const fail = () => {
  throw CAUSE
}
/** Throws whatever is asked of it. */
const hostile = (target: object) =>
  new Proxy(target, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail })
const TEXT = `${HEAD}${OPTIONS}[policies]\npermit(principal, action, resource);\n`
const rune = await Rune.fromText(TEXT)

/** The error that `call` ends with. */
async function refusal(call: () => unknown): Promise<RuneError> {
  try {
    await call()
  } catch (error) {
    codesOf(error, 'request')
    expect((error as Error).message).not.toMatch(/TypeError|typeof|object Object|null\b|boolean|bigint|\bnumber\b/)
    return error as RuneError
  }
  return expect.unreachable('nothing was refused')
}

/** What `validate` reports, thrown. */
async function validated(input: unknown): Promise<void> {
  const { ok, diagnostics } = await validate(input as Any)
  if (!ok) throw new RuneError(diagnostics)
}

const CALLS: Readonly<Record<string, (junk: Any) => unknown>> = {
  'Rune.open': (junk) => Rune.open(junk),
  'Rune.fromText': (junk) => Rune.fromText(junk),
  'options of Rune.fromText': (junk) => Rune.fromText(TEXT, junk ?? 5),
  'path of Rune.fromText': (junk) => Rune.fromText(TEXT, { path: junk ?? 5 }),
  authorize: (junk) => rune.authorize(junk),
  explain: (junk) => rune.explain(junk),
  authorizeMany: (junk) => rune.authorizeMany(junk),
  whichResources: (junk) => rune.whichResources(junk),
  whichPrincipals: (junk) => rune.whichPrincipals(junk),
  whichActions: (junk) => rune.whichActions(junk),
  'limit of whichResources': (junk) => rune.whichResources({ ...REQUEST, limit: junk ?? '' }),
  'cursor of whichPrincipals': (junk) => rune.whichPrincipals({ ...REQUEST, cursor: junk ?? 5 }),
  'resourceType of whichResources': (junk) => rune.whichResources({ ...REQUEST, resourceType: junk ?? 5 }),
  query: (junk) => rune.query(junk),
  validate: (junk) => validated(junk),
  'path of validate': (junk) => validated({ path: junk }),
  'text of validate': (junk) => validated({ text: junk ?? 5 }),
  runTests,
  renderDiagnostics: (junk) => renderDiagnostics(junk, { color: false }),
  'elements of renderDiagnostics': (junk) => renderDiagnostics([junk], { color: false }),
  renderDiagnostic: (junk) => renderDiagnostic(junk, { color: false }),
  visible: (junk) => visible(junk),
  positionOf: (junk) => positionOf(junk, 0),
  'offset of positionOf': (junk) => positionOf({ path: 'a', text: 'a' }, junk),
}

/** What is right for once. */
function isRight(name: string, junk: unknown): boolean {
  if (name === 'options of Rune.fromText') return JUNK.includes(junk) && typeof junk === 'object' && junk !== null
  if (name === 'limit of whichResources') return junk === 5
  return /^(renderDiagnostics|authorizeMany)$/.test(name) && JUNK.includes(junk) && Array.isArray(junk)
}

describe('an argument of another kind', () => {
  test.each(Object.keys(CALLS))('of %s', async (name) => {
    for (const junk of [...JUNK, REVOKED.proxy, hostile({}), hostile([])]) {
      if (isRight(name, junk)) continue
      const { code } = (await refusal(() => CALLS[name]?.(junk as Any))).diagnostics[0] ?? {}
      expect(/^(authorize|explain|which)|resourceType/.test(name) ? ['R741', 'R744'] : ['R744']).toContain(code)
    }
  })

  test('does not replace the text beside it', async () => {
    const other = await Rune.fromText(TEXT, { text: `${HEAD}` } as Any)
    expect(other.authorize(REQUEST).decision).toBe('permit')
  })

  test('an offset beyond the text has no position', async () => {
    await refusal(() => positionOf({ path: 'a', text: 'a' }, Number.POSITIVE_INFINITY))
  })
})

describe('a request that throws when it is read', () => {
  const getter = (name: string) => Object.defineProperty({}, name, { get: fail, enumerable: true })
  test.each<[string, unknown, string]>([
    ['all of it', hostile({}), '`principal`'],
    ['a part', Object.defineProperty({ ...REQUEST }, 'action', { get: fail }), '`action`'],
    ['an id', { ...REQUEST, principal: getter('id') }, '`principal.id`'],
    ['a type', { ...REQUEST, resource: hostile({}) }, '`resource.type`'],
    ['the context', { ...REQUEST, context: hostile({}) }, '`context`'],
    ['a key', { ...REQUEST, context: { a: [{ b: 1 }, getter('c')] } }, '`context.a[1].c`'],
    ['the entities', { ...REQUEST, entities: hostile([]) }, '`entities`'],
    [
      'an element',
      { ...REQUEST, entities: new Proxy([1], { get: (a, k) => (k === '0' ? fail() : Reflect.get(a, k)) }) },
      '`entities[0]`',
    ],
  ])('%s', async (_, request, what) => {
    for (const ask of ['authorize', 'explain'] as const) {
      const error = await refusal(() => rune[ask](request as Any))
      expect(error.message).toBe(`R744: ${what} cannot be read`)
      expect(error.cause).toBe(CAUSE)
    }
  })

  test('a revoked proxy', async () => {
    for (const field of ['principal', 'context', 'entities']) {
      const error = await refusal(() => rune.authorize({ ...REQUEST, [field]: REVOKED.proxy }))
      expect(error.cause).toBeInstanceOf(TypeError)
    }
  })

  test('is answered with a failure by the Cedar API', () => {
    const uid = { type: 'U', id: 'a' }
    const call = { principal: uid, action: uid, resource: uid, context: {}, entities: [], policies: {} }
    for (const junk of [hostile({}), hostile([]), REVOKED.proxy]) {
      expect(isAuthorized(junk as Any).type).toBe('failure')
      expect(statefulIsAuthorized(junk as Any).type).toBe('failure')
      expect(preparsePolicySet('a', junk as Any).type).toBe('failure')
      expect(preparseSchema('a', junk as Any).type).toBe('failure')
      for (const field of Object.keys(call))
        expect(isAuthorized({ ...call, [field]: junk } as Any).type).toBe('failure')
      for (const field of ['staticPolicies', 'templates', 'templateLinks']) {
        expect(isAuthorized({ ...call, policies: { [field]: junk } } as Any).type).toBe('failure')
      }
    }
  })
})
