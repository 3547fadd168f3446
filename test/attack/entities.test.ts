/** Entities that conflict, and requests that try to change what is known: what is stored stands. */
import { describe, expect, test } from 'vitest'
import { attempt, HEAD, OPTIONS, REQUEST } from './attempt.ts'

const STORE = `${HEAD}${OPTIONS}[entities]
'User::"alice"' = { in = ['Group::"staff"'], attrs = { level = 1, tools = ["a", "b"] }, tags = { team = "x" } }
'Group::"staff"' = { in = ['Group::"all"'] }
'Group::"admins"' = {}
'File::"/tmp/a"' = { attrs = { owner = { entity = 'User::"alice"' } } }
[rules]
admin(P) :- entity.ancestor(P, Group::"admins").
permit("rule") :- request(P, _, _), admin(P).
entity.parent(User::"derived", Group::"staff").
[policies]
permit(principal in Group::"admins", action, resource);
permit(principal, action, resource) when { principal has level && principal.level > 1 };
permit(principal, action, resource) when { principal.hasTag("team") && principal.getTag("team") == "root" };
permit(principal, action, resource) when { resource has owner && resource.owner != User::"alice" };
`
const uid = (type: string, id: string) => ({ type, id })
const entity = (of: object, given: object = {}) => ({ uid: of, attrs: {}, parents: [], ...given })
const ALICE = { attrs: { level: 1, tools: ['a', 'b'] }, parents: [uid('Group', 'staff')], tags: { team: 'x' } }
const alice = (given: object = {}) => ({ uid: uid('User', 'alice'), ...ALICE, ...given })

describe('a request cannot change a stored entity', () => {
  test('though it may repeat it', async () => {
    expect(await attempt(STORE, { ...REQUEST, entities: [alice()] })).toBe('deny')
    const other = {
      attrs: { tools: ['b', 'a', 'a'], level: 1 },
      parents: [uid('Group', 'staff'), uid('Group', 'staff')],
    }
    expect(await attempt(STORE, { ...REQUEST, entities: [alice(other), alice()] })).toBe('deny')
  })

  test.each<[string, object[]]>([
    ['with another attribute', [alice({ attrs: { ...ALICE.attrs, level: 9 } })]],
    ['with one attribute more', [alice({ attrs: { ...ALICE.attrs, admin: true } })]],
    ['with one attribute less', [alice({ attrs: {} })]],
    ['with a parent more', [alice({ parents: [...ALICE.parents, uid('Group', 'admins')] })]],
    ['without its parents', [alice({ parents: [] })]],
    ['with another tag', [alice({ tags: { team: 'root' } })]],
    ['without its tags', [alice({ tags: {} })]],
    ['by its group', [entity(uid('Group', 'staff'), { parents: [uid('Group', 'all'), uid('Group', 'admins')] })]],
    ['by a path that is another name of it', [entity(uid('File', '/x/../tmp/./a'), { attrs: { owner: 'x' } })]],
    ['that a rule made', [entity(uid('User', 'derived'), { parents: [uid('Group', 'admins')] })]],
    ['that a rule made, by leaving it out', [entity(uid('User', 'derived'))]],
  ])('%s', async (_, entities) => {
    expect(await attempt(STORE, { ...REQUEST, entities })).toEqual(['R743'])
    expect(await attempt(STORE, { ...REQUEST, entities: JSON.stringify(entities) })).toEqual(['R743'])
  })

  test('nor what it is in, by one that the store only names', async () => {
    const entities = [entity(uid('Group', 'all'), { parents: [uid('Group', 'admins')] })]
    expect(await attempt(STORE, { ...REQUEST, entities })).toEqual(['R743'])
  })

  test('nor close a cycle over it', async () => {
    const up = [entity(uid('Group', 'all'), { parents: [uid('User', 'alice')] })]
    expect(await attempt(STORE, { ...REQUEST, entities: up })).toEqual(['R743'])
  })
})

describe('entities of one request', () => {
  const mallory = (given: object = {}) => entity(uid('User', 'mallory'), given)

  test.each<[string, unknown, string[]]>([
    ['given twice in two forms', [mallory(), mallory({ attrs: { level: 9 } })], ['R743', 'R290']],
    [
      'in a circle',
      [entity(uid('G', 'a'), { parents: [uid('G', 'b')] }), entity(uid('G', 'b'), { parents: [uid('G', 'a')] })],
      ['R291', 'R743'],
    ],
    ['in itself', [entity(uid('G', 'a'), { parents: [uid('G', 'a')] })], ['R291', 'R743']],
    [
      'that are an action in a group of users',
      [entity(uid('Action', 'read'), { parents: [uid('Group', 'admins')] })],
      ['R292', 'R743'],
    ],
    ['without attributes', [{ uid: uid('User', 'x'), parents: [] }], ['R288']],
    ['that are no list', { uid: uid('User', 'x') }, ['R288']],
    ['that are no entities', [null, 1, 'User::"alice"', []], ['R288']],
    ['of a type that is none', [entity(uid('U"', 'x'))], ['R289']],
    ['whose uid is a text', [entity('User::"alice"' as unknown as object)], ['R289']],
    ['with a key twice in JSON', '[{"uid":{"type":"U","id":"a"},"attrs":{"a":1,"a":2},"parents":[]}]', ['R281']],
    ['that are no JSON', '[{', ['R280']],
  ])('%s are refused', async (_, entities, codes) => {
    const outcome = await attempt(STORE, { ...REQUEST, entities })
    expect(codes).toEqual(expect.arrayContaining([...(Array.isArray(outcome) ? outcome : ['opened'])]))
  })

  test('are not read by rules that add to the store', async () => {
    const text = `${HEAD}${OPTIONS}[entities]
'User::"root"' = { attrs = { root = true } }
[rules]
entity.parent(X, Group::"admins") :- entity.attr(X, "root", true).
entity.attr(X, "level", 9) :- entity.tag(X, "level", "high").
admin(P) :- entity.ancestor(P, Group::"admins").
direct(P) :- entity.parent(P, Group::"admins").
high(P) :- entity.attr(P, "level", 9).
permit("ancestor") :- request(P, _, _), admin(P).
permit("parent") :- request(P, _, _), direct(P).
permit("level") :- request(P, _, _), high(P).
[policies]
permit(principal in Group::"admins", action, resource);
permit(principal, action, resource) when { principal has level && principal.level == 9 };
permit(principal, action, resource) when { context.facts.admin.contains(principal) };`
    const root = mallory({ attrs: { root: true }, tags: { level: 'high' } })
    expect(await attempt(text, { ...REQUEST, principal: 'mallory', entities: [root] })).toBe('deny')
    expect(await attempt(text, { ...REQUEST, principal: 'root' })).toBe('permit')
    expect(await attempt(text, { ...REQUEST, principal: 'root', entities: [root] })).toBe('permit')
  })

  test('are read by rules that only ask, for that request', async () => {
    const text = `${HEAD}${OPTIONS}[rules]
admin(P) :- entity.ancestor(P, Group::"admins").
outsider(P) :- entity.type(P, "User"), not admin(P).
forbid("outsider") :- request(P, _, _), outsider(P).
permit("all") :- action("read").`
    const request = { ...REQUEST, principal: 'mallory' }
    expect(await attempt(text, { ...request, entities: [mallory()] })).toBe('forbid')
    expect(await attempt(text, { ...request, entities: [mallory({ parents: [uid('Group', 'admins')] })] })).toBe(
      'permit',
    )
    expect(await attempt(text, request)).toBe('permit')
  })

  test('are gone with the request', async () => {
    const root = mallory({ parents: [uid('Group', 'admins')] })
    const { Rune } = await import('../../src/index.ts')
    const rune = await Rune.fromText(STORE, { coordinator: 'inline' })
    const request = { ...REQUEST, principal: 'mallory' }
    expect(rune.authorize({ ...request, entities: [root] }).decision).toBe('permit')
    expect(rune.authorize(request).decision).toBe('deny')
    expect(rune.authorize({ ...request, entities: [mallory()] }).decision).toBe('deny')
  })

  test('with names of properties of objects are ordinary', async () => {
    const entities =
      '[{"uid":{"type":"User","id":"__proto__"},"attrs":{"__proto__":{"level":9},"constructor":1},"parents":[]}]'
    expect(await attempt(STORE, { ...REQUEST, principal: '__proto__', entities })).toBe('deny')
    expect(await attempt(STORE, { ...REQUEST, entities })).toBe('deny')
  })
})

describe('a store that contradicts itself is refused', () => {
  test.each<[string, string, string]>([
    ['a cycle of parents', `[entities]\n'G::"a"' = { in = ['G::"b"'] }\n'G::"b"' = { in = ['G::"a"'] }`, 'R410'],
    ['an entity in itself', `[entities]\n'G::"a"' = { in = ['G::"a"'] }`, 'R410'],
    [
      'a cycle that a rule closes',
      `[entities]\n'G::"a"' = { in = ['G::"b"'] }\n[rules]\nentity.parent(G::"b", G::"a").`,
      'R410',
    ],
    ['a path in itself by two names', `${OPTIONS}[entities]\n'File::"/a"' = { in = ['File::"/b/../a"'] }`, 'R410'],
    [
      'an attribute with a value written and one derived',
      `[entities]\n'U::"a"' = { attrs = { n = 1 } }\n[rules]\nentity.attr(U::"a", "n", 2).`,
      'R411',
    ],
    ['an attribute derived twice', `[rules]\nentity.attr(U::"a", "n", 1).\nentity.attr(U::"a", "n", 2).`, 'R411'],
    ['a tag derived twice', `[rules]\nentity.tag(U::"a", "n", "x").\nentity.tag(U::"a", "n", 1).`, 'R411'],
    ['an entity of another type', `[rules]\nentity.type(U::"a", "Admin").`, 'R349'],
    ['a float attribute', `[data]\nn = [1.5]\n[rules]\nentity.attr(U::"a", "n", X) :- n(X).`, 'R406'],
    ['a parent by the request', `[rules]\nentity.parent(P, Group::"admins") :- request(P, _, _).`, 'R403'],
    [
      'a parent by what depends on the request',
      `[rules]\nq(P) :- request(P, _, _).\nentity.parent(P, Group::"admins") :- q(P).`,
      'R403',
    ],
    ['an ancestor', `[rules]\nentity.ancestor(U::"a", Group::"admins").`, 'R331'],
    ['an ancestor in data', `[data]\nentity.ancestor = [["a", "b"]]`, 'R331'],
    ['a group of entities as one', `[rules]\nentity.parent(U::"*", Group::"admins").`, 'R460'],
  ])('%s', async (_, text, code) => {
    const [options, rest] = text.startsWith('[options]') ? [text, ''] : [OPTIONS, text]
    expect(await attempt(HEAD + options + rest)).toEqual([code])
  })
})
