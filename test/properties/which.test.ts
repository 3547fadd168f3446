/**
 * `whichResources`, `whichPrincipals` and `whichActions` answer what `authorize` permits of all that is stored, one by one,
 * whatever the size of the pages: for random policies over random worlds, for random rules, and while entities change.
 */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { attachArena } from '../../src/image/arena.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { createCoordinator } from '../../src/threads/coordinator.ts'
import { createReader, type Reader } from '../../src/threads/reader.ts'
import { readUpdate, type UpdateInput } from '../../src/threads/update.ts'
import { parseEntityUid } from '../../src/values/entity-uid.ts'
import { configurationOf } from './cedar-agreement.ts'
import { callOf } from './cedar-reference.ts'
import { fieldsJson } from './cedar-text.ts'
import { ACTION_TYPES, ENTITY_TYPES } from './cedar-world.ts'
import { POOLS, pickValue } from './datalog-values.ts'
import { generateCedar, randomRequest } from './generate-cedar.ts'
import { generateDatalog, PATH_TYPE, runeText } from './generate-datalog.ts'
import { createRandom, type Random, runs } from './random.ts'
import { DOCUMENTS, randomDocuments, randomEntity, randomQuestion, uidOf as uid } from './which-world.ts'

const CASES = runs(10)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)
/** Of `RUNE_CODEGEN`. */
const MODES = ['', '0', '1'] as const

interface Uid {
  readonly type: string
  readonly id: string
}

interface Asked {
  readonly principal: Uid
  readonly action: Uid
  readonly resource: Uid
  readonly context: Readonly<Record<string, unknown>>
}

interface Counts {
  permitted: number
  pages: number
}

const openReader = (text: string, waste?: { goneRows: number; gonePart: number; values: number }) => {
  const coordinator = createCoordinator({ input: { text }, store: { graceMs: 0 }, ...(waste && { waste }) })
  coordinator.load()
  const reader = createReader(attachArena(coordinator.memory))
  const update = (input: UpdateInput) => coordinator.update([readUpdate(input, reader.program())])
  return { coordinator, reader, update }
}

const isPermitted = (reader: Reader, request: Asked): boolean => {
  try {
    return reader.authorize(request).allowed
  } catch (error) {
    if (error instanceof RuneError) return false
    throw error
  }
}

/** The stored entities of a type. */
function storedOf(reader: Reader, type: string): Uid[] {
  const rows = reader.query(`entity.type(X, ${JSON.stringify(type)})`).rows
  return rows.map(([value]) => (value as { readonly __entity: Uid }).__entity)
}

/** All pages of a question. */
function collect(
  random: Random,
  counts: Counts,
  turn: (paging: { limit: number; cursor?: string }) => PageLike,
): Uid[] {
  const found: Uid[] = []
  let cursor: string | undefined
  do {
    const limit = random.pick([1, 2, 3, 1000])
    const [page] = attemptPage(() => turn({ limit, ...(cursor !== undefined && { cursor }) }))
    if (page === undefined) return []
    found.push(...page.found.map(uidOf))
    cursor = page.cursor
    counts.pages++
  } while (cursor !== undefined)
  return found
}

interface PageLike {
  readonly found: readonly string[]
  readonly cursor?: string
}

function uidOf(literal: string): Uid {
  const { type = '', id = '' } = parseEntityUid(literal) ?? {}
  return { type, id }
}

const sorted = (uids: readonly Uid[]) => uids.map(({ type, id }) => `${type}::${id}`).sort()

/** Compares all three for the request, and types in its open places. */
function compare(
  reader: Reader,
  random: Random,
  { asked, types }: { asked: Asked; types: readonly string[] },
  counts: Counts,
) {
  const { principal, action, resource, context } = asked
  for (const type of types) {
    const stored = storedOf(reader, type)
    const resources = collect(random, counts, (paging) =>
      reader.whichResources({ principal, action, resourceType: type, context, ...paging }),
    )
    const expected = stored.filter((uid) => isPermitted(reader, { ...asked, resource: uid }))
    expect(sorted(resources), `resources of ${JSON.stringify(asked)}`).toEqual(sorted(expected))
    const principals = collect(random, counts, (paging) =>
      reader.whichPrincipals({ action, resource, principalType: type, context, ...paging }),
    )
    const others = stored.filter((uid) => isPermitted(reader, { ...asked, principal: uid }))
    expect(sorted(principals), `principals of ${JSON.stringify(asked)}`).toEqual(sorted(others))
    counts.permitted += expected.length + others.length
  }
  const actions = collect(random, counts, (paging) => reader.whichActions({ principal, resource, context, ...paging }))
  for (const one of actions) expect(isPermitted(reader, { ...asked, action: one })).toBe(true)
  const storedActions = ACTION_TYPES.flatMap((type) => storedOf(reader, type))
  const missing = storedActions.filter((uid) => isPermitted(reader, { ...asked, action: uid }))
  expect(sorted(actions)).toEqual(expect.arrayContaining(sorted(missing)))
}

test(`policies of ${CASES} worlds from seed ${FIRST_SEED}`, { timeout: 600_000 }, () => {
  const counts: Counts = { permitted: 0, pages: 0 }
  const path = join(tmpdir(), `rune-which-${process.pid}.json`)
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const random = createRandom(seed)
    const one = generateCedar(seed)
    writeFileSync(path, JSON.stringify(callOf(one).entities))
    process.env['RUNE_CODEGEN'] = random.pick(MODES)
    const { reader } = openReader(configurationOf(one, path, random.pick(['deny', 'skip', 'strict'] as const)))
    for (let i = 0; i < 5; i++) {
      const { context, ...uids } = randomRequest(random, one.world)
      const asked = { ...uids, context: fieldsJson(context) }
      compare(reader, random, { asked, types: ENTITY_TYPES }, counts)
    }
    reader.close()
  }
  delete process.env['RUNE_CODEGEN']
  expect(counts.permitted).toBeGreaterThan(CASES)
})

test(`documents of ${CASES} configurations from seed ${FIRST_SEED}, while they change`, { timeout: 600_000 }, () => {
  const counts: Counts = { permitted: 0, pages: 0 }
  let [turned, seenThroughout] = [0, 0]
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const random = createRandom(seed)
    const { text, entities } = randomDocuments(random)
    process.env['RUNE_CODEGEN'] = random.pick(MODES)
    const waste = { goneRows: random.pick([2, 50]), gonePart: 0.2, values: random.pick([2, 2 ** 14]) }
    const { reader, update, coordinator } = openReader(text, waste)
    update({ entities })
    for (let i = 0; i < 3; i++) {
      const asked = randomQuestion(random)
      compare(reader, random, { asked, types: ['User', 'Doc', 'Folder', 'Group'] }, counts)
    }
    const { principal, action, context } = randomQuestion(random)
    const found: string[] = []
    let throughout: ReadonlySet<string> | undefined
    let cursor: string | undefined
    do {
      const permitted = storedOf(reader, 'Doc').filter((uid) =>
        isPermitted(reader, { principal, action, resource: uid, context }),
      )
      const now = new Set(sorted(permitted))
      const [page = { found: [] }] = attemptPage(() =>
        reader.whichResources({ principal, action, context, limit: 1 + random.int(2), ...(cursor && { cursor }) }),
      )
      const some = sorted(page.found.map(uidOf))
      for (const uid of some) expect(now.has(uid), `seed ${seed}: ${uid} in a page`).toBe(true)
      found.push(...some)
      throughout = throughout === undefined ? now : new Set([...throughout].filter((uid) => now.has(uid)))
      cursor = page.cursor
      turned++
      const changed = random.list(0, 3, () => randomEntity(random, 'Doc', random.int(DOCUMENTS)))
      const removed = random.list(0, 1, () => uid('Doc', random.int(DOCUMENTS)))
      const uids = new Set(removed.map(({ id }) => id))
      const once = new Map(changed.filter(({ uid }) => !uids.has(uid.id)).map((one) => [one.uid.id, one]))
      update({ entities: [...once.values()], removeEntities: removed })
      if (random.chance(0.3)) for (let i = 0; i < 5 && coordinator.tidy() === 1; i++);
    } while (cursor !== undefined)
    expect(new Set(found).size, `seed ${seed}: seen twice`).toBe(found.length)
    expect(
      [...throughout].filter((uid) => !found.includes(uid)),
      `seed ${seed}: skipped`,
    ).toEqual([])
    seenThroughout += throughout.size
    reader.close()
  }
  delete process.env['RUNE_CODEGEN']
  expect(counts.permitted).toBeGreaterThan(CASES)
  expect(turned).toBeGreaterThan(CASES)
  expect(seenThroughout).toBeGreaterThan(0)
})

/** A page, or nothing where a schema refuses the question. */
function attemptPage(turn: () => PageLike): PageLike[] {
  try {
    return [turn()]
  } catch (error) {
    if (error instanceof RuneError && error.diagnostics.every(({ code }) => code.startsWith('R72'))) return []
    throw error
  }
}

test(`rules of ${CASES} programs from seed ${FIRST_SEED}`, { timeout: 600_000 }, () => {
  const counts: Counts = { permitted: 0, pages: 0 }
  let programs = 0
  for (let seed = FIRST_SEED; programs < CASES; seed++) {
    const one = generateDatalog(seed)
    if (one.request === undefined) continue
    programs++
    const random = createRandom(seed)
    let opened: ReturnType<typeof openReader>
    try {
      opened = openReader(runeText(one))
      const uids = [
        ...['User', 'Doc'].flatMap((type) => POOLS.string.map((id) => ({ type, id: id as string }))),
        ...POOLS.path.map((id) => ({ type: PATH_TYPE, id: id as string })),
      ]
      const known = new Set(one.entities.map(({ uid }) => `${uid.type}::${uid.id}`))
      const fresh = new Map(uids.map((uid) => [`${uid.type}::${uid.id}`, uid]))
      const entities = [...fresh].flatMap(([key, uid]) => (known.has(key) ? [] : [{ uid, attrs: {}, parents: [] }]))
      opened.update({ entities: entities.filter(({ uid }) => uid.id !== '/a/../b' && uid.id !== '/b/c/') })
    } catch (error) {
      if (!(error instanceof RuneError)) throw error
      continue
    }
    const { context, ...uids } = one.request
    for (let i = 0; i < 3; i++) {
      const principal = { type: 'User', id: pickValue(random, 'string') as string }
      const asked = { ...uids, ...(i > 0 && { principal }), context: fieldsJson(context) }
      compare(opened.reader, random, { asked, types: ['User', 'Doc', PATH_TYPE] }, counts)
    }
    opened.reader.close()
  }
  expect(counts.permitted).toBeGreaterThan(CASES)
})
