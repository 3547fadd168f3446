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

/** Collects the diagnostics of one run, in the order found. */
export class Diagnostics {
  readonly all: Diagnostic[] = []

  error(code: Code, message: string, span?: Span, extra: Extra = {}): void {
    this.all.push({ code, severity: 'error', message, ...(span && { span }), ...extra })
  }

  warning(code: Code, message: string, span?: Span, extra: Extra = {}): void {
    this.all.push({ code, severity: 'warning', message, ...(span && { span }), ...extra })
  }

  get hasErrors(): boolean {
    return this.all.some((d) => d.severity === 'error')
  }

  /** Ends the run with a `RuneError` if an error was collected. */
  throwIfErrors(): void {
    if (this.hasErrors) throw new RuneError(this.all)
  }
}

/** The one error that the public API throws for input that it refuses; `message` is that of the first error. */
export class RuneError extends Error {
  override readonly name = 'RuneError'
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[]) {
    const first = diagnostics.find((d) => d.severity === 'error') ?? diagnostics[0]
    super(first ? `${first.code}: ${first.message}` : 'unknown error')
    this.diagnostics = diagnostics
  }
}

/** A `RuneError` with a single diagnostic. */
export function runeError(code: Code, message: string, extra: Extra & { span?: Span } = {}): RuneError {
  return new RuneError([{ code, severity: 'error', message, ...extra }])
}
