/** Glob groups in the Cedar oracle; what Cedar itself says is compared with cedar-wasm in `test/properties`. */
import { expect, test } from 'vitest'
import type { Expr } from '../../src/syntax/cedar/ast.ts'
import { type EntityUid, entityUid } from '../../src/values/value.ts'
import { type Entity, evaluate } from './cedar.ts'
import { globMatches } from './glob.ts'
import { entityKey } from './value-key.ts'

const span = { source: { path: 'test', text: '' }, start: 0, end: 0 }

/** Whether the resource `resource` is `in` the group that the literal names. */
function isIn(resource: EntityUid, group: string, entities: readonly Entity[] = [], globs = true): unknown {
  const right: Expr = { kind: 'entity', uid: entityUid('File', group), span }
  const left: Expr = { kind: 'variable', name: 'resource', span }
  const environment = {
    principal: entityUid('U', 'a'),
    action: entityUid('Action', 'a'),
    resource,
    context: new Map(),
    entities: new Map(entities.map((entity) => [entityKey(entity.uid), entity])),
    globs,
  }
  return evaluate({ kind: 'binary', operator: 'in', left, right, span }, environment)
}

test('a glob is the group of the ids that match', () => {
  const file = (id: string) => entityUid('File', id)
  expect(isIn(file('/tmp/a.txt'), '/tmp/*')).toBe(true)
  expect(isIn(file('/tmp/a/b.txt'), '/tmp/*')).toBe(false)
  expect(isIn(file('/tmp/a/b.txt'), '/tmp/**')).toBe(true)
  expect(isIn(entityUid('Dir', '/tmp/a'), '/tmp/*')).toBe(false)
  expect(isIn(file('/tmp/a'), '/tmp/*', [], false)).toBe(false)
  expect(isIn(file('*'), '\\*')).toBe(true)
})

test('what is below a stored entity that matches is in the group', () => {
  const none = { attrs: new Map(), tags: new Map() }
  const [file, dir] = [entityUid('File', '/x'), entityUid('File', '/tmp/d')]
  expect(isIn(file, '/tmp/*', [{ uid: file, parents: [dir], ...none }])).toBe(false)
  expect(
    isIn(file, '/tmp/*', [
      { uid: file, parents: [dir], ...none },
      { uid: dir, parents: [], ...none },
    ]),
  ).toBe(true)
})

test('a star is one or more characters of a segment, two are any segments', () => {
  const cases: [string, string, boolean][] = [
    ['a*', 'a', false],
    ['a*', 'ab', true],
    ['*', '', false],
    ['*', 'a/b', false],
    ['**', '', true],
    ['/a/**/b', '/a/b', true],
    ['/a/**/b', '/a/x/y/b', true],
    ['/a/**', '/a', true],
    ['/a/**', '/ab', false],
    ['a\\*b*', 'a*bc', true],
    ['a.c*', 'abcd', false],
    ['*', '\n', true],
  ]
  for (const [glob, id, result] of cases) expect([glob, id, globMatches(glob, id)]).toEqual([glob, id, result])
})
