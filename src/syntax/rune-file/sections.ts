/**
 * A `.rune` text → its sections: which header lines there are, and which range each section has. A header inside of a
 * string or a comment is text. Owns no section's content. Spec: LANGUAGE section 1.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Source, Span } from '../../text/source.ts'
import { didYouMean } from '../../text/suggest.ts'
import { shown } from '../json/json.ts'
import { DIGITS_MAX, endOfLine, KEY_SEGMENTS_MAX, type Language, type LineState, skipLine } from './section-lexer.ts'

export type SectionName = 'metadata' | 'options' | 'data' | 'rules' | 'schema' | 'entities' | 'policies' | 'tests'

/** `body` is the text of the section: TOML with its own headers, all else without. */
export interface Section {
  readonly header: Span
  readonly body: Span
}

export interface Sections {
  /** What stands before the first header: `version` and `include`. */
  readonly preamble: Span
  readonly sections: ReadonlyMap<SectionName, Section>
}

/** The sections of `source`; an unknown section and the repetition of a known one are reported and left out. Linear. */
export function splitSections(source: Source, diagnostics: Diagnostics): Sections {
  const splitter: Splitter = {
    source,
    diagnostics,
    sections: new Map(),
    first: new Map(),
    open: PREAMBLE,
    preambleEnd: 0,
  }
  const { text } = source
  let state: LineState = { depth: 0, deepKey: -1, longNumber: -1 }
  let at = 0
  while (at < text.length) {
    const header = headerAt(text, at, state.depth > 0)
    if (header !== undefined && opens(header, splitter.open, state)) {
      closeSection(splitter, at, state)
      splitter.open = openSection(splitter, header, at)
      state = { depth: 0, deepKey: -1, longNumber: -1 }
    }
    at = skipLine(text, at, splitter.open.language, state)
  }
  closeSection(splitter, text.length, state)
  return { preamble: { source, start: 0, end: splitter.preambleEnd }, sections: splitter.sections }
}

/** A line that holds nothing but a header: `[a.b]`, `[[a.b]]`, and perhaps a comment. */
interface Header {
  /** The first segment of the name, without quotes. */
  readonly name: string
  readonly isBare: boolean
  /** More than one segment, or doubled brackets. */
  readonly isNested: boolean
  readonly start: number
  readonly end: number
}

interface OpenSection {
  /** Of the section as a user wrote it. */
  readonly title: string
  /** Absent where the text is not kept. */
  readonly name?: SectionName
  readonly language: Language
  readonly header?: Span
  readonly bodyStart: number
}

interface Splitter {
  readonly source: Source
  readonly diagnostics: Diagnostics
  readonly sections: Map<SectionName, Section>
  /** Where each name stood first. */
  readonly first: Map<string, Span>
  open: OpenSection
  preambleEnd: number
}

const PREAMBLE: OpenSection = { title: '', language: 'toml', bodyStart: 0 }

/** Every title → the section that it opens and how its text is lexed. */
const TITLES: ReadonlyMap<string, { readonly name: SectionName; readonly language: Language }> = new Map([
  ['metadata', { name: 'metadata', language: 'toml' }],
  ['options', { name: 'options', language: 'toml' }],
  ['data', { name: 'data', language: 'toml' }],
  ['rules', { name: 'rules', language: 'datalog' }],
  ['schema', { name: 'schema', language: 'cedar' }],
  ['entities', { name: 'entities', language: 'toml' }],
  ['policies', { name: 'policies', language: 'cedar' }],
  ['cedar_policies', { name: 'policies', language: 'cedar' }],
  ['tests', { name: 'tests', language: 'toml' }],
])

/** The titles of all sections, to say what there is. */
export const SECTION_TITLES: readonly string[] = [...TITLES.keys()]

/**
 * Whether a header line opens a section where `open` is open. Within brackets it is text, unless it names a section: no
 * language has a bare `[data]` there, so a bracket was left open. In rules and policies `["alice"]` and `[1]` are lists.
 */
function opens(header: Header, open: OpenSection, state: LineState): boolean {
  const isKnown = TITLES.has(header.name)
  if (header.name === open.title && (open.language === 'toml' || open.language === 'none')) return false
  if (state.depth > 0) return isKnown && header.isBare
  if (open.language === 'toml' || open.language === 'none') return true
  return header.isBare && /^[A-Za-z_]/.test(header.name)
}

function closeSection(splitter: Splitter, end: number, state: LineState): void {
  const { open, source, diagnostics } = splitter
  if (open === PREAMBLE) splitter.preambleEnd = end
  const unreadable = Math.max(state.deepKey, state.longNumber)
  if (unreadable >= 0) {
    const span = { source, start: unreadable, end: unreadable + 1 }
    if (state.deepKey >= 0) {
      diagnostics.error('R205', `a dotted key may have at most ${KEY_SEGMENTS_MAX} segments`, span)
    } else diagnostics.error('R102', `a number may have at most ${DIGITS_MAX} digits`, span)
    if (open === PREAMBLE) splitter.preambleEnd = 0
  } else if (open.name !== undefined && open.header !== undefined) {
    splitter.sections.set(open.name, { header: open.header, body: { source, start: open.bodyStart, end } })
  }
}

function openSection(splitter: Splitter, header: Header, lineStart: number): OpenSection {
  const { source, diagnostics, first } = splitter
  const span = { source, start: header.start, end: header.end }
  const title = TITLES.get(header.name)
  if (title === undefined) {
    const isRepeated = first.has(header.name)
    first.set(header.name, span)
    const help = didYouMean(header.name, SECTION_TITLES, `the sections are ${SECTION_TITLES.join(', ')}`)
    if (!isRepeated) diagnostics.error('R201', `unknown section ${shown(header.name)}`, span, help)
    return { title: header.name, language: 'none', bodyStart: header.end }
  }
  const { name, language } = title
  const bodyStart = language === 'toml' ? lineStart : header.end
  const earlier = first.get(name)
  if (earlier !== undefined) {
    diagnostics.error('R202', `section \`${header.name}\` stands twice`, span, {
      help: 'write all of it in one place',
      related: [{ message: 'it stands here first', span: earlier }],
    })
    return { title: header.name, language, bodyStart }
  }
  first.set(name, span)
  if (language !== 'toml' && (header.isNested || !header.isBare)) {
    const help = { help: `write \`[${header.name}]\`` }
    diagnostics.error('R203', `section \`${header.name}\` is not TOML and has no tables`, span, help)
  }
  return { title: header.name, name, language, header: span, bodyStart }
}

/** The header that the line at `lineStart` holds and nothing else, if it does; perhaps one that is bare. Linear in the line. */
function headerAt(text: string, lineStart: number, isBareOnly: boolean): Header | undefined {
  const start = skipBlanks(text, lineStart)
  if (text[start] !== '[') return undefined
  if (isBareOnly && text[start + 1] === '"') return undefined
  const isDouble = text[start + 1] === '['
  let name: string | undefined
  let isBare = false
  let segments = 0
  let at = start + (isDouble ? 2 : 1)
  for (;;) {
    at = skipBlanks(text, at)
    const end = segmentEnd(text, at)
    if (end === undefined) return undefined
    if (segments++ === 0) {
      isBare = text[at] !== '"' && text[at] !== "'"
      name = isBare ? text.slice(at, end) : text.slice(at + 1, end - 1)
    }
    at = skipBlanks(text, end)
    if (text[at] !== '.') break
    at++
  }
  if (text[at] !== ']' || (isDouble && text[at + 1] !== ']')) return undefined
  const end = at + (isDouble ? 2 : 1)
  if (name === undefined || !isRestOfHeader(text, end)) return undefined
  return { name, isBare, isNested: isDouble || segments > 1, start, end }
}

/** The end of the segment of a key that starts at `at`: bare, or a string of one line. */
function segmentEnd(text: string, at: number): number | undefined {
  const quote = text[at]
  if (quote !== '"' && quote !== "'") {
    let end = at
    while (isBareKeyUnit(text.charCodeAt(end))) end++
    return end > at ? end : undefined
  }
  for (let i = at + 1; i < text.length && text[i] !== '\n'; i++) {
    if (text[i] === quote) return i + 1
    if (text[i] === '\\' && quote === '"') i++
  }
  return undefined
}

function isRestOfHeader(text: string, from: number): boolean {
  const at = skipBlanks(text, from)
  if (at >= text.length || text[at] === '\n' || text[at] === '#') return true
  if (text[at] === '\r') return at + 1 === endOfLine(text, at)
  return text[at] === '/' && (text[at + 1] === '/' || text[at + 1] === '*')
}

function isBareKeyUnit(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c === 0x5f || c === 0x2d
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}
