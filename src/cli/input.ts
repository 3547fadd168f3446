/**
 * What commands read: the configuration that the options mean, the standard input, files with parts of a request. Owns who
 * may read the standard input (one of them, once). What a configuration means belongs to the engine.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type Diagnostic, Rune, RuneError } from '../index.ts'
import type { Common } from './program.ts'
import { showLoading } from './progress.ts'
import type { Terminal } from './terminal.ts'

/** Options of the commands that work on a configuration. */
export interface ConfigOptions extends Common {
  readonly config?: string
  readonly format: 'text' | 'json'
}

/** A configuration: a file, or the text of the standard input. */
export type Configuration = { readonly path: string } | { readonly text: string; readonly path: string }

/** Reads the standard input, once at most. */
export interface Input {
  text(what: string): Promise<string>
}

/** The standard input of `terminal`; a second reader is refused, since nothing would be left for it. */
export function inputOf(terminal: Terminal): Input {
  let reader: string | undefined
  return {
    text: async (what) => {
      if (reader !== undefined) throw refuse('R761', `${reader} and ${what} both want the standard input`)
      reader = what
      const bytes = await terminal.readInput(INPUT_BYTES_MAX)
      if (bytes === undefined) throw refuse('R762', 'the standard input is larger than 64 MiB')
      return decode(bytes, 'the standard input')
    },
  }
}

/** The configuration that the options, the environment or the folder name. Throws a `RuneError` where there is none. */
export async function configurationOf(
  named: string | undefined,
  env: Terminal['env'],
  input: Input,
): Promise<Configuration> {
  const path = named ?? (env['RUNE_CONFIG'] || undefined)
  if (path === '-') return { text: await input.text('the configuration'), path: '<stdin>' }
  if (path === '') throw refuse('R762', 'the name of the configuration is empty')
  if (path !== undefined) return { path }
  if (existsSync(DEFAULT_CONFIG)) return { path: DEFAULT_CONFIG }
  throw refuse('R760', `there is no \`./${DEFAULT_CONFIG}\`, and no other configuration is named`, {
    help: 'write one with `rune init`, or name one with `--config FILE` or $RUNE_CONFIG',
  })
}

/** Opens a configuration, for `queries` and decisions alone if they are given. */
export async function openConfiguration(
  configuration: Configuration,
  terminal: Terminal,
  queries?: readonly string[],
): Promise<Rune> {
  return await showLoading(configuration, terminal, async ({ path, onProgress }) => {
    const options = { coordinator: 'inline', ...(queries && { queries }), ...(onProgress && { onProgress }) } as const
    if ('text' in configuration) return await Rune.fromText(configuration.text, { path, ...options })
    return await Rune.open(path, options)
  })
}

/** The text of a file, or of the standard input for `-`. */
export async function readText(path: string, what: string, input: Input): Promise<string> {
  if (path === '-') return await input.text(what)
  if (path === '') throw refuse('R762', `${what} names no file`)
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw refuse('R762', `${what}: \`${path}\` cannot be read: ${reasonOf(error)}`)
  }
  return decode(bytes, `${what}: \`${path}\``)
}

/** A `RuneError` of the command line. */
export function refuse(code: Diagnostic['code'], message: string, extra: Pick<Diagnostic, 'help'> = {}): RuneError {
  return new RuneError([{ code, severity: 'error', message, ...extra }])
}

/** Why the system refused a file. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (typeof code !== 'string') throw error
  return REASONS.get(code) ?? `the system says ${code}`
}

const DEFAULT_CONFIG = 'policy.rune'
/** As large as a `.rune` file may be. */
const INPUT_BYTES_MAX = 2 ** 26

const REASONS = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a directory'],
  ['EEXIST', 'it exists already'],
])

function decode(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refuse('R101', `${what} is not UTF-8`)
  }
}
