/** Pages: what is in them, where they end, how they go on, and what is refused. That they are complete is a property. */
import { beforeAll, describe, expect, test } from 'vitest'
import { Rune } from '../../src/engine.ts'
import { attachArena } from '../../src/image/arena.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { createCoordinator } from '../../src/threads/coordinator.ts'
import { createReader } from '../../src/threads/reader.ts'
import { readUpdate } from '../../src/threads/update.ts'

const HEAD = `version = "rune/1.0"
[options]
default_principal_type = "User"
default_resource_type = "Doc"
`
const open = (text: string) => Rune.fromText(`${HEAD}${text}`, { coordinator: 'inline' })

function refusal(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof RuneError) return error.message
    throw error
  }
  return expect.unreachable('nothing was refused')
}

const DOCS = Array.from({ length: 30 }, (_, i) => `'Doc::"d${i}"' = { attrs = { level = ${i % 3} } }`).join('\n')
const ANN = { principal: 'ann', action: 'read' }

describe('pages of documents', () => {
  let rune: Rune
  beforeAll(async () => {
    rune = await open(`[entities]
${DOCS}
'User::"ann"' = {}
'User::"bob"' = {}
[policies]
permit(principal == User::"ann", action == Action::"read", resource is Doc) when { resource.level < 2 };
permit(principal, action == Action::"write", resource == Doc::"d1");
forbid(principal, action, resource == Doc::"d4");
`)
  })

  test('hold what is permitted, in one order, whatever their size', () => {
    const all = rune.whichResources(ANN)
    expect(all.resources).toHaveLength(19)
    expect(all).toEqual({ resources: all.resources, epoch: 1 })
    expect(all.resources).not.toContain('Doc::"d4"')
    for (const limit of [1, 2, 7, 18]) {
      const found: string[] = []
      let cursor: string | undefined
      do {
        const page = rune.whichResources({ ...ANN, limit, ...(cursor !== undefined && { cursor }) })
        expect(page.resources.length).toBeLessThanOrEqual(limit)
        found.push(...page.resources)
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(found).toEqual(all.resources)
    }
  })

  test('know the same order wherever they are asked for', async () => {
    const other = await open(`[entities]
'Doc::"new"' = {}
${DOCS.split('\n').toReversed().join('\n')}
[policies]
permit(principal, action, resource) when { resource has level && resource.level < 2 };
forbid(principal, action, resource == Doc::"d4");
`)
    const { cursor = '' } = rune.whichResources({ ...ANN, limit: 5 })
    expect(other.whichResources({ ...ANN, cursor }).resources).toEqual(rune.whichResources(ANN).resources.slice(5))
  })

  test('go on behind an entity that is gone', async () => {
    const other = await open(`[entities]\n${DOCS}\n[policies]\npermit(principal, action, resource);\n`)
    const all = other.whichResources(ANN).resources
    const { cursor = '' } = other.whichResources({ ...ANN, limit: 5 })
    await other.update({ removeEntities: [all[4] ?? '', all[5] ?? ''] })
    expect(other.whichResources({ ...ANN, cursor })).toEqual({ resources: all.slice(6), epoch: 2 })
  })

  test('are of principals and actions, too', () => {
    expect(rune.whichPrincipals({ action: 'read', resource: 'd0' }).principals).toEqual(['User::"ann"'])
    expect(rune.whichPrincipals({ action: 'read', resource: 'd2' }).principals).toEqual([])
    expect(rune.whichActions({ principal: 'ann', resource: 'd1' }).actions.toSorted()).toEqual([
      'Action::"read"',
      'Action::"write"',
    ])
    expect(rune.whichActions({ principal: 'bob', resource: 'd1' }).actions).toEqual(['Action::"write"'])
    expect(rune.whichActions({ principal: 'ann', resource: 'd4' }).actions).toEqual([])
  })

  test('are empty where nothing is stored', () => {
    expect(rune.whichResources({ ...ANN, resourceType: 'Folder' })).toEqual({ resources: [], epoch: 1 })
  })

  test('have a cursor that says nothing of an entity but a hash', () => {
    expect(rune.whichResources({ ...ANN, limit: 1 }).cursor).toMatch(/^r[0-9a-f]{40}$/)
  })
})

describe('what is no question', () => {
  let rune: Rune
  beforeAll(async () => {
    rune = await open(`[entities]\n${DOCS}\n[policies]\npermit(principal, action, resource);\n`)
  })

  test.each([
    '',
    'x',
    'r',
    `r${'0'.repeat(39)}`,
    `r${'0'.repeat(41)}`,
    `r${'g'.repeat(40)}`,
    `R${'0'.repeat(40)}`,
    `z${'0'.repeat(40)}`,
    '__proto__',
    '../../etc',
    'r'.repeat(100_000),
  ])('a cursor like %.20s', (cursor) => {
    expect(refusal(() => rune.whichResources({ ...ANN, cursor }))).toMatch(/^R744: `cursor` is/)
  })

  test('a cursor of something else', () => {
    const { cursor = '' } = rune.whichResources({ ...ANN, limit: 1 })
    const message = refusal(() => rune.whichPrincipals({ action: 'read', resource: 'd1', cursor }))
    expect(message).toBe('R744: `cursor` is of a page of something else than principals')
  })

  test('while a cursor that is made up is a place like others', () => {
    const all = rune.whichResources(ANN).resources
    for (const cursor of [`r${'0'.repeat(40)}`, `r${'f'.repeat(40)}`, `r${'7'.repeat(40)}`]) {
      const { resources } = rune.whichResources({ ...ANN, cursor })
      expect(all.slice(all.length - resources.length)).toEqual(resources)
    }
  })

  test.each([0, -1, 1.5, 10_001, Number.POSITIVE_INFINITY, Number.NaN, '5', 2 ** 53])('a limit of %s', (limit) => {
    expect(refusal(() => rune.whichResources({ ...ANN, limit: limit as never }))).toBe(
      'R744: `limit` is not from 1 to 10000',
    )
  })

  test('one that brings entities', () => {
    expect(refusal(() => rune.whichResources({ ...ANN, entities: [] } as never))).toBe(
      'R744: a question brings no `entities`',
    )
  })

  test('a type that is none, or is missing', async () => {
    expect(refusal(() => rune.whichResources({ ...ANN, resourceType: 'a b' }))).toBe(
      'R741: resourceType: `"a b"` is no name of a type',
    )
    const bare = await Rune.fromText('version = "rune/1.0"\n', { coordinator: 'inline' })
    expect(refusal(() => bare.whichResources({ ...ANN, principal: 'User::"ann"' }))).toBe(
      'R741: there is no `resourceType`, and no `default_resource_type`',
    )
  })

  test('a context that is none', () => {
    for (const ask of [
      () => rune.whichResources({ ...ANN, context: '[]' }),
      () => rune.whichActions({ principal: 'ann', resource: 'd1', context: '[]' }),
    ]) {
      expect(refusal(ask)).toMatch(/^R293/)
    }
    expect(refusal(() => rune.whichActions({ principal: 'ann', resource: 'd1', context: { facts: 1 } }))).toMatch(
      /^R742/,
    )
  })

  test('one that asks while it is read', () => {
    const asking = {
      ...ANN,
      get context() {
        rune.whichResources(ANN)
        return {}
      },
    }
    expect(refusal(() => rune.whichResources(asking))).toMatch(/^R744/)
  })

  test('after the end', async () => {
    const closed = await open('')
    await closed.close()
    expect(refusal(() => closed.whichResources(ANN))).toMatch(/^R740/)
  })
})

test('a question is answered from one epoch, though all memory of it is taken back while it is read', () => {
  const text = `${HEAD}[entities]\n${DOCS}\n[policies]\npermit(principal, action, resource) when { context.all };\n`
  const coordinator = createCoordinator({ input: { text }, store: { graceMs: 0 } })
  coordinator.load()
  const reader = createReader(attachArena(coordinator.memory))
  const updates = ['d1', 'd2', 'd3', 'd4'].map((id) =>
    readUpdate({ removeEntities: [{ type: 'Doc', id }] }, reader.program()),
  )
  let times = 0
  const asked = {
    ...ANN,
    get context() {
      if (times++ === 0) for (const update of updates) coordinator.update([update])
      return { all: true }
    },
  }
  const { found, epoch } = reader.whichResources(asked)
  expect([found.length, epoch, times]).toEqual([26, 5, 2])
  expect(reader.whichResources({ ...ANN, context: { all: true } })).toEqual({ found, epoch })
})

describe('with a schema', () => {
  let rune: Rune
  beforeAll(async () => {
    rune = await open(`[schema]
entity User, Doc;
entity Color enum ["red", "blue"];
action read, write appliesTo { principal: User, resource: Doc, context: { mfa: Bool } };
action paint appliesTo { principal: User, resource: [Doc, Color] };
[entities]
'Doc::"d"' = {}
'Color::"red"' = {}
[policies]
permit(principal, action, resource);
`)
  })

  test('what no request can ask is refused, and undeclared ids are left out', () => {
    const mfa = { context: { mfa: true } }
    expect(rune.whichResources({ ...ANN, ...mfa }).resources).toEqual(['Doc::"d"'])
    expect(refusal(() => rune.whichResources({ ...ANN, ...mfa, resourceType: 'Color' }))).toMatch(/^R721/)
    expect(refusal(() => rune.whichResources(ANN))).toMatch(/^R725/)
    expect(refusal(() => rune.whichResources({ ...ANN, ...mfa, action: 'x' }))).toMatch(/^R720/)
    expect(rune.whichResources({ ...ANN, action: 'paint', resourceType: 'Color' }).resources).toEqual(['Color::"red"'])
  })

  test('actions are those declared for the types and the context', () => {
    const asked = { principal: 'ann', resource: 'd' }
    expect(rune.whichActions(asked).actions).toEqual(['Action::"paint"'])
    expect(rune.whichActions({ ...asked, context: { mfa: true } }).actions.toSorted()).toEqual([
      'Action::"read"',
      'Action::"write"',
    ])
    expect(rune.whichActions({ ...asked, context: { mfa: 1 } }).actions).toEqual([])
  })
})

describe('with rules', () => {
  test('actions that rules name are known', async () => {
    const rune = await open(`[rules]
permit :- principal("ann"), action("a").
permit :- principal("ann"), action(A), A in ["b", "c"].
permit :- request(User::"ann", Action::"d", _).
permit :- principal("ann"), action(A), other(A).
other("e").
[entities]
'Ns::Action::"f"' = {}
[policies]
permit(principal, action in [Action::"g", Action::"h"], resource);
permit(principal, action == Ns::Action::"f", resource);
`)
    const { actions } = rune.whichActions({ principal: 'ann', resource: 'd' })
    const ids = ['a', 'b', 'c', 'd', 'g', 'h'].map((id) => `Action::"${id}"`)
    expect(actions.toSorted()).toEqual([...ids, 'Ns::Action::"f"'])
  })

  test('actions that come to be stored are known from then on', async () => {
    const rune = await open('[policies]\npermit(principal, action, resource);\n')
    const actions = () => rune.whichActions({ principal: 'ann', resource: 'd' }).actions.toSorted()
    const store = (type: string) => rune.update({ entities: [{ uid: { type, id: 'a' }, attrs: {}, parents: [] }] })
    expect(actions()).toEqual([])
    await store('Action')
    expect(actions()).toEqual(['Action::"a"'])
    await store('Ns::Action')
    expect(actions()).toEqual(['Action::"a"', 'Ns::Action::"a"'])
    await rune.update({ removeEntities: ['Action::"a"'] })
    expect(actions()).toEqual(['Ns::Action::"a"'])
  })

  test('an atom of the request is about its own type, and all atoms are about one resource', async () => {
    const rune = await open(`path_types = ["File"]
[data]
listed = ["d1", "d2", "/d1", "/d2"]
[entities]
${DOCS}
'File::"/d1"' = {}
'File::"/d2"' = {}
[rules]
permit :- action("path"), path(R), listed(R).
permit :- action("type"), resource(R, "File"), listed(R).
permit :- action("both"), resource(R, _), resource(Q, "Doc"), listed(R), listed(Q).
permit :- action("one"), resource("d1"), resource(R, "Doc"), listed(R).
`)
    const found = (action: string, resourceType: string) =>
      rune.whichResources({ principal: 'ann', action, resourceType }).resources.toSorted()
    const [docs, files] = [
      ['Doc::"d1"', 'Doc::"d2"'],
      ['File::"/d1"', 'File::"/d2"'],
    ]
    expect([found('path', 'Doc'), found('path', 'File')]).toEqual([[], files])
    expect([found('type', 'Doc'), found('type', 'File')]).toEqual([[], files])
    expect([found('both', 'Doc'), found('both', 'File')]).toEqual([docs, []])
    expect([found('one', 'Doc'), found('one', 'File')]).toEqual([['Doc::"d1"'], []])
  })

  test('one that fails for an entity takes back what a policy permits', async () => {
    const rune = await open(`[data]
size = [["d1", 0], ["d2", 0], ["d3", 2]]
[entities]
${DOCS}
[rules]
permit :- resource(R, "Doc"), size(R, S), 10 / S > 100.
[policies]
permit(principal, action, resource) when { resource.level > 0 };
`)
    const { resources } = rune.whichResources(ANN)
    const permitted = Array.from({ length: 30 }, (_, i) => `Doc::"d${i}"`).filter(
      (resource) => rune.authorize({ ...ANN, resource }).allowed,
    )
    expect(resources.toSorted()).toEqual(permitted.toSorted())
    expect(permitted).not.toContain('Doc::"d1"')
  })

  test('what takes too many steps for one policy is left out, whatever another one says', async () => {
    const sizes = Array.from({ length: 300 }, (_, i) => `["d1", ${i}]`).join()
    const rune = await open(`max_steps = 1000
[data]
size = [["d2", 1], ${sizes}]
[entities]
${DOCS}
[rules]
above(M) :- resource(R), size(R, K), size(_, M), M > K.
[policies]
permit(principal, action, resource);
permit(principal, action, resource) when { context.facts.above.isEmpty() && principal == User::"bob" };
`)
    expect(refusal(() => rune.authorize({ ...ANN, resource: 'd1' }))).toMatch(/^R504/)
    expect(rune.authorize({ ...ANN, resource: 'd2' }).allowed).toBe(true)
    const { resources } = rune.whichResources(ANN)
    expect(resources).toHaveLength(29)
    expect(resources).not.toContain('Doc::"d1"')
  })

  test('what takes too many steps is left out, and a page ends where it was enough', async () => {
    const sizes = Array.from({ length: 900 }, (_, i) => `["d${i < 800 ? i % 200 : 7}", ${i}]`).join()
    const docs = Array.from({ length: 200 }, (_, i) => `'Doc::"d${i}"' = {}`).join('\n')
    const rune = await open(`max_steps = 30000
[data]
size = [${sizes}]
[entities]
${docs}
[rules]
below(R, M) :- resource(R), size(R, K), size(_, M), M < K.
permit :- resource(R, "Doc"), N = count{ M : below(R, M) }, N > 500.
`)
    const found: string[] = []
    let [pages, cursor]: [number, string | undefined] = [0, undefined]
    do {
      const page = rune.whichResources({ ...ANN, ...(cursor !== undefined && { cursor }) })
      found.push(...page.resources)
      ;[pages, cursor] = [pages + 1, page.cursor]
    } while (cursor !== undefined)
    const permitted = Array.from({ length: 200 }, (_, i) => `Doc::"d${i}"`).filter((resource) => {
      try {
        return rune.authorize({ ...ANN, resource }).allowed
      } catch {
        return false
      }
    })
    expect(found.toSorted()).toEqual(permitted.toSorted())
    expect(permitted.length).toBeGreaterThan(50)
    expect(refusal(() => rune.authorize({ ...ANN, resource: 'd7' }))).toMatch(/^R504/)
    expect(pages).toBeGreaterThan(1)
  })
})

describe('authorizeMany', () => {
  test('decides each as authorize does, and denies what fails', async () => {
    const rune = await open(`[policies]\npermit(principal == User::"ann", action, resource);\n`)
    const requests = [
      { ...ANN, resource: 'd' },
      { ...ANN, principal: 'bob', resource: 'd' },
      { ...ANN, resource: 5 as never },
      {
        ...ANN,
        get resource() {
          return rune.authorize({ ...ANN, resource: 'd' }).allowed ? 'd' : 'e'
        },
      },
    ]
    const [first, second, third, fourth] = rune.authorizeMany(requests)
    expect(first).toEqual(rune.authorize({ ...ANN, resource: 'd' }))
    expect(second).toEqual(rune.authorize({ ...ANN, principal: 'bob', resource: 'd' }))
    expect(third).toMatchObject({ decision: 'deny', epoch: 1, errors: [{ kind: 'request', id: 'R741' }] })
    expect(fourth).toMatchObject({ decision: 'deny', errors: [{ kind: 'request', id: 'R744' }] })
    expect(rune.authorizeMany([])).toEqual([])
  })
})
