/** A host whose files are a record, and shorthands to load a configuration from it. */
import { posix } from 'node:path'
import type { Configuration } from '../../../src/syntax/rune-file/ast.ts'
import type { Host } from '../../../src/syntax/rune-file/host.ts'
import { loadConfiguration } from '../../../src/syntax/rune-file/load.ts'
import { type Diagnostic, Diagnostics } from '../../../src/text/diagnostic.ts'
import { positionOf } from '../../../src/text/source.ts'

export type Files = Readonly<Record<string, string | Uint8Array>>

/** A host over `files`. `link/x` is another path of the file `x`. */
export function memoryHost(files: Files): Host {
  return {
    readFile: (path, { maxBytes, firstBytes = maxBytes }) => {
      const file = Object.hasOwn(files, path) ? files[path] : undefined
      if (file === undefined) return { reason: 'there is no such file' }
      const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file
      return bytes.length > maxBytes ? { reason: 'it is too large' } : bytes.subarray(0, firstBytes)
    },
    canonicalPath: (path) => posix.normalize(path).replace(/^link\//, ''),
    resolve: (from, name) =>
      posix.isAbsolute(name) ? posix.normalize(name) : posix.join(from === '' ? '.' : posix.dirname(from), name),
  }
}

export const VERSION = 'version = "rune/1.0"\n'

export interface Loaded {
  readonly configuration: Configuration | undefined
  readonly all: readonly Diagnostic[]
  /** `file:line:column code` of each diagnostic. */
  readonly places: readonly string[]
}

/** Loads `main.rune` of `files`. */
export function loadFiles(files: Files): Loaded {
  const diagnostics = new Diagnostics()
  const configuration = loadConfiguration({ path: 'main.rune' }, memoryHost(files), diagnostics)
  return { configuration, all: diagnostics.all, places: diagnostics.all.map(placeOf) }
}

/** Loads a text to which the version is added, without a line of its own. */
export function loadText(body: string, files: Files = {}): Loaded {
  return loadFiles({ ...files, 'main.rune': `version = "rune/1.0"${body === '' ? '' : '\n'}${body}` })
}

/** `file:line:column code`. */
export function placeOf({ span, code }: Diagnostic): string {
  if (span === undefined) return code
  const { line, column } = positionOf(span.source, span.start)
  return `${span.source.path}:${line}:${column} ${code}`
}

/** The text that a diagnostic points at. */
export function pointedAt(d: Diagnostic | undefined): string | undefined {
  return d?.span?.source.text.slice(d.span.start, d.span.end)
}
