/**
 * `rune profile`: which policies and rules cost what, for the requests of a file or of a scenario of `rune benchmark`. What is
 * counted and timed belongs to the engine. Spec: DESIGN section 5; what the numbers are is in `docs/profile.md`.
 */
import type { AuthorizeRequest, Profile } from '../index.ts'
import { machineOf } from './benchmark/run.ts'
import type { ProfileOptions, SubjectSettings } from './benchmark/settings.ts'
import { openConfigured, openScenario, readRequests, type Subject } from './benchmark/subject.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { configurationOf, inputOf } from './input.ts'
import { profileText } from './profile-report.ts'
import { printJson } from './report.ts'
import { painter, type Terminal } from './terminal.ts'

/** A profile with what it is of. */
export interface ProfileResult extends Profile {
  readonly format: 'rune-profile/1'
  /** Of the scenario or the configuration. */
  readonly name: string
  readonly settings: SubjectSettings
  readonly machine: ReturnType<typeof machineOf>
  /** How many requests there were to choose from. */
  readonly available: number
}

/** Decides the requests, and prints what that cost. */
export async function profile(
  settings: SubjectSettings,
  options: ProfileOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { subject, requests, available } = await open(settings, options, terminal)
  try {
    const { isTerminal, write } = terminal.err
    if (isTerminal) write(`profiling ${requests.length} requests …`)
    const durationMs = options.duration === 'once' ? 0 : options.duration
    const profiled = subject.rune.profile(requests, { durationMs })
    if (isTerminal) write(CLEAR)
    const { name } = subject
    const result: ProfileResult = {
      format: 'rune-profile/1',
      name,
      settings,
      machine: machineOf(),
      available,
      ...profiled,
    }
    if (options.format === 'json') printJson(result, terminal.out)
    else {
      const paint = painter(terminal.out, terminal.env, options.color)
      terminal.out.write(profileText(result, options.top, paint))
    }
    return EXIT.ok
  } finally {
    await subject.close()
  }
}

/** Back to the start of the line, and nothing on it. */
const CLEAR = '\r\x1b[K'

interface Profiled {
  readonly subject: Subject
  readonly requests: readonly AuthorizeRequest[]
  readonly available: number
}

/** Nothing comes from a cache, and whoever opens it decides. */
const HOW = { mode: 'uncached', threads: 1 } as const

async function open(settings: SubjectSettings, options: ProfileOptions, terminal: Terminal): Promise<Profiled> {
  const how = { ...settings, ...HOW }
  if (settings.scenario !== undefined) {
    const subject = await openScenario(settings.scenario, how)
    return { subject, requests: subject.requests, available: subject.requests.length }
  }
  const input = inputOf(terminal)
  const configuration = await configurationOf(options.config, terminal.env, input)
  const given = options.requestsFile === undefined ? undefined : await readRequests(options.requestsFile, input)
  const subject = await openConfigured(configuration, how, given)
  if (!given) return { subject, requests: subject.requests, available: subject.requests.length }
  // What comes often costs often: they are not made distinct.
  return { subject, requests: spread(given, settings.requests), available: given.length }
}

/** Up to `count`, from everywhere. */
function spread<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list]
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)] as T)
}
