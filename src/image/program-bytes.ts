/**
 * The program of an image as bytes, so that any thread can evaluate it. Rules and policies are units of their own, whose
 * spans are relative to the pieces of text that they stand in: one that did not change, though it may have moved, has the
 * same bytes and becomes the same object, so that who compiled it need not do so again. Facts, entities and tests are not
 * among what readers need.
 */
import { deserialize, serialize } from 'node:v8'
import type { LoweredPolicy } from '../program/lowered.ts'
import type { Predicate, ReaderProgram, Rule, Stratum } from '../program/program.ts'
import { positionOf, type Source, type Span } from '../text/source.ts'

interface Encoded {
  readonly predicates: readonly Predicate[]
  /** Rules by their index. */
  readonly strata: readonly (Omit<Stratum, 'rules'> & { readonly rules: readonly number[] })[]
  readonly rules: readonly EncodedUnit[]
  readonly policies: readonly EncodedUnit[]
  readonly rest: Pick<ReaderProgram, 'schema' | 'settings'>
}

/** `name` is a rule's name or a policy's id; `places` say where the pieces of text that its spans are in stand. */
interface EncodedUnit {
  readonly name: string
  readonly bytes: Uint8Array
  readonly places: readonly Place[]
}

interface Place {
  readonly path: string
  readonly firstLine: number
  readonly firstColumn: number
}

/** A unit's bytes: `body` has `[piece, start, end]` in place of spans. */
interface UnitBody {
  readonly body: object
  readonly pieces: readonly string[]
}

/** The bytes of `program`. */
export function encodeProgram(program: ReaderProgram): Uint8Array {
  const { predicates, strata, rules, policies, schema, settings } = program
  const lines = new Map<Source, Lines>()
  const encoded: Encoded = {
    predicates: predicates.map(withoutSpan),
    strata: strata.map((stratum) => ({ ...stratum, rules: stratum.rules.map(({ index }) => index) })),
    rules: rules.map(({ index: _, name, ...body }) => encodeUnit(name, body, lines)),
    policies: policies.map(({ id, ...body }) => encodeUnit(id, body, lines)),
    rest: { settings, ...(schema && { schema }) },
  }
  return serialize(encoded)
}

/** The units of a program that was decoded, by their bytes; those of equal bytes in their order. */
export type KnownUnits = Map<string, KnownUnit[]>

interface KnownUnit {
  readonly body: object
  readonly pieces: readonly Piece[]
}

type Piece = { -readonly [K in keyof Source]: Source[K] }

/** The program that `encodeProgram` made bytes of. Units that are in `known` become the same objects; it then holds those of this program. */
export function decodeProgram(bytes: Uint8Array, known: KnownUnits): ReaderProgram {
  const { predicates, strata, rules, policies, rest } = deserialize(bytes) as Encoded
  const next: KnownUnits = new Map()
  const unit = (encoded: EncodedUnit): object => {
    const key = Buffer.from(encoded.bytes.buffer, encoded.bytes.byteOffset, encoded.bytes.length).toString('latin1')
    const found = known.get(key)?.shift() ?? decodeUnit(encoded.bytes)
    next.set(key, [...(next.get(key) ?? []), found])
    for (const [i, piece] of found.pieces.entries()) Object.assign(piece, encoded.places[i])
    return found.body
  }
  const decodedRules = rules.map((rule, index) => Object.assign(unit(rule), { index, name: rule.name }) as Rule)
  const decodedPolicies = policies.map((policy) => Object.assign(unit(policy), { id: policy.name }) as LoweredPolicy)
  known.clear()
  for (const [key, units] of next) known.set(key, units)
  return {
    predicates,
    rules: decodedRules,
    strata: strata.map((stratum) => ({ ...stratum, rules: stratum.rules.map((index) => decodedRules[index]!) })),
    policies: decodedPolicies,
    ...rest,
  }
}

/** The span of a predicate is for messages about its declaration; finding it may cost a second reading of TOML. */
function withoutSpan(predicate: Predicate): Predicate {
  const keys = Object.keys(predicate).filter((key) => key !== 'span') as (keyof Predicate)[]
  return Object.fromEntries(keys.map((key) => [key, predicate[key]])) as unknown as Predicate
}

function encodeUnit(name: string, body: object, lines: Map<Source, Lines>): EncodedUnit {
  const ranges = new Map<Source, { start: number; end: number }>()
  eachSpan(body, ({ source, start, end }) => {
    const range = ranges.get(source)
    if (!range) ranges.set(source, { start, end })
    else {
      range.start = Math.min(range.start, start)
      range.end = Math.max(range.end, end)
    }
  })
  const sources = [...ranges.keys()]
  const relative = withSpans(body, ({ source, start, end }) => {
    const base = ranges.get(source)!.start
    return [sources.indexOf(source), start - base, end - base]
  })
  const pieces = sources.map((source) => source.text.slice(ranges.get(source)!.start, ranges.get(source)!.end))
  const unit: UnitBody = { body: relative as object, pieces }
  const places = sources.map((source) => placeOf(source, ranges.get(source)!.start, lines))
  return { name, bytes: serialize(unit), places }
}

function decodeUnit(bytes: Uint8Array): KnownUnit {
  const { body, pieces } = deserialize(bytes) as UnitBody
  const sources = pieces.map((text): Piece => ({ path: '', text }))
  const absolute = withSpans(body, (span) => {
    const [piece, start, end] = span as unknown as [number, number, number]
    return { source: sources[piece]!, start, end }
  })
  return { body: absolute as object, pieces: sources }
}

// Spans stand under the key `span` of plain objects and nowhere else. Both walks see every node of a program at each
// reload: `for in` instead of lists of entries is most of what encoding costs less in `bench/reload.ts`.

function eachSpan(node: unknown, visit: (span: Span) => void): void {
  if (typeof node !== 'object' || node === null || node instanceof Map || node instanceof Set) return
  if (Array.isArray(node)) {
    for (const element of node) eachSpan(element, visit)
    return
  }
  const fields = node as Readonly<Record<string, unknown>>
  for (const key in fields) {
    if (key !== 'span') eachSpan(fields[key], visit)
    else if (fields[key] !== undefined) visit(fields[key] as Span)
  }
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
function placeOf(source: Source, offset: number, known: Map<Source, Lines>): Place {
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
    path: source.path,
    firstLine: (source.firstLine ?? 1) + line,
    firstColumn: line === 0 ? column + (source.firstColumn ?? 1) - 1 : column,
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
