/** JSON as text, read again. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Json, parseJson } from '../../../src/syntax/json/json.ts'
import { printJson } from '../../../src/syntax/json/print.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import { longs, runs, strings } from '../../values/arbitrary.ts'

const floats = fc
  .oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constantFrom(1e21, 5e-324, 2 ** 60))
  .map((number) => number + 0)
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    ...[fc.constant(null), fc.boolean(), strings, longs, floats],
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(strings, tie('json')), { maxLength: 4 }).map((fields) => new Map(fields)),
  ),
}))

test('what is printed is read as the same value', () => {
  fc.assert(
    fc.property(json, (value) => {
      const diagnostics = new Diagnostics()
      expect(parseJson({ source: { path: '<json>', text: printJson(value) } }, diagnostics)).toEqual(value)
      expect(diagnostics.all).toEqual([])
    }),
    runs(1000),
  )
})
