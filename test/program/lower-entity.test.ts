/** Entity literals of policies: globs, paths and their mistakes. */
import { describe, expect, test } from 'vitest'
import type { PolicyInput } from '../../src/program/lower-policies.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import { entityUid } from '../../src/values/value.ts'
import { lowerText } from '../decide/cedar/world.ts'

const INPUT: Partial<PolicyInput> = {
  settings: { globs: true, pathTypes: new Set(['File']) },
  enumTypes: new Set(['Color']),
  declaredActions: [entityUid('Action', 'read'), entityUid('Action', 'write'), entityUid('Ns::Action', 'read')],
}

/** The diagnostics of a policy, as `code: text`. */
function mistakes(text: string, input: Partial<PolicyInput> = {}): string[] {
  const diagnostics = new Diagnostics()
  lowerText(text, { ...INPUT, ...input }, diagnostics)
  return diagnostics.all.map(({ code, span }) => `${code}: ${span?.source.text.slice(span.start, span.end)}`)
}

const when = (condition: string) => mistakes(`permit (principal, action, resource) when { ${condition} };`)

describe('a glob group stands to the right of `in` and nowhere else', () => {
  test.each([
    ['resource == File::"/tmp/*"', 'R460: File::"/tmp/*"'],
    ['File::"/tmp/*" in resource', 'R460: File::"/tmp/*"'],
    ['resource in [[File::"/tmp/*"]]', 'R460: File::"/tmp/*"'],
    ['resource in (if context.a then File::"/tmp/*" else File::"/x")', 'R460: File::"/tmp/*"'],
    ['[File::"/tmp/*"].contains(resource)', 'R460: File::"/tmp/*"'],
    ['{a: User::"*"}.a == principal', 'R460: User::"*"'],
  ])('%s', (condition, mistake) => expect(when(condition)).toEqual([mistake]))

  test('not to the right of `==` in the scope', () => {
    expect(mistakes('permit (principal, action, resource == File::"/tmp/*");')).toEqual(['R460: File::"/tmp/*"'])
    expect(mistakes('permit (principal, action == Action::"*", resource);')).toEqual(['R460: Action::"*"'])
  })

  test.each([
    'resource in File::"/tmp/*"',
    'resource in [File::"/tmp/*", File::"/var/**"]',
    'resource is File in File::"/tmp/*"',
    'resource == File::"/tmp/\\\\*"',
    '"*" == context.x && context.x like "a*"',
  ])('%s is right', (condition) => expect(when(condition)).toEqual([]))

  test('if globs are off, a star means nothing', () => {
    const settings = { globs: false, pathTypes: new Set<string>() }
    expect(mistakes('permit (principal, action, resource == File::"*");', { settings })).toEqual([])
  })
})

test('a glob is well-formed', () => {
  expect(when('resource in File::"/tmp/a**"')).toEqual(['R461: File::"/tmp/a**"'])
})

test('an enumerated type has no glob groups', () => {
  expect(when('resource in Color::"r*"')).toEqual(['R462: Color::"r*"'])
})

describe('a glob group of actions is the declared ones', () => {
  test.each([
    ['Action::"re*"', ['read']],
    ['Action::"*"', ['read', 'write']],
    ['[Action::"w*", Action::"other"]', ['write', 'other']],
  ])('%s', (group, ids) => {
    const [policy] = lowerText(`permit (principal, action in ${group}, resource);`, INPUT)
    const operand = policy?.condition.kind === 'and' ? policy.condition.operands[0] : undefined
    if (operand?.kind !== 'in' || operand.group.right.kind !== 'constant') throw new Error('no constant group')
    const { value } = operand.group.right
    const uids = typeof value === 'object' && value.kind === 'set' ? value.elements : [value]
    expect(uids.map((uid) => (typeof uid === 'object' && uid.kind === 'entity' ? uid.id : uid))).toEqual(ids)
    expect(operand.group.globs).toEqual([])
  })

  test('and an error if there are none', () => {
    expect(mistakes('permit (principal, action in Action::"x*", resource);')).toEqual(['R463: Action::"x*"'])
  })
})

describe('ids of path types are absolute paths', () => {
  test.each([
    'resource == File::"tmp"',
    'resource == File::""',
    'resource == File::"/../a"',
    'resource == File::"/a\\\\b"',
    'resource == File::"/a\\nb"',
    'resource in File::"tmp/*"',
    'resource in File::"/tmp/*/../a"',
    '[File::"a"].contains(resource)',
  ])('%s is refused', (condition) => {
    expect(when(condition)).toEqual([expect.stringMatching(/^R464: File::/)])
  })

  test('in normal form', () => {
    const [policy] = lowerText('permit (principal, action, resource == File::"/a/./b//../c/");', INPUT)
    expect(policy?.condition).toMatchObject({ operands: [{ right: { value: { type: 'File', id: '/a/c' } } }] })
  })
})

describe('a forbid whose glob deeper paths escape is warned about', () => {
  const forbid = (group: string) => mistakes(`forbid (principal, action, resource in ${group});`)

  test.each(['File::"/etc/*"', 'File::"/etc/*.conf"', 'File::"/home/**/*"'])('%s', (group) => {
    expect(forbid(group)).toEqual([`R472: ${group}`])
  })

  test.each(['File::"/etc/**"', 'File::"/home/*/.ssh"', 'User::"a*"'])('but not %s', (group) => {
    expect(forbid(group)).toEqual([])
  })

  test('but not a permit', () => expect(when('resource in File::"/etc/*"')).toEqual([]))
})
