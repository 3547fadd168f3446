/** Requests, entities and contexts conform to a schema exactly where cedar-wasm says so: random schemas and data for both. */
import type { AuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCall, readPolicySet } from '../../../src/syntax/cedar-call.ts'
import { schemaOf, wasm } from './wasm-schema.ts'

const RUNS = 400 * Number(process.env['RUNE_FUZZ'] ?? 1)

/** Whether cedar-wasm and we take a call; both say why not. */
function verdicts(call: AuthorizationCall): { theirs: boolean; ours: boolean; why: string } {
  const answer = wasm.isAuthorized(call)
  const theirs = answer.type === 'success'
  const schemaText = call.schema as string | undefined
  const sources = { schemaOf: () => schemaOf(schemaText ?? ''), policiesOf: readPolicySet }
  const read = readCall(call, 'plain', sources)
  const ours = !('errors' in read)
  const reasons = [answer.type === 'failure' ? answer.errors : [], 'errors' in read ? read.errors : []]
  return {
    theirs,
    ours,
    why: reasons.map((errors) => errors.map(({ message }) => message).join('; ')).join('\n  ours: '),
  }
}

type Type =
  | { kind: 'Long' | 'String' | 'Bool' | 'ipaddr' | 'decimal' | 'entity'; name: string }
  | { kind: 'Set'; element: Type }
  | { kind: 'Record'; fields: { key: string; type: Type; required: boolean }[] }

const ENTITY_NAMES = ['U', 'N::U2', 'E', 'Action']
const primitive: fc.Arbitrary<Type> = fc.oneof(
  fc.constantFrom('Long', 'String', 'Bool', 'ipaddr', 'decimal').map((kind) => ({ kind, name: kind }) as Type),
  fc.constantFrom(...ENTITY_NAMES).map((name): Type => ({ kind: 'entity', name })),
)
const key = fc.constantFrom('a', 'b', 'odd key', '__proto__', '__entity', 'type')
const { type, record } = fc.letrec<{ type: Type; record: Type }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    { weight: 3, arbitrary: primitive },
    { weight: 1, arbitrary: tie('type').map((element): Type => ({ kind: 'Set', element })) },
    { weight: 1, arbitrary: tie('record') },
  ),
  record: fc
    .uniqueArray(fc.record({ key, type: tie('type'), required: fc.boolean() }), {
      selector: (field) => field.key,
      maxLength: 3,
    })
    .map((fields): Type => ({ kind: 'Record', fields })),
}))

function print(of: Type): string {
  if (of.kind === 'Set') return `Set<${print(of.element)}>`
  if (of.kind !== 'Record') return of.name
  return `{${of.fields.map((field) => `"${field.key}"${field.required ? '' : '?'}: ${print(field.type)}`).join(', ')}}`
}

interface World {
  readonly attrs: Type
  readonly tags: Type | undefined
  readonly context: Type
  readonly memberOf: readonly string[]
  readonly principals: readonly string[]
}

const world: fc.Arbitrary<World> = fc.record({
  attrs: record,
  tags: fc.option(type, { nil: undefined }),
  context: record,
  memberOf: fc.subarray(['U', 'N::U2', 'E', 'G']),
  principals: fc.subarray(['U', 'N::U2', 'E'], { minLength: 1 }),
})

function schemaText({ attrs, tags, context, memberOf, principals }: World): string {
  return `entity G; entity E enum ["x", "y"]; namespace N { entity U2 in G; }
    entity U in [${memberOf.join(', ')}] ${print(attrs)}${tags ? ` tags ${print(tags)}` : ''};
    action g; action h in g; action v in [h, g] appliesTo { principal: [${principals.join(', ')}], resource: [U, E], context: ${print(context)} };`
}

const uid = fc.record({
  type: fc.constantFrom('U', 'U', 'N::U2', 'E', 'G', 'Action', 'Zz'),
  id: fc.constantFrom('x', 'y', 'z', 'g', 'h', 'v'),
})
const junk = fc.constantFrom<unknown>(null, 1, 1.5, true, 'x', '1.2.3.4', '1.5', [], {}, { __expr: 'x' }, [1, 'a'], {
  a: 1,
})
const call = fc.constantFrom(
  { fn: 'ip', arg: '::1' },
  { fn: 'ip', args: ['10.0.0.0/8'] },
  { fn: 'decimal', arg: '1.0' },
  { fn: 'decimal', arg: 'x' },
  { fn: 'foo', arg: 'x' },
)

/** Mostly what `of` asks for; now and then something else. */
function jsonOf(of: Type): fc.Arbitrary<unknown> {
  const odd = fc.oneof(
    junk,
    uid,
    uid.map((__entity) => ({ __entity })),
    call,
    call.map((__extn) => ({ __extn })),
  )
  return fc.oneof({ weight: 20, arbitrary: fittingJsonOf(of) }, { weight: 1, arbitrary: odd })
}

function fittingJsonOf(of: Type): fc.Arbitrary<unknown> {
  switch (of.kind) {
    case 'Long':
      return fc.constantFrom(0, -7, Number.MAX_SAFE_INTEGER)
    case 'String':
      return fc.constantFrom('', 'a', '😀')
    case 'Bool':
      return fc.boolean()
    case 'ipaddr':
      return fc.constantFrom<unknown>(
        '1.2.3.4',
        '::1/8',
        { fn: 'ip', arg: '::1' },
        { __extn: { fn: 'ip', arg: '::1' } },
      )
    case 'decimal':
      return fc.constantFrom<unknown>(
        '1.5',
        '-0.0001',
        { fn: 'decimal', args: ['1.0'] },
        { __extn: { fn: 'decimal', arg: '1.0' } },
      )
    case 'entity':
      return fc
        .tuple(fc.constantFrom('x', 'y', 'v'), fc.boolean())
        .map(([id, escaped]) => (escaped ? { __entity: { type: of.name, id } } : { type: of.name, id }))
    case 'Set':
      return fc.array(jsonOf(of.element), { maxLength: 3 })
    case 'Record':
      return recordOf(of.fields)
  }
}

function recordOf(fields: readonly { key: string; type: Type; required: boolean }[]): fc.Arbitrary<unknown> {
  const chosen = fields.map((field) =>
    fc
      .tuple(jsonOf(field.type), fc.integer({ min: 0, max: field.required ? 30 : 2 }))
      .map(([value, n]) => (n > 0 ? [[field.key, value]] : [])),
  )
  const extra = fc.integer({ min: 0, max: 40 }).map((n) => (n === 0 ? [['extra', 1]] : []))
  return fc.tuple(...chosen, extra).map((entries) => Object.fromEntries(entries.flat()))
}

function entityOf({ attrs, tags }: World): fc.Arbitrary<unknown> {
  const fields = attrs.kind === 'Record' ? attrs.fields : []
  const user = fc.record({
    uid: fc.record({ type: fc.constant('U'), id: fc.constantFrom('x', 'y', 'z') }),
    attrs: recordOf(fields),
    parents: fc.array(uid, { maxLength: 1 }),
    ...(tags && { tags: fc.dictionary(key, jsonOf(tags), { maxKeys: 2 }) }),
  })
  const other = fc.record({
    uid,
    attrs: fc.constantFrom({}, {}, { a: 1 }),
    parents: fc.array(uid, { maxLength: 2 }),
    tags: fc.constantFrom({}, {}, { t: 'x' }),
  })
  return fc.oneof({ weight: 3, arbitrary: user }, { weight: 1, arbitrary: other })
}

const policies = { staticPolicies: 'permit(principal, action, resource);' }

describe('what conforms to a schema', () => {
  it('is what cedar-wasm says: contexts and requests', () => {
    let taken = 0
    const calls = world.chain((of) =>
      fc.record({
        schema: fc.constant(schemaText(of)),
        context: jsonOf(of.context),
        principal: fc.oneof(
          { weight: 4, arbitrary: fc.constantFrom(...of.principals).map((name) => ({ type: name, id: 'x' })) },
          uid,
        ),
        action: fc.oneof({ weight: 9, arbitrary: fc.constant({ type: 'Action', id: 'v' }) }, uid),
        resource: fc.oneof({ weight: 4, arbitrary: fc.constant({ type: 'E', id: 'y' }) }, uid),
        validateRequest: fc.constantFrom(true, true, false),
      }),
    )
    fc.assert(
      fc.property(calls, (part) => {
        const { theirs, ours, why } = verdicts({ ...part, entities: [], policies } as AuthorizationCall)
        expect(ours, why).toBe(theirs)
        if (theirs) taken++
      }),
      { numRuns: RUNS },
    )
    expect(taken).toBeGreaterThan(RUNS / 8)
  })

  it('is what cedar-wasm says: entities', () => {
    let taken = 0
    const calls = world.chain((of) =>
      fc.record({
        schema: fc.constant(schemaText({ ...of, context: { kind: 'Record', fields: [] }, principals: ['U'] })),
        entities: fc.array(entityOf(of), { maxLength: 3 }),
      }),
    )
    fc.assert(
      fc.property(calls, ({ schema, entities }) => {
        const [principal, action, resource] = [
          { type: 'U', id: 'x' },
          { type: 'Action', id: 'v' },
          { type: 'U', id: 'y' },
        ]
        const { theirs, ours, why } = verdicts({
          principal,
          action,
          resource,
          context: {},
          schema,
          entities,
          policies,
        } as AuthorizationCall)
        expect(ours, why).toBe(theirs)
        if (theirs) taken++
      }),
      { numRuns: RUNS },
    )
    expect(taken).toBeGreaterThan(RUNS / 8)
  })

  it('is what cedar-wasm says without a schema', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<unknown>(1, 'a', true),
        { weight: 2, arbitrary: uid.map((__entity) => ({ __entity })) },
        call.map((__extn) => ({ __extn })),
        fc.constantFrom<unknown>(null, 1.5, { __expr: 'x' }, { __expr: 1 }, { __entity: 3 }, { __extn: { fn: 'ip' } }),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(key, tie('value'), { maxKeys: 2 }),
      ),
    })).value
    const entity = fc.record({
      uid: fc.oneof(
        uid,
        uid.map((__entity) => ({ __entity })),
      ),
      attrs: fc.dictionary(key, value, { maxKeys: 2 }),
      parents: fc.array(uid, { maxLength: 2 }),
    })
    fc.assert(
      fc.property(
        fc.dictionary(key, value, { maxKeys: 2 }),
        fc.array(entity, { maxLength: 2 }),
        (context, entities) => {
          const same = { type: 'U', id: 'x' }
          const { theirs, ours, why } = verdicts({
            principal: same,
            action: same,
            resource: same,
            context,
            entities,
            policies,
          } as AuthorizationCall)
          // Lists as escapes are refused, on purpose.
          fc.pre(!why.includes('an escape holds a list'))
          expect(ours, why).toBe(theirs)
        },
      ),
      { numRuns: RUNS },
    )
  })
})
