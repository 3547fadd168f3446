/**
 * Any sequence of changes of entities, of reloads, compactions and successors: what cells say of an attribute or a tag is what
 * the rows say, in the epoch of whoever asks.
 */
import { expect, test } from 'vitest'
import { attachArena } from '../../src/image/arena.ts'
import { ATTRIBUTE, TAG, UNKNOWN_CELL } from '../../src/image/entity-cells.ts'
import { StoredEntities } from '../../src/image/entity-store.ts'
import { createReaderImage, type ReaderImage } from '../../src/image/reader-image.ts'
import { rowsOf } from '../../src/image/relation.ts'
import { BUILTIN } from '../../src/program/program.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { type Coordinator, createCoordinator } from '../../src/threads/coordinator.ts'
import { createReader } from '../../src/threads/reader.ts'
import { addToDelta, emptyDelta, readUpdate } from '../../src/threads/update.ts'
import { createRandom, type Random, runs } from './random.ts'

const CASES = runs(20)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)
const STEPS = 20

const TYPES = ['User', 'File']
const KEYS = ['age', 'name', 'owner', 'rare']
const RULE = 'entity.attr(U, "old", true) :- entity.attr(U, "age", A), A > 2.'

test(`cells of ${CASES} histories from seed ${FIRST_SEED} say what the rows say`, { timeout: 600_000 }, () => {
  const found = { cells: 0, rows: 0 }
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const history = new History(createRandom(seed))
    for (let step = 0; step < STEPS; step++) {
      history.step()
      const problem = history.problem(found)
      if (problem !== undefined) throw new Error(`seed ${seed}, step ${step}: ${problem}`)
    }
  }
  expect(found.cells).toBeGreaterThan(100 * CASES)
  expect(found.rows).toBeGreaterThan(100 * CASES)
})

test('what updates alone have stored gets cells', () => {
  const coordinator = createCoordinator({ input: { text: textOf([], '') } })
  coordinator.load()
  const { reader, program } = readersOf(coordinator)
  const entity = (n: number) => ({ uid: uidOf(0, n), attrs: { age: n }, parents: [] })
  for (let n = 0; n < 400; n++) coordinator.update([readUpdate({ entities: [entity(n)] }, program())])
  const found = { cells: 0, rows: 0 }
  reader.turn()
  expect(problemOf(reader, new StoredEntities(reader.image), found)).toBeUndefined()
  expect(found.cells).toBeGreaterThan(200)
})

const uidOf = (type: number, n: number) => ({ type: TYPES[type]!, id: `n${n}` })

interface Reading {
  readonly reader: ReaderImage
  image: ReaderImage['image']
  stored: StoredEntities
}

class History {
  readonly #random: Random
  readonly #size: number
  readonly #input: { text: string }
  readonly #delta = emptyDelta()
  #coordinator: Coordinator
  #readings: Reading[] = []

  constructor(random: Random) {
    this.#random = random
    this.#size = random.pick([3, 10, 30])
    this.#input = { text: this.#text() }
    this.#coordinator = createCoordinator(this.#options())
    this.#coordinator.load()
    this.#attach()
  }

  step(): void {
    const random = this.#random
    const coordinator = this.#coordinator
    const choice = random.int(10)
    if (choice === 0) {
      this.#input.text = random.chance(0.3) ? this.#input.text : this.#text()
      attempt(() => coordinator.load())
    } else if (choice === 1) {
      this.#coordinator = createCoordinator({
        ...this.#options(),
        predecessor: { memory: coordinator.memory, delta: this.#delta },
      })
    } else if (choice < 4) for (let i = 0; i < 5 && coordinator.tidy() === 1; i++);
    else this.#update()
  }

  /** Some readers look at an older epoch: they turn only now and then. */
  problem(found: Found): string | undefined {
    for (const reading of this.#readings) {
      const { reader } = reading
      if (this.#random.chance(0.5) || !reader.isIntact()) {
        reader.turn()
        if (reading.image === reader.image) reading.stored.turn()
        else Object.assign(reading, { image: reader.image, stored: new StoredEntities(reader.image) })
      }
      const problem = problemOf(reader, reading.stored, found)
      if (problem !== undefined && reader.isIntact()) return problem
    }
    return undefined
  }

  #options() {
    const waste = { goneRows: this.#random.pick([2, 50]), gonePart: 0.2, values: this.#random.pick([10, 2 ** 14]) }
    return { input: this.#input, store: { graceMs: this.#random.pick([0, 1e9]) }, waste }
  }

  #attach(): void {
    this.#readings = [0, 1, 2].map(() => {
      const reader = createReaderImage(attachArena(this.#coordinator.memory))
      reader.turn()
      return { reader, image: reader.image, stored: new StoredEntities(reader.image) }
    })
  }

  #text(): string {
    const random = this.#random
    const some = Array.from({ length: this.#size }, (_, n) => n).filter(() => random.chance(0.7))
    return textOf(
      some.map((n) => literalOf(random, n)),
      random.chance(0.3) ? RULE : '',
    )
  }

  #update(): void {
    const random = this.#random
    const { program } = readersOf(this.#coordinator)
    const given = { entities: [] as unknown[], removeEntities: [] as unknown[] }
    const numbers = new Set(random.list(1, 4, () => random.int(this.#size + 3)))
    for (const n of numbers) {
      const uid = uidOf(n % 2, n)
      if (random.chance(0.3)) given.removeEntities.push(uid)
      else given.entities.push({ uid, attrs: fieldsOf(random, n), tags: fieldsOf(random, n), parents: [] })
    }
    const update = readUpdate(given, program())
    if (attempt(() => this.#coordinator.update([update]))) addToDelta(this.#delta, update)
  }
}

function textOf(literals: readonly string[], rule: string): string {
  return `version = "rune/1.0"
[rules]
${rule}
[entities]
${literals.join('\n')}
`
}

function literalOf(random: Random, n: number): string {
  const table = Object.entries(fieldsOf(random, n)).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
  return `'${TYPES[n % 2]}::"n${n}"' = { attrs = { ${table.join(', ')} } }`
}

function fieldsOf(random: Random, n: number): Record<string, unknown> {
  const keys = random.some(KEYS.slice(0, 3), 0.7)
  const all = n === 0 ? [...keys, 'rare'] : keys
  return Object.fromEntries(all.map((key) => [key, random.int(5)]))
}

function readersOf(coordinator: Coordinator) {
  const arena = attachArena(coordinator.memory)
  const reader = createReaderImage(arena)
  return { reader, program: () => createReader(arena).program() }
}

function attempt(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (error instanceof RuneError) return false
    throw error
  }
}

interface Found {
  cells: number
  rows: number
}

/** Where cells, or the entities that use them, differ from the rows of the epoch. */
function problemOf({ image }: ReaderImage, stored: StoredEntities, found: Found): string | undefined {
  const { values, relations, cells } = image
  const entities = Array.from({ length: image.dictionary.tables.fixed.entity.count }, (_, n) => (5 << 27) | n)
  const keys = [...KEYS, 'old'].map((key) => image.dictionary.findText(key)).filter((key) => key >= 0)
  for (const [of, predicate] of [
    [ATTRIBUTE, BUILTIN.entityAttr],
    [TAG, BUILTIN.entityTag],
  ] as const) {
    const truth = new Map(rowsOf(relations[predicate]!).map(([entity, key, value]) => [`${entity} ${key}`, value]))
    for (const entity of entities) {
      for (const key of keys) {
        const expected = truth.get(`${entity} ${key}`) ?? -1
        const cell = cells.find(entity, key, of)
        found[cell === UNKNOWN_CELL ? 'rows' : 'cells']++
        const answer = of === TAG ? stored.tag(entity, key) : stored.attribute(entity, key)
        if ((cell === UNKNOWN_CELL || cell === expected) && answer === expected) continue
        return `${values.textOf(entity)} ${values.textOf(key)} is ${expected}, not ${cell} or ${answer}`
      }
    }
  }
  return undefined
}
