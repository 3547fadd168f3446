/** Tests of `[options]`, `[[options.links]]`, `[metadata]` and `[[tests.case]]`: keys, kinds and ranges. */
import { describe, expect, test } from 'vitest'
import { loadFiles, loadText, VERSION } from './memory-host.ts'

const options = (text: string) => loadText(`[options]\n${text}`)

describe('[options]', () => {
  test('gives every option', () => {
    const { configuration, places } = options(`default_principal_type = "Agent"
default_action_type = "App::Action"
default_resource_type = "File"
path_types = ["File", "App::Dir"]
globs = false
on_policy_error = "strict"
max_facts = 1
max_iterations = 2
max_eval_ms = 3
max_steps = 9007199254740991
[[options.links]]
template = "t"
id = "l1"
values = { "?principal" = 'User::"alice"' }`)
    expect(places).toEqual([])
    expect(configuration?.options).toMatchObject({
      defaultPrincipalType: 'Agent',
      defaultActionType: 'App::Action',
      defaultResourceType: 'File',
      pathTypes: ['File', 'App::Dir'],
      globs: false,
      onPolicyError: 'strict',
      limits: { maxFacts: 1, maxIterations: 2, maxEvalMs: 3, maxSteps: Number.MAX_SAFE_INTEGER },
    })
    const [link] = configuration?.options.links ?? []
    expect([link?.template, link?.id, [...(link?.values ?? [])].map(([slot, { uid }]) => [slot, uid])]).toEqual([
      't',
      'l1',
      [['?principal', { kind: 'entity', type: 'User', id: 'alice' }]],
    ])
  })

  test('gives nothing that was not given', () => {
    expect(loadText('').configuration?.options).toEqual({ pathTypes: [], links: [], limits: {} })
  })

  test.each([
    ['max_factz = 1', 'main.rune:3:1 R300', 'did you mean `max_facts`?'],
    ['__proto__ = 1', 'main.rune:3:1 R300', undefined],
    ['globs = "true"', 'main.rune:3:9 R206', undefined],
    ['max_facts = 0', 'main.rune:3:13 R206', undefined],
    ['max_facts = -1', 'main.rune:3:13 R206', undefined],
    ['max_facts = 1.0', 'main.rune:3:13 R206', undefined],
    ['max_facts = 4294967296', 'main.rune:3:13 R206', undefined],
    ['max_steps = 9007199254740992', 'main.rune:3:13 R206', undefined],
    ['on_policy_error = "dney"', 'main.rune:3:19 R206', 'did you mean `deny`?'],
    ['on_policy_error = 1', 'main.rune:3:19 R206', undefined],
    ['default_principal_type = "a b"', 'main.rune:3:26 R303', undefined],
    ['default_principal_type = "if"', 'main.rune:3:26 R303', undefined],
    ['path_types = "File"', 'main.rune:3:14 R206', undefined],
    ['path_types = ["File", ""]', 'main.rune:3:23 R303', undefined],
    ['path_types = [1]', 'main.rune:3:15 R206', undefined],
    ['links = 1', 'main.rune:3:9 R206', undefined],
    ['links = [1]', 'main.rune:3:10 R206', undefined],
    ['[[options.links]]\ntemplate = "t"\nid = "l"', 'main.rune:3:1 R207', undefined],
    ['[[options.links]]\nid = "l"\nvalues = {}', 'main.rune:3:1 R207', undefined],
    [
      'links = [{ template = "t", id = "l", values = { "?principle" = "x" } }]',
      'main.rune:3:49 R300',
      'did you mean `?principal`?',
    ],
    ['links = [{ template = "t", id = "l", values = { "?principal" = "x" } }]', 'main.rune:3:64 R302', undefined],
  ])('%s is refused', (text, place, help) => {
    const { configuration, places, all } = options(text)
    expect(configuration).toBeUndefined()
    expect(places).toEqual([place])
    if (help !== undefined) expect(all[0]?.help).toBe(help)
  })
})

describe('options of several files', () => {
  const files = (main: string, base: string) =>
    loadFiles({
      'main.rune': `version = "rune/1.0"\ninclude = ["base.rune"]\n[options]\n${main}`,
      'base.rune': `${VERSION}[options]\n${base}`,
      'e.json': '[]',
      'f.json': '[]',
    })

  test('are united', () => {
    const { configuration } = files('globs = true\nmax_facts = 1', 'globs = true\nmax_steps = 2')
    expect(configuration?.options).toMatchObject({ globs: true, limits: { maxFacts: 1, maxSteps: 2 } })
  })

  test.each([
    ['globs = true', 'globs = false'],
    ['path_types = ["A"]', 'path_types = ["A", "B"]'],
    ['default_action_type = "A"', 'default_action_type = "B"'],
    ['entities = "e.json"', 'entities = "f.json"'],
  ])('%s and %s are two values', (main, base) => {
    const { all, places } = files(main, base)
    expect(places).toEqual([expect.stringMatching(/^main\.rune:4:\d+ R301$/)])
    expect(all[0]?.related?.[0]?.span.source.path).toBe('base.rune')
  })

  test('one file of entities may be named twice', () => {
    expect(files('entities = "e.json"', 'entities = "./e.json"').places).toEqual([])
  })
})

describe('[metadata]', () => {
  test('holds anything', () => {
    const { configuration } = loadText('[metadata]\nname = "n"\nx.y = [1, { z = 1.5 }]\nd = 2026-01-01')
    expect([...(configuration?.files[0]?.metadata.keys() ?? [])]).toEqual(['name', 'x', 'd'])
  })
})

describe('[tests]', () => {
  const CASE = '[[tests.case]]\nname = "n"\nprincipal = "alice"\naction = "read"\nresource = \'File::"f"\'\n'

  test('gives every part of a case', () => {
    const { configuration, places } = loadText(
      `[tests]\n${CASE}expect = "permit"\nreasons = ["policy0"]\ncontext = { mfa = true, ip.x = [1] }\n` +
        `[tests.case.entities]\n'U::"a"' = { in = ['G::"g"'] }\n[tests.case.facts]\nrole = [["a", "b"]]\n${CASE}expect = "deny"`,
    )
    expect(places).toEqual([])
    const [first, second] = configuration?.files[0]?.tests ?? []
    expect(first).toMatchObject({
      name: 'n',
      principal: 'alice',
      action: 'read',
      resource: 'File::"f"',
      expect: 'permit',
      reasons: ['policy0'],
      entities: [{ uid: { type: 'U', id: 'a' } }],
      facts: [{ predicate: 'role' }],
    })
    expect(first?.context.get('mfa')).toBe(true)
    expect(second).toMatchObject({ expect: 'deny', entities: [], facts: [], context: new Map() })
    expect(second?.reasons).toBeUndefined()
  })

  test.each([
    ['cases = []', 'main.rune:3:1 R300'],
    ['case = 1', 'main.rune:3:8 R206'],
    ['case = [1]', 'main.rune:3:9 R206'],
    [`${CASE}`, 'main.rune:3:1 R207'],
    [`${CASE}expect = "allow"`, 'main.rune:8:10 R206'],
    [`${CASE}expect = "permit"\nreason = "x"`, 'main.rune:9:1 R300'],
    [`${CASE}expect = "permit"\nreasons = "x"`, 'main.rune:9:11 R206'],
    [`${CASE}expect = "permit"\ncontext = { f = 1.5 }`, 'main.rune:9:17 R102'],
    [`${CASE}expect = "permit"\nentities = { x = {} }`, 'main.rune:9:14 R302'],
    [`${CASE}expect = "permit"\nfacts = { x = [[1], 2] }`, 'main.rune:9:21 R208'],
    [`${CASE}expect = "permit"\nfacts = { x = { file = "no.tsv" } }`, 'main.rune:9:24 R700'],
  ])('%j is refused', (text, place) => {
    const { configuration, places } = loadText(`[tests]\n${text}`)
    expect(configuration).toBeUndefined()
    expect(places).toEqual([place])
  })
})
