/** Tests of places: lines and columns as people count them. */
import { expect, test } from 'vitest'
import { join, positionOf } from '../../src/text/source.ts'

const source = { path: 'a', text: 'ab\r\nc😀d\n\ne' }

test.each([
  [0, 1, 1],
  [2, 1, 3],
  [3, 1, 4],
  [4, 2, 1],
  [5, 2, 2],
  [7, 2, 3],
  [8, 2, 4],
  [9, 3, 1],
  [10, 4, 1],
  [11, 4, 2],
])('offset %i is line %i, column %i: columns count characters, not code units', (offset, line, column) => {
  expect(positionOf(source, offset)).toEqual({ line, column })
})

test('lone surrogates count as characters', () => {
  expect(positionOf({ path: 'a', text: '\ud800\ud800\udc00\udc00x' }, 4).column).toBe(4)
})

test('a piece of a file counts its lines from where it starts', () => {
  expect(positionOf({ ...source, firstLine: 100 }, 4)).toEqual({ line: 101, column: 1 })
})

test('a joined span reaches to the later end', () => {
  expect(join({ source, start: 1, end: 5 }, { source, start: 2, end: 3 })).toEqual({ source, start: 1, end: 5 })
})
