/**
 * Diagnostics: what is wrong with something a user wrote, as data. They are collected, many a run, and leave the engine
 * inside a `RuneError`. A mistake of ours is an `assert`, never a diagnostic. The codes stand in `codes.ts`.
 */
import type { Code } from './codes.ts'
import type { Span } from './source.ts'

export type Severity = 'error' | 'warning'

/** `message` is one line in lower case without a full stop, user text in backticks; `help` says what to write instead. */
export interface Diagnostic {
  readonly code: Code
  readonly severity: Severity
  readonly message: string
  /** Absent only where there is no text to point at (a missing file, a request of the API). */
  readonly span?: Span
  readonly help?: string
  /** Other places that belong to the story: the first definition, the steps of a cycle. */
  readonly related?: readonly { readonly message: string; readonly span: Span }[]
}

/** What may stand beside a message. */
export type Extra = Pick<Diagnostic, 'help' | 'related'>

/**
 * Collects the diagnostics of one run, in the order found; of each severity the first `LISTED_MAX`, and one that says that
 * there are more. What costs much to say may be a function, which is called for what is listed.
 */
export class Diagnostics {
  readonly #all: Diagnostic[] = []
  readonly #found = { error: 0, warning: 0 }

  error(code: Code, message: string, span?: Span, extra: Extra | (() => Extra) = {}): void {
    this.#add('error', code, message, span, extra)
  }

  warning(code: Code, message: string, span?: Span, extra: Extra | (() => Extra) = {}): void {
    this.#add('warning', code, message, span, extra)
  }

  /** Adds what another run found. */
  add({ code, severity, message, span, ...extra }: Diagnostic): void {
    this.#add(severity, code, message, span, extra)
  }

  get all(): readonly Diagnostic[] {
    return this.#all
  }

  /** How many were found, listed or not. */
  get count(): number {
    return this.#found.error + this.#found.warning
  }

  get hasErrors(): boolean {
    return this.#found.error > 0
  }

  /** Ends the run with a `RuneError` if an error was collected. */
  throwIfErrors(): void {
    if (this.hasErrors) throw new RuneError(this.all)
  }

  #add(severity: Severity, code: Code, message: string, span: Span | undefined, extra: Extra | (() => Extra)): void {
    const found = ++this.#found[severity]
    // Copies, since a tree that is kept may move on.
    const place = span && { span: { ...span } }
    if (found <= LISTED_MAX) {
      const { related, ...rest } = typeof extra === 'function' ? extra() : extra
      const places = related?.map((one) => ({ ...one, span: { ...one.span } }))
      this.#all.push({ code, severity, message, ...place, ...rest, ...(places && { related: places }) })
    } else if (found === LISTED_MAX + 1) {
      const more = `there are more than ${LISTED_MAX} ${severity}s: those from here on are not listed`
      this.#all.push({ code: 'R505', severity, message: more, ...place })
    }
  }
}

/** More than anybody reads, and few enough that a text of nothing but mistakes costs no more than one without. */
const LISTED_MAX = 1000

/** The one error that the public API throws for input that it refuses; `message` is that of the first error. */
export class RuneError extends Error {
  override readonly name = 'RuneError'
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[], options?: { readonly cause: unknown }) {
    const first = diagnostics.find((d) => d.severity === 'error') ?? diagnostics[0]
    super(first ? `${first.code}: ${first.message}` : 'unknown error', options)
    this.diagnostics = diagnostics
  }
}

/** A `RuneError` with a single diagnostic; `cause` is what somebody else's code threw. */
export function runeError(
  code: Code,
  message: string,
  { cause, ...extra }: Extra & { span?: Span; cause?: unknown } = {},
): RuneError {
  return new RuneError([{ code, severity: 'error', message, ...extra }], cause === undefined ? undefined : { cause })
}
