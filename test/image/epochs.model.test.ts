/**
 * The epoch protocol (`native-layout/README.md`, "Epochs") in every order: what a reader accepts is what one published epoch
 * gives, and none that is older than what was published when it began. `RUNE_MODEL=large` explores more.
 */
import { expect, test } from 'vitest'
import { HEADER, SLOTS } from '../../native-layout/layout.ts'
import { createReaderImage } from '../../src/image/reader-image.ts'
import type { Step } from '../../src/image/store.ts'
import { type Exploring, explore, type Found, slotSaysSo } from './epochs-model.ts'
import { type Move, type Trace, traceOf } from './epochs-trace.ts'
import { Crash, World } from './epochs-world.ts'

const isLarge = process.env['RUNE_MODEL'] === 'large'
const ALL = Number.POSITIVE_INFINITY
const STEPS: readonly string[] = ['rooted', 'committed', 'announced']
const isStep = (step: string) => STEPS.includes(step)

function report(name: string, found: Found): Found {
  const { interleavings, accepted, rejected, sameRoot } = found
  console.log(
    `${name}: ${interleavings} interleavings, ${accepted} accepted, ${rejected} rejected (${sameRoot} same root)`,
  )
  return found
}

function expectSafe(name: string, trace: Trace, exploring: Exploring): Found {
  const found = report(`${name}, ${trace.moves.length} moves`, explore(trace, exploring))
  expect(found.violations).toEqual([])
  return found
}

/** A world that has published some epochs and taken their memory back, so that blocks are used again. */
function newWorld(what: 'all' | 'facts' = 'all'): World {
  const world = new World()
  for (let i = 0; i < 2; i++) world.publish(what)
  return world
}

const publishes =
  (count: number, what: 'all' | 'facts' = 'all') =>
  (world: World): void => {
    for (let i = 0; i < count; i++) world.publish(what)
  }

const onePreemption: Exploring = { preemptions: 1, decisions: 1, cuts: 'protocol' }
const readByRead: Exploring = { preemptions: 1, decisions: 1, cuts: 'reads' }

test('every order of the steps of two publications and of a decision is safe', () => {
  const trace = traceOf(newWorld(), 'step', publishes(2), isStep)
  expect(trace.moves.map(({ label }) => label)).toEqual([...STEPS, ...STEPS])
  // What is sealed first looks the same to a reader as before; the large exploration has it all the same.
  const [from, to] = isLarge ? [0, 6] : [1, 5]
  const shorter = cutTo(trace, from, to)
  expectSafe('two epochs, all orders', shorter, { preemptions: ALL, decisions: 1, cuts: 'protocol' })
})

test('two decisions while four epochs are published, in parts', () => {
  const trace = traceOf(newWorld(), 'part', publishes(4))
  expectSafe('four epochs', trace, { preemptions: isLarge ? 2 : 1, decisions: 2, cuts: 'protocol' })
})

test('a reader that is stalled before any single read goes on in memory that is used again', () => {
  const trace = traceOf(newWorld(), isLarge ? 'part' : 'step', publishes(3), isLarge ? undefined : isStep)
  const { rejected } = expectSafe('read by read', trace, readByRead)
  expect(rejected).toBeGreaterThan(0)
})

test('a reader that wakes between any two words of a writer is safe', () => {
  const trace = traceOf(newWorld(), 'word', publishes(2))
  expectSafe('word by word', trace, onePreemption)
})

test('another root at the place of the old one is no old root', () => {
  const trace = traceOf(newWorld('facts'), 'step', publishes(4, 'facts'), isStep)
  const { sameRoot } = expectSafe('the same root', trace, { ...onePreemption, decisions: 2 })
  expect(sameRoot).toBeGreaterThan(0)
})

test('an update that fails leaves nothing that a reader sees, at any read', () => {
  const work = (world: World) => {
    world.fail()
    world.publish('facts')
    world.fail()
    world.publish()
  }
  const steps = (step: string) => isStep(step) || step === 'changed' || step === 'undone'
  expectSafe('failing updates, read by read', traceOf(newWorld(), 'step', work, steps), readByRead)
  expectSafe('failing updates', traceOf(newWorld(), 'part', work), onePreemption)
})

const WRITER_STEPS: readonly (Step | 'changed')[] = [
  'claimed',
  'changed',
  'sealed',
  'rooted',
  'committed',
  'retired',
  'announced',
  'reclaimed',
]

test('a writer that dies at any step is followed by one whose epochs are safe', () => {
  for (const step of WRITER_STEPS) {
    const trace = traceOf(newWorld(), 'part', (world) => crashAndGoOn(world, step), isStep)
    expectSafe(`death when ${step}`, trace, { ...onePreemption, preemptions: isLarge ? 2 : 1, decisions: 2 })
  }
})

test('a reader that is gone, or announces too late, holds nothing up for longer than the grace', () => {
  const world = newWorld()
  const dead = createReaderImage(world.store.arena)
  dead.turn()
  const trace = traceOf(world, 'part', publishes(3))
  expectSafe('a dead reader', trace, { ...onePreemption, decisions: 2 })
  expect(world.store.retired).toEqual([])
})

test('readers that take slots over from one another, at any read, are safe', () => {
  for (const areAtWork of [false, true]) {
    const world = newWorld()
    const { arena } = world.store
    for (let i = 0; i < SLOTS; i++) {
      const gone = createReaderImage(arena)
      gone.turn()
      if (!areAtWork) gone.rest()
    }
    const trace = traceOf(world, 'part', () => {
      for (let i = 0; i < 2; i++) {
        createReaderImage(arena).turn()
        world.publish()
      }
    })
    // The reader of the model has a number of its own.
    const base = trace.base.with(HEADER.readers, 1000)
    const name = `slots of ${areAtWork ? 'stalled' : 'resting'} readers`
    expectSafe(name, { ...trace, base }, { ...onePreemption, decisions: 2 })
  }
})

test('a reader that is waited for never has to start anew', () => {
  const world = new World(1e9)
  world.publish()
  const reader = createReaderImage(world.store.arena)
  const polite = traceOf(world, 'part', () => {
    reader.turn()
    publishes(3)(world)
  })
  const { rejected } = expectSafe('a polite writer', polite, onePreemption)
  expect(rejected).toBe(0)
})

test('the model finds what is wrong with a reader that does not confirm, or asks its slot alone', () => {
  const trace = traceOf(newWorld(), 'step', publishes(3), isStep)
  for (const accept of [() => true, slotSaysSo]) {
    const { violations } = explore(trace, { ...readByRead, accept })
    expect(violations).not.toEqual([])
  }
})

test('the model finds what is wrong with a writer that frees before it announces, or seals after it commits', () => {
  const trace = traceOf(newWorld(), 'step', publishes(4), isStep)
  for (const [label, after] of [
    ['announced', 'rooted'],
    ['rooted', 'committed'],
  ] as const) {
    const { violations } = explore({ ...trace, moves: later(trace.moves, label, after) }, readByRead)
    expect(violations).not.toEqual([])
  }
})

/** The moves with each one called `label` after the next one called `after`. */
function later(moves: readonly Move[], label: string, after: string): Move[] {
  const result = [...moves]
  for (let i = moves.length - 1; i >= 0; i--) {
    const next = result.findIndex((move, at) => at > i && move.label === after)
    if (result[i]!.label !== label || next < 0) continue
    const [move] = result.splice(i, 1)
    result.splice(next, 0, { ...move!, epoch: result[next - 1]!.epoch })
  }
  return result
}

/** The same with the first moves done before and the last ones left out. */
function cutTo(trace: Trace, from: number, to: number): Trace {
  const base = trace.base.slice()
  for (const { writes } of trace.moves.slice(0, from)) {
    for (let i = 0; i < writes.length; i += 2) base[writes[i]!] = writes[i + 1]!
  }
  const baseEpoch = trace.moves[from - 1]?.epoch ?? trace.baseEpoch
  return { ...trace, base, baseEpoch, moves: trace.moves.slice(from, to) }
}

function crashAndGoOn(world: World, step: Step | 'changed'): void {
  const cut = world.onStep
  world.onStep = (reached) => {
    cut(reached)
    if (reached === step) throw new Crash()
  }
  expect(() => world.publish()).toThrow(Crash)
  world.onStep = cut
  world.takeOver()
  cut('announced')
  publishes(2)(world)
}
