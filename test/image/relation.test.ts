/** Relations against a plain set of tuples. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyRows, createRelation, findRow, indexOn, insert, type Relation, reserve } from '../../src/image/relation.ts'
import { firstRow, nextRow, searchBy } from '../../src/image/search.ts'

const numRuns = 200 * Number(process.env.RUNE_FUZZ ?? 1)
const tuples = (arity: number) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: arity, maxLength: arity }), { maxLength: 60 })

function rowsOf(
  relation: Relation,
  key: readonly number[],
  values: readonly number[],
  limit = relation.count,
): number[] {
  const search = searchBy(relation, key)
  const rows: number[] = []
  for (let row = firstRow(search, values, limit); row >= 0; row = nextRow(search, values, row)) rows.push(row)
  return rows
}

const tupleAt = (relation: Relation, row: number) => relation.columns.map((column) => column[row]!)

test('a relation is a set: a tuple is inserted once and found again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4 }).chain(tuples), (all) => {
      const relation = createRelation(all[0]?.length ?? 1)
      const seen = new Map<string, number>()
      for (const tuple of all) {
        expect(insert(relation, tuple)).toBe(!seen.has(tuple.join()))
        if (!seen.has(tuple.join())) seen.set(tuple.join(), relation.count - 1)
        expect(findRow(relation, tuple)).toBe(seen.get(tuple.join()))
      }
      expect(relation.count).toBe(seen.size)
    }),
    { numRuns },
  )
})

test('an index yields exactly the rows of a key below the limit, newest first', () => {
  fc.assert(
    fc.property(
      tuples(3),
      fc.subarray([0, 1, 2], { minLength: 1 }),
      fc.nat(60),
      fc.nat(60),
      (all, key, half, limit) => {
        const relation = createRelation(3)
        for (const tuple of all.slice(0, half)) insert(relation, tuple)
        indexOn(relation, key)
        for (const tuple of all.slice(half)) insert(relation, tuple)
        for (const tuple of all) {
          const values = key.map((column) => tuple[column]!)
          const expected = []
          for (let row = Math.min(limit, relation.count) - 1; row >= 0; row--) {
            if (key.every((column, i) => tupleAt(relation, row)[column] === values[i])) expected.push(row)
          }
          expect(rowsOf(relation, key, values, limit)).toEqual(expected)
        }
      },
    ),
    { numRuns },
  )
})

test('what is copied stays in order and in every index', () => {
  fc.assert(
    fc.property(tuples(2), fc.nat(5), (all, odd) => {
      const relation = createRelation(2)
      for (const tuple of all) insert(relation, tuple)
      indexOn(relation, [1])
      const kept: number[][] = []
      for (let row = 0; row < relation.count; row++)
        if (tupleAt(relation, row)[0] !== odd) kept.push(tupleAt(relation, row))
      const copy = copyRows(relation, (row) => tupleAt(relation, row)[0] !== odd, [[1]])
      expect(Array.from({ length: copy.count }, (_, row) => tupleAt(copy, row))).toEqual(kept)
      for (const tuple of kept)
        expect(rowsOf(copy, [1], [tuple[1]!]).map((row) => tupleAt(copy, row))).toContainEqual(tuple)
      expect(findRow(copy, [odd, 0])).toBe(-1)
    }),
    { numRuns },
  )
})

test('following a chain while rows of the same key arrive sees only older rows', () => {
  const relation = createRelation(2)
  for (let i = 0; i < 5; i++) insert(relation, [1, i])
  for (let i = 0; i < 8; i++) insert(relation, [2, i])
  const search = searchBy(relation, [0])
  const seen: number[] = []
  for (let row = firstRow(search, [1], relation.count); row >= 0; row = nextRow(search, [1], row)) {
    seen.push(row)
    for (let i = 0; i < 50; i++) insert(relation, [1, 1000 * row + 100 + i])
    indexOn(relation, [0])
  }
  expect(seen).toEqual([4, 3, 2, 1, 0])
})

test('an index that has more room than its relation keeps its rows when the relation grows', () => {
  const relation = createRelation(1)
  // As a relation is placed: with little more room than it has rows, and the index as it was.
  reserve(relation, 60)
  insert(relation, [1])
  relation.capacity = 9
  relation.columns = relation.columns.map((column) => column.slice(0, 9))
  reserve(relation, 40)
  for (let value = 2; value < 40; value++) insert(relation, [value])
  for (let value = 1; value < 40; value++) expect(findRow(relation, [value])).toBe(value - 1)
})
