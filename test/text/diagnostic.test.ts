/**
 * The collection of diagnostics: what is listed of very many.
 */
import { expect, test } from 'vitest'
import { Diagnostics } from '../../src/text/diagnostic.ts'

test('no number of warnings hides an error, and what is not listed costs nothing to say', () => {
  const diagnostics = new Diagnostics()
  let said = 0
  for (let i = 0; i < 5000; i++) diagnostics.warning('R475', 'a', undefined, () => ({ help: `${said++}` }))
  diagnostics.error('R200', 'b')
  expect(said).toBe(1000)
  expect(diagnostics.count).toBe(5001)
  expect(diagnostics.hasErrors).toBe(true)
  expect(diagnostics.all.slice(999).map(({ code }) => code)).toEqual(['R475', 'R505', 'R200'])
})
