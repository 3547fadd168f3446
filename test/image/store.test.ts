/** The writer: what it publishes, what it gives back, and what another one makes of what it left. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HEADER, SLOTS } from '../../native-layout/layout.ts'
import { attachArena, createArena } from '../../src/image/arena.ts'
import { blocksOf } from '../../src/image/attach.ts'
import { announce, createAnnouncer, loadRoot, oldestAnnounced, silenceBefore } from '../../src/image/epochs.ts'
import { createImage, relationOf } from '../../src/image/image.ts'
import { createReaderImage, type ReaderImage } from '../../src/image/reader-image.ts'
import { copyRows, indexOn, insert, rowsOf } from '../../src/image/relation.ts'
import { createSpace, usedWords } from '../../src/image/space.ts'
import { claimNext, createStore, publish, reclaim, type Step } from '../../src/image/store.ts'
import { takeOver } from '../../src/image/take-over.ts'
import type { Program } from '../../src/program/program.ts'
import { type Coordinator, createCoordinator } from '../../src/threads/coordinator.ts'
import { attachReader } from '../../src/threads/reader.ts'
import { addToDelta, emptyDelta, readUpdate, type Update, type UpdateInput } from '../../src/threads/update.ts'
import { answerOf, Crash, rowsBy, World } from './epochs-world.ts'

const numRuns = 30 * Number(process.env['RUNE_FUZZ'] ?? 1)

const TEXT = `version = "rune/1.0"
[data]
edge = [["a", "b"]]
cost = [["a", 1]]
[rules]
way(X, Y) :- edge(X, Y).
way(X, Z) :- way(X, Y), edge(Y, Z).
far(X, N) :- cost(X, C), N = 10 / C.
permit("r") :- principal(P), way(P, _).
`
const input = { text: TEXT }
const QUERIES = ['edge(X, Y)', 'way(X, Y)', 'way("a", Y)', 'way(X, "c")', 'far(X, N)']

const node = fc.constantFrom('a', 'b', 'c', 'd', 'e')
/** Of edges, and of costs of which 0 makes the update fail. */
const anyUpdate: fc.Arbitrary<UpdateInput> = fc.record({
  insert: fc.record({
    edge: fc.array(fc.tuple(node, node), { maxLength: 3 }),
    cost: fc.array(fc.tuple(node, fc.integer({ min: 0, max: 9 })), { maxLength: 1 }),
  }),
  remove: fc.record({ edge: fc.array(fc.tuple(node, node), { maxLength: 3 }) }),
})
const updates = (maxLength: number) => fc.array(anyUpdate, { minLength: 1, maxLength })

function answersOf(memory: unknown): unknown {
  const reader = attachReader({ memory })
  const answers = QUERIES.map((query) => reader.query(query).rows)
  reader.close()
  return answers
}

interface Tried {
  readonly coordinator: Coordinator
  readonly delta: ReturnType<typeof emptyDelta>
}

/** Applies an update; says whether it was accepted. */
function apply({ coordinator, delta }: Tried, given: UpdateInput): boolean {
  const update: Update = readUpdate(given, attachReader({ memory: coordinator.memory }).program())
  try {
    coordinator.update([update])
  } catch (error) {
    if (error instanceof Crash) throw error
    return false
  }
  addToDelta(delta, update)
  return true
}

function started(predecessor?: Tried, onStep?: (step: Step) => void): Tried {
  const delta = predecessor?.delta ?? emptyDelta()
  const coordinator = createCoordinator({
    input,
    store: { graceMs: 0, ...(onStep && { onStep }) },
    ...(predecessor && { predecessor: { memory: predecessor.coordinator.memory, delta: structuredClone(delta) } }),
  })
  if (!predecessor) coordinator.load()
  return { coordinator, delta }
}

const STEPS: readonly Step[] = ['claimed', 'sealed', 'rooted', 'committed', 'retired', 'announced', 'reclaimed']

test('after a crash at any step the last published epoch is in force, and updates go on from it', () => {
  fc.assert(
    fc.property(updates(4), fc.constantFrom(...STEPS), anyUpdate, updates(3), (before, at, dying, after) => {
      let isArmed = false
      const first = started(undefined, (step) => {
        if (isArmed && step === at) throw new Crash()
      })
      for (const update of before) apply(first, update)
      const expected = started()
      for (const update of before) apply(expected, update)
      isArmed = true
      let isDead = false
      try {
        apply(first, dying)
      } catch (error) {
        expect(error).toBeInstanceOf(Crash)
        isDead = true
      }
      const isCommitted = !isDead || STEPS.indexOf(at) >= STEPS.indexOf('committed')
      if (isCommitted) apply(expected, dying)
      const second = started(first)
      expect(answersOf(second.coordinator.memory)).toEqual(answersOf(expected.coordinator.memory))
      for (const update of after) {
        expect(apply(second, update)).toBe(apply(expected, update))
        expect(answersOf(second.coordinator.memory)).toEqual(answersOf(expected.coordinator.memory))
      }
    }),
    { numRuns },
  )
})

test('who takes over holds the blocks of the published root, and no word more', () => {
  const steps: (Step | 'changed')[] = [...STEPS, 'changed']
  for (const at of steps) {
    const world = new World()
    for (let i = 0; i < 3; i++) world.publish()
    world.onStep = (step) => {
      if (step === at) throw new Crash()
    }
    expect(() => world.publish()).toThrow(Crash)
    world.onStep = () => undefined
    world.takeOver()
    expectBooked(world)
    for (let i = 0; i < 3; i++) {
      world.publish()
      expectBooked(world)
    }
    const reader = createReaderImage(world.store.arena)
    reader.turn()
    expect(answerOf(reader, () => undefined)).toBe(world.truth.get(world.epoch))
  }
})

/** Words that are given out are those of the published root and of what is retired. */
function expectBooked({ store }: World): void {
  const blocks = [...blocksOf(store.arena, loadRoot(store.arena.words)).values()].flat()
  const retired = store.retired.flatMap((entry) => entry.blocks)
  expect(usedWords(store.space)).toBe(wordsOf([...blocks, ...retired]))
}

function wordsOf(blocks: Parameters<typeof createSpace>[1]): number {
  return usedWords(createSpace(createArena(), blocks))
}

test('words are given back once nobody waits for them, however often and whatever is published', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('all', 'facts', 'fail', 'reclaim', 'wait'), { maxLength: 9 }), (all) => {
      const world = new World(1e9)
      const reader = createReaderImage(world.store.arena)
      for (const what of all) {
        if (what === 'all' || what === 'facts') world.publish(what)
        else if (what === 'fail') world.fail()
        else if (what === 'wait') reader.turn()
        else {
          reader.rest()
          reclaim(world.store)
          expect(world.store.retired).toEqual([])
        }
        expectBooked(world)
      }
    }),
    { numRuns },
  )
})

test('who takes over skips the numbers of epochs that were claimed, and silences readers of old ones', () => {
  const world = new World(1e9)
  const reader = createReaderImage(world.store.arena)
  reader.turn()
  world.publish()
  world.fail()
  const claimed = world.epoch + 1
  expect(oldestAnnounced(world.store.arena.words)).toBe(1)
  world.takeOver()
  expect(oldestAnnounced(world.store.arena.words)).toBe(Number.POSITIVE_INFINITY)
  world.publish()
  expect(world.epoch).toBe(claimed + 1)
  expect(reader.isIntact()).toBe(false)
  reader.turn()
  expect(answerOf(reader, () => undefined)).toBe(world.truth.get(world.epoch))
})

test('a memory in which nothing was published is not taken over', () => {
  expect(() => takeOver(createArena())).toThrow('nothing was published')
})

test('a reader without a slot is waited for as long as the grace', () => {
  const world = new World(1e9)
  const { words } = world.store.arena
  world.publish()
  expect(world.store.retired).toEqual([])
  busyReaders(world)
  const reader = createReaderImage(world.store.arena)
  reader.turn()
  expect(words[HEADER.crowded]).toBe(world.epoch)
  const answer = answerOf(reader, () => undefined)
  world.publish()
  expect(world.store.retired).toHaveLength(1)
  expect(answerOf(reader, () => undefined)).toBe(answer)
  expect(reader.isIntact()).toBe(true)
})

test('slots of readers that are gone are taken over, and nobody waits for the grace any more', () => {
  const world = new World(1e9)
  const { arena } = world.store
  for (const [i, gone] of busyReaders(world).entries()) if (i % 2 === 0) gone.rest()
  // What the grace does.
  silenceBefore(arena.words, world.epoch + 1)
  const readers = busyReaders(world)
  expect(oldestAnnounced(arena.words)).toBe(world.epoch)
  createReaderImage(arena).turn()
  expect(oldestAnnounced(arena.words)).toBe(0)
  silenceBefore(arena.words, world.epoch + 1)
  world.publish()
  for (const reader of readers) {
    reader.turn()
    expect(oldestAnnounced(arena.words)).toBe(world.epoch)
  }
  for (const reader of readers) reader.rest()
  world.publish()
  expect(world.store.retired).toEqual([])
})

test('a reader that wakes and finds its slot taken announces in another one, and leaves the first alone', () => {
  const world = new World(1e9)
  const { words } = world.store.arena
  const sleeper = createReaderImage(world.store.arena)
  sleeper.turn()
  sleeper.rest()
  const others = busyReaders(world)
  sleeper.close()
  expect(oldestAnnounced(words)).toBe(world.epoch)
  others[3]?.rest()
  const woken = createAnnouncer(words)
  expect(woken.slot).toBeGreaterThanOrEqual(0)
  announce(words, woken, 7)
  others[3]?.rest()
  for (const other of others) other.close()
  expect(oldestAnnounced(words)).toBe(7)
})

/** As many readers as there are slots, all at work. */
function busyReaders(world: World): ReaderImage[] {
  return Array.from({ length: SLOTS }, () => {
    const reader = createReaderImage(world.store.arena)
    reader.turn()
    return reader
  })
}

test('a reader that closes leaves the slot of its successor alone', () => {
  const world = new World(1e9)
  const first = createReaderImage(world.store.arena)
  first.close()
  const second = createReaderImage(world.store.arena)
  second.turn()
  first.rest()
  expect(oldestAnnounced(world.store.arena.words)).toBe(world.epoch)
})

test('a reader whose view of the memory is too short for the root itself covers more of it', () => {
  const { coordinator } = started()
  const arena = attachArena(coordinator.memory)
  arena.words = arena.words.subarray(0, loadRoot(arena.words))
  const reader = createReaderImage(arena)
  expect(reader.turn()).toBe(true)
  expect(reader.isIntact()).toBe(true)
})

test('an index that a reader made goes on while rows are added, and is made anew for other columns at the same place', () => {
  const world = new World()
  const reader = createReaderImage(world.store.arena)
  const place = () => reader.image.relations[1]!.columns[0]!.byteOffset
  let again = 0
  for (let i = 0; i < 40; i++) {
    reader.turn()
    const before = place()
    expect(answerOf(reader, () => undefined)).toBe(world.truth.get(world.epoch))
    expect(reader.isIntact()).toBe(true)
    // Of these epochs the reader knows the last one alone, and their blocks come and go.
    const count = i % 5
    for (let n = 0; n < count; n++) world.publish('all')
    world.publish('facts')
    reader.rest()
    reader.turn()
    if (count > 0 && place() === before) again++
  }
  expect(again).toBeGreaterThan(0)
})

test('an index that a reader made takes new rows in though the columns move, and is made anew where rows are numbered anew', () => {
  const store = createStore()
  const image = createImage({ predicates: [{ arity: 2 }] } as unknown as Program)
  const show = () =>
    publish(store, claimNext(store), { image, program: new Uint8Array(4), changed: new Set([0]), indexes: new Map() })
  show()
  const reader = createReaderImage(store.arena)
  const relation = () => relationOf(reader.image, 0)
  const places = new Set<number>()
  const turn = () => {
    reader.turn()
    const made = indexOn(relation(), [1])
    expect(rowsBy(relation(), 1, 0)).toEqual(
      rowsOf(relation())
        .filter(([, key]) => key === 0)
        .reverse(),
    )
    expect(reader.isIntact()).toBe(true)
    places.add(relation().columns[0]?.byteOffset ?? 0)
    return made
  }
  const made = turn()
  for (let n = 0; n < 100; n++) {
    insert(relationOf(image, 0), [n, n % 3])
    show()
    expect(turn()).toBe(made)
  }
  expect(places.size).toBeGreaterThan(5)
  image.relations[0] = copyRows(relationOf(image, 0), (row) => row > 50, [])
  show()
  expect(turn()).not.toBe(made)
})
