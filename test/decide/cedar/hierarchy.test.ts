/** Glob groups evaluated. Where they may stand: `test/program/lower-entity.test.ts`. */
import { describe, expect, test } from 'vitest'
import type { Value } from '../../../src/values/value.ts'
import { answer, entity, lowerText, uid } from './world.ts'

const SETTINGS = { globs: true, pathTypes: new Set(['File']) }

/** Whether `condition` holds for a resource; `/tmp/in` is a file in a folder in `/srv/data/x`. */
function holds(condition: string, resource: string): boolean {
  const policies = lowerText(`permit (principal, action, resource) when { ${condition} };`, { settings: SETTINGS })
  const { satisfiedPermits, errors } = answer(policies, {
    entities: [
      entity('Doc::"d"', { in: ['File::"/srv/data/x"'] }),
      entity('File::"/srv/data/x"', { in: ['Host::"h*"'] }),
    ],
    request: { resource: uid(resource), context: new Map<string, Value>([['file', uid('File::"/tmp/a"')]]) },
  })
  expect(errors).toEqual([])
  return satisfiedPermits.length === 1
}

describe('a glob group holds the entities of its type whose id matches', () => {
  test.each([
    ['File::"/tmp/*"', 'File::"/tmp/a.txt"', true],
    ['File::"/tmp/*"', 'File::"/tmp/a/b.txt"', false],
    ['File::"/tmp/*"', 'File::"/tmp"', false],
    ['File::"/tmp/*"', 'File::"/etc/passwd"', false],
    ['File::"/tmp/*"', 'Other::"/tmp/a.txt"', false],
    ['File::"/tmp/**"', 'File::"/tmp"', true],
    ['File::"/tmp/**"', 'File::"/tmp/a/b.txt"', true],
    ['File::"/tmp//./x/../*/"', 'File::"/tmp/a"', true],
    ['File::"/tmp/\\\\*"', 'File::"/tmp/*"', true],
    ['File::"/tmp/\\\\*"', 'File::"/tmp/a"', false],
    ['File::"/tmp/\\\\*/*"', 'File::"/tmp/*/a"', true],
    ['[File::"/etc/*", File::"/tmp/*"]', 'File::"/tmp/a"', true],
    ['[File::"/etc/*", File::"/srv/data/y"]', 'File::"/srv/data/y"', true],
    ['Other::"a*"', 'Other::"abc"', true],
    ['File::"/srv/*/x"', 'Doc::"d"', true],
    ['Host::"*"', 'Doc::"d"', true],
  ])('resource in %s, asked for %s: %s', (group, resource, expected) => {
    expect(holds(`resource in ${group}`, resource)).toBe(expected)
  })

  test('for values of the context too, and to the right of `is … in`', () => {
    expect(holds('context.file in File::"/tmp/*"', 'R::"r"')).toBe(true)
    expect(holds('resource is File in File::"/tmp/*"', 'File::"/tmp/a"')).toBe(true)
    expect(holds('resource is Doc in File::"/tmp/*"', 'File::"/tmp/a"')).toBe(false)
  })
})

test('what is compared with a group must be an entity', () => {
  const policies = lowerText('permit (principal, action, resource) when { 1 in File::"/tmp/*" };', {
    settings: SETTINGS,
  })
  expect(answer(policies, {}).errors[0]?.message).toBe(
    'type error: expected (entity of type `any_entity_type`), got long',
  )
})

test('a plain star in an entity literal is written with a backslash', () => {
  expect(holds('resource == File::"/tmp/\\\\*"', 'File::"/tmp/*"')).toBe(true)
  expect(holds('resource == Other::"\\\\*"', 'Other::"*"')).toBe(true)
})

test('without globs, a star is a star', () => {
  const policies = lowerText('permit (principal, action, resource in File::"/tmp/*");')
  expect(answer(policies, { request: { resource: uid('File::"/tmp/a"') } }).satisfiedPermits).toEqual([])
  expect(answer(policies, { request: { resource: uid('File::"/tmp/*"') } }).satisfiedPermits).toEqual(['p0'])
})
