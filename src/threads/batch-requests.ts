/**
 * Requests of a batch ↔ a region. Everything of a request arrives as `authorize` would have seen it in the thread that
 * sends: what is malformed stays malformed and is refused by who decides; objects are read as `checkRequest` reads them and
 * travel as lossless JSON. What cannot travel is refused alone. Spec: `native-layout/README.md`, DESIGN section 4.
 */
import { ENTITY_FORM, ENTITY_MASK, ENTITY_SHIFT, TAG } from '../../native-layout/batch.ts'
import type { DecisionError } from '../decide/decision.ts'
import { errorsOfRequest } from '../decide/failed-request.ts'
import type { AuthorizeRequest, EntityInput } from '../decide/request.ts'
import { jsonFromJs } from '../syntax/json/from-js.ts'
import { printJson } from '../syntax/json/print.ts'
import { Diagnostics, runeError } from '../text/diagnostic.ts'
import { readRegion, writeRegion } from './batch-region.ts'

/** So many requests are one chunk at most. */
export const CHUNK_REQUESTS_MAX = 1024

/** A request as it arrives: context and entities are JSON text, whatever they were. */
export type BatchRequest =
  | { readonly kind: 'request'; readonly request: AuthorizeRequest }
  | { readonly kind: 'refused'; readonly errors: readonly DecisionError[] }

/** So many UTF-16 units of text end a chunk; the request that reaches them belongs to it. */
const CHUNK_UNITS_MAX = 1 << 18

/** So many UTF-16 units may one request have. */
const REQUEST_UNITS_MAX = 1 << 26

/**
 * The requests from `start` to at most `end`, as many as make one chunk, at least one. Each property is read once. Throws a
 * `RangeError` where there is no memory for them.
 */
export function encodeRequests(
  requests: readonly AuthorizeRequest[],
  start: number,
  end: number,
): { readonly region: SharedArrayBuffer; readonly items: number } {
  const tags: number[] = []
  const texts: string[] = []
  let units = 0
  for (let i = start; i < end && tags.length < CHUNK_REQUESTS_MAX && units < CHUNK_UNITS_MAX; i++) {
    const first = texts.length
    let tag: number
    try {
      tag = encodeRequest(requests[i], texts)
      if (unitsFrom(texts, first) > REQUEST_UNITS_MAX) {
        throw runeError('R750', `the request is too long for a batch: more than ${REQUEST_UNITS_MAX} characters`)
      }
    } catch (thrown) {
      tag = TAG.refused
      texts.length = first
      texts.push(JSON.stringify(errorsOfRequest(thrown, 'the request cannot be read')))
    }
    units += unitsFrom(texts, first)
    tags.push(tag)
  }
  return { region: writeRegion({ items: tags.length, columns: tags, texts }), items: tags.length }
}

/** The requests of a region, one at a time. */
export function* decodeRequests(buffer: SharedArrayBuffer): Generator<BatchRequest, void> {
  const { columns, text } = readRegion(buffer)
  const texts: Texts = { next: 0, text }
  for (const tags of columns) {
    if (tags & TAG.refused) yield { kind: 'refused', errors: JSON.parse(take(texts)) }
    else yield { kind: 'request', request: decodeRequest(tags, texts) }
  }
}

/** Appends the texts of a request and returns its tags. */
function encodeRequest(request: AuthorizeRequest | undefined, texts: string[]): number {
  if (typeof request !== 'object' || request === null) return TAG.noObject
  let tags = encodeEntity(request.principal, texts) << ENTITY_SHIFT.principal
  tags |= encodeEntity(request.action, texts) << ENTITY_SHIFT.action
  tags |= encodeEntity(request.resource, texts) << ENTITY_SHIFT.resource
  const { context, entities } = request
  const diagnostics = new Diagnostics()
  if (encodeJson(context, 'context', { texts, diagnostics })) tags |= TAG.context
  if (encodeJson(entities, 'entities', { texts, diagnostics })) tags |= TAG.entities
  diagnostics.throwIfErrors()
  return tags
}

/** `input` is what a caller gave, whatever its type says. */
function encodeEntity(input: unknown, texts: string[]): number {
  if (typeof input === 'string') {
    texts.push(input)
    return ENTITY_FORM.text
  }
  const isObject = typeof input === 'object' && input !== null
  const { type, id }: { type?: unknown; id?: unknown } = isObject ? input : {}
  if (typeof id !== 'string') return ENTITY_FORM.malformed
  if (typeof type === 'string') texts.push(type)
  texts.push(id)
  if (type === undefined) return ENTITY_FORM.id
  return typeof type === 'string' ? ENTITY_FORM.typeAndId : ENTITY_FORM.malformedTypeAndId
}

/** Whether there is a text for `input`. */
function encodeJson(
  input: unknown,
  what: string,
  { texts, diagnostics }: { readonly texts: string[]; readonly diagnostics: Diagnostics },
): boolean {
  if (input === undefined || input === null) return false
  if (typeof input === 'string') texts.push(input)
  else {
    const json = jsonFromJs(input, what, diagnostics)
    if (json !== undefined) texts.push(printJson(json))
  }
  return true
}

function unitsFrom(texts: readonly string[], first: number): number {
  let units = 0
  for (let i = first; i < texts.length; i++) units += texts[i]?.length ?? 0
  return units
}

/** Texts of a region, taken in their order. */
interface Texts {
  next: number
  readonly text: (index: number) => string
}

function take(texts: Texts): string {
  return texts.text(texts.next++)
}

function decodeRequest(tags: number, texts: Texts): AuthorizeRequest {
  // Who decides refuses what is malformed, in the words for any other request.
  if (tags & TAG.noObject) return undefined as unknown as AuthorizeRequest
  const principal = decodeEntity(tags >> ENTITY_SHIFT.principal, texts)
  const action = decodeEntity(tags >> ENTITY_SHIFT.action, texts)
  const resource = decodeEntity(tags >> ENTITY_SHIFT.resource, texts)
  const request: { -readonly [Key in keyof AuthorizeRequest]: AuthorizeRequest[Key] } = { principal, action, resource }
  if (tags & TAG.context) request.context = take(texts)
  if (tags & TAG.entities) request.entities = take(texts)
  return request
}

function decodeEntity(tags: number, texts: Texts): EntityInput {
  switch (tags & ENTITY_MASK) {
    case ENTITY_FORM.text:
      return take(texts)
    case ENTITY_FORM.id:
      return { id: take(texts) }
    case ENTITY_FORM.typeAndId:
      return { type: take(texts), id: take(texts) }
    case ENTITY_FORM.malformedTypeAndId:
      return { type: null, id: take(texts) } as unknown as EntityInput
    default:
      return {} as EntityInput
  }
}
