/** Changes of facts in place, and taking them back. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changeFacts, type FactChange } from '../../src/fixpoint/change.ts'
import { createImage, type Image } from '../../src/image/image.ts'
import { copyRows, createRelation, findRow, insert, type Relation, rowCount, rowsOf } from '../../src/image/relation.ts'
import { createTuples } from '../../src/image/tuples.ts'
import { build } from '../../src/threads/build.ts'

const numRuns = 100 * Number(process.env['RUNE_FUZZ'] ?? 1)
const { program } = build({
  text: `version = "rune/1.0"
[data]
p = [[1, 1]]
q = [[1]]
[rules]
q(10 / X) :- p(X, _).
permit("x") :- action("read"), q(1).
`,
})
const [P, Q] = ['p', 'q'].map((name) => program.predicates.find((predicate) => predicate.name === name)!.id) as [
  number,
  number,
]

const number = fc.integer({ min: 0, max: 4 })
const anyChange = fc.record({
  remove: fc.array(fc.tuple(number, number), { maxLength: 4 }),
  insert: fc.array(fc.tuple(number, number), { maxLength: 12 }),
})

const change = (image: Image, { remove, insert }: { remove: number[][]; insert: number[][] }, epoch: number) => {
  const ids = (rows: number[][]) =>
    createTuples(
      2,
      rows.map((row) => row.map((n) => image.values.intern(BigInt(n)))),
    )
  const facts: FactChange = { remove: ids(remove), insert: ids(insert) }
  return changeFacts(program, image, new Map([[P, facts]]), epoch)
}

test('an update is visible as a whole, or nothing is; what readers of older epochs see stays', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyChange, fc.boolean()), { maxLength: 6 }), (all) => {
      const image = createImage(program)
      const older: { relation: Relation; rows: number[][] }[] = []
      const model = new Set<string>()
      all.forEach(([given, isUndone], i) => {
        const epoch = i + 1
        const before = image.relations.map(rowsOf)
        const facts = new Set(model)
        for (const row of given.remove) facts.delete(row.join())
        for (const row of given.insert) facts.add(row.join())
        const isFailing = [...facts].some((row) => row.startsWith('0'))
        let isKept = false
        try {
          const { undo } = change(image, given, epoch)
          if (isUndone) undo()
          else isKept = true
        } catch {
          expect(isFailing).toBe(true)
        }
        if (isKept) {
          model.clear()
          for (const row of facts) model.add(row)
          // As readers of this epoch see the relation: its count, its deaths, and whatever comes into the arrays later.
          const relation = image.relations[P]!
          const seen = { ...relation, deathLimit: epoch - relation.deathBase }
          older.push({ relation: seen, rows: rowsOf(seen) })
        } else expect(image.relations.map(rowsOf)).toEqual(before)
        const rows = rowsOf(image.relations[P]!)
        const texts = rows.map((row) => row.map((id) => String(image.values.valueOf(id))).join())
        expect(texts.sort()).toEqual([...model].sort())
        expect(rowCount(image.relations[P]!)).toBe(rows.length)
        for (const row of rows) expect(findRow(image.relations[P]!, row)).toBeGreaterThanOrEqual(0)
        for (const { relation, rows: then } of older) {
          expect(rowsOf(relation)).toEqual(then)
          for (const row of then) expect(findRow(relation, row)).toBeGreaterThanOrEqual(0)
        }
        expect(rowsOf(image.relations[Q]!)).toEqual(rowsOf(copyRows(image.relations[Q]!, () => true, [])))
      })
    }),
    { numRuns },
  )
})

test('a reader that stands on a row of an update that fails is not led to the rows of another key', () => {
  for (let bad = 2; bad < 40; bad++) {
    for (let next = 40; next < 60; next++) {
      const image = createImage(program)
      const relation = createRelation(2)
      image.relations[P] = relation
      const id = (n: number) => image.values.intern(BigInt(n))
      insert(relation, [id(1), id(1)])
      // As in the arena.
      const shared = (words: Uint32Array) => {
        const copy = new Uint32Array(new SharedArrayBuffer(words.byteLength))
        copy.set(words)
        return copy
      }
      const [unique] = relation.indexes
      const heads = shared(unique.heads)
      unique.heads = heads
      relation.columns = relation.columns.map(shared)
      const { undo } = change(image, { remove: [], insert: [[bad, 1]] }, 2)
      let isRead = false
      // The reader has read the head of a chain, and the writer goes on.
      const stalled = new Proxy(heads, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target)
          if (name === 'length' || isRead) return value
          isRead = true
          undo()
          change(image, { remove: [], insert: [[next, 1]] }, 3)
          return value
        },
      })
      const indexes: Relation['indexes'] = [{ ...unique, heads: stalled }]
      const reader = { ...relation, count: 1, deathLimit: 1 - relation.deathBase, indexes }
      expect(findRow(reader, [id(1), id(1)])).toBe(0)
    }
  }
})
