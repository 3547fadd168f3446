/**
 * Programs for tests: the text of a `.rune` file without its first line → what analysis says of it, and the rows that it
 * derives. Not a test itself.
 */
import { computeFixpoint } from '../../src/fixpoint/fixpoint.ts'
import { createImage } from '../../src/image/image.ts'
import { loadFacts } from '../../src/image/load.ts'
import { analyse } from '../../src/program/analyse.ts'
import type { Predicate, Program } from '../../src/program/program.ts'
import { type Host, nodeHost } from '../../src/syntax/rune-file/host.ts'
import { loadConfiguration } from '../../src/syntax/rune-file/load.ts'
import { type Diagnostic, Diagnostics } from '../../src/text/diagnostic.ts'
import { printValue } from '../../src/values/print.ts'

export interface Analysed {
  readonly program: Program | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** Parses and analyses `text`; `files` are what it can read, by path. */
export function analyseText(text: string, files: ReadonlyMap<string, string> = new Map()): Analysed {
  const diagnostics = new Diagnostics()
  const host: Host = {
    ...nodeHost,
    canonicalPath: (path) => path,
    readFile: (path) => {
      const found = files.get(path)
      return found === undefined ? { reason: 'there is no such file' } : new TextEncoder().encode(found)
    },
  }
  const configuration = loadConfiguration({ text: `version = "rune/1.0"\n${text}` }, host, diagnostics)
  return { program: configuration && analyse(configuration, diagnostics), diagnostics: diagnostics.all }
}

/** Analyses `[rules]` alone. */
export function analyseRules(rules: string): Analysed {
  return analyseText(`[rules]\n${rules}\n`)
}

/** The program of a text that is right. */
export function programOf(text: string): Program {
  const { program, diagnostics } = analyseText(text)
  if (!program) throw new Error(`not a program: ${diagnostics.map((d) => `${d.code} ${d.message}`).join('; ')}`)
  return program
}

/** The codes of what is wrong with `text`, in order. */
export function codesOf(text: string): string[] {
  return analyseText(text).diagnostics.map(({ code }) => code)
}

/** The codes of what is wrong with `rules`. */
export function ruleCodes(rules: string): string[] {
  return codesOf(`[rules]\n${rules}\n`)
}

/** The message of the first diagnostic with `code`, its help behind ` | `. */
export function messageOf(text: string, code: string): string | undefined {
  const found = analyseText(text).diagnostics.find((d) => d.code === code)
  return found && [found.message, ...(found.help === undefined ? [] : [found.help])].join(' | ')
}

/** The text that the first diagnostic with `code` underlines. */
export function underlined(text: string, code: string): string | undefined {
  const span = analyseText(text).diagnostics.find((d) => d.code === code)?.span
  return span?.source.text.slice(span.start, span.end)
}

/** The rows of predicate `name` once all is derived, as literals, sorted. */
export function rowsOf(text: string, name: string): string[] {
  const program = programOf(text)
  const image = createImage(program)
  const diagnostics = new Diagnostics()
  loadFacts(program, image, nodeHost.readFile, diagnostics)
  diagnostics.throwIfErrors()
  computeFixpoint(program, image)
  const relation = image.relations[predicateOf(program, name).id]
  if (!relation) throw new Error(`no relation \`${name}\``)
  const rows = Array.from({ length: relation.count }, (_, row) =>
    relation.columns.map((column) => printValue(image.values.valueOf(column[row] ?? 0))).join(', '),
  )
  return rows.sort()
}

/** The predicate of that name; the first of two. */
export function predicateOf(program: Program, name: string): Predicate {
  const found = program.predicates.find((predicate) => predicate.name === name)
  if (!found) throw new Error(`no predicate \`${name}\``)
  return found
}
