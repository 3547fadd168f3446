/** Interning: equal values have equal ids, and an id gives its value back. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ImageDictionary } from '../../src/image/dictionary.ts'
import { Overlay } from '../../src/image/overlay.ts'
import { isLocal, kindOfId, Values } from '../../src/image/value-ids.ts'
import { kindOf } from '../../src/values/value.ts'
import { anyValue, same } from './values.ts'

const numRuns = 300 * Number(process.env.RUNE_FUZZ ?? 1)

function freshImage() {
  const dictionary = new ImageDictionary()
  return { dictionary, values: new Values(dictionary) }
}

test('an id gives back the value that it was made from', () => {
  const { values } = freshImage()
  fc.assert(
    fc.property(anyValue, (value) => {
      const id = values.intern(value)
      expect(id).toBeGreaterThanOrEqual(0)
      expect(kindOfId(id)).toBe(kindOf(value))
      expect(same(values.valueOf(id), value)).toBe(true)
    }),
    { numRuns },
  )
})

test('ids are equal exactly when values are', () => {
  const { values } = freshImage()
  fc.assert(
    fc.property(anyValue, anyValue, (a, b) => {
      expect(values.intern(a) === values.intern(b)).toBe(same(a, b))
    }),
    { numRuns },
  )
})

test('an overlay agrees with its image on what that knows, and keeps the rest to itself', () => {
  fc.assert(
    fc.property(fc.array(anyValue, { maxLength: 6 }), fc.array(anyValue, { maxLength: 6 }), (known, asked) => {
      const { dictionary, values } = freshImage()
      const ids = known.map((value) => values.intern(value))
      const size = dictionary.size()
      const overlay = new Overlay(dictionary)
      const local = new Values(overlay)
      known.forEach((value, i) => {
        expect(local.intern(value)).toBe(ids[i])
      })
      const askedIds = asked.map((value) => local.intern(value))
      asked.forEach((value, i) => {
        expect(same(local.valueOf(askedIds[i]!), value)).toBe(true)
        expect(local.intern(value)).toBe(askedIds[i])
        if (known.some((k) => same(k, value))) expect(isLocal(askedIds[i]!)).toBe(false)
      })
      expect(dictionary.size()).toBe(size)
    }),
    { numRuns },
  )
})

test('a dictionary that grows through many sizes forgets nothing', () => {
  const { values } = freshImage()
  const ids = Array.from({ length: 20_000 }, (_, i) => values.string(`text ${i}`))
  const longs = Array.from({ length: 20_000 }, (_, i) => values.long(2n ** 40n + BigInt(i)))
  expect(new Set([...ids, ...longs]).size).toBe(40_000)
  ids.forEach((id, i) => {
    expect(values.textOf(id)).toBe(`text ${i}`)
    expect(values.string(`text ${i}`)).toBe(id)
  })
  longs.forEach((id, i) => {
    expect(values.longOf(id)).toBe(2n ** 40n + BigInt(i))
  })
})

test('a reset overlay gives its places to others', () => {
  const { dictionary } = freshImage()
  const overlay = new Overlay(dictionary)
  const values = new Values(overlay)
  const first = values.string('one')
  overlay.reset()
  expect(values.string('two')).toBe(first)
  expect(values.textOf(first)).toBe('two')
})
