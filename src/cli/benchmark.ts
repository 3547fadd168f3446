/**
 * `rune benchmark`: decisions a second and how long one takes, of a scenario or a configuration, compared with a result of
 * before if there is one. Results go to the standard output, the bar and warnings to the standard error. Spec: DESIGN section
 * 5; what is measured and how is in `docs/benchmark.md`.
 */
import { checkComparable, compareWith, readBaseline, saveBaseline, verdictText } from './benchmark/baseline.ts'
import { resultText } from './benchmark/report.ts'
import { machineOf, runBenchmark } from './benchmark/run.ts'
import type { BenchmarkOptions, Settings } from './benchmark/settings.ts'
import { openConfigured, openScenario, readRequests, type Subject } from './benchmark/subject.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { configurationOf, type Input, inputOf } from './input.ts'
import { printJson } from './report.ts'
import { painter, type Terminal } from './terminal.ts'

/** Measures, prints, saves and compares. */
export async function benchmark(settings: Settings, options: BenchmarkOptions, terminal: Terminal): Promise<ExitCode> {
  const input = inputOf(terminal)
  const base = options.baseline === undefined ? undefined : await readBaseline(options.baseline, input)
  const name = settings.scenario ?? options.config ?? ''
  // Before anything is measured for nothing.
  if (base) checkComparable(base, { name, settings, machine: machineOf() })
  const subject = await open(settings, options, { input, env: terminal.env })
  const bar = progressBar(settings, terminal)
  try {
    const result = await runBenchmark({ ...subject, name }, settings, bar.show)
    bar.clear()
    const verdict = base && compareWith(base, result)
    if (options.save !== undefined) saveBaseline(options.save, result)
    if (options.format === 'json') printJson(verdict ? { ...result, verdict } : result, terminal.out)
    else {
      const paint = painter(terminal.out, terminal.env, options.color)
      terminal.out.write(resultText(result, paint))
      const color = verdict?.regressed ? 'red' : 'green'
      if (verdict) terminal.out.write(`\n${paint(color, verdictText(verdict))}\n`)
    }
    for (const warning of verdict?.warnings ?? []) terminal.err.write(`warning: ${warning}\n`)
    return verdict?.regressed ? EXIT.regressed : EXIT.ok
  } finally {
    bar.clear()
    await subject.close()
  }
}

interface Surroundings {
  readonly input: Input
  readonly env: Terminal['env']
}

async function open(settings: Settings, options: BenchmarkOptions, { input, env }: Surroundings): Promise<Subject> {
  if (settings.scenario !== undefined) return await openScenario(settings.scenario, settings)
  const configuration = await configurationOf(options.config, env, input)
  const { requestsFile } = options
  const given = requestsFile === undefined ? undefined : await readRequests(requestsFile, input)
  return await openConfigured(configuration, settings, given)
}

const BAR = 30
const PAUSE_MS = 100
/** Back to the start of the line, and nothing on it. */
const CLEAR = '\r\x1b[K'

/** How far the measurement is, where a person sees it. */
function progressBar({ repetitions, sliceMs, warmupMs }: Settings, { err, elapsedMs }: Terminal) {
  if (!err.isTerminal) return { show: () => {}, clear: () => {} }
  let [done, since] = [0, elapsedMs()]
  const draw = () => {
    const within = sliceMs === undefined ? 0 : Math.min(1, (elapsedMs() - since) / sliceMs)
    const full = Math.floor((BAR * (done + within)) / repetitions)
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`
    err.write(`${CLEAR}${bar} repetition ${done + 1} of ${repetitions}`)
  }
  err.write(`${CLEAR}warming up${warmupMs > 0 ? `, ${warmupMs} ms` : ''}`)
  let timer: NodeJS.Timeout | undefined
  return {
    show: (repetition: number) => {
      done = repetition
      since = elapsedMs()
      timer ??= setInterval(draw, PAUSE_MS)
      draw()
    },
    clear: () => {
      clearInterval(timer)
      err.write(CLEAR)
    },
  }
}
