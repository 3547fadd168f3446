/**
 * What is measured, opened: a scenario, written to a folder that goes away again, or a configuration of the user's with
 * requests from a file, or drawn from the entities that it stores. Owns where requests come from.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuthorizeRequest, Rune, RuneError, type UpdateInput } from '../../index.ts'
import { type Configuration, type Input, readText, refuse } from '../input.ts'
import { engineOptions } from './engine.ts'
import { createDraw } from './random.ts'
import { distinctRequests, RARE_REQUESTS } from './requests.ts'
import { SCENARIOS } from './scenarios.ts'
import type { Settings } from './settings.ts'

export interface Subject {
  readonly name: string
  readonly rune: Rune
  /** Distinct ones; the first `common` are asked often. */
  readonly requests: readonly AuthorizeRequest[]
  readonly common: number
  /** An update; one with an odd number takes back what the one before it did. */
  readonly update: (i: number) => UpdateInput
  close(): Promise<void>
}

/** What matters of how it is measured. */
type SubjectOptions = Pick<Settings, 'mode' | 'threads' | 'requests' | 'seed' | 'scale'>

/** Opens a scenario. */
export async function openScenario(name: string, settings: SubjectOptions): Promise<Subject> {
  const { seed, scale, requests } = settings
  const make = SCENARIOS.get(name)
  if (!make) throw new Error(`no scenario ${name}`)
  const scenario = make(createDraw(seed), scale)
  const { folder, remove } = temporaryFolder()
  try {
    for (const [file, text] of Object.entries(scenario.files)) writeFileSync(join(folder, file), text)
    const rune = await Rune.open(join(folder, 'main.rune'), engineOptions(settings))
    const draw = createDraw(seed + 1)
    const drawn = distinctRequests(requests + rareOf(settings), () => scenario.request(draw))
    const close = async () => {
      await rune.close()
      remove()
    }
    return { name, rune, requests: drawn, common: Math.min(requests, drawn.length), update: scenario.update, close }
  } catch (error) {
    remove()
    throw error
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** A new folder, and what removes it; a signal that ends the process does so too. */
function temporaryFolder() {
  let folder = ''
  const remove = () => {
    for (const signal of SIGNALS) process.off(signal, end)
    rmSync(folder, { recursive: true, force: true })
  }
  const end = (signal: NodeJS.Signals) => {
    remove()
    process.kill(process.pid, signal)
  }
  // Before there is a folder: a signal that nobody waits for ends the process at once.
  for (const signal of SIGNALS) process.on(signal, end)
  folder = mkdtempSync(join(tmpdir(), 'rune-benchmark-'))
  return { folder, remove }
}

/** Opens a configuration; its requests are those of `given`, or else of its entities. */
export async function openConfigured(
  configuration: Configuration,
  settings: SubjectOptions,
  given?: readonly AuthorizeRequest[],
): Promise<Subject> {
  const rune =
    'text' in configuration
      ? await Rune.fromText(configuration.text, { path: configuration.path, ...engineOptions(settings) })
      : await Rune.open(configuration.path, engineOptions(settings))
  try {
    const draw = given ? takeEach(given) : drawStored(rune, settings)
    const requests = distinctRequests(settings.requests + rareOf(settings), draw)
    const common = Math.min(settings.requests, requests.length)
    return { name: configuration.path, rune, requests, common, update: anEntity, close: () => rune.close() }
  } catch (error) {
    await rune.close()
    throw error
  }
}

function rareOf({ mode }: SubjectOptions): number {
  return mode === 'mixed' ? RARE_REQUESTS : 0
}

/** An entity that comes and goes changes no decision. */
function anEntity(i: number): UpdateInput {
  const uid = { type: 'RuneBenchmark', id: `${i >> 1}` }
  return i % 2 === 0 ? { entities: [{ uid, attrs: {}, parents: [] }] } : { removeEntities: [uid] }
}

function takeEach(requests: readonly AuthorizeRequest[]): () => AuthorizeRequest {
  let next = 0
  return () => requests[next++ % requests.length] as AuthorizeRequest
}

/** The requests of a file, one a line. Throws a `RuneError` for lines that are none. */
export async function readRequests(path: string, input: Input): Promise<AuthorizeRequest[]> {
  const text = await readText(path, '`--requests-file`', input)
  const requests = text
    .split('\n')
    .flatMap((line, i) => (line.trim() === '' ? [] : [requestOf(line, `${path}:${i + 1}`)]))
  if (requests.length === 0) throw refuse('R765', `\`${path}\` has no requests`)
  return requests
}

function requestOf(line: string, place: string): AuthorizeRequest {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw refuse('R765', `${place}: it is no JSON`, { help: 'each line is a request, as one JSON object' })
  }
  const missing = ['principal', 'action', 'resource'].find(
    (name) => ((value as Readonly<Record<string, unknown>> | null)?.[name] ?? undefined) === undefined,
  )
  if (missing === undefined) return value as AuthorizeRequest
  throw refuse('R765', `${place}: a request has a principal, an action and a resource, and here is no ${missing}`)
}

/** Draws requests from what is stored: actions, and any other entities as principals and resources. */
function drawStored(rune: Rune, { seed }: SubjectOptions): () => AuthorizeRequest {
  const uids = [...rune.query('entity.type(E, _)')].flatMap(([value]) => {
    return typeof value === 'object' && '__entity' in value ? [value.__entity as { type: string; id: string }] : []
  })
  const isAction = ({ type }: { type: string }) => type === 'Action' || type.endsWith('::Action')
  const [actions, others] = [uids.filter(isAction), uids.filter((uid) => !isAction(uid))]
  if (actions.length === 0 || others.length === 0) {
    const what = actions.length === 0 ? 'actions' : 'entities'
    throw refuse('R765', `requests cannot be drawn from a configuration that stores no ${what}`, {
      help: 'name a file with requests, one JSON object a line: `--requests-file FILE`',
    })
  }
  const { pick } = createDraw(seed)
  const valid = (request: AuthorizeRequest) => {
    try {
      rune.authorize(request)
      return true
    } catch (error) {
      if (error instanceof RuneError) return false
      throw error
    }
  }
  return () => {
    let request = { principal: pick(others), action: pick(actions), resource: pick(others) }
    // A schema says which types go together.
    for (let i = 0; i < DRAWS_MAX && !valid(request); i++) {
      request = { principal: pick(others), action: pick(actions), resource: pick(others) }
    }
    return request
  }
}

const DRAWS_MAX = 100
