/**
 * Any sequence of changes of entities, whatever their hierarchy: readers see what a fresh start with the entities that are
 * left would show them, and a change that closes a cycle leaves all as it was.
 */
import { expect, test } from 'vitest'
import { attachArena } from '../../src/image/arena.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { createCoordinator } from '../../src/threads/coordinator.ts'
import { createReader, type Reader } from '../../src/threads/reader.ts'
import { readUpdate } from '../../src/threads/update.ts'
import { createRandom, type Random, runs } from './random.ts'

const CASES = runs(15)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)
const STEPS = 16

const TEXT = `version = "rune/1.0"
[rules]
senior(U) :- entity.attr(U, "age", A), A > 2.
below(X, Y) :- entity.ancestor(Y, X), senior(Y).
alone(X) :- entity.type(X, _), not entity.ancestor(X, _).
[policies]
permit(principal in Node::"n1", action, resource);
permit(principal, action, resource) when { principal has age && principal.age > 1 && resource in principal };
forbid(principal, action, resource) when { principal.hasTag("t") && principal.getTag("t") == resource };
`
const QUERIES = [
  'entity.type(X, Y)',
  'entity.parent(X, Y)',
  'entity.ancestor(X, Y)',
  'entity.ancestor(Node::"n1", Y)',
  'entity.ancestor(X, Node::"n1")',
  'entity.attr(X, K, V)',
  'entity.tag(X, K, V)',
  'senior(X)',
  'below(X, Y)',
  'alone(X)',
]

interface Entity {
  readonly uid: { readonly type: 'Node'; readonly id: string }
  readonly attrs: Readonly<Record<string, unknown>>
  readonly tags: Readonly<Record<string, { readonly __entity: { readonly type: 'Node'; readonly id: string } }>>
  readonly parents: readonly Entity['uid'][]
}

const uidOf = (n: number) => ({ type: 'Node', id: `n${n}` }) as const

test(`entities of ${CASES} histories from seed ${FIRST_SEED} are those of fresh starts`, { timeout: 600_000 }, () => {
  const counts = { changed: 0, refused: 0 }
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const random = createRandom(seed)
    const size = random.pick([3, 6, 12])
    const isDeep = random.chance(0.5)
    let world = new Map<string, Entity>()
    const coordinator = createCoordinator({
      input: { text: TEXT },
      store: { graceMs: random.chance(0.5) ? 0 : 1000 },
      waste: { goneRows: random.pick([2, 50]), gonePart: 0.2, values: 2 ** 14 },
    })
    coordinator.load()
    const reader = createReader(attachArena(coordinator.memory))
    for (let step = 0; step < STEPS; step++) {
      const next = new Map(world)
      const update = changeSome(random, next, size, isDeep)
      const isRefused = attempt(() => coordinator.update([readUpdate(update, reader.program())]))
      const expected = fresh([...next.values()])
      expect(isRefused, `seed ${seed}, step ${step}`).toBe(expected === undefined)
      counts[isRefused ? 'refused' : 'changed']++
      if (!isRefused) world = next
      const state = look(reader, size)
      expect(state, `seed ${seed}, step ${step}`).toEqual(look(expected ?? fresh([...world.values()])!, size))
      if (random.chance(0.3)) for (let i = 0; i < 5 && coordinator.tidy() === 1; i++);
    }
    reader.close()
  }
  expect(counts.changed).toBeGreaterThan(5 * CASES)
  expect(counts.refused).toBeGreaterThan(0)
})

test('more entities than are changed one by one', () => {
  const users = Array.from({ length: 5000 }, (_, i) => ({
    uid: uidOf(i + 10),
    attrs: {},
    tags: {},
    parents: [uidOf(2)],
  }))
  const group = { uid: uidOf(2), attrs: { age: 3 }, tags: {}, parents: [uidOf(3)] }
  const coordinator = createCoordinator({ input: { text: TEXT } })
  coordinator.load()
  const reader = createReader(attachArena(coordinator.memory))
  const update = (input: unknown) => coordinator.update([readUpdate(input, reader.program())])
  update({ entities: [...users, group] })
  const moved = { ...group, parents: [uidOf(1), uidOf(4)] }
  update({ entities: [moved] })
  const rows = () => reader.query('entity.ancestor(X, Y)').toText()
  expect(rows()).toBe(
    fresh([...users, moved])!
      .query('entity.ancestor(X, Y)')
      .toText(),
  )
  const few = users.slice(0, 100)
  update({ entities: [group], removeEntities: users.slice(100).map(({ uid }) => uid) })
  expect(rows()).toBe(
    fresh([...few, group])!
      .query('entity.ancestor(X, Y)')
      .toText(),
  )
})

/** Changes some entities of `world`; yields the update that does the same. Parents mostly stand later, so that most have no cycle. */
function changeSome(random: Random, world: Map<string, Entity>, size: number, isDeep: boolean) {
  const update = { entities: [] as Entity[], removeEntities: [] as Entity['uid'][] }
  const numbers = new Set(random.list(1, random.chance(0.2) ? size : 2, () => random.int(size)))
  for (const n of numbers) {
    const uid = uidOf(n)
    const before = world.get(uid.id)
    if (random.chance(0.25)) {
      world.delete(uid.id)
      update.removeEntities.push(uid)
      continue
    }
    const above = Array.from({ length: size - n - 1 }, (_, i) => uidOf(n + 1 + i))
    const near = isDeep ? above.slice(0, 2) : above
    const anywhere = random.chance(0.3) ? [uidOf(random.int(size))] : []
    const some = random.some(near, 0.4)
    const again = random.chance(0.1) ? some : []
    const parents = before && random.chance(0.4) ? before.parents : [...some, ...again, ...anywhere]
    const tags: Entity['tags'] = random.chance(0.4) ? { t: { __entity: uidOf(random.int(size)) } } : {}
    const attrs =
      before && random.chance(0.3)
        ? before.attrs
        : { age: random.int(5), ...(random.chance(0.3) && { of: ['a', 'b'] }) }
    const entity: Entity = { uid, attrs, tags, parents }
    world.set(uid.id, entity)
    update.entities.push(entity)
  }
  return update
}

/** Whether `work` was refused for a cycle. */
function attempt(work: () => unknown): boolean {
  try {
    work()
    return false
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    expect(error.diagnostics.map(({ code }) => code)).toEqual([expect.stringMatching(/^R(291|410)$/)])
    return true
  }
}

/** A reader of just these entities; nothing where their parents form a cycle. */
function fresh(entities: readonly Entity[]): Reader | undefined {
  const coordinator = createCoordinator({
    input: { text: [`${TEXT}[entities]`, ...entities.map(tomlOf), ''].join('\n') },
  })
  return attempt(() => coordinator.load()) ? undefined : createReader(attachArena(coordinator.memory))
}

function tomlOf({ uid, attrs, tags, parents }: Entity): string {
  const named = (of: Entity['uid']) => `'${of.type}::"${of.id}"'`
  const all = [
    `in = [${parents.map(named).join(', ')}]`,
    `attrs = { ${Object.entries(attrs)
      .map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
      .join(', ')} }`,
    `tags = { ${Object.entries(tags)
      .map(([key, of]) => `${key} = { entity = ${named(of.__entity)} }`)
      .join(', ')} }`,
  ]
  return `${named(uid)} = { ${all.join(', ')} }`
}

/** All that can be seen. */
function look(reader: Reader, size: number): string[] {
  const entities = Array.from({ length: size }, (_, n) => uidOf(n))
  return [
    ...QUERIES.map((query) => `${query}\n${reader.query(query).toText()}`),
    ...entities.map((principal, n) => {
      const request = { principal, action: 'read', resource: uidOf((n + 1) % size) }
      return JSON.stringify({ ...reader.authorize(request), epoch: 0 })
    }),
  ]
}
