/**
 * Ten Datalog programs over facts that are generated (`bench/datalog/`): how long they take to load and to evaluate, next to
 * compiled Soufflé, whose times were measured once (`bench/datalog/workloads.ts`), and to the floor, kernels
 * written by hand for one program each (`bench/floor/`), which run here, in turns with the engine. All that is derived is
 * compared with a second evaluation before it is timed. Each workload has a process of its own, so that none pays for the
 * garbage of another.
 *
 *     npm run bench datalog -- --only=rbac,agg --scale=0.1 --json
 *
 * `--smoke` takes a fiftieth of the facts, and one round.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LIMIT_MS, type Measured, measure } from './datalog/measure.ts'
import { WORKLOADS, type Workload } from './datalog/workloads.ts'

const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    scale: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    /** In this process; for the processes that this one starts. */
    here: { type: 'boolean', default: false },
  },
})
const scale = Number(flags.scale ?? (flags.smoke ? 0.02 : 1))
const rounds = flags.smoke ? 1 : 3
const names = flags.only?.split(',') ?? WORKLOADS.map(({ name }) => name)
const unknown = names.filter((name) => !WORKLOADS.some((workload) => workload.name === name))
if (!(scale > 0) || unknown.length > 0) {
  console.error(unknown.length > 0 ? `no workload ${unknown.join(', ')}` : `not a scale: ${flags.scale}`)
  process.exit(64)
}
const chosen = WORKLOADS.filter(({ name }) => names.includes(name))

/** For the whole process of a workload. */
const PROCESS_LIMIT_MS = 4 * LIMIT_MS

interface Result extends Measured {
  /** Of compiled Soufflé at scale 1; absent at others. */
  readonly souffleMs?: number
}

/** What a row shows, by heading. */
const COLUMNS: Readonly<Record<string, (result: Result) => string>> = {
  facts: ({ facts }) => facts.toLocaleString('en'),
  rows: ({ rows }) => rows.toLocaleString('en'),
  'load ms': ({ loadMs }) => loadMs.toFixed(0),
  'eval ms': ({ evalMs }) => evalMs.toFixed(1),
  'cpu ms': ({ evalCpuMs }) => evalCpuMs.toFixed(1),
  'M rows/s': ({ rows, evalMs }) => (rows / evalMs / 1000).toFixed(2),
  MB: ({ arenaBytes }) => (arenaBytes / 1e6).toFixed(1),
  Soufflé: ({ souffleMs }) => souffleMs?.toFixed(0) ?? '',
  ratio: (result) => toSouffle(result)?.toFixed(2) ?? '',
  floor: ({ floorMs }) => floorMs?.toFixed(1) ?? '',
  'ratio ': (result) => toFloor(result)?.toFixed(2) ?? '',
}

function runAll(): void {
  const say = flags.json ? () => {} : console.log
  const line = (name: string, cells: readonly string[]) =>
    say(name.padEnd(11) + cells.map((cell) => cell.padStart(11)).join(''))
  say(
    `scale ${scale}, best of ${rounds} after one to warm up, Node ${process.version}, load ${loadavg().map((n) => n.toFixed(1))}`,
  )
  line('', Object.keys(COLUMNS))
  const results: Result[] = []
  for (const workload of chosen) {
    const measured = measureElsewhere(workload)
    if (!measured) process.exitCode = 1
    else {
      const result = { ...measured, ...(scale === 1 && { souffleMs: workload.souffleMs }) }
      line(
        workload.name,
        Object.values(COLUMNS).map((cell) => cell(result)),
      )
      results.push(result)
    }
  }
  const means = { souffle: geometricMean(results.map(toSouffle)), floor: geometricMean(results.map(toFloor)) }
  if (flags.json) console.log(JSON.stringify({ node: process.version, scale, rounds, results, means }, undefined, 2))
  say(
    `geometric mean of the ratios: ${means.souffle?.toFixed(2) ?? '–'} to Soufflé, ${means.floor?.toFixed(2) ?? '–'} to the floor`,
  )
  say(
    'Soufflé: compiled, evaluation alone, measured once in one sitting on a machine with two cores; so use the ratios.',
  )
  say(
    'floor: kernels written by hand, in turns with the engine, which is to come within 2.5. MB: the published image with its dictionary and indexes.',
  )
}

/** Measures `workload` in a process of its own; says so if that fails, or takes too long. */
function measureElsewhere({ name }: Workload): Measured | undefined {
  const own = ['--here', `--only=${name}`, `--scale=${scale}`, ...(flags.smoke ? ['--smoke'] : [])]
  // What a process that is ended leaves behind lies in here.
  const folder = mkdtempSync(join(tmpdir(), 'rune-bench-'))
  const { status, stdout, signal } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...own], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: PROCESS_LIMIT_MS,
  })
  rmSync(folder, { recursive: true })
  if (status === 0) return JSON.parse(stdout)
  console.error(`${name} ${signal ? `took more than ${PROCESS_LIMIT_MS / 1000} s in all (${signal})` : 'failed'}`)
  return undefined
}

function toSouffle({ evalMs, souffleMs }: Result): number | undefined {
  return souffleMs === undefined ? undefined : evalMs / souffleMs
}

function toFloor({ evalMs, floorMs }: Result): number | undefined {
  return floorMs === undefined ? undefined : evalMs / floorMs
}

/** Of those that there are. */
function geometricMean(ratios: readonly (number | undefined)[]): number | undefined {
  const known = ratios.filter((ratio) => ratio !== undefined)
  if (known.length === 0) return undefined
  return Math.exp(known.reduce((sum, ratio) => sum + Math.log(ratio), 0) / known.length)
}

/** Prints a line of JSON for each workload, or why there is none. */
function runHere(): void {
  try {
    for (const workload of chosen) console.log(JSON.stringify(measure(workload, { scale, rounds })))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

if (flags.here) runHere()
else runAll()
