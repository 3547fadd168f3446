/** Searches against all rows looked at, and the indexes that are chosen for them against all choices. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRelation, indexOn, insert, markGone, type Relation, tupleAt } from '../../src/image/relation.ts'
import {
  coverKeys,
  firstRow,
  indexesFor,
  nextRow,
  ROWS_SCANNED,
  ROWS_SHARED,
  searchBy,
} from '../../src/image/search.ts'

const numRuns = 200 * Number(process.env['RUNE_FUZZ'] ?? 1)
const anyKey = fc.subarray([0, 1, 2, 3], { minLength: 1 })
const anyKeys = fc.uniqueArray(anyKey, { selector: (key) => key.join(), minLength: 1, maxLength: 7 })

type Keys = readonly (readonly number[])[]

describe('the indexes that are chosen', () => {
  const serves = (isShort: (key: readonly number[]) => boolean, chosen: Keys, key: readonly number[]) =>
    chosen.some(
      (other) => other.every((column) => key.includes(column)) && (other.length === key.length || isShort(other)),
    )

  test('serve every key, and no fewer would', () => {
    fc.assert(
      fc.property(anyKeys, fc.func(fc.boolean()), (keys, some) => {
        // A key that has another in it has no more rows for each.
        const isShort = (key: readonly number[]) =>
          keys.some((part) => part.every((column) => key.includes(column)) && some(part.join()))
        const chosen = coverKeys(keys, isShort)
        const isEnough = (of: Keys) => keys.every((key) => serves(isShort, of, key))
        expect(isEnough(chosen)).toBe(true)
        const subsets = Array.from({ length: 2 ** keys.length }, (_, bits) => keys.filter((_, i) => (bits >> i) & 1))
        expect(chosen.length).toBe(Math.min(...subsets.filter(isEnough).map(({ length }) => length)))
      }),
      { numRuns },
    )
  })

  const keysOf = (relation: Relation, keys: Keys) => indexesFor(relation, keys).map(({ key }) => key)

  test('one serves a longer key while it leads to few rows, and after that no more', () => {
    const relation = createRelation(2)
    for (let i = 0; i <= ROWS_SCANNED; i++) insert(relation, [i, 0])
    const keys = [[0, 1], [0], [1]]
    expect(keysOf(relation, keys)).toEqual([[0], [1]])
    for (let i = 1; i < ROWS_SHARED; i++) insert(relation, [0, i])
    expect(keysOf(relation, keys)).toEqual([[0], [1]])
    insert(relation, [0, ROWS_SHARED])
    expect(keysOf(relation, keys)).toEqual([[0], [1], [0, 1]])
  })

  test('are none for few rows', () => {
    const relation = createRelation(1)
    for (let i = 0; i < ROWS_SCANNED; i++) insert(relation, [i])
    expect(keysOf(relation, [[0]])).toEqual([])
    insert(relation, [ROWS_SCANNED])
    expect(keysOf(relation, [[0]])).toEqual([[0]])
  })
})

test('a search finds exactly the rows of its key below the limit, newest first, by whichever index serves it', () => {
  const anyTuple = fc.tuple(fc.nat(9), fc.nat(3), fc.nat(2), fc.nat(60))
  fc.assert(
    fc.property(fc.array(anyTuple, { maxLength: 60 }), anyKeys, fc.nat(70), (tuples, keys, limit) => {
      const relation = createRelation(4)
      for (const tuple of tuples) {
        if (insert(relation, tuple) && tuple[3] % 7 === 0) markGone(relation, relation.count - 1, 1)
        if (relation.count === 30) indexesFor(relation, keys)
      }
      const chosen = indexesFor(relation, keys)
      const made = relation.indexes.length
      for (const key of keys) {
        const search = searchBy(relation, key)
        // What inserts rows has made the one over all columns.
        if (search.index && key.length < 4) expect(chosen).toContain(search.index)
        for (const values of tuples.map((tuple) => key.map((column) => tuple[column]!))) {
          const found: number[] = []
          for (let row = firstRow(search, values, limit); row >= 0; row = nextRow(search, values, row)) found.push(row)
          const isThere = (row: number) =>
            key.every((column, i) => tupleAt(relation, row)[column] === values[i]) && relation.deaths?.[row] !== 1
          const rows = Array.from({ length: Math.min(limit, relation.count) }, (_, row) => row).filter(isThere)
          expect(found).toEqual(rows.reverse())
        }
      }
      expect(relation.indexes.length).toBe(made)
    }),
    { numRuns },
  )
})

test('what an index was counted for is not taken for more rows', () => {
  const relation = createRelation(3)
  for (let i = 0; i <= ROWS_SCANNED; i++) insert(relation, [i, 0, 0])
  const [index] = indexesFor(relation, [[0], [0, 1]])
  expect(searchBy(relation, [0, 1]).index).toBe(index)
  for (let i = 1; i < 100; i++) insert(relation, [0, i, 0])
  indexOn(relation, [0])
  expect(searchBy(relation, [0, 1]).index).not.toBe(index)
})
