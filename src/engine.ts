/**
 * The engine: what a user opens, asks, changes and closes. A `Rune` is a reader of the image in this thread, and the client
 * of the coordinator that writes it. Everything that it throws for input that it refuses is a `RuneError`. Spec: DESIGN
 * section 4.
 */
import { availableParallelism } from 'node:os'
import type { Decision } from './decide/decision.ts'
import type { Explanation } from './decide/explain.ts'
import type { QueryResult } from './decide/query.ts'
import type { AuthorizeRequest } from './decide/request.ts'
import type { Inspection } from './fixpoint/inspect.ts'
import { isSnapshotFile } from './image/snapshot.ts'
import { askedNames } from './program/asked.ts'
import { type Counts, counts } from './program/counts.ts'
import { nodeHost } from './syntax/rune-file/host.ts'
import type { OnProgress } from './syntax/rune-file/load.ts'
import { objectArgument, propertyOf, readArgument, refuseArgument, textArgument } from './text/argument.ts'
import { type Diagnostic, RuneError } from './text/diagnostic.ts'
import { build, type ConfigurationInput, checkInput } from './threads/build.ts'
import { type Compiled, compileInto } from './threads/compile.ts'
import type { Published } from './threads/coordinator.ts'
import { CoordinatorClient } from './threads/coordinator-client.ts'
import type { CoordinatorEvents } from './threads/coordinator-events.ts'
import { createEvaluatorPool, type EvaluatorPool } from './threads/evaluator-pool.ts'
import { inspectSnapshot } from './threads/open-snapshot.ts'
import { attachReader, type Handle, type Reader } from './threads/reader.ts'
import { readUpdate, type UpdateInput } from './threads/update.ts'

/** How an engine runs. */
export interface OpenOptions {
  /** Reload when a file changes that the configuration was read from. */
  readonly watch?: boolean
  /**
   * Where sources are read, rules evaluated and updates applied: in a thread of its own, or in this one, which suits
   * short-lived commands and places without threads.
   */
  readonly coordinator?: 'thread' | 'inline'
  /** As for `validate`; a coordinator in a thread of its own tells nothing. */
  readonly onProgress?: OnProgress
  /**
   * The bodies that `query` will be asked, or just the names of their predicates; absent: any. What neither decisions nor these
   * depend on is not derived, does not fail, and cannot be asked.
   */
  readonly queries?: readonly string[]
  /** Threads that decide batches, started with the first; absent: one a core, up to 16. */
  readonly threads?: number
}

/** For `Rune.fromText`: where includes and fact files are looked for, and what diagnostics call the text. */
export interface TextOptions extends OpenOptions {
  readonly path?: string
}

/** What `validate` found. */
export interface Validation {
  readonly ok: boolean
  readonly diagnostics: readonly Diagnostic[]
  /** Absent where the configuration can't be opened. */
  readonly counts?: Counts
}

/** Decides in this thread from an image that another thread may change meanwhile; each answer is made from one epoch of it. */
export class RuneReader {
  /** @internal */
  protected readonly reader: Reader
  readonly #handle: Handle

  /** @internal */
  constructor(handle: Handle) {
    this.reader = attachReader(handle)
    this.#handle = handle
  }

  /** Decides a request. Throws a `RuneError` for a request that is malformed or reaches a limit; such a request is never permitted. */
  authorize(request: AuthorizeRequest): Decision {
    return this.reader.authorize(request)
  }

  /**
   * Decides a request and says why: which policies and rules made the decision, and what the clauses of policies came to; of a
   * deny, the permits that came nearest. Takes longer than a decision, and throws where that does.
   */
  explain(request: AuthorizeRequest): Explanation {
    return this.reader.explain(request)
  }

  /** The rows for which a body holds, such as `can(alice, P), not blocked(P)`: one column for each variable, rows in a fixed order. */
  query(text: string): QueryResult {
    return this.reader.query(textArgument(text, 'the query'))
  }

  /**
   * What is in the image: each predicate with its rows, what they take and why they are kept so; each rule with its join orders.
   * Costs about as much as compiling all rules, and the indexes that evaluation makes for itself.
   */
  inspect(): Inspection {
    return this.reader.inspect()
  }

  /** The newest epoch: what the next answer is made from. */
  get epoch(): number {
    return this.reader.epoch()
  }

  /** What stands for the image in other threads: send it there, and call `Rune.attach` with it. */
  handle(): Handle {
    return this.#handle
  }

  /** Decides nothing any more. */
  async close(): Promise<void> {
    this.reader.close()
  }
}

/** An open configuration. */
export class Rune extends RuneReader {
  readonly #client: CoordinatorClient
  readonly #threads: number
  #pool: Promise<EvaluatorPool> | undefined
  #published: Published

  private constructor(handle: Handle, { client, published, threads }: Opened) {
    super(handle)
    this.#client = client
    this.#threads = threads
    this.#published = published
    const note = (next: Published) => {
      this.#published = { ...this.#published, ...next }
    }
    client.events.on('reload', note).on('update', note)
  }

  /** Opens a `.rune` file with all that it includes, or a snapshot that `compile` made of one. */
  static async open(path: string, options: OpenOptions = {}): Promise<Rune> {
    return await openInput({ path: textArgument(path, 'the path of the configuration') }, options)
  }

  /** Opens a text as if it were a `.rune` file. */
  static async fromText(text: string, options: TextOptions = {}): Promise<Rune> {
    const path = propertyOf(objectArgument(options, 'what stands beside the text'), 'path', 'the path')
    return await openInput(checkInput({ text: textArgument(text, 'the configuration'), path }), options)
  }

  /** Decides in this thread from the image of an engine that another thread opened; `handle` is what its `handle()` returned. */
  static attach(handle: Handle): RuneReader {
    return new RuneReader(handle)
  }

  /**
   * Changes facts and entities, all of it or nothing; resolves once all readers see it, with the epoch in which they do. Rejects with a
   * `RuneError` where something does not fit, or a rule fails with it.
   */
  async update(input: UpdateInput): Promise<number> {
    const { epoch } = await this.#client.update(readUpdate(input, this.reader.program(), this.#client.delta))
    return epoch
  }

  /**
   * Decides requests in threads beside this one; the decisions are those of `authorize`, in the order of the requests, which must
   * not change meanwhile. A request that fails is denied, and its `errors` say why.
   */
  async authorizeBatch(requests: readonly AuthorizeRequest[]): Promise<Decision[]> {
    // Throws where the engine is closed.
    this.reader.epoch()
    this.#pool ??= createEvaluatorPool({ handle: this.handle(), threads: this.#threads })
    const pool = await this.#pool
    return await pool.authorizeBatch(requests)
  }

  /** Reads the sources anew; what updates changed stays changed. Rejects with a `RuneError`, and what was in force before still is. */
  async reload(): Promise<number> {
    const { epoch } = await this.#client.reload()
    return epoch
  }

  /** Calls `listener` with each event of that name. */
  on<E extends keyof CoordinatorEvents>(event: E, listener: (...args: CoordinatorEvents[E]) => void): this {
    this.#client.events.on(event, listener as never)
    return this
  }

  /** Takes back `on`. */
  off<E extends keyof CoordinatorEvents>(event: E, listener: (...args: CoordinatorEvents[E]) => void): this {
    this.#client.events.off(event, listener as never)
    return this
  }

  /** Warnings of the configuration. */
  get warnings(): readonly Diagnostic[] {
    return this.#published.warnings ?? []
  }

  /** How many predicates, rules, policies and so on the configuration has, as it was written; events say how many rows there are. */
  get counts(): Counts {
    return this.#published.counts ?? counts({ ...this.reader.program(), facts: [] })
  }

  /** Ends the engine with its coordinator; readers in other threads go on with the last epoch. */
  override async close(): Promise<void> {
    await super.close()
    await Promise.all([this.#client.close(), this.#pool?.then((pool) => pool.close())])
  }

  /** @internal */
  static async ofInput(input: ConfigurationInput, options: OpenOptions): Promise<Rune> {
    const { watch = false, coordinator = 'thread', threads = Math.min(16, availableParallelism()) } = options
    const heard = options.onProgress && coordinator === 'inline' ? { onProgress: options.onProgress } : {}
    const client = new CoordinatorClient({
      input: { ...input, ...heard },
      watch,
      mode: coordinator,
      ...(options.queries && { asked: askedNames(options.queries) }),
    })
    try {
      const { published, memory } = await client.open()
      return new Rune({ memory }, { client, published, threads })
    } catch (error) {
      await client.close()
      throw error
    }
  }
}

interface Opened {
  readonly client: CoordinatorClient
  readonly published: Published
  readonly threads: number
}

async function openInput(input: ConfigurationInput, options: OpenOptions): Promise<Rune> {
  return await Rune.ofInput(input, checkOptions(options))
}

/** Options as JavaScript passes them. Throws a `RuneError` for what is none. */
function checkOptions(options: unknown): OpenOptions {
  const given = objectArgument(options, 'what stands beside the configuration')
  const [watch, coordinator, threads, onProgress, queries] = OPTIONS.map((name) =>
    propertyOf(given, name, `the option \`${name}\``),
  )
  const texts = queries === undefined ? undefined : textsOf(queries)
  if (watch !== undefined && typeof watch !== 'boolean') throw refuseArgument('the option `watch` is no bool')
  if (coordinator !== undefined && coordinator !== 'thread' && coordinator !== 'inline') {
    throw refuseArgument('the option `coordinator` is neither `thread` nor `inline`')
  }
  if (threads !== undefined && !(Number.isInteger(threads) && Number(threads) >= 1 && Number(threads) <= 1024)) {
    throw refuseArgument('the option `threads` is no number from 1 to 1024')
  }
  return {
    ...(watch !== undefined && { watch }),
    ...(coordinator !== undefined && { coordinator }),
    ...(threads !== undefined && { threads: Number(threads) }),
    ...(texts && { queries: texts }),
    ...(typeof onProgress === 'function' && { onProgress: onProgress as OnProgress }),
  }
}

const OPTIONS = ['watch', 'coordinator', 'threads', 'onProgress', 'queries']

function textsOf(queries: unknown): string[] {
  const read = () => (Array.isArray(queries) ? [...(queries as unknown[])] : [undefined])
  const texts = readArgument('the option `queries`', read)
  if (texts.every((text) => typeof text === 'string')) return texts
  throw refuseArgument('the option `queries` is no list of texts')
}

/**
 * Compiles a configuration into the snapshot `out`, which opens much faster and to the same state; works in this thread. The
 * file is replaced as a whole. Rejects with a `RuneError` where the configuration can't be opened or `out` can't be written, or is no snapshot.
 */
export async function compile(input: ConfigurationInput, out: string): Promise<Compiled> {
  return compileInto(checkInput(input), textArgument(out, 'the path of the snapshot'))
}

/**
 * Opens a file, or a text, and reports what is wrong with it instead of throwing. Of a snapshot it also says which sources
 * have changed since.
 */
export async function validate(input: ConfigurationInput): Promise<Validation> {
  try {
    const checked = checkInput(input)
    if (!('text' in checked) && isSnapshotFile(checked.path, nodeHost.readFile)) {
      const { counts, warnings } = inspectSnapshot(checked.path)
      return { ok: true, diagnostics: warnings, counts }
    }
    const built = build(checked)
    return { ok: true, diagnostics: built.warnings, counts: counts(built.program) }
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return { ok: false, diagnostics: error.diagnostics }
  }
}
