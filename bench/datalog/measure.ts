/**
 * One workload, from its facts to its times: writes fact files, loads and evaluates them with the engine, compares all that
 * was derived with the second evaluation, and only then takes times, in rounds in which the engine and the floor take turns.
 * What it knows of the engine's inside is in `run` and below it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect, isDeepStrictEqual } from 'node:util'
import { computeFixpoint } from '../../src/fixpoint/fixpoint.ts'
import { createImage, relationOf } from '../../src/image/image.ts'
import { internConstants, loadFacts } from '../../src/image/load.ts'
import { type Relation, rowCount } from '../../src/image/relation.ts'
import { arenaBytes } from '../../src/image/store.ts'
import { analyse } from '../../src/program/analyse.ts'
import { nodeHost } from '../../src/syntax/rune-file/host.ts'
import { loadConfiguration } from '../../src/syntax/rune-file/load.ts'
import { Diagnostics, RuneError } from '../../src/text/diagnostic.ts'
import type { Built } from '../../src/threads/build.ts'
import { storeOf } from '../../src/threads/store-of.ts'
import { type Summary, summarise } from './checksum.ts'
import type { FactSet } from './facts.ts'
import type { Workload } from './workloads.ts'

/** What one load, and one evaluation, may take. The engine's own limit for an evaluation is the same. */
export const LIMIT_MS = 60_000

export interface Measured {
  readonly name: string
  /** Different ones. */
  readonly facts: number
  readonly rows: number
  readonly loadMs: number
  readonly evalMs: number
  /** Of all threads of the process; the same as `evalMs` on a machine that does nothing else, but for the collector's. */
  readonly evalCpuMs: number
  /** Of the published image, in bytes. */
  readonly arenaBytes: number
  /** Of the floor; absent where there is none. */
  readonly floorMs?: number
}

export interface MeasureOptions {
  readonly scale: number
  /** Times are the best of so many. */
  readonly rounds: number
}

/** Measures `workload`. Throws if an answer is wrong or a limit is passed. */
export function measure(workload: Workload, { scale, rounds }: MeasureOptions): Measured {
  const facts = workload.facts(scale)
  const folder = mkdtempSync(join(tmpdir(), 'rune-bench-'))
  try {
    const path = writeProgram(folder, workload.rules, facts)
    const started = performance.now()
    const checked = check(workload, scale, facts, run(path))
    const found = { load: [] as number[], evaluate: [] as number[], cpu: [] as number[], floor: [] as number[] }
    // A slow machine, or a large scale, gets fewer rounds.
    for (let round = 0; round < rounds && (round === 0 || performance.now() - started < LIMIT_MS); round++) {
      const { loadMs, evalMs, evalCpuMs } = run(path)
      found.load.push(loadMs)
      found.evaluate.push(evalMs)
      found.cpu.push(evalCpuMs)
      if (workload.by === 'kernel') found.floor.push(timed(() => workload.answer(facts)).ms)
    }
    return {
      name: workload.name,
      ...checked,
      loadMs: Math.min(...found.load),
      evalMs: Math.min(...found.evaluate),
      evalCpuMs: Math.min(...found.cpu),
      ...(found.floor.length > 0 && { floorMs: Math.min(...found.floor) }),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Writes a configuration with `rules` and its fact files, and yields its path. */
function writeProgram(folder: string, rules: string, facts: FactSet): string {
  const entries = Object.entries(facts).map(([predicate, { domains, columns }]) => {
    const lines = Array.from(columns[0]!, (_, row) =>
      columns.map((column, i) => domains[i]!.text(column[row]!)).join('\t'),
    )
    writeFileSync(join(folder, `${predicate}.tsv`), `${lines.join('\n')}\n`)
    const types = domains.map(({ type }) => `"${type}"`).join(', ')
    return `${predicate} = { file = "${predicate}.tsv", types = [${types}] }`
  })
  const path = join(folder, 'program.rune')
  writeFileSync(path, `version = "rune/1.0"\n[data]\n${entries.join('\n')}\n[rules]\n${rules}\n`)
  return path
}

interface Run extends Built {
  readonly loadMs: number
  readonly evalMs: number
  readonly evalCpuMs: number
}

/** Loads the facts into a new image and derives all that follows, as `src/threads/build.ts` does. */
function run(path: string): Run {
  const diagnostics = new Diagnostics()
  const configuration = loadConfiguration({ path }, nodeHost, diagnostics)
  const program = configuration && analyse(configuration, diagnostics)
  if (!program) throw new RuneError(diagnostics.all)
  const { ms: loadMs, result: image } = timed(() => {
    const empty = createImage(program)
    loadFacts(program, empty, nodeHost.readFile, diagnostics)
    internConstants(program, empty)
    return empty
  })
  diagnostics.throwIfErrors()
  if (loadMs > LIMIT_MS) throw new Error(`loading took ${loadMs.toFixed(0)} ms, which is more than ${LIMIT_MS}`)
  const { ms: evalMs, cpuMs: evalCpuMs } = timed(() => computeFixpoint(program, image))
  return { configuration, program, image, warnings: diagnostics.all, loadMs, evalMs, evalCpuMs }
}

/** Compares all that the second evaluation knows of, and yields the sizes of the image. Throws where there is a difference. */
function check(
  { name, rows, answer }: Workload,
  scale: number,
  facts: FactSet,
  built: Run,
): Pick<Measured, 'facts' | 'rows' | 'arenaBytes'> {
  const counts = Object.entries(answer(facts)).map(([predicate, { columns, domains }]) => {
    const textOf = domains.map(({ text }) => text)
    const expected = summarise(columns, columns[0]!.length, textOf)
    const found = summariseRelation(built, predicate)
    if (!isDeepStrictEqual(found, expected))
      throw new Error(`${name}: \`${predicate}\` is ${inspect(found)}, and should be ${inspect(expected)}`)
    return found.rows
  })
  if (scale === 1 && counts[0] !== rows) throw new Error(`${name}: ${counts[0]} rows, and should be ${rows}`)
  return {
    facts: Object.keys(facts).reduce((sum, predicate) => sum + rowCount(relationNamed(built, predicate)), 0),
    rows: counts[0]!,
    arenaBytes: arenaBytes(storeOf(built)),
  }
}

function summariseRelation(built: Run, predicate: string): Summary {
  const relation = relationNamed(built, predicate)
  const textOf = (id: number) => String(built.image.values.valueOf(id))
  return summarise(
    relation.columns,
    rowCount(relation),
    relation.columns.map(() => textOf),
  )
}

function relationNamed({ program, image }: Run, predicate: string): Relation {
  return relationOf(
    image,
    program.predicates.findIndex(({ name }) => name === predicate),
  )
}

interface Timed<T> {
  readonly result: T
  readonly ms: number
  readonly cpuMs: number
}

function timed<T>(work: () => T): Timed<T> {
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  const result = work()
  const [ms, { user, system }] = [performance.now() - started, process.cpuUsage(cpu)]
  return { result, ms, cpuMs: (user + system) / 1000 }
}
