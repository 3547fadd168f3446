/**
 * The coordinator as a partner of messages: takes requests in their order, lets updates that wait be one epoch, reloads when
 * files change, and tidies up when there is nothing else to do. The same code serves a thread of its own and the opening
 * thread (`coordinator-link.ts`).
 */
import { assert } from '../text/assert.ts'
import { type Diagnostic, RuneError } from '../text/diagnostic.ts'
import type { ConfigurationInput } from './build.ts'
import { type Coordinator, createCoordinator, type Predecessor, type Published } from './coordinator.ts'
import type { Delta, Update } from './update.ts'
import { FileWatcher } from './watch.ts'

/** To the coordinator. `id` comes back with the answer. */
export type ToCoordinator =
  | { readonly kind: 'open'; readonly id: number; readonly options: OpenOptions }
  | { readonly kind: 'update'; readonly id: number; readonly update: Update }
  | { readonly kind: 'reload'; readonly id: number }

/** From the coordinator. */
export type FromCoordinator =
  | {
      readonly kind: 'done'
      /** Of one request, or of updates that became one epoch. */
      readonly ids: readonly number[]
      readonly published: Published
      readonly memory?: unknown
      /** Of updates: what need not be remembered any more of these and those before (`Coordinator.takeForgotten`). */
      readonly forgotten?: readonly string[]
      /** Of a reload: all that is to be remembered, where it is written another way now. */
      readonly refitted?: Delta
    }
  | { readonly kind: 'failed'; readonly id: number; readonly diagnostics: readonly Diagnostic[] }
  /** The files have changed: what came of it. */
  | { readonly kind: 'reloaded'; readonly published: Published; readonly refitted?: Delta }
  | { readonly kind: 'reload-failed'; readonly diagnostics: readonly Diagnostic[] }

export interface OpenOptions {
  readonly input: ConfigurationInput
  readonly watch: boolean
  readonly asked?: readonly string[]
  /** Nothing is loaded then, and nothing answered. */
  readonly predecessor?: Predecessor
  readonly graceMs?: number
}

export interface CoordinatorServer {
  /** Takes messages that have come together. */
  receive(messages: readonly ToCoordinator[]): void
  close(): void
}

/** A server that answers through `send`. */
export function createCoordinatorServer(send: (message: FromCoordinator) => void): CoordinatorServer {
  const state: State = { send, coordinator: undefined, watcher: undefined, timer: undefined }
  return {
    receive: (messages) => {
      let together: (ToCoordinator & { kind: 'update' })[] = []
      const updateTogether = () => {
        if (together.length > 0) update(state, together)
        together = []
      }
      for (const message of messages) {
        if (message.kind === 'update') together.push(message)
        else updateTogether()
        if (message.kind === 'open') open(state, message.id, message.options)
        if (message.kind === 'reload') {
          const { id } = message
          reload(state, {
            ...answers(state, id),
            done: (published) => send({ kind: 'done', ids: [id], published, ...refitted(state) }),
          })
        }
      }
      updateTogether()
      tidySoon(state, 1)
    },
    close: () => {
      clearTimeout(state.timer)
      state.watcher?.close()
    },
  }
}

interface State {
  readonly send: (message: FromCoordinator) => void
  coordinator: Coordinator | undefined
  watcher: FileWatcher | undefined
  timer: NodeJS.Timeout | undefined
}

interface Outcome {
  readonly done: (published: Published) => void
  readonly failed: (diagnostics: readonly Diagnostic[]) => void
}

function answers({ send }: State, id: number): Outcome {
  return {
    done: (published) => send({ kind: 'done', ids: [id], published }),
    failed: (diagnostics) => send({ kind: 'failed', id, diagnostics }),
  }
}

/** What the user did wrong goes to `failed`; a mistake of ours ends the coordinator. */
function attempt(work: () => Published, { done, failed }: Outcome): void {
  let published: Published
  try {
    published = work()
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    failed(error.diagnostics)
    return
  }
  done(published)
}

function open(state: State, id: number, { input, watch, asked, predecessor, graceMs }: OpenOptions): void {
  const { send } = state
  const store = graceMs === undefined ? {} : { graceMs }
  const coordinator = createCoordinator({ input, store, ...(asked && { asked }), ...(predecessor && { predecessor }) })
  state.coordinator = coordinator
  if (!predecessor) {
    attempt(() => coordinator.load(), {
      ...answers(state, id),
      done: (published) => send({ kind: 'done', ids: [id], published, memory: coordinator.memory }),
    })
  }
  if (!watch) return
  const announceReload = () =>
    reload(state, {
      done: (published) => send({ kind: 'reloaded', published, ...refitted(state) }),
      failed: (diagnostics) => send({ kind: 'reload-failed', diagnostics }),
    })
  state.watcher = new FileWatcher({
    onChange: announceReload,
    // Changes are found later then, and not missed.
    onError: () => undefined,
  })
  // Which files the dead one had read, and whether they have changed since, is not known.
  if (predecessor && !predecessor.loaded) announceReload()
  else state.watcher.watch(coordinator.files())
}

function reload(state: State, outcome: Outcome): void {
  const coordinator = opened(state)
  attempt(() => coordinator.load(), outcome)
  state.watcher?.watch(coordinator.files())
  tidySoon(state, 1)
}

/** Applies updates that have come together as one epoch; where they fail together, one by one. */
function update(state: State, waiting: readonly (ToCoordinator & { kind: 'update' })[]): void {
  const coordinator = opened(state)
  const { send } = state
  attempt(() => coordinator.update(waiting.map((message) => message.update)), {
    done: (published) =>
      send({ kind: 'done', ids: waiting.map(({ id }) => id), published, forgotten: coordinator.takeForgotten() }),
    failed: (diagnostics) => {
      const [first, ...others] = waiting
      if (first && others.length === 0) answers(state, first.id).failed(diagnostics)
      else for (const one of waiting) update(state, [one])
    },
  })
}

function refitted(state: State): { readonly refitted?: Delta } {
  const delta = opened(state).takeRefitted()
  return delta ? { refitted: delta } : {}
}

function opened({ coordinator }: State): Coordinator {
  assert(coordinator, 'a coordinator is asked before it is opened')
  return coordinator
}

function tidySoon(state: State, afterMs: number): void {
  clearTimeout(state.timer)
  state.timer = setTimeout(() => {
    const again = state.coordinator?.tidy()
    if (again !== undefined) tidySoon(state, again)
  }, afterMs)
  // An image that nobody waits for keeps no process alive.
  state.timer.unref()
}
