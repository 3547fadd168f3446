/** Ids of policies, links of templates, and warnings about policies that never apply. */
import { describe, expect, test } from 'vitest'
import { lowerPolicies, nameStatements, type PolicyInput } from '../../src/program/lower-policies.ts'
import { parsePolicies } from '../../src/syntax/cedar/parse.ts'
import type { RuneFile } from '../../src/syntax/rune-file/ast.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import type { Source } from '../../src/text/source.ts'
import { entityUid } from '../../src/values/value.ts'

const LINKS: Source = { path: '<links>', text: '[[options.links]]' }
const LINK_SPAN = { source: LINKS, start: 0, end: LINKS.text.length }

/** A file with nothing but policies. */
function file(text: string, prefix = ''): RuneFile {
  const source = { path: '<test>', text }
  const policies = parsePolicies({ source }, new Diagnostics())
  return { source, prefix, metadata: new Map(), data: [], clauses: [], entities: [], policies, tests: [] }
}

function link(template: string, id: string, values: Record<string, string> = {}) {
  const uids = Object.entries(values).map(
    ([slot, name]) => [slot, { uid: entityUid('U', name), span: LINK_SPAN }] as const,
  )
  return { template, id, values: new Map(uids), span: LINK_SPAN }
}

/** The ids of the policies of some files, and the diagnostics as `code text: message`. */
function lower(files: readonly RuneFile[], input: Partial<PolicyInput> = {}) {
  const diagnostics = new Diagnostics()
  const statements = nameStatements(files, diagnostics)
  const settings = { globs: true, pathTypes: new Set<string>() }
  const policies = lowerPolicies({ statements, links: [], settings, ...input }, diagnostics)
  const found = diagnostics.all.map(
    ({ code, message, span }) => `${code}: ${message} @ ${span?.source.text.slice(span.start, span.end)}`,
  )
  return { ids: policies.map(({ id }) => id), policies, found }
}

const ANY = 'permit (principal, action, resource);'
const TEMPLATE = 'permit (principal == ?principal, action, resource);'

describe('the id of a policy', () => {
  test('is its `@id`, else its place among all statements of its file, after the prefix of the file', () => {
    const { ids, found } = lower([
      file(`${ANY} ${ANY}`, 'base.rune#'),
      file(`${TEMPLATE} ${ANY} @id("named") ${ANY} ${ANY}`),
    ])
    expect(ids).toEqual(['base.rune#policy0', 'base.rune#policy1', 'policy1', 'named', 'policy3'])
    expect(found).toEqual([`R471: the template \`policy0\` is never linked, and so never applies @ ${TEMPLATE}`])
  })

  test.each([
    ['two named ones', `@id("a") ${ANY} @id("a") ${ANY}`, 'a'],
    ['a named one and a place', `@id("policy1") ${ANY} ${ANY}`, 'policy1'],
    ['a template and a policy', `@id("a") ${TEMPLATE} @id("a") ${ANY}`, 'a'],
  ])('is taken once: %s', (_, text, id) => {
    expect(lower([file(text)]).found[0]).toContain(`R310: two policies have the id \`${id}\``)
  })

  test('is not empty', () => {
    expect(lower([file(`@id("") ${ANY} @id ${ANY}`)]).found.map((text) => text.slice(0, 34))).toEqual([
      'R311: the id of a policy is empty ',
      'R311: the id of a policy is empty ',
    ])
  })
})

describe('a link', () => {
  const files = [file(`@id("t") ${TEMPLATE} @id("p") ${ANY}`)]

  test('makes a policy of a template', () => {
    const links = [link('t', 'l1', { '?principal': 'a' }), link('t', 'l2', { '?principal': 'b' })]
    const { ids, found, policies } = lower(files, { links })
    expect(ids).toEqual(['p', 'l1', 'l2'])
    expect(found).toEqual([])
    expect(policies[1]).toMatchObject({ template: 't', effect: 'permit', span: LINK_SPAN })
  })

  test.each([
    [link('x', 'l', { '?principal': 'a' }), 'R312: `x` is no template'],
    [link('p', 'l'), 'R312: `p` is a policy without slots, not a template'],
    [link('t', 'l'), 'R313: the link `l` gives no value for `?principal`'],
    [
      link('t', 'l', { '?principal': 'a', '?resource': 'b' }),
      'R313: the link `l` gives a value for `?resource`, which the template does not have',
    ],
    [link('t', 'p', { '?principal': 'a' }), 'R310: two policies have the id `p`'],
    [link('t', 't', { '?principal': 'a' }), 'R310: two policies have the id `t`'],
  ])('%o is refused', (one, message) => {
    expect(lower(files, { links: [one] }).found[0]).toBe(`${message} @ ${LINKS.text}`)
  })

  test('has an id of its own', () => {
    const links = [link('t', 'l', { '?principal': 'a' }), link('t', 'l', { '?principal': 'a' })]
    expect(lower(files, { links }).found).toEqual([`R310: two policies have the id \`l\` @ ${LINKS.text}`])
  })

  test('names a group where the slot stands to the right of `in`, and only there', () => {
    const both = [file(`@id("t") ${TEMPLATE} @id("in") permit (principal in ?principal, action, resource);`)]
    const links = [link('in', 'l1', { '?principal': 'a*' }), link('t', 'l2', { '?principal': 'a*' })]
    expect(lower(both, { links }).found).toEqual([
      `R460: \`a*\` is a group of entities, which no entity equals @ ${LINKS.text}`,
    ])
  })

  test('does not repeat the mistakes of its template', () => {
    const bad = [
      file('@id("t") permit (principal in ?principal, action, resource == F::"*") when { G::"*" == principal };'),
    ]
    const links = [link('t', 'l1', { '?principal': 'a' }), link('t', 'l2', { '?principal': 'b' })]
    expect(lower(bad, { links }).found).toHaveLength(2)
  })
})

describe('a policy that no request satisfies is warned about', () => {
  test.each([
    ['permit (principal, action, resource) when { false };', 'this is never true @ false'],
    ['permit (principal, action, resource) unless { true };', 'this is never true @ unless { true }'],
    ['permit (principal, action, resource) when { true && (true && false) };', 'this is never true @ false'],
    ['permit (principal, action, resource) when { 1 };', 'this is never true @ 1'],
    ['permit (principal, action in [], resource);', 'nothing is in an empty set @ action in []'],
    [
      'permit (principal is U, action, resource) when { principal is V };',
      '`principal` cannot be a `U` and a `V` @ principal is V',
    ],
    [
      'permit (principal == U::"a", action, resource) when { U::"b" == principal };',
      '`principal` cannot be two entities @ U::"b" == principal',
    ],
    ['permit (principal, action, resource) when { resource == "r" };', '`resource` is an entity @ resource == "r"'],
  ])('%s', (text, why) => {
    expect(lower([file(text)]).found).toEqual([`R470: the policy \`policy0\` is never satisfied: ${why}`])
  })

  test.each([
    'permit (principal is U, action, resource) when { principal == U::"a" && principal is U };',
    'permit (principal, action, resource) when { false || principal is U || principal is V };',
    'permit (principal in U::"a", action, resource) when { principal == U::"b" };',
    'permit (principal == U::"a", action, resource == V::"a") when { !(principal is V) };',
  ])('but not %s', (text) => expect(lower([file(text)]).found).toEqual([]))
})

test('statements with many links share what is the same in all of them', () => {
  const files = [file('@id("t") permit (principal == ?principal, action, resource) when { context.a };')]
  const links = [link('t', 'l1', { '?principal': 'a' }), link('t', 'l2', { '?principal': 'b' })]
  const [first, second] = lower(files, { links }).policies.map(({ condition }) => condition)
  if (first?.kind !== 'and' || second?.kind !== 'and') throw new Error('no conjunction')
  expect(first.operands[1]).toBe(second.operands[1])
})
