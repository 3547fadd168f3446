/**
 * How commands report: diagnostics on the terminal and as JSON, failures and the exit codes that they mean, times and
 * places. What is said about a configuration belongs to the engine.
 */
import { type Diagnostic, positionOf, RuneError, renderDiagnostics, type Severity, visible } from '../index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { isPainted, type Stream, type Terminal, visibleJson } from './terminal.ts'

/** A diagnostic as `--format json` prints it; without a place where it has none. */
export interface JsonDiagnostic {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly help?: string
}

/** Says what went wrong, and what exit code that is. */
export function reportFailure(error: unknown, terminal: Terminal, color: boolean | undefined): ExitCode {
  if (error instanceof RuneError) {
    reportDiagnostics(error.diagnostics, terminal, color)
    return error.diagnostics.some(({ code }) => code === 'R761') ? EXIT.usage : exitCodeOf(error.diagnostics)
  }
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Error && 'syscall' in error) {
    terminal.err.write(`error: ${visible(message)}\n`)
    return EXIT.failure
  }
  const stack = terminal.env['RUNE_DEBUG'] && error instanceof Error ? `${error.stack}\n` : ''
  const hint = stack === '' ? ' ($RUNE_DEBUG=1 says where)' : ''
  terminal.err.write(`internal error: ${visible(message)}${hint}\n${stack}`)
  return EXIT.failure
}

/** Diagnostics with the lines that they are about. */
export function reportDiagnostics(
  diagnostics: readonly Diagnostic[],
  terminal: Terminal,
  color: boolean | undefined,
): void {
  terminal.err.write(renderDiagnostics(diagnostics, { color: isPainted(terminal.err, terminal.env, color) }))
}

/** 3, or 1 where it was not the text of the configuration that failed. */
export function exitCodeOf(diagnostics: readonly Diagnostic[]): ExitCode {
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  return errors.every((d) => d.span === undefined && FAILURES.has(d.code)) ? EXIT.failure : EXIT.invalid
}

export function jsonDiagnostic({ code, severity, message, span, help }: Diagnostic): JsonDiagnostic {
  const place = span && { file: span.source.path, ...positionOf(span.source, span.start) }
  return { code, severity, message, ...place, ...(help !== undefined && { help }) }
}

/** Prints `result` as one line of JSON. */
export function printJson(result: unknown, out: Stream): void {
  out.write(`${visibleJson(JSON.stringify(result))}\n`)
}

/** A duration as people read it: `0.04 ms`, `12 ms`, `3.1 s`. */
export function duration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** `1 rule`, `2 rules`; `many` where an `s` would not do. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** Codes of what is no mistake in a text: files that cannot be read or written, cedar-wasm's own failures. */
const FAILURES = new Set(['R700', 'R760', 'R762', 'R763', 'R900'])
