/**
 * Decisions of one thread, through each entrance of the engine, next to their floor (three look-ups in a `Map` and one probe
 * of a table, with the same strings) and next to CASL, casbin and cedar-wasm: 1,000 users, 500 grants, 1,000 different
 * requests, again and again. Then policies over facts, of which there are a million. Each group has a process of its own, as
 * a service has one engine, and its own floor. Answers are compared before anything is timed, and rounds take turns. Medians are of blocks of all requests; tails of decisions that are timed one by one, the
 * clock's cost included. `--smoke` takes toy sizes, and one short round.
 */
import { spawnSync } from 'node:child_process'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Bench } from 'tinybench'
import { Rune } from '../src/index.ts'
import { CONTESTANTS, configurationOf } from './cedar/contestants.ts'
import { RBAC_CONTESTANTS, rbac } from './cedar/rbac.ts'
import type { Request } from './cedar/task.ts'

const isSmoke = process.argv.includes('--smoke')
const rounds = isSmoke ? 1 : 7
const TIME_MS = isSmoke ? 1 : 150
const FACTS = isSmoke ? 1000 : 1_000_000
/** So many requests are asked of who is slow. */
const FEW = 20

interface Entrant {
  readonly name: string
  /** Decides the first `count` requests, and says how many are permitted. */
  readonly run: (count: number) => number
  /** What is made before each block, outside of the time. */
  readonly prepare?: () => void
  /** How many of so many are to be permitted; absent: as many as CASL permits. */
  readonly expected?: number
  /** It takes so long that it is asked about a few requests. */
  readonly isSlow?: boolean
  readonly close?: () => Promise<void>
}

const drawn = rbac(isSmoke ? 100 : 1000)
const task = { ...drawn, requests: different(drawn.requests, isSmoke ? 100 : 1000) }
const requests = task.requests.map(({ principal, action, resource }) => ({
  principal: literal(principal),
  action: literal(action),
  resource: literal(resource),
}))
const permitted = (decide: (i: number) => boolean) => (count: number) => {
  let sum = 0
  for (let i = 0; i < count; i++) if (decide(i)) sum++
  return sum
}

/** So many requests of which no two are the same: those that were drawn, and with other actions. */
function different(all: readonly Request[], count: number): Request[] {
  const actions = [...new Set(all.map(({ action }) => action.id))]
  const others = all.flatMap((request) => actions.map((id) => ({ ...request, action: { type: 'Action', id } })))
  return [...new Map(others.map((request) => [JSON.stringify(request), request])).values()].slice(0, count)
}

function literal({ type, id }: Request['principal']): string {
  return `${type}::"${id}"`
}

/** Strings that nobody has seen before. */
const anew = (text: string) => Buffer.from(text).toString('latin1')

function floor(): Entrant[] {
  const maps = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()] as const
  const numberOf = (map: Map<string, number>, key: string) => {
    if (!map.has(key)) map.set(key, map.size + 1)
    return map.get(key)!
  }
  const [principals, actions, resources] = maps
  const mask = 2 ** 14 - 1
  const table = new Uint32Array(4 * (mask + 1))
  const slotOf = (p: number, a: number, r: number) => {
    const hash = Math.imul(p, 0x9e3779b1) ^ Math.imul(a, 0x85ebca6b) ^ Math.imul(r, 0xc2b2ae35)
    return ((hash ^ (hash >>> 15)) & mask) * 4
  }
  const answers = known.map((i) => i)
  for (const [i, { principal, action, resource }] of requests.entries()) {
    const key = [numberOf(principals, principal), numberOf(actions, action), numberOf(resources, resource)] as const
    let slot = slotOf(...key)
    while (table[slot] !== 0) slot = (slot + 4) & (4 * mask + 3)
    table.set([...key, answers[i] ? 2 : 1], slot)
  }
  const probe = (principal: string, action: string, resource: string): boolean => {
    const [p, a, r] = [principals.get(principal)!, actions.get(action)!, resources.get(resource)!]
    let slot = slotOf(p, a, r)
    while (table[slot] !== p || table[slot + 1] !== a || table[slot + 2] !== r) slot = (slot + 4) & (4 * mask + 3)
    return table[slot + 3] === 2
  }
  let fresh = requests
  return [
    {
      name: 'floor, the same strings',
      run: permitted((i) => probe(requests[i]!.principal, requests[i]!.action, requests[i]!.resource)),
    },
    {
      name: 'floor, new strings',
      prepare: () => (fresh = renewed()),
      run: permitted((i) => probe(fresh[i]!.principal, fresh[i]!.action, fresh[i]!.resource)),
    },
  ]
}

function renewed() {
  return requests.map(({ principal, action, resource }) => {
    return { principal: anew(principal), action: anew(action), resource: anew(resource) }
  })
}

async function engine(name: 'cached' | 'uncached'): Promise<Entrant[]> {
  const rune = await Rune.fromText(configurationOf(task, false), { coordinator: 'inline', cache: name === 'cached' })
  await rune.update({ entities: task.entities })
  let fresh = requests
  const prepared = requests.map((request) => rune.prepareRequest(request))
  const column = (place: 'principal' | 'action' | 'resource') =>
    rune.entityHandles(
      place,
      requests.map((request) => request[place]),
    )
  const columns = [column('principal'), column('action'), column('resource')] as const
  const out = new Uint8Array(requests.length)
  return [
    { name: `RUNE, ${name}, strings`, run: permitted((i) => rune.authorize(requests[i]!).allowed) },
    { name: `RUNE, ${name}, objects`, run: permitted((i) => rune.authorize(task.requests[i]!).allowed) },
    { name: `RUNE, ${name}, prepared`, run: permitted((i) => rune.authorizePrepared(prepared[i]!).allowed) },
    {
      name: `RUNE, ${name}, new strings`,
      prepare: () => (fresh = renewed()),
      run: permitted((i) => rune.authorize(fresh[i]!).allowed),
    },
    {
      name: `RUNE, ${name}, columns`,
      run: () => {
        rune.authorizeColumns(...columns, out)
        // `reduce` takes half as long as the decisions do.
        let sum = 0
        for (const code of out) if (code === 1) sum++
        return sum
      },
      close: () => rune.close(),
    },
  ]
}

/** A permit for who has a fact about the document: a look-up among as many as there are. */
async function overFacts(): Promise<Entrant[]> {
  const users = Math.max(1, FACTS / 100)
  const text = `version = "rune/1.0"
[rules]
decl viewer(user: String, document: String).
[policies]
permit(principal, action == Action::"view", resource) when { context.facts.viewer.contains({ user: context.user, document: context.document }) };
`
  const rune = await Rune.fromText(text, { coordinator: 'inline', cache: false })
  const viewer = Array.from({ length: FACTS }, (_, i) => [`u${i % users}`, `d${i}`])
  await rune.update({ insert: { viewer } })
  const asked = task.requests.map((_, i) => {
    const at = (i * 7919) % FACTS
    const context = { user: `u${at % users}`, document: `d${at + (i % 2)}` }
    return { principal: 'User::"x"', action: 'Action::"view"', resource: 'Doc::"y"', context }
  })
  return [
    {
      name: `RUNE, uncached, ${FACTS.toLocaleString('en')} facts`,
      run: permitted((i) => rune.authorize(asked[i]!).allowed),
      expected: asked.length / 2,
      close: () => rune.close(),
    },
  ]
}

async function others(): Promise<Entrant[]> {
  const wasm = await CONTESTANTS['cedar-wasm']!(task, { schema: false })
  const libraries = Object.entries(RBAC_CONTESTANTS).map(async ([name, open]) => [name, await open(task)] as const)
  return [...(await Promise.all(libraries)), ['cedar-wasm', wasm] as const].map(([name, { decide }]) => {
    return { name, run: permitted(decide), isSlow: name !== '@casl/ability' }
  })
}

const GROUPS: Readonly<Record<string, () => Promise<Entrant[]>>> = {
  cached: () => engine('cached'),
  uncached: () => engine('uncached'),
  facts: overFacts,
  others,
}
const wanted = process.argv.find((argument) => argument.startsWith('--group='))?.slice('--group='.length)
const casl = await RBAC_CONTESTANTS['@casl/ability']!(task)
const known = requests.map((_, i) => casl.decide(i))
const permits = known.filter(Boolean).length
if (wanted === undefined) {
  console.log(
    `${requests.length} requests, median and best of ${rounds} rounds, Node ${process.version}, load ${loadavg().map((n) => n.toFixed(1))}`,
  )
  console.log(`${''.padEnd(32)}    median      best   decisions/s   × floor       p99`)
  for (const group of Object.keys(GROUPS)) {
    const own = [fileURLToPath(import.meta.url), ...process.argv.slice(2), `--group=${group}`]
    if (spawnSync(process.execPath, own, { stdio: 'inherit' }).status !== 0) process.exit(1)
  }
  process.exit()
}
const entrants = [...floor(), ...(await GROUPS[wanted]!())]
for (const { name, run, isSlow, expected } of entrants) {
  const [count, right] = isSlow ? [FEW, known.slice(0, FEW).filter(Boolean).length] : [requests.length, permits]
  if (run(count) === (expected ?? right)) continue
  console.error(`${name} permits others than it should`)
  process.exit(1)
}

interface Times {
  readonly medians: number[]
  readonly tails: number[]
}

const times = new Map<string, Times>(entrants.map(({ name }) => [name, { medians: [], tails: [] }]))
for (let round = 0; round < rounds; round++) {
  const blocks = new Bench({
    time: TIME_MS,
    iterations: 1,
    warmup: round === 0,
    warmupIterations: 5,
    warmupTime: TIME_MS,
  })
  const singles = new Bench({ time: TIME_MS, iterations: 64, warmup: false })
  for (const { name, run, prepare, isSlow } of entrants) {
    const hooks = prepare ? { beforeEach: prepare } : {}
    const count = isSlow ? FEW : requests.length
    blocks.add(`${count} ${name}`, () => void run(count), hooks)
    // Columns are not decided one by one.
    if (!name.endsWith('columns') && !prepare) singles.add(name, () => void run(1))
  }
  for (const { name, result } of blocks.runSync()) {
    const [count, ...words] = name.split(' ')
    if (result.state === 'completed')
      times.get(words.join(' '))!.medians.push((result.latency.p50 * 1e6) / Number(count))
  }
  for (const { name, result } of singles.runSync()) {
    if (result.state === 'completed') times.get(name)!.tails.push(result.latency.p99 * 1e6)
  }
}
for (const { close } of entrants) await close?.()

const middle = (of: readonly number[]) => of.toSorted((a, b) => a - b)[of.length >> 1]
const best = (of: readonly number[]) => Math.min(...of)
const base = middle(times.get('floor, the same strings')!.medians)!
for (const [name, { medians, tails }] of times) {
  const median = middle(medians) ?? Number.NaN
  const columns = [
    ns(median),
    ns(best(medians)),
    Math.round(1e9 / median)
      .toLocaleString('en')
      .padStart(13),
  ]
  const tail = middle(tails)
  console.log(
    `${name.padEnd(32)} ${columns.join(' ')} ${(median / base).toFixed(2).padStart(9)} ${tail === undefined ? '         -' : ns(tail)}`,
  )
}

function ns(value: number): string {
  return (value < 10_000 ? `${value.toFixed(1)} ns` : `${(value / 1000).toFixed(1)} us`).padStart(10)
}
