/** Tests of suggestions: which name was probably meant. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { didYouMean, suggest } from '../../src/text/suggest.ts'

const NAMES = ['rules', 'policies', 'data', 'constructor', 'max_facts']

test.each([
  ['rule', 'rules'],
  ['Rules', 'rules'],
  ['RULES', 'rules'],
  ['ruels', 'rules'],
  ['polices', 'policies'],
  ['dat', 'data'],
  ['max_factz', 'max_facts'],
])('`%s` was meant to be `%s`', (name, meant) => {
  expect(suggest(name, NAMES)).toBe(meant)
})

test.each(['', 'x', 'banana', 'tada', 'rules', 'a'.repeat(1e6)])('nothing is near enough to %j', (name) => {
  expect(suggest(name, NAMES)).toBeUndefined()
})

test('the help is the suggestion, else what is said otherwise, else nothing', () => {
  expect(didYouMean('dta', NAMES)).toEqual({ help: 'did you mean `data`?' })
  expect(didYouMean('banana', NAMES, 'look it up')).toEqual({ help: 'look it up' })
  expect(didYouMean('banana', NAMES)).toEqual({})
})

test('one mistyped character of a longer name is always found', () => {
  const names = fc.string({ minLength: 4, maxLength: 30, unit: fc.constantFrom(...'abcdefgh') })
  fc.assert(
    fc.property(names, fc.nat(), (name, seed) => {
      const at = seed % name.length
      expect(suggest(`${name.slice(0, at)}z${name.slice(at + 1)}`, [name])).toBe(name)
      expect(suggest(name.slice(0, at) + name.slice(at + 1), [name])).toBe(name)
      expect(suggest(`${name.slice(0, at)}z${name.slice(at)}`, [name])).toBe(name)
    }),
    { numRuns: 200 * Number(process.env['RUNE_FUZZ'] ?? 1) },
  )
})
