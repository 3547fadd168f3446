/**
 * A result that was saved, and a new one compared with it. Runs of one machine and of the same settings alone are compared,
 * and by their rates relative to the floor, which each repetition measured in turns with them: a machine that is busier, or
 * slower for a while, is slower at both.
 */
import { writeFileSync } from 'node:fs'
import { type Input, readText, reasonOf, refuse } from '../input.ts'
import { type BenchmarkResult, FORMAT } from './result.ts'
import { CHANCE_MAX, type Comparison, compareRates, SAMPLES_MIN } from './significance.ts'

/** What the comparison says. */
export interface Verdict extends Comparison {
  readonly limit: number
  /** The baseline's rate, as it was. */
  readonly before: number
  /** By how much decisions a second fell, the machine left out of account. */
  readonly rawSlowdown: number
  /** What may make the comparison worth less. */
  readonly warnings: readonly string[]
}

/** Reads a baseline. Throws a `RuneError` for a file that is none. */
export async function readBaseline(path: string, input: Input): Promise<BenchmarkResult> {
  const text = await readText(path, '`--baseline`', input)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refuse('R766', `\`${path}\` is no JSON`, { help: 'write one with `rune benchmark --save FILE`' })
  }
  if (isResult(value)) return value
  throw refuse('R766', `\`${path}\` is no result of \`rune benchmark\` that can be compared with`, {
    help: `write one with \`rune benchmark --save FILE\`, of at least ${SAMPLES_MIN} repetitions`,
  })
}

/** Writes a baseline. Throws a `RuneError` where that fails. */
export function saveBaseline(path: string, result: BenchmarkResult): void {
  try {
    writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`)
  } catch (error) {
    throw refuse('R763', `\`${path}\` cannot be written: ${reasonOf(error)}`)
  }
}

/** Throws a `RuneError` where a run with these settings on this machine cannot be compared with the baseline. */
export function checkComparable(
  base: BenchmarkResult,
  run: Pick<BenchmarkResult, 'name' | 'settings' | 'machine'>,
): void {
  const differing = [
    ...differences(askedOf(base), askedOf(run), NOT_COMPARED),
    ...differences({ ...base.machine }, { ...run.machine }, ['node', 'load']),
  ]
  const [first] = differing
  if (first === undefined) return
  throw refuse('R766', `the baseline is of something else: its ${first}`, {
    help: 'measure the same on the same machine, or write a new one with `--save`',
  })
}

/** Compares a new result with the baseline. */
export function compareWith(base: BenchmarkResult, result: BenchmarkResult): Verdict {
  const limit = result.settings.failOver
  const warnings: string[] = []
  if (base.machine.node !== result.machine.node) {
    warnings.push(`the baseline was measured with Node ${base.machine.node}, and this with ${result.machine.node}`)
  }
  const busy = [base, result].filter(({ machine }) => machine.load > machine.cores)
  if (busy.length > 0) warnings.push('the machine had more to do than it has cores: differences are blurred')
  return {
    ...compareRates(relativeRates(base), relativeRates(result), limit),
    limit,
    before: base.throughput.perSecond,
    rawSlowdown: 1 - result.throughput.perSecond / base.throughput.perSecond,
    warnings,
  }
}

/** What a person reads. */
export function verdictText({ slowdown, chance, regressed, limit, before, rawSlowdown }: Verdict): string {
  const percent = (value: number) => `${Math.abs(value * 100).toFixed(1)} % ${value > 0 ? 'slower' : 'faster'}`
  const odds = chance < CHANCE_MAX ? `p = ${chance.toPrecision(1)}` : `p = ${chance.toFixed(2)}, which may be chance`
  const what = `${percent(slowdown)} than the baseline, relative to the floor (${odds}); ${percent(rawSlowdown)} as it was (${(before / 1e6).toFixed(2)} M/s)`
  return `${regressed ? 'REGRESSED' : 'ok'}: ${what}; up to ${limit * 100} % may be lost`
}

const NOT_COMPARED = ['failOver', 'repetitions', 'sliceMs', 'warmupMs']

function askedOf({ name, settings }: Pick<BenchmarkResult, 'name' | 'settings'>): Record<string, unknown> {
  return { name, ...settings, once: settings.sliceMs === undefined }
}

function relativeRates({ throughput, floor }: BenchmarkResult): number[] {
  return throughput.repetitions.map((rate, i) => rate / (floor.repetitions[i] ?? Number.NaN))
}

function differences(
  base: Readonly<Record<string, unknown>>,
  run: Readonly<Record<string, unknown>>,
  ignored: readonly string[],
): string[] {
  const keys = [...new Set([...Object.keys(base), ...Object.keys(run)])].filter((key) => !ignored.includes(key))
  return keys.flatMap((key) => {
    const [before, now] = [base[key], run[key]].map((value) => JSON.stringify(value) ?? 'nothing')
    return before === now ? [] : [`\`${key}\` was ${before}, and is ${now}`]
  })
}

/** Whether it has what a comparison reads. */
function isResult(value: unknown): value is BenchmarkResult {
  const result = value as Partial<BenchmarkResult> | null
  const rates = [result?.throughput?.repetitions, result?.floor?.repetitions]
  const areRates = (list: unknown) =>
    Array.isArray(list) && list.length >= SAMPLES_MIN && list.every((rate) => typeof rate === 'number' && rate > 0)
  return (
    result?.format === FORMAT &&
    [result.settings, result.machine].every((part) => typeof part === 'object' && part !== null) &&
    typeof result.throughput?.perSecond === 'number' &&
    rates.every(areRates) &&
    rates[0]?.length === rates[1]?.length
  )
}
