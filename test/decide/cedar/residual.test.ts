/** What is left of policies once all but the resource is known, and which resources that leads to. */
import { describe, expect, test } from 'vitest'
import { createPolicySet } from '../../../src/decide/cedar/authorize.ts'
import { Frame } from '../../../src/decide/cedar/frame.ts'
import { createResidual } from '../../../src/decide/cedar/residual.ts'
import { createEntityLists } from '../../../src/image/entity-lists.ts'
import { StoredEntities } from '../../../src/image/entity-store.ts'
import { Overlay } from '../../../src/image/overlay.ts'
import { Values } from '../../../src/image/value-ids.ts'
import { build } from '../../../src/threads/build.ts'
import { printEntityUid } from '../../../src/values/entity-uid.ts'
import { entityUid } from '../../../src/values/value.ts'

const ENTITIES = `[entities]
'User::"ann"' = { in = ['Group::"staff"'], attrs = { level = 2 } }
${Array.from({ length: 20 }, (_, i) => {
  const owner = i % 5 === 0 ? 'ann' : 'bob'
  return `'Doc::"d${i}"' = { in = ['Folder::"f${i % 4}"'], attrs = { owner = { entity = 'User::"${owner}"' }, open = ${i % 10 === 0}, level = ${i % 4} } }`
}).join('\n')}
`

/** The residual of ann's request for a document. */
function residualOf(policies: string, onPolicyError: 'deny' | 'skip' | 'strict' = 'deny', facts = '') {
  const { program, image } = build({ text: `version = "rune/1.0"\n${ENTITIES}${facts}[policies]\n${policies}` })
  const values = new Values(new Overlay(image.dictionary))
  const stored = new StoredEntities(image)
  const set = createPolicySet({ policies: program.policies, values: image.values, compiled: new WeakMap(), stored })
  const frame = new Frame(values, stored, () => ({ rows: [] }))
  frame.principal = values.intern(entityUid('User', 'ann'))
  frame.action = values.intern(entityUid('Action', 'read'))
  frame.context = values.intern({ kind: 'record', fields: new Map([['mfa', true]]) })
  const type = values.string('Doc')
  const residual = createResidual({ set, frame, open: 'resource', type, onPolicyError, isMaterialized: () => true })
  const lists = createEntityLists(image)
  const reached = residual.sources && lists.from(type, residual.sources)
  const names = (list: Uint32Array) => Array.from(list, (id) => printEntityUid(values.uidOf(id)).slice(6, -1)).sort()
  const asked = (list: Uint32Array) => names(list.filter((id) => residual.ask(id) === 'permitted'))
  return {
    residual,
    /** What is looked at; `any` where that is all. */
    looked: reached === undefined ? 'any' : names(reached),
    permitted: asked(lists.ofType(type)),
  }
}

const OWN = ['d0', 'd10', 'd15', 'd5']

describe('what is looked at', () => {
  test('is what has the attribute that the principal is compared with', () => {
    const { looked, permitted } = residualOf(
      'permit(principal, action, resource) when { resource.owner == principal };',
    )
    expect(looked).toEqual(OWN)
    expect(permitted).toEqual(OWN)
  })

  test('is what has an attribute that is true', () => {
    const { looked, permitted } = residualOf(
      'permit(principal, action, resource) when { context.mfa && resource.open };',
    )
    expect([looked, permitted]).toEqual([
      ['d0', 'd10'],
      ['d0', 'd10'],
    ])
  })

  test('is what facts hold', () => {
    const facts = `[data]
seen = [['User::"ann"', 'Doc::"d2"'], ['User::"bob"', 'Doc::"d3"'], ['User::"ann"', 'Doc::"other"']]
[rules]
decl seen(by: User, what: Doc).
`
    const when = 'context.facts.seen.contains({ what: resource, by: principal })'
    const { looked } = residualOf(`permit(principal, action, resource) when { ${when} };`, 'deny', facts)
    expect(looked).toEqual(['d2'])
  })

  test('is what is named, or in a group that is', () => {
    const { looked } = residualOf(
      'permit(principal, action, resource == Doc::"d3"); permit(principal, action, resource in Folder::"f0");',
    )
    expect(looked).toEqual(['d0', 'd12', 'd16', 'd3', 'd4', 'd8'])
  })

  test('is what each of many policies names', () => {
    const some = Array.from(
      { length: 9 },
      (_, i) => `permit(principal == User::"ann", action, resource == Doc::"d${i}");`,
    )
    const { looked, permitted } = residualOf(some.join('\n'))
    expect(looked).toEqual(['d0', 'd1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8'])
    expect(permitted).toEqual(looked)
  })

  test('is nothing where no permit can hold', () => {
    const { looked } = residualOf(`permit(principal == User::"bob", action, resource);
permit(principal, action == Action::"write", resource);
permit(principal, action, resource is Folder);
permit(principal, action, resource) when { principal.level > 2 && resource.open };
permit(principal, action, resource) when { resource.open && !context.mfa };
permit(principal, action, resource) when { resource.open && principal.missing };`)
    expect(looked).toEqual([])
  })

  test('is everything where a permit can be about any', () => {
    const { looked, permitted } = residualOf(
      'permit(principal, action, resource) when { resource.level < principal.level };',
    )
    expect(looked).toBe('any')
    expect(permitted).toHaveLength(10)
  })

  test('is both sides of an `||`, or everything if one is', () => {
    const when = (test: string) => residualOf(`permit(principal, action, resource) when { ${test} };`).looked
    expect(when('resource.owner == principal || resource == Doc::"d3"')).toEqual([...OWN, 'd3'].sort())
    expect(when('resource.owner == principal || resource.level > 1')).toBe('any')
  })
})

describe('what fails', () => {
  const POLICIES = `permit(principal, action, resource) when { resource.owner == principal };
permit(principal, action, resource) when { resource.open && resource.missing };`

  test('of permits matters where the mode is strict', () => {
    expect(residualOf(POLICIES, 'deny').permitted).toEqual(OWN)
    expect(residualOf(POLICIES, 'strict').permitted).toEqual(['d15', 'd5'])
  })

  test('of forbids matters unless they are skipped', () => {
    const forbid = `${POLICIES}\nforbid(principal, action, resource) when { resource.level > 0 && principal.missing };`
    expect(residualOf(forbid, 'deny').permitted).toEqual(['d0'])
    expect(residualOf(forbid, 'skip').permitted).toEqual(OWN)
  })
})

test('what fails of many policies that name entities matters as of few', () => {
  const some = Array.from(
    { length: 9 },
    (_, i) => `forbid(principal, action, resource == Doc::"d${i}") when { resource.level > 1 && resource.missing };`,
  )
  const policies = `permit(principal, action, resource) when { resource.owner == principal };\n${some.join('\n')}`
  const failing = ['d2', 'd3', 'd6', 'd7']
  expect(residualOf(policies.replace('resource.owner == principal', 'true')).permitted).toHaveLength(
    20 - failing.length,
  )
  expect(residualOf(policies.replace('resource.owner == principal', 'true'), 'skip').permitted).toHaveLength(20)
})

test('entities of unknown ids are asked like others', () => {
  const { residual } = residualOf('permit(principal, action, resource) when { !(resource has owner) };')
  expect(residual.sources).toBeUndefined()
})
