/**
 * The cache never changes an answer: random requests, again and again, between random updates and reloads, to a reader that
 * keeps decisions and to one that keeps none; as they are, prepared, and in columns.
 */
import { expect, test } from 'vitest'
import type { PreparedRequest } from '../../src/decide/prepared.ts'
import type { AuthorizeRequest, EntityInput } from '../../src/decide/request.ts'
import { createCoordinator } from '../../src/threads/coordinator.ts'
import { attachReader, type Reader } from '../../src/threads/reader.ts'
import { readUpdate } from '../../src/threads/update.ts'
import { createRandom, type Random, runs } from './random.ts'
import { CONFIGURATIONS, outcome, randomRequest } from './requests.ts'

const CASES = runs(8)
const FIRST_SEED = Number(process.env['RUNE_SEED'] ?? Date.now() % 1_000_000_000)
const STEPS = 300
const RULES = `[rules]
blocked("nobody").
forbid :- principal(U), blocked(U).
`

test(`decisions of ${CASES} histories from seed ${FIRST_SEED} are the same with and without a cache`, () => {
  let hits = 0
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const random = createRandom(seed)
    const [, text] = random.pick(CONFIGURATIONS)
    const withRules = random.chance(0.5) ? text + RULES : text
    const input = { text: withRules }
    const coordinator = createCoordinator({ input, store: { graceMs: random.chance(0.5) ? 0 : 1000 } })
    coordinator.load()
    const { memory } = coordinator
    const cacheBytes = random.pick([256, 4096, 2 ** 22])
    const [cached, plain] = [attachReader({ memory }, cacheBytes), attachReader({ memory }, 0)] as const
    const seeds = random.list(5, 40, () => random.int(1e9))
    const prepared = new Map<number, PreparedRequest>()
    for (let step = 0; step < STEPS; step++) {
      const where = `seed ${seed}, step ${step}`
      if (random.chance(0.05)) changeSome(random, coordinator, plain, withRules !== text)
      else if (random.chance(0.02)) {
        input.text = random.chance(0.5) ? withRules : `${withRules}\npermit (principal == User::"c", action, resource);`
        if (withRules === text) coordinator.load()
      }
      const one = random.pick(seeds)
      const expected = outcome(() => plain.authorize(requestOf(one)))
      expect(
        outcome(() => cached.authorize(requestOf(one))),
        where,
      ).toEqual(expected)
      if (random.chance(0.3)) {
        const decided = outcome(() => ask(cached, prepared, one))
        // Of several mistakes, another one may be told.
        if (Array.isArray(expected)) expect(Array.isArray(decided), where).toBe(true)
        else expect(decided, where).toEqual(expected)
      }
      if (random.chance(0.1)) checkColumns(random, [cached, plain], seeds, where)
    }
    hits += cached.cacheStats().hits
  }
  expect(hits).toBeGreaterThan(CASES * 20)
})

/** Mostly one that can be decided. */
function requestOf(seed: number): AuthorizeRequest {
  const random = createRandom(seed)
  if (random.chance(0.3)) return randomRequest(seed)()
  const user = () => random.pick(['User::"a"', 'User::"b"', { type: 'User', id: 'c' }, 'User::"new"'])
  const extra = random.chance(0.2) ? { s: 'x' } : {}
  const context = { n: random.pick([1, 4, 5n]), b: random.chance(0.5), ...extra }
  const resource = random.pick([user(), 'File::"/tmp/x"', 'File::"/tmp/./x"'])
  return { principal: user(), action: 'Action::"read"', resource, context }
}

/** Decides a request that is prepared once; what cannot be is refused. */
function ask(reader: Reader, prepared: Map<number, PreparedRequest>, seed: number): unknown {
  let one = prepared.get(seed)
  if (one === undefined) {
    one = reader.prepareRequest(requestOf(seed))
    prepared.set(seed, one)
  }
  return reader.authorizePrepared(one)
}

function changeSome(
  random: Random,
  coordinator: ReturnType<typeof createCoordinator>,
  reader: Reader,
  hasRules: boolean,
): void {
  const id = random.pick(['a', 'b', 'c', 'new'])
  const parents = random.chance(0.5) ? [{ type: 'Group', id: 'g' }] : []
  const changes: unknown[] = [
    { entities: [{ uid: { type: 'User', id }, attrs: {}, parents }] },
    { removeEntities: [`User::"${id}"`] },
    ...(hasRules ? [{ insert: { blocked: [[id]] } }, { remove: { blocked: [[id]] } }] : []),
  ]
  coordinator.update([readUpdate(random.pick(changes), reader.program())])
}

const CODES = ['deny', 'permit', 'forbid']

/** The rows of columns are what the requests are without their contexts; what is refused is code 3. */
function checkColumns(random: Random, readers: readonly Reader[], seeds: readonly number[], where: string): void {
  const [, plain] = readers
  const requests = random
    .list(1, 30, () => requestOf(random.pick(seeds)))
    .map(({ principal, action, resource }): AuthorizeRequest => ({ principal, action, resource }))
    .filter((request) => isNamed(plain!, request))
  const expected = requests.map((request) => {
    const found = outcome(() => plain!.authorize(request)) as { decision?: string }
    return found.decision === undefined ? 3 : CODES.indexOf(found.decision)
  })
  for (const reader of readers) {
    const column = (place: 'principal' | 'action' | 'resource') =>
      reader.entityHandles(
        place,
        requests.map((request) => request[place]),
      )
    const out = new Uint8Array(requests.length)
    reader.authorizeColumns({
      principals: column('principal'),
      actions: column('action'),
      resources: column('resource'),
      out,
    })
    expect([...out], where).toEqual(expected)
  }
}

function isNamed(reader: Reader, request: AuthorizeRequest): boolean {
  const named = (place: 'principal' | 'action' | 'resource', input: EntityInput) =>
    outcome(() => reader.entityHandles(place, [input])) instanceof Uint32Array
  return named('principal', request.principal) && named('action', request.action) && named('resource', request.resource)
}
