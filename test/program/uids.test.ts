/**
 * Uids in normal form, also within sets and records.
 */
import { describe, expect, test } from 'vitest'
import { isRefusal, normaliseUid, normaliseValue } from '../../src/program/uids.ts'
import { entityUid, type Value } from '../../src/values/value.ts'

const PATHS = new Set(['File'])

describe('uids', () => {
  test('ids of path types are resolved, all others kept', () => {
    expect(normaliseUid(entityUid('File', '/a/./b/../c/'), PATHS)).toEqual(entityUid('File', '/a/c'))
    expect(normaliseUid(entityUid('User', '/a/../b'), PATHS)).toEqual(entityUid('User', '/a/../b'))
  })

  test('an id that is no absolute path is refused', () => {
    for (const id of ['', 'a', '/../x', '/a\u0000', '/a\\b']) {
      expect(normaliseUid(entityUid('File', id), PATHS)).toHaveProperty('error')
    }
  })

  test('uids within sets and records are normalised, and one that is refused refuses the whole', () => {
    const file = entityUid('File', '/a//b')
    const set: Value = {
      kind: 'set',
      elements: [{ kind: 'record', fields: new Map<string, Value>([['__proto__', file]]) }],
    }
    const field = new Map<string, Value>([['__proto__', entityUid('File', '/a/b')]])
    expect(normaliseValue(set, PATHS)).toEqual({ kind: 'set', elements: [{ kind: 'record', fields: field }] })
    const bad: Value = { kind: 'set', elements: ['a', entityUid('File', 'x')] }
    expect(isRefusal(normaliseValue(bad, PATHS))).toBe(true)
  })

  test('a value without paths comes back as it is', () => {
    const value: Value = { kind: 'set', elements: [1n, 'a', entityUid('User', 'x')] }
    expect(normaliseValue(value, PATHS)).toBe(value)
  })
})
