/**
 * Cedar policies: what a decision costs, next to cedar-wasm, and to CASL and casbin where roles are all there is. The
 * applications are those of Cedar's evaluation at OOPSLA 2024, written anew (`bench/cedar/`): 5 to 50 of each entity type, and
 * 500 random requests. Then one of them among 10 to 100,000 policies, and with 10 to 100,000 entities. Answers are compared
 * before anybody is timed, and all take turns, each in a process of its own.
 *
 *     npm run bench cedar -- --only=github,rbac --entities=5,50 --policies=10,1000 --store=10,1000 --schema --json
 *
 * `--only` takes beginnings of the names of tasks (`policies`, `policies-linked`), `--schema` has everybody validate requests
 * too. `--smoke` takes toy sizes, and one short round.
 */
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CONTESTANTS, type Contestant } from './cedar/contestants.ts'
import { gdrive, gdriveLinks } from './cedar/gdrive.ts'
import { github, githubLinks } from './cedar/github.ts'
import { entitiesTask, policiesTask } from './cedar/growth.ts'
import { measure } from './cedar/measure.ts'
import { RBAC_CONTESTANTS, rbac } from './cedar/rbac.ts'
import { serve, startRunner } from './cedar/remote.ts'
import { clockNs, LocalRunner, type Measured, type Runner } from './cedar/runner.ts'
import type { Task } from './cedar/task.ts'
import { tinytodo } from './cedar/tinytodo.ts'

const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    entities: { type: 'string' },
    policies: { type: 'string' },
    store: { type: 'string' },
    only: { type: 'string' },
    schema: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    /** Whom a process that this one starts is to run, for one task. */
    contestant: { type: 'string' },
  },
})

/** From this size on of a store or a policy set, those who are given all of it in each call are left out. */
const PLAIN_MAX = 5000
const OPTIONS = flags.smoke ? { sliceMs: 1, rounds: 1, compareMs: 20 } : { sliceMs: 100, rounds: 10, compareMs: 2000 }

type Openers = Readonly<Record<string, () => Contestant | Promise<Contestant>>>

interface Entry {
  readonly name: string
  readonly make: () => Task
  readonly openers: (task: Task) => Openers
}

interface Result {
  readonly task: string
  readonly entities: number
  /** Static ones and links. */
  readonly policies: number
  readonly measured: readonly Measured[]
}

const ENTRIES = entriesOf({
  each: sizes(flags.entities, flags.smoke ? [5] : [5, 10, 20, 50]),
  policies: sizes(flags.policies, flags.smoke ? [10, 40] : [10, 100, 1000, 10_000, 100_000]),
  store: sizes(flags.store, flags.smoke ? [12] : [10, 100, 1000, 10_000, 100_000]),
})
const wanted = flags.only?.split(',')
const begins = (start: string) => (entry: Entry) => `${entry.name}-`.startsWith(`${start}-`)
const chosen = ENTRIES.filter((entry) => wanted?.some((start) => begins(start)(entry)) ?? true)
const unknown = wanted?.filter((start) => !ENTRIES.some(begins(start))) ?? []
if (unknown.length > 0) {
  console.error(`no task ${unknown.join(', ')}; there are: ${ENTRIES.map(({ name }) => name).join(', ')}`)
  process.exit(64)
}

/** The numbers of a flag; ends the process where they are none. */
function sizes(given: string | undefined, usual: readonly number[]): readonly number[] {
  const numbers = given?.split(',').map(Number) ?? usual
  if (numbers.every((size) => Number.isInteger(size) && size >= 2)) return numbers
  console.error(`not a list of integers above 1: ${given}`)
  process.exit(64)
}

function entriesOf({
  each,
  policies,
  store,
}: Readonly<Record<'each' | 'policies' | 'store', readonly number[]>>): Entry[] {
  const openers = (task: Task): Openers => {
    const large = Math.max(task.entities.length, policyCount(task)) > PLAIN_MAX
    const asked = Object.entries(CONTESTANTS).filter(([name]) => !(large && name.endsWith('plain')))
    return Object.fromEntries(asked.map(([name, open]) => [name, () => open(task, { schema: flags.schema })]))
  }
  const entry = (name: string, make: () => Task): Entry => ({ name, make, openers })
  const growth = flags.smoke ? 5 : 50
  const roles = flags.smoke ? 100 : 1000
  const rolesTask = rbac(roles)
  return [
    ...each.flatMap((n) => [
      entry(`tinytodo-${n}`, () => tinytodo(n)),
      entry(`github-${n}`, () => github(n)),
      entry(`github-links-${n}`, () => githubLinks(n)),
      entry(`gdrive-${n}`, () => gdrive(n)),
      entry(`gdrive-links-${n}`, () => gdriveLinks(n)),
    ]),
    ...(['static', 'linked'] as const).flatMap((form) =>
      policies.map((count) => entry(`policies-${form}-${count}`, () => policiesTask(form, count, growth))),
    ),
    ...store.map((count) => entry(`entities-${count}`, () => entitiesTask(count))),
    {
      ...entry(rolesTask.name, () => rolesTask),
      openers: (task) => ({
        ...openers(task),
        ...Object.fromEntries(Object.entries(RBAC_CONTESTANTS).map(([name, open]) => [name, () => open(rolesTask)])),
      }),
    },
  ]
}

function policyCount({ policies, links }: Task): number {
  return Object.keys(policies).length + links.length
}

async function measureEntry({ name, make, openers }: Entry): Promise<Result> {
  const task = make()
  const flagsOf = (contestant: string) => [
    `--only=${name}`,
    `--contestant=${contestant}`,
    ...(flags.schema ? ['--schema'] : []),
    ...(['entities', 'policies', 'store'] as const).flatMap((flag) =>
      flags[flag] ? [`--${flag}=${flags[flag]}`] : [],
    ),
  ]
  const runners: Runner[] = []
  try {
    for (const [contestant, open] of Object.entries(openers(task))) {
      const runner = flags.smoke
        ? LocalRunner.open(contestant, open, task.requests.length)
        : startRunner(contestant, fileURLToPath(import.meta.url), flagsOf(contestant))
      runners.push(await runner)
    }
    const measured = await measure(task, runners, OPTIONS)
    return { task: task.name, entities: task.entities.length, policies: policyCount(task), measured }
  } finally {
    // Who is not closed keeps this process.
    for (const runner of runners) await runner.close()
  }
}

/** What a row shows, by heading. */
const COLUMNS: Readonly<Record<string, (measured: Measured, first: Measured) => string>> = {
  median: ({ medianNs }) => duration(medianNs),
  p99: ({ p99Ns }) => duration(p99Ns),
  'ops/s': ({ perSecond }) => Math.round(perSecond).toLocaleString('en'),
  '× RUNE': ({ medianNs }, first) => (medianNs / first.medianNs).toFixed(2),
  ready: ({ readyMs }) => duration(readyMs * 1e6),
  compared: ({ compared }) => String(compared),
}

function print({ task, entities, policies, measured }: Result): void {
  console.log(`\n${task}: ${entities.toLocaleString('en')} entities, ${policies.toLocaleString('en')} policies`)
  const line = (name: string, cells: readonly string[]) =>
    console.log(`  ${name.padEnd(34)}${cells.map((cell) => cell.padStart(12)).join('')}`)
  line('', Object.keys(COLUMNS))
  const [first] = measured
  for (const one of measured)
    line(
      one.contestant,
      Object.values(COLUMNS).map((cell) => cell(one, first ?? one)),
    )
}

function duration(ns: number): string {
  if (ns < 1e3) return `${ns.toFixed(0)} ns`
  if (ns < 1e6) return `${(ns / 1e3).toPrecision(3)} µs`
  return ns < 1e9 ? `${(ns / 1e6).toPrecision(3)} ms` : `${(ns / 1e9).toPrecision(3)} s`
}

async function runAll(): Promise<void> {
  const clock = clockNs()
  if (!flags.json) {
    const load = loadavg().map((n) => n.toFixed(1))
    console.log(
      `Node ${process.version}, load ${load}; reading the clock, which p99 includes, takes ${clock.toFixed(0)} ns`,
    )
    console.log('no decision is cached; ready: until the first decision; × RUNE: the median, to that of the first row')
  }
  const results: Result[] = []
  for (const entry of chosen) {
    try {
      const result = await measureEntry(entry)
      results.push(result)
      if (!flags.json) print(result)
    } catch (error) {
      process.exitCode = 1
      console.error(error)
    }
  }
  if (flags.json) console.log(JSON.stringify({ node: process.version, clockNs: clock, results }, undefined, 2))
}

function serveContestant(name: string): Promise<void> {
  return serve(async () => {
    const entry = chosen.find((one) => one.name === flags.only)
    const task = entry?.make()
    const open = task && entry?.openers(task)[name]
    if (!open) throw new Error(`no task ${flags.only} with ${name}`)
    return LocalRunner.open(name, open, task.requests.length)
  })
}

if (flags.contestant === undefined) await runAll()
else await serveContestant(flags.contestant)
