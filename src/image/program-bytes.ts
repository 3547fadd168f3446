/**
 * The program of an image as bytes, so that any thread can evaluate it. Rules and policies are units of their own, whose
 * spans are relative to the pieces of text that they stand in: one that did not change, though it may have moved, has the
 * same bytes and becomes the same object, so that who compiled it need not do so again, nor even read its bytes. Facts,
 * entities and tests are not among what readers need.
 */
import { hash } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import {
  PLACE,
  PLACE_WORDS,
  PROGRAM,
  PROGRAM_WORDS,
  UNIT,
  UNIT_KEY_WORDS,
  UNIT_WORDS,
} from '../../native-layout/layout.ts'
import type { LoweredPolicy } from '../program/lowered.ts'
import type { Predicate, ReaderProgram, Rule, Stratum } from '../program/program.ts'
import { forEachSpan, type Position, positionOf, type Source, type Span } from '../text/source.ts'

/** What of it is text. */
interface Texts {
  readonly paths: readonly string[]
  /** Of each unit a rule's name or a policy's id. */
  readonly names: readonly string[]
}

/** The first unit: all that is neither a rule nor a policy. */
interface Frame extends Pick<ReaderProgram, 'schema' | 'settings'> {
  readonly predicates: readonly Predicate[]
  /** Rules by their index. */
  readonly strata: readonly (Omit<Stratum, 'rules'> & { readonly rules: readonly number[] })[]
}

/** A unit's bytes: `body` has `[piece, start, end]` in place of spans. */
interface UnitBody {
  readonly body: object
  readonly pieces: readonly string[]
}

interface EncodedUnit {
  readonly key: Uint32Array
  readonly bytes: Uint8Array
  /** Of each piece a span that starts where it starts. */
  readonly anchors: readonly Span[]
}

/** Policies that were encoded; one that is the same object is the same but for where its spans are. */
export type EncodedPolicies = WeakMap<LoweredPolicy, EncodedUnit>

/** The bytes of `program`. */
export function encodeProgram(program: ReaderProgram, encoded: EncodedPolicies = new WeakMap()): Uint8Array {
  const { predicates, strata, rules, policies, schema, settings } = program
  const frame: Frame = {
    predicates: predicates.map(withoutSpan),
    strata: strata.map((stratum) => ({ ...stratum, rules: stratum.rules.map(({ index }) => index) })),
    settings,
    ...(schema && { schema }),
  }
  const units = [
    encodeUnit(frame),
    ...rules.map(({ index: _, name: __, ...body }) => encodeUnit(body)),
    ...policies.map((policy) => encodePolicy(policy, encoded)),
  ]
  const names = ['', ...rules.map(({ name }) => name), ...policies.map(({ id }) => id)]
  return bytesOf(units, names, rules.length)
}

function encodePolicy(policy: LoweredPolicy, encoded: EncodedPolicies): EncodedUnit {
  const { id: _, ...body } = policy
  const unit = encoded.get(policy) ?? encodeUnit(body)
  encoded.set(policy, unit)
  return unit
}

function bytesOf(encoded: readonly EncodedUnit[], names: readonly string[], rules: number): Uint8Array {
  const lines = new Map<Source, Lines>()
  const [units, places, paths]: [number[], number[], string[]] = [[], [], []]
  let end = 0
  for (const { key, bytes, anchors } of encoded) {
    units.push(...key, end, end + bytes.length)
    end += bytes.length
    for (const { source, start } of anchors) {
      const { line, column } = placeOf(source, start, lines)
      if (paths.at(-1) !== source.path) paths.push(source.path)
      places.push(paths.length - 1, line, column)
    }
  }
  const texts: Texts = { paths, names }
  const textBytes = serialize(texts)
  const head = [encoded.length, rules, places.length / PLACE_WORDS, textBytes.length]
  const words = Uint32Array.from([head, units, places].flat())
  return Buffer.concat([new Uint8Array(words.buffer), textBytes, ...encoded.map(({ bytes }) => bytes)])
}

/** What was decoded last. */
export interface KnownUnits {
  units: readonly KnownUnit[]
  words: Uint32Array
  textBytes: Uint8Array
  texts: Texts
}

export function noUnits(): KnownUnits {
  return { units: [], words: new Uint32Array(0), textBytes: new Uint8Array(0), texts: { paths: [], names: [] } }
}

interface KnownUnit {
  readonly body: object
  readonly pieces: readonly Piece[]
}

type Piece = Writable<Source>

/** A copy of the bytes `[from, to)` of a program. */
export type ReadBytes = (from: number, to: number) => Uint8Array

/**
 * The program that `encodeProgram` made bytes of. Units that are in `known` become the same objects, and their bytes are not
 * read; it then holds those of this program.
 */
export function decodeProgram(read: ReadBytes, known: KnownUnits = noUnits()): ReaderProgram {
  const head = wordsOf(read(0, PROGRAM_WORDS * 4))
  const [unitCount, ruleCount] = [head[PROGRAM.units]!, head[PROGRAM.rules]!]
  const textsAt = 4 * (PROGRAM_WORDS + unitCount * UNIT_WORDS + head[PROGRAM.places]! * PLACE_WORDS)
  const words = wordsOf(read(PROGRAM_WORDS * 4, textsAt))
  const unitsAt = textsAt + head[PROGRAM.textBytes]!
  const textBytes = read(textsAt, unitsAt)
  const texts = Buffer.compare(textBytes, known.textBytes) === 0 ? known.texts : (deserialize(textBytes) as Texts)
  const found = findKnown(known, words, unitCount)
  const units: KnownUnit[] = []
  let place = unitCount * UNIT_WORDS
  for (let i = 0; i < unitCount; i++) {
    const at = i * UNIT_WORDS
    const unit = found[i] ?? decodeUnit(read(unitsAt + words[at + UNIT.start]!, unitsAt + words[at + UNIT.end]!))
    units.push(unit)
    for (const piece of unit.pieces) {
      piece.path = texts.paths[words[place + PLACE.path]!]!
      piece.firstLine = words[place + PLACE.line]!
      piece.firstColumn = words[place + PLACE.column]!
      place += PLACE_WORDS
    }
  }
  Object.assign(known, { units, words, textBytes, texts })
  return programOf(units, texts.names, ruleCount)
}

function programOf(units: readonly KnownUnit[], names: readonly string[], ruleCount: number): ReaderProgram {
  const { strata, ...rest } = units[0]!.body as Frame
  const rules = units.slice(1, ruleCount + 1).map(({ body }, i) => {
    const rule = body as Writable<Rule>
    rule.index = i
    rule.name = names[i + 1]!
    return rule
  })
  const policies = units.slice(ruleCount + 1).map(({ body }, i) => {
    const policy = body as Writable<LoweredPolicy>
    policy.id = names[ruleCount + i + 1]!
    return policy
  })
  return {
    ...rest,
    rules,
    strata: strata.map((stratum) => ({ ...stratum, rules: stratum.rules.map((index) => rules[index]!) })),
    policies,
  }
}

/** A copy, since bytes need not start where a word can. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer)
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Of each unit the known one that has its key, each once: most stand where they stood. */
function findKnown({ units: known, words: before }: KnownUnits, words: Uint32Array, count: number) {
  const found: (KnownUnit | undefined)[] = []
  for (let i = 0; i < count; i++) found.push(isSameKey(words, before, i) ? known[i] : undefined)
  const moved = new Map<string, KnownUnit[]>()
  for (const [i, unit] of known.entries()) {
    if (found[i] === unit) continue
    const key = keyAt(before, i)
    moved.set(key, [...(moved.get(key) ?? []), unit])
  }
  return moved.size === 0 ? found : found.map((unit, i) => unit ?? moved.get(keyAt(words, i))?.shift())
}

function isSameKey(a: Uint32Array, b: Uint32Array, unit: number): boolean {
  const at = unit * UNIT_WORDS + UNIT.key
  for (let i = at; i < at + UNIT_KEY_WORDS; i++) if (a[i] !== b[i]) return false
  return true
}

function keyAt(words: Uint32Array, unit: number): string {
  const at = unit * UNIT_WORDS + UNIT.key
  return words.subarray(at, at + UNIT_KEY_WORDS).join()
}

/** The span of a predicate is for messages about its declaration; finding it may cost a second reading of TOML. */
function withoutSpan(predicate: Predicate): Predicate {
  const keys = Object.keys(predicate).filter((key) => key !== 'span') as (keyof Predicate)[]
  return Object.fromEntries(keys.map((key) => [key, predicate[key]])) as unknown as Predicate
}

interface Range {
  readonly anchor: Span
  end: number
}

function encodeUnit(body: object): EncodedUnit {
  const ranges = rangesOf(body)
  const relative = withSpans(body, ({ source, start, end }) => {
    const piece = ranges.findIndex((range) => {
      return range.anchor.source === source && range.anchor.start <= start && end <= range.end
    })
    const base = ranges[piece]!.anchor.start
    return [piece, start - base, end - base]
  })
  const pieces = ranges.map(({ anchor, end }) => anchor.source.text.slice(anchor.start, end))
  const unit: UnitBody = { body: relative as object, pieces }
  const bytes = serialize(unit)
  const digest = hash('sha256', bytes, 'buffer')
  const key = Uint32Array.from({ length: UNIT_KEY_WORDS }, (_, i) => digest.readUInt32LE(4 * i))
  return { key, bytes, anchors: ranges.map(({ anchor }) => anchor) }
}

/** What stands far apart, as a link and its template do, is in pieces of its own: what is between them belongs to others. */
function rangesOf(body: object): Range[] {
  const spans: Span[] = []
  forEachSpan(body, (span) => spans.push(span))
  const ranges: Range[] = []
  for (const span of spans.sort((a, b) => a.start - b.start)) {
    const range = ranges.findLast(({ anchor }) => anchor.source === span.source)
    if (range && span.start - range.end <= NEAR) range.end = Math.max(range.end, span.end)
    else ranges.push({ anchor: span, end: span.end })
  }
  return ranges
}

/** In UTF-16 units. */
const NEAR = 1000

function decodeUnit(bytes: Uint8Array): KnownUnit {
  const { body, pieces } = deserialize(bytes) as UnitBody
  const sources = pieces.map((text): Piece => ({ path: '', text, firstLine: 1, firstColumn: 1 }))
  forEachSpan(body, (_, owner) => {
    const [piece, start, end] = owner.span as unknown as [number, number, number]
    owner.span = { source: sources[piece]!, start, end }
  })
  return { body, pieces: sources }
}

/** A copy of `node` in which `change` has replaced each span. */
function withSpans(node: unknown, change: (span: Span) => unknown): unknown {
  if (typeof node !== 'object' || node === null || node instanceof Map || node instanceof Set) return node
  if (Array.isArray(node)) return node.map((element) => withSpans(element, change))
  const fields = node as Readonly<Record<string, unknown>>
  const copy: Record<string, unknown> = {}
  for (const key in fields) {
    const value = fields[key]
    copy[key] = key === 'span' && value !== undefined ? change(value as Span) : withSpans(value, change)
  }
  return copy
}

/** Where the lines of a source start, and the place that was found last. */
interface Lines {
  readonly starts: readonly number[]
  offset: number
  line: number
  column: number
}

/** As `positionOf`; places that are asked for in their order cost one reading of the text together. */
function placeOf(source: Source, offset: number, known: Map<Source, Lines>): Position {
  const lines = known.get(source) ?? linesOf(source)
  known.set(source, lines)
  const line = lineAt(lines.starts, offset)
  const start = lines.starts[line]!
  const isAhead = line === lines.line && offset >= lines.offset
  const from = isAhead ? lines.offset : start
  const text = source.text.slice(from, offset)
  const { column } = positionOf({ path: '', text, firstColumn: isAhead ? lines.column : 1 }, text.length)
  Object.assign(lines, { offset, line, column })
  return {
    line: (source.firstLine ?? 1) + line,
    column: line === 0 ? column + (source.firstColumn ?? 1) - 1 : column,
  }
}

function linesOf({ text }: Source): Lines {
  const starts = [0]
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1)
  return { starts, offset: 0, line: 0, column: 1 }
}

function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle
  }
  return low
}
