/** Overlays: what is new in them comes and goes with a request, except for what was kept. */
import { expect, test } from 'vitest'
import { ImageDictionary } from '../../src/image/dictionary.ts'
import { Overlay } from '../../src/image/overlay.ts'
import { Values } from '../../src/image/value-ids.ts'
import { entityUid, type Value } from '../../src/values/value.ts'

const USER = entityUid('User', 'alice')
const NESTED: Value = {
  kind: 'set',
  elements: ['é', 2n ** 60n, USER, { kind: 'record', fields: new Map([['', USER]]) }],
}

test('an overlay without an image holds every value', () => {
  const values = new Values(new Overlay())
  expect(values.intern(NESTED)).toBe(values.intern(NESTED))
  expect(values.intern(values.valueOf(values.intern(NESTED)))).toBe(values.intern(NESTED))
  expect(values.intern('e')).not.toBe(values.intern('é'))
})

test('what was kept outlives a reset under its id, and what came after it does not', () => {
  for (const image of [undefined, new ImageDictionary()]) {
    const overlay = new Overlay(image)
    const values = new Values(overlay)
    const kept = values.intern(NESTED)
    overlay.keep()
    const passing = values.intern('passing')
    overlay.reset()
    expect(values.valueOf(kept)).toEqual(values.valueOf(values.intern(NESTED)))
    expect(values.intern(NESTED)).toBe(kept)
    expect(values.intern('another')).toBe(passing)
    expect(values.valueOf(passing)).toBe('another')
    overlay.keep()
    overlay.reset()
    expect(values.intern('another')).toBe(passing)
    expect(values.intern('third')).not.toBe(passing)
  }
})
