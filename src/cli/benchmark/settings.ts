/** What `rune benchmark` and `rune profile` are asked to do: the options as texts, and what they come to. Owns their limits and defaults. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Common } from '../program.ts'
import type { Mode } from './engine.ts'
import { SCENARIOS } from './scenarios.ts'
import { SAMPLES_MAX, SAMPLES_MIN } from './significance.ts'

/** What is asked, and of what: options that scenarios and configurations have wherever they are measured. */
export interface SubjectOptions extends Common {
  readonly config?: string
  readonly format: 'text' | 'json'
  readonly requestsFile?: string
  readonly requests: number
  readonly seed: number
  readonly scale?: number
}

/** Options as commander hands them over. */
export interface BenchmarkOptions extends SubjectOptions {
  readonly threads: number
  /** Milliseconds for all repetitions. */
  readonly duration: number | 'once'
  readonly warmup: number
  readonly repetitions?: number
  readonly mode: Mode
  readonly zipf: number
  readonly hitRate?: number
  readonly reloadEvery?: number
  readonly updateRate?: number
  readonly save?: string
  readonly baseline?: string
  readonly failOver?: number
}

const MODES: readonly Mode[] = ['cached', 'uncached', 'mixed', 'prepared', 'batch']
const DEFAULT_SCENARIO = 'rbac'
const REPETITIONS = 5
const REPETITIONS_TO_COMPARE = 20
const HIT_RATE = 0.9
const FAIL_OVER = 0.1

/** Adds the options that say what is asked. */
export function addSubjectOptions(command: Command): Command {
  const scenarios = [...SCENARIOS.keys()].join(', ')
  return command
    .argument('[scenario]', `one of ${scenarios}; default: ${DEFAULT_SCENARIO}`)
    .option('-c, --config <file>', 'a configuration, instead of a scenario')
    .addOption(new Option('--format <format>', 'of the result').choices(['text', 'json']).default('text'))
    .option('--requests-file <file>', 'requests for --config, a JSON object a line; - is the standard input')
    .option('--seed <n>', 'of everything that is drawn', integer(0, 2 ** 31 - 1), 1)
    .option('--scale <x>', 'how large a scenario is; default: 1', decimal(0.001, 1000))
}

/** Adds the options to the command. */
export function addBenchmarkOptions(command: Command): Command {
  return addSubjectOptions(command)
    .description('measure how many decisions a second there are, and how long one takes')
    .addOption(new Option('--mode <mode>', 'what is asked of the engine').choices(MODES).default('cached'))
    .option('--requests <n>', 'distinct requests', integer(1, 10_000_000), 1000)
    .option('--threads <n>', 'threads that decide', integer(1, 256), 1)
    .option(
      '--duration <time>',
      'of all repetitions, such as 500ms, 5s or 1m; `once`: each request once',
      duration,
      5000,
    )
    .option('--warmup <time>', 'before', milliseconds, 1000)
    .option(
      '--repetitions <n>',
      `default: ${REPETITIONS}, or ${REPETITIONS_TO_COMPARE} to compare`,
      integer(1, SAMPLES_MAX),
    )
    .option('--zipf <s>', 'exponent of how much more often some requests come; 0: all alike', decimal(0, 10), 0)
    .option('--hit-rate <share>', `for the mode \`mixed\`: requests that may be cached; default: ${HIT_RATE}`, share)
    .option('--reload-every <time>', 'reload meanwhile', positiveMilliseconds)
    .option('--update-rate <n>', 'updates a second meanwhile', decimal(0.01, 100_000))
    .option('--save <file>', 'write the result, as JSON')
    .option('--baseline <file>', 'compare with a result that was saved')
    .option('--fail-over <share>', 'what may be lost before the exit code is 4; default: 10%', share)
}

/** Options of `rune profile`. */
export interface ProfileOptions extends SubjectOptions {
  /** Milliseconds, at least for one round. */
  readonly duration: number | 'once'
  readonly top: number
}

/** Adds the options to the command. */
export function addProfileOptions(command: Command): Command {
  return addSubjectOptions(command)
    .description('measure which policies and rules cost what, for the requests of a file or a scenario')
    .option(
      '--requests <n>',
      'so many; of a file with more of them, some from everywhere',
      integer(1, 10_000_000),
      1000,
    )
    .option('--duration <time>', 'such as 500ms, 5s or 1m; `once`: a single round', duration, 2000)
    .option('--top <n>', 'so many policies and predicates in the tables; JSON has all', integer(1, 1_000_000), 20)
}

/** What is asked, and of what. */
export interface SubjectSettings {
  /** Absent where a configuration is measured. */
  readonly scenario?: string
  readonly requests: number
  readonly seed: number
  readonly scale: number
}

/** What is measured, and how. */
export interface Settings extends SubjectSettings {
  readonly mode: Mode
  readonly threads: number
  /** Milliseconds a repetition; absent: each request once. */
  readonly sliceMs?: number
  readonly warmupMs: number
  readonly repetitions: number
  readonly zipf: number
  readonly hitRate?: number
  readonly reloadEveryMs?: number
  readonly updateRate?: number
  readonly failOver: number
}

/** What the options say of what is asked. `refuse` ends the command for options that do not go together. */
export function subjectSettingsOf(
  scenario: string | undefined,
  { config, requestsFile, requests, seed, scale }: SubjectOptions,
  refuse: (why: string) => never,
): SubjectSettings {
  if (scenario !== undefined && !SCENARIOS.has(scenario)) {
    refuse(`there is no scenario '${scenario}'. There are ${[...SCENARIOS.keys()].join(', ')}.`)
  }
  if (scenario !== undefined && config !== undefined) refuse('a scenario and --config are two things to measure')
  if (requestsFile !== undefined && config === undefined) refuse('--requests-file is for --config')
  if (scale !== undefined && config !== undefined) refuse('--scale is for scenarios')
  return { ...(config === undefined && { scenario: scenario ?? DEFAULT_SCENARIO }), requests, seed, scale: scale ?? 1 }
}

/** What the options come to. `refuse` ends the command for options that do not go together. */
export function settingsOf(
  scenario: string | undefined,
  options: BenchmarkOptions,
  refuse: (why: string) => never,
): Settings {
  const subject = subjectSettingsOf(scenario, options, refuse)
  const { mode, hitRate, save, baseline, failOver, duration, reloadEvery, updateRate } = options
  const only = (isFine: boolean, why: string) => void (isFine || refuse(why))
  only(hitRate === undefined || mode === 'mixed', '--hit-rate is for --mode mixed')
  only(failOver === undefined || baseline !== undefined, '--fail-over is for --baseline')
  const isCompared = save !== undefined || baseline !== undefined
  const repetitions = options.repetitions ?? (isCompared ? REPETITIONS_TO_COMPARE : REPETITIONS)
  only(!isCompared || repetitions >= SAMPLES_MIN, `to compare takes at least ${SAMPLES_MIN} repetitions`)
  return {
    ...subject,
    mode,
    threads: options.threads,
    ...(duration !== 'once' && { sliceMs: duration / repetitions }),
    warmupMs: options.warmup,
    repetitions,
    zipf: options.zipf,
    ...(mode === 'mixed' && { hitRate: hitRate ?? HIT_RATE }),
    ...(reloadEvery !== undefined && { reloadEveryMs: reloadEvery }),
    ...(updateRate !== undefined && { updateRate }),
    failOver: failOver ?? FAIL_OVER,
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }
const HOUR_MS = 3_600_000

function milliseconds(text: string): number {
  const [, digits, unit = 's'] = text.match(/^(\d+(?:\.\d+)?)(ms|s|m)?$/) ?? []
  const ms = Number(digits) * (UNITS[unit] ?? Number.NaN)
  if (ms >= 0 && ms <= HOUR_MS) return ms
  throw new InvalidArgumentError('It is no time up to an hour, such as 500ms, 5s or 1m.')
}

function positiveMilliseconds(text: string): number {
  const ms = milliseconds(text)
  if (ms > 0) return ms
  throw new InvalidArgumentError('It has to be more than 0.')
}

function duration(text: string): number | 'once' {
  return text === 'once' ? text : positiveMilliseconds(text)
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It is no integer from ${min} to ${max}.`)
  }
}

function decimal(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It is no number from ${min} to ${max}.`)
  }
}

function share(text: string): number {
  const [, digits, percent] = text.match(/^(\d+(?:\.\d+)?)(%?)$/) ?? []
  const value = Number(digits) / (percent ? 100 : 1)
  if (value >= 0 && value < 1) return value
  throw new InvalidArgumentError('It is no share below 1, such as 0.1 or 10%.')
}
