/** Cells of entities: what they say, what they leave to the rows, and that words of somebody else do no harm. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LOCAL_BIT, PAYLOAD_BITS } from '../../native-layout/layout.ts'
import { createArena } from '../../src/image/arena.ts'
import { buildCells } from '../../src/image/build-cells.ts'
import { ATTRIBUTE, attachCells, EntityCells, NO_VALUE, TAG, UNKNOWN_CELL } from '../../src/image/entity-cells.ts'
import { createImage } from '../../src/image/image.ts'
import { insert, markGone } from '../../src/image/relation.ts'
import { createSpace, usedWords } from '../../src/image/space.ts'
import { BUILTIN, type Program } from '../../src/program/program.ts'
import { entityUid } from '../../src/values/value.ts'

const ARITY: Readonly<Record<number, number>> = {
  [BUILTIN.entityType]: 2,
  [BUILTIN.entityAttr]: 3,
  [BUILTIN.entityTag]: 3,
}
const PROGRAM = {
  predicates: Array.from({ length: 15 }, (_, predicate) => ({ arity: ARITY[predicate] ?? 1 })),
} as unknown as Program

class Fixture {
  readonly space = createSpace(createArena())
  readonly image = createImage(PROGRAM)

  entity(name: string, type = 'User'): number {
    return this.image.values.intern(entityUid(type, name))
  }

  text(text: string): number {
    return this.image.values.intern(text)
  }

  store(name: string, type = 'User'): number {
    const entity = this.entity(name, type)
    insert(this.image.relations[BUILTIN.entityType]!, [entity, this.text(type)])
    return entity
  }

  give(entity: number, key: string, value: string, predicate: number = BUILTIN.entityAttr): number {
    insert(this.image.relations[predicate]!, [entity, this.text(key), this.text(value)])
    return this.image.relations[predicate]!.count - 1
  }

  build(): EntityCells {
    return attachCells(this.space.arena, buildCells(this.space, this.image)?.start ?? 0)
  }
}

test('a cell says what an entity has under a key, and what it has not', () => {
  const world = new Fixture()
  const [ann, bob, file] = [world.store('ann'), world.store('bob'), world.store('f', 'File')]
  const unstored = world.entity('eve')
  world.give(ann, 'name', 'Ann')
  world.give(ann, 'team', 'red', BUILTIN.entityTag)
  world.give(bob, 'name', 'Bob')
  world.give(file, 'owner', 'Ann')
  world.give(unstored, 'name', 'Eve')
  const cells = world.build()
  const find = (entity: number, key: string, of: typeof ATTRIBUTE | typeof TAG = ATTRIBUTE) =>
    cells.find(entity, world.text(key), of)
  expect(find(ann, 'name')).toBe(world.text('Ann'))
  expect(find(bob, 'name')).toBe(world.text('Bob'))
  expect(find(ann, 'team', TAG)).toBe(world.text('red'))
  expect(find(bob, 'team', TAG)).toBe(NO_VALUE)
  expect(find(file, 'owner')).toBe(world.text('Ann'))
  // No column of that type, no place, a number that is not covered, and what is no entity.
  expect(find(file, 'name')).toBe(UNKNOWN_CELL)
  expect(find(ann, 'team')).toBe(UNKNOWN_CELL)
  expect(find(unstored, 'name')).toBe(UNKNOWN_CELL)
  for (const other of [world.entity('late'), ann | LOCAL_BIT, ann ^ (1 << PAYLOAD_BITS), 0, -1]) {
    expect(find(other, 'name')).toBe(UNKNOWN_CELL)
  }
})

test('rows that are gone are in no cell, and the newest of a key is', () => {
  const world = new Fixture()
  const [ann, bob] = [world.store('ann'), world.store('bob')]
  world.give(ann, 'name', 'old')
  world.give(ann, 'name', 'new')
  const row = world.give(bob, 'name', 'Bob')
  markGone(world.image.relations[BUILTIN.entityAttr]!, row, 1)
  const cells = world.build()
  expect(cells.find(ann, world.text('name'), ATTRIBUTE)).toBe(world.text('new'))
  expect(cells.find(bob, world.text('name'), ATTRIBUTE)).toBe(NO_VALUE)
})

test('a key that few entities of a type have gets no column', () => {
  const world = new Fixture()
  const entities = Array.from({ length: 100 }, (_, i) => world.store(`u${i}`))
  for (const [i, entity] of entities.entries()) {
    world.give(entity, `own${i}`, 'x')
    if (i < 25) world.give(entity, 'some', 'x')
    if (i < 24) world.give(entity, 'few', 'x')
  }
  const cells = world.build()
  expect(cells.find(entities[99]!, world.text('some'), ATTRIBUTE)).toBe(NO_VALUE)
  expect(cells.find(entities[0]!, world.text('few'), ATTRIBUTE)).toBe(UNKNOWN_CELL)
  expect(cells.find(entities[0]!, world.text('own0'), ATTRIBUTE)).toBe(UNKNOWN_CELL)
  expect(usedWords(world.space)).toBeLessThan(272 + 400)
})

test('there is no end of keys, but there is one of columns', () => {
  const world = new Fixture()
  const ann = world.store('ann')
  for (let i = 0; i < 5000; i++) world.give(ann, `k${i}`, 'x')
  const cells = world.build()
  expect(cells.find(ann, world.text('k0'), ATTRIBUTE)).toBe(world.text('x'))
  expect(cells.find(ann, world.text('k4095'), ATTRIBUTE)).toBe(world.text('x'))
  expect(cells.find(ann, world.text('k4096'), ATTRIBUTE)).toBe(UNKNOWN_CELL)
})

test('a cell that is marked knows nothing from then on, for all who look at it, and others are as they were', () => {
  const world = new Fixture()
  const [ann, bob] = [world.store('ann'), world.store('bob')]
  for (const entity of [ann, bob]) world.give(entity, 'name', 'x')
  const start = buildCells(world.space, world.image)!.start
  const [writer, reader] = [attachCells(world.space.arena, start), attachCells(world.space.arena, start)]
  const name = world.text('name')
  writer.mark(ann, name, TAG)
  expect(reader.find(ann, name, ATTRIBUTE)).toBe(world.text('x'))
  writer.mark(ann, name, ATTRIBUTE)
  writer.mark(ann, name, ATTRIBUTE)
  expect(reader.find(ann, name, ATTRIBUTE)).toBe(UNKNOWN_CELL)
  expect(reader.find(bob, name, ATTRIBUTE)).toBe(world.text('x'))
})

test('cells are worn by changes that they know nothing of, but not by those of a cell that is marked', () => {
  const world = new Fixture()
  const ann = world.store('ann')
  world.give(ann, 'name', 'x')
  const cells = world.build()
  for (let i = 0; i < 1000; i++) cells.mark(ann, world.text('name'), ATTRIBUTE)
  expect(cells.isWorn()).toBe(false)
  for (let i = 0; i < 1000; i++) cells.mark(world.entity(`n${i}`), world.text('name'), ATTRIBUTE)
  expect(cells.isWorn()).toBe(true)
})

test('an image without entities has no cells', () => {
  const world = new Fixture()
  expect(buildCells(world.space, world.image)).toBeUndefined()
  expect(new EntityCells().find(world.entity('ann'), world.text('name'), ATTRIBUTE)).toBe(UNKNOWN_CELL)
})

test('words that belong to somebody else by now are read to an end', () => {
  const word = fc.oneof(fc.integer({ min: -3, max: 40 }), fc.integer())
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), fc.nat(40), fc.nat(40), (words, number, key) => {
      let cells: EntityCells
      try {
        cells = new EntityCells(Int32Array.from(words))
      } catch (error) {
        expect(String(error)).toContain('out of bounds')
        return
      }
      expect(Number.isInteger(cells.find((5 << PAYLOAD_BITS) | number, key, ATTRIBUTE))).toBe(true)
    }),
  )
})
