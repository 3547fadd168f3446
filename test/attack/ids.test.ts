/** Hostile ids wherever an id can stand: each names exactly the entity that it writes, or is refused. */
import { describe, expect, test } from 'vitest'
import { Rune } from '../../src/index.ts'
import { attempt, decide, HEAD, OPTIONS, REQUEST } from './attempt.ts'

/** Ids that are names of things elsewhere; here they are ids like others. */
const ORDINARY = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '[object Object]',
  'null',
  'undefined',
  'true',
  '1',
  '%2e%2e%2f',
  '${x}',
  '*',
  '**',
  '\\*',
  "'",
  '"',
  '\\',
  ' ',
  'a b',
  '\0',
  '\n',
  '\u2028',
  '\u202e',
  '\ufeff',
  'e\u0301',
  '\u{1f600}',
  'x'.repeat(100_000),
]
/** Texts that are nearly entity literals, and no bare ids. */
const NEARLY = [
  'User::"',
  'User::"alice',
  'User::"alice" ',
  ' User::"alice"',
  '::"alice"',
  'User::"a" || true',
  'x::"y"z',
  'User::"a"::"b"',
  '1User::"a"',
  'if::"a"',
  'U s::"a"',
  'Us\u0435r::"alice"',
  'User::"\\q"',
  'User::"\\u{d800}"',
  'User::"a*',
  '"::"',
]
const ILL = ['\ud800', '\udc00', 'a\ud800b', '\udc00\ud800']
const quoted = (id: string) => JSON.stringify(id).replace(/[\u007f-\uffff]/g, (c) => c)

describe('a principal, action or resource', () => {
  const open = () =>
    Rune.fromText(
      `${HEAD}[options]
default_principal_type = "User"
default_resource_type = "Doc"
[policies]
permit(principal == User::"alice", action == Action::"read", resource == Doc::"x");`,
      { coordinator: 'inline' },
    )
  const good = { principal: 'alice', action: 'read', resource: 'x' }

  test('is what it writes, and nothing else', async () => {
    const rune = await open()
    expect(decide(rune, good)).toBe('permit')
    for (const place of ['principal', 'action', 'resource'] as const) {
      for (const id of ORDINARY) {
        expect(decide(rune, { ...good, [place]: id })).toBe('deny')
        expect(decide(rune, { ...good, [place]: { id } })).toBe('deny')
      }
      for (const id of NEARLY) {
        expect(decide(rune, { ...good, [place]: id }), id).toEqual(['R741'])
        expect(decide(rune, { ...good, [place]: { id } }), id).toBe('deny')
      }
      for (const id of ILL) {
        for (const input of [id, { id }, { type: 'User', id }])
          expect(decide(rune, { ...good, [place]: input })).toEqual(['R741'])
      }
    }
  })

  test('that a literal writes with escapes is the entity that they spell', async () => {
    const rune = await open()
    expect(decide(rune, { ...good, principal: 'User::"al\\u{69}ce"' })).toBe('permit')
    expect(decide(rune, { ...good, principal: { id: 'User::"alice"' } })).toBe('deny')
    expect(decide(rune, { ...good, principal: { type: 'Service', id: 'alice' } })).toBe('deny')
  })

  test('of another kind is refused', async () => {
    const rune = await open()
    const bad = [
      null,
      undefined,
      1,
      10n,
      true,
      [],
      ['alice'],
      {},
      { type: 'User' },
      { id: 1 },
      { id: null },
      { type: null, id: 'alice' },
      { type: '', id: 'alice' },
      { type: 'User::"x"', id: 'alice' },
      { type: 'User ', id: 'alice' },
      { type: 'A::', id: 'alice' },
      { type: '\ud800', id: 'alice' },
      Symbol('alice'),
      () => 'alice',
    ]
    for (const place of ['principal', 'action', 'resource']) {
      for (const input of bad) expect(decide(rune, { ...good, [place]: input })).toEqual(['R741'])
    }
    for (const request of [null, undefined, 1, 'alice', [], () => good]) expect(decide(rune, request)).toEqual(['R741'])
  })

  test('that changes while it is read is read once', async () => {
    const rune = await open()
    let reads = 0
    const shifting = {
      type: 'User',
      get id() {
        return ++reads === 1 ? 'mallory' : 'alice'
      },
    }
    expect(decide(rune, { ...good, principal: shifting })).toBe('deny')
  })
})

describe('a path', () => {
  const TEXT = `${HEAD}${OPTIONS}[rules]
forbid("secret") :- path(P), P.under("/tmp/secret").
[policies]
permit(principal, action, resource in File::"/tmp/**");`

  test.each([
    ['/tmp/a', 'permit'],
    ['/tmp/./x', 'permit'],
    ['/tmp//x/', 'permit'],
    ['/tmp/a/../b', 'permit'],
    ['/tmp/../etc/passwd', 'deny'],
    ['/tmp/../tmp/../etc/passwd', 'deny'],
    ['/tmp/%2e%2e/etc', 'permit'],
    ['/tmp/..%2f', 'permit'],
    ['/tmp/x/../secret/key', 'forbid'],
    ['/tmp/./secret', 'forbid'],
    ['//tmp///secret//', 'forbid'],
    ['/tmp/secretly', 'permit'],
    ['/TMP/a', 'deny'],
    ['/tmp/...', 'permit'],
    ['/', 'deny'],
    ['/tmp/\u2024\u2024/etc', 'permit'],
  ])('%s is %s', async (id, decision) => {
    for (const resource of [id, { id }, { type: 'File', id }, `File::${JSON.stringify(id)}`]) {
      expect(await attempt(TEXT, { ...REQUEST, resource })).toBe(decision)
    }
  })

  test.each([
    '',
    '.',
    '..',
    'tmp',
    './tmp',
    '/..',
    '/tmp/../..',
    '/a/\0',
    '/a\n',
    '/a\t',
    '/a\u007f',
    '/a\u0085',
    '\\tmp',
    '/tmp\\..\\etc',
    'C:\\',
    '~/a',
    'file:///tmp/a',
    '\ud800',
  ])('%j is refused wherever it stands', async (id) => {
    const text = JSON.stringify(id)
    expect(await attempt(TEXT, { ...REQUEST, resource: { id } })).toEqual(['R741'])
    expect(await attempt(TEXT, { ...REQUEST, principal: { type: 'File', id } })).toEqual(['R741'])
    const entity = { __entity: { type: 'File', id } }
    const codes = id.isWellFormed() ? ['R741'] : ['R101']
    expect(await attempt(TEXT, { ...REQUEST, context: { at: [{ deep: entity }] } })).toEqual(codes)
    const uid = { type: 'File', id }
    expect(await attempt(TEXT, { ...REQUEST, entities: [{ uid, attrs: {}, parents: [] }] })).toEqual(codes)
    const child = { uid: { type: 'User', id: 'x' }, attrs: { home: entity }, parents: [uid] }
    expect(await attempt(TEXT, { ...REQUEST, entities: [child] })).toEqual(codes)
    if (!id.isWellFormed()) return
    const spelled = [...id].map((c) => `\\u{${c.codePointAt(0)?.toString(16)}}`).join('')
    const literal = `File::"${spelled}"`
    const head = HEAD + OPTIONS
    expect(await attempt(`${head}[policies]\npermit(principal, action, resource == ${literal});`)).toEqual(['R464'])
    expect(await attempt(`${head}[policies]\npermit(principal, action, resource in ${literal});`)).toEqual(['R464'])
    expect(await attempt(`${head}[rules]\na(${literal}).`)).toEqual(['R340'])
    expect(await attempt(`${head}[rules]\ndecl a(f: File).\na("${spelled}").`)).toEqual(['R340'])
    expect(
      await attempt(`${head}[rules]\ndecl a(f: File).\n[data]\na = [${text.replace('\u007f', '\\u007f')}]`),
    ).toEqual(['R340'])
    expect(await attempt(`${head}[entities]\n${JSON.stringify(literal)} = {}`)).toEqual(['R340'])
  })
})

describe('keys and names', () => {
  test('of the context are data, whatever they are called', async () => {
    const text = `${HEAD}${OPTIONS}[rules]
forbid("key " + K) :- context(K, "evil").
[policies]
permit(principal, action, resource);
forbid(principal, action, resource) when { context has admin };
forbid(principal, action, resource) when { context has "__proto__" && context["__proto__"] has admin };`
    expect(await attempt(text, { ...REQUEST, context: JSON.parse('{"__proto__": {"admin": true}}') })).toBe('forbid')
    expect(await attempt(text, { ...REQUEST, context: '{"__proto__": {"x": true}}' })).toBe('permit')
    expect(await attempt(text, { ...REQUEST, context: { constructor: 1, '': 1, '\0': 1, 'a.b': 1 } })).toBe('permit')
  })

  test.each<[string, unknown, string]>([
    ['half of a pair', { a: '\ud800' }, 'R101'],
    ['half of a pair as a key', { '\ud800': 1 }, 'R101'],
    ['half of a pair in JSON', '{"a": "\\ud800"}', 'R101'],
    ['a key twice', '{"a": 1, "\\u0061": 2}', 'R281'],
    ['facts', { facts: {} }, 'R742'],
    ['facts by an escape', '{"\\u0066acts": {}}', 'R742'],
    ['no record', [1], 'R293'],
    ['no record either', '"x"', 'R293'],
    ['null', { a: null }, 'R285'],
    ['a fraction', { a: 1.5 }, 'R285'],
    ['a large integer', { a: 2 ** 53 }, 'R284'],
    ['a larger integer', { a: 2n ** 63n }, 'R151'],
    ['a function', { a: () => 1 }, 'R283'],
    ['a class', { a: new Date(0) }, 'R283'],
    ['a symbol', { a: Symbol('x') }, 'R283'],
    ['an array with a hole', { a: new Array(1) }, 'R283'],
    ['a type that is none', { a: { __entity: { type: 'U"', id: 'x' } } }, 'R289'],
    ['a function that is none', { a: { __extn: { fn: 'constructor', arg: 'x' } } }, 'R287'],
    ['a function by a list', { a: { __extn: ['ip', '10.0.0.1'] } }, 'R286'],
    ['an old escape', { a: { __expr: 'User::"x"' } }, 'R285'],
    ['depth', `{"a": ${'['.repeat(10_000)}`, 'R282'],
  ])('of a context with %s are refused', async (_, context, code) => {
    const text = `${HEAD}${OPTIONS}[policies]\npermit(principal, action, resource);`
    expect(await attempt(text, { ...REQUEST, context })).toEqual([code])
  })

  test('of predicates and columns are no properties of objects', async () => {
    for (const name of ['constructor', 'toString', 'valueOf', 'hasOwnProperty']) {
      const text = `${HEAD}${OPTIONS}[rules]
decl ${name}(${name}: String, b: String).
${name}("a", "b").
permit("x") :- principal(P, "User"), ${name}(P, _).
[policies]
permit(principal, action, resource) when { context.facts.${name}.contains({ "${name}": "alice", b: "b" }) };`
      expect(await attempt(text, REQUEST)).toBe('deny')
      expect(await attempt(text, { ...REQUEST, principal: 'a' })).toBe('permit')
    }
    const undefinedName = `${HEAD}[policies]\npermit(principal, action, resource) when { context.facts.constructor.contains("a") };`
    expect(await attempt(undefinedName)).toEqual(['R450'])
  })

  test('of data, facts and policies keep hostile ids apart', async () => {
    for (const id of ORDINARY) {
      const literal = quoted(id).replaceAll('*', '\\\\*')
      if (/[\\]/.test(id) || /[\0\n\u2028]/.test(id)) continue
      const text = `${HEAD}[options]
default_principal_type = "User"
default_resource_type = "Doc"
[data]
blocked = [${quoted(id)}]
[rules]
forbid("rule") :- principal(P, "User"), blocked(P).
[policies]
permit(principal, action, resource);
@id("policy") forbid(principal == User::${literal}, action, resource);
@id("facts") forbid(principal, action == Action::"facts", resource) when { context.facts.blocked.contains("other") };`
      const rune = await Rune.fromText(text, { coordinator: 'inline' })
      const request = { principal: { id }, action: 'read', resource: 'x' }
      expect(rune.authorize(request).reasons, id).toEqual(['policy', 'rule'])
      expect(decide(rune, { ...request, principal: { id: `${id}x` } })).toBe('permit')
    }
  })
})
