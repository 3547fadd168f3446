/**
 * Loading: the root `.rune` file and all that it includes → one configuration, or all mistakes of all files. Owns
 * includes, limits on files and which parser reads which section; reads files through a `Host` only. Spec: LANGUAGE
 * sections 1, 6 (ids of included policies) and 7.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Source, Span } from '../../text/source.ts'
import { decodeUtf8 } from '../../text/utf8.ts'
import { loneSurrogateAt } from '../../values/string-literal.ts'
import type { Policy } from '../cedar/ast.ts'
import { type KeptPolicies, nextRound, parseKeptPolicies } from '../cedar/kept-policies.ts'
import { parsePolicies } from '../cedar/parse.ts'
import { parseClauses } from '../datalog/parse.ts'
import { shown } from '../json/json.ts'
import type { Configuration, EntityEntry, RuneFile } from './ast.ts'
import { readData } from './data.ts'
import { entitiesOfJson, readEntities } from './entities.ts'
import type { Host } from './host.ts'
import { type FileOptions, readOptions, uniteOptions } from './options.ts'
import { findPlainRows } from './plain-rows.ts'
import { type Include, readPreamble } from './preamble.ts'
import { type SectionName, type Sections, splitSections } from './sections.ts'
import { readTests } from './tests.ts'
import { child, parseToml, type TomlNode, type TomlTable } from './toml.ts'
import { tableAt } from './toml-fields.ts'

/** A file, or a text; the `path` of a text is what its includes and fact files are relative to. */
export type ConfigurationInput = ({ readonly path: string } | { readonly text: string; readonly path?: string }) & {
  /** Is told how far a fact file has been read, every few MiB, by the thread that reads it: not by one of its own. */
  readonly onProgress?: OnProgress
}

export type OnProgress = (progress: LoadProgress) => void

/** How much of a fact file has been read. */
export interface LoadProgress {
  readonly path: string
  readonly bytesRead: number
  readonly bytes: number
}

/** The configuration, or `undefined` after a mistake in any of its files. `kept` are the policies that were read the last time. */
export function loadConfiguration(
  input: ConfigurationInput,
  host: Host,
  diagnostics: Diagnostics,
  kept?: KeptPolicies,
): Configuration | undefined {
  const loader: Loader = { host, diagnostics, ...(kept && { kept }), taken: new Set(), files: [], options: [] }
  if (kept) nextRound(kept)
  const path = input.path ?? ''
  const source = 'text' in input ? textSource(input.text, path, diagnostics) : readSource(input.path, undefined, loader)
  if (source === undefined) return undefined
  const canonical = path === '' ? '' : host.canonicalPath(path)
  loader.taken.add(canonical)
  loadFile(source, { path, label: '', prefix: '', chain: [{ canonical, name: source.path }] }, loader)
  const options = uniteOptions(loader.options, diagnostics)
  return diagnostics.hasErrors ? undefined : { files: loader.files, options }
}

/** A `.rune` file, or a JSON file of entities, may be this large. */
const FILE_BYTES_MAX = 2 ** 26
const INCLUDE_DEPTH_MAX = 32
const FILES_MAX = 1000

interface Loader {
  readonly host: Host
  readonly diagnostics: Diagnostics
  readonly kept?: KeptPolicies
  /** Canonical paths. */
  readonly taken: Set<string>
  readonly files: RuneFile[]
  readonly options: FileOptions[]
  entities?: { readonly canonical: string; readonly span: Span }
}

/** A file being loaded: `path` for the host, `label` relative to the root file, `chain` the files from the root to it. */
interface Place {
  readonly path: string
  readonly label: string
  readonly prefix: string
  readonly chain: readonly Link[]
}

interface Link {
  readonly canonical: string
  readonly name: string
  /** Where the one before it includes it. */
  readonly span?: Span
}

function readSource(path: string, span: Span | undefined, loader: Loader): Source | undefined {
  const bytes = loader.host.readFile(path, { maxBytes: FILE_BYTES_MAX })
  if ('reason' in bytes) {
    loader.diagnostics.error('R700', `file ${shown(path)} cannot be read: ${bytes.reason}`, span)
    return undefined
  }
  const decoded = decodeUtf8(bytes)
  const source = { path, text: decoded.text }
  if (decoded.ok) return source
  const help = { help: 'save the file as UTF-8' }
  const at = { source, start: decoded.offset, end: decoded.offset + 1 }
  loader.diagnostics.error('R101', `the file is not UTF-8: byte ${decoded.byte} is out of place`, at, help)
  return undefined
}

/** A byte order mark at the start is dropped, as it is from files. */
function textSource(given: string, path: string, diagnostics: Diagnostics): Source | undefined {
  const text = given.startsWith('\ufeff') ? given.slice(1) : given
  const source = { path: path === '' ? '<text>' : path, text }
  const ill = loneSurrogateAt(text)
  if (ill === undefined) return source
  diagnostics.error('R101', 'the text holds half of a surrogate pair', { source, start: ill, end: ill + 1 })
  return undefined
}

/** INVARIANT: the recursion is no deeper than `INCLUDE_DEPTH_MAX`. */
function loadFile(source: Source, place: Place, loader: Loader): void {
  const { diagnostics } = loader
  const split = splitSections(source, diagnostics)
  const includes = readPreamble(split.preamble, diagnostics)
  if (includes === undefined) return
  for (const include of includes) loadInclude(include, place, loader)
  loader.files.push(readSections(source, split, place, loader))
}

function loadInclude(include: Include, from: Place, loader: Loader): void {
  const { host, diagnostics } = loader
  const path = host.resolve(from.path, include.name)
  const canonical = host.canonicalPath(path)
  const chain = [...from.chain, { canonical, name: path, span: include.span }]
  const first = from.chain.findIndex((link) => link.canonical === canonical)
  if (first >= 0) reportCycle(chain.slice(first), include, diagnostics)
  if (first >= 0 || loader.taken.has(canonical)) return
  loader.taken.add(canonical)
  if (loader.taken.size > FILES_MAX || chain.length > INCLUDE_DEPTH_MAX) {
    const isDeep = chain.length > INCLUDE_DEPTH_MAX
    const message = isDeep
      ? `files include each other deeper than ${INCLUDE_DEPTH_MAX}`
      : `more than ${FILES_MAX} files`
    diagnostics.error('R702', message, include.span)
    return
  }
  const source = readSource(path, include.span, loader)
  if (source === undefined) return
  const label = host.resolve(from.label, include.name)
  loadFile(source, { path, label, prefix: `${label}#`, chain }, loader)
}

function reportCycle(cycle: readonly Link[], include: Include, diagnostics: Diagnostics): void {
  const names = cycle.map((link) => link.name).join(' → ')
  const related = cycle.slice(1, -1).flatMap(({ name, span }) => {
    return span ? [{ message: `${shown(name)} is included here`, span }] : []
  })
  const help = 'remove one of these includes'
  diagnostics.error('R701', `files include each other: ${names}`, include.span, { help, related })
}

function readSections(source: Source, { sections }: Sections, place: Place, loader: Loader): RuneFile {
  const { diagnostics, host } = loader
  const toml = (name: SectionName): TomlNode<TomlTable> | undefined => {
    const section = sections.get(name)
    const left = section && name === 'data' ? findPlainRows(section.body) : []
    const root = section && parseToml(section.body, diagnostics, left)
    return root && tableAt(child(root, name), diagnostics)
  }
  const range = (name: SectionName): Span | undefined => sections.get(name)?.body
  const files = { resolve: (name: string) => host.resolve(place.path, name), read: host.readFile }
  const metadata = toml('metadata')
  const options = toml('options')
  const given = options && readOptions(options, diagnostics)
  if (given !== undefined) loader.options.push(given)
  const data = toml('data')
  const rules = range('rules')
  const clauses = rules ? parseClauses(rules, diagnostics) : []
  const schema = withoutBlanks(range('schema'))
  const entities = toml('entities')
  const policies = range('policies')
  const tests = toml('tests')
  return {
    source,
    prefix: place.prefix,
    metadata: new Map(Object.entries(metadata?.value ?? {})),
    data: data ? readData(data, files, diagnostics) : [],
    clauses,
    ...(schema && { schema }),
    entities: [
      ...(given?.entities ? readEntityFile(given.entities, place, loader) : []),
      ...(entities ? readEntities(entities, diagnostics) : []),
    ],
    policies: policies ? readPolicies(policies, loader) : [],
    tests: tests ? readTests(tests, files, diagnostics) : [],
  }
}

function readPolicies(section: Span, { kept, diagnostics }: Loader): readonly Policy[] {
  const text = { ...section, hashComments: true }
  return kept ? parseKeptPolicies(text, kept, diagnostics) : parsePolicies(text, diagnostics)
}

/** From its first character: what concerns all of it is shown there. */
function withoutBlanks(span: Span | undefined): Span | undefined {
  if (span === undefined) return undefined
  const start = span.source.text.slice(span.start, span.end).search(/\S/)
  return start < 0 ? span : { ...span, start: span.start + start }
}

/** The entities of the JSON file that `[options] entities` names; like other options it may have one value only. */
function readEntityFile({ name, span }: Include, place: Place, loader: Loader): readonly EntityEntry[] {
  const { host, diagnostics } = loader
  const path = host.resolve(place.path, name)
  const canonical = host.canonicalPath(path)
  if (loader.entities !== undefined) {
    if (loader.entities.canonical === canonical) return []
    const related = [{ message: 'it has another value here', span: loader.entities.span }]
    diagnostics.error('R301', 'option `entities` is given two values', span, { related })
    return []
  }
  loader.entities = { canonical, span }
  const source = readSource(path, span, loader)
  return source ? entitiesOfJson(source, diagnostics) : []
}
