/**
 * Calls of the Cedar API as most are made, read straight into a frame: entities that were named before are found by their
 * text, and contexts of plain values become fields without a tree between. Whatever is more than that is left to
 * `src/syntax/cedar-call.ts`, with the same result; each property is read once on either way. Spec: DESIGN section 4.
 */
import type { Overlay } from '../../image/overlay.ts'
import { isPassing, type ValueId, type Values } from '../../image/value-ids.ts'
import type { Schema } from '../../syntax/schema/schema.ts'
import { unreadable } from '../../text/argument.ts'
import { isTypeName } from '../../values/entity-uid.ts'
import { entityUid } from '../../values/value.ts'
import { createKnownEntities, forgetEntities, noteEntity } from '../known-ids.ts'
import { createKnownTypes } from '../known-types.ts'
import { createContextReader, isPlainObject } from '../plain-context.ts'
import type { Frame } from './frame.ts'

/** The properties of a call about kept entities, as given; what was read of one further stands in its place. */
export interface PlainCall {
  principal: unknown
  action: unknown
  resource: unknown
  context: unknown
  readonly preparsedPolicySetId: unknown
  readonly preparsedEntitiesId: unknown
  readonly validateRequest: unknown
  readonly preparsedSchemaName: unknown
}

export interface CallReader {
  /** Reads a call into `frame`, or says that it is for somebody else to read. */
  read(call: PlainCall, frame: Frame): boolean
  /** Notes what was found out about the request in `frame`, so that the next like it can be read here. */
  note(frame: Frame, isValidated: boolean): void
}

export interface CallReaderOptions {
  readonly values: Values
  readonly dictionary: Overlay
  readonly schema: Schema | undefined
}

/** A reader of calls; `values` are those of `dictionary`. */
export function createCallReader({ values, dictionary, schema }: CallReaderOptions): CallReader {
  const isLocal = (id: ValueId) => isPassing(id, dictionary)
  const known = createKnownEntities(isLocal)
  const types = schema && createKnownTypes(schema, values)
  const contexts = createContextReader({ values, types, isLocal, trace: { isRemembered: false } })
  let { generation } = dictionary
  const idOf = (call: PlainCall, place: Place): ValueId => {
    const given = call[place]
    if (typeof given !== 'object' || given === null || !isTypeAndId(given)) return NONE
    const { type, id } = readUid(given, place)
    if (typeof type === 'string' && typeof id === 'string') {
      const found = known.ofType.get(type)?.ids.get(id)
      if (found !== undefined) return found
      if (isTypeName(type) && id.isWellFormed()) return noteEntity(known, type, id, values.intern(entityUid(type, id)))
    }
    call[place] = { type, id }
    return NONE
  }
  const readRest = (call: PlainCall, frame: Frame): boolean => {
    if (frame.principal === NONE || frame.action === NONE || frame.resource === NONE) return false
    if (types && !(call.validateRequest !== false ? types.conform(frame) : types.contextOf(frame.action))) return false
    if (typeof call.context !== 'object' || call.context === null) return false
    const rest = contexts.read(call.context, frame)
    if (rest !== undefined) call.context = rest.context
    return rest === undefined
  }
  const plainUid = (entity: ValueId) => {
    const { type, id } = values.uidOf(entity)
    return { type, id }
  }
  return {
    read: (call, frame) => {
      if (dictionary.generation !== generation) {
        generation = dictionary.generation
        forgetEntities(known)
        contexts.forgetLocal()
      }
      frame.clearContext()
      frame.principal = idOf(call, 'principal')
      frame.action = idOf(call, 'action')
      frame.resource = idOf(call, 'resource')
      if (readRest(call, frame)) return true
      for (const place of PLACES) if (frame[place] !== NONE) call[place] = plainUid(frame[place])
      return false
    },
    note: (frame, isValidated) => {
      if (isValidated) types?.note(frame)
      else types?.noteAction(frame.action)
    },
  }
}

/** The properties of a call about kept entities, each read once; nothing of what may be anything else, and is still unread. */
export function plainCallOf(given: unknown): PlainCall | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const keys = keysOf(given)
  let needed = 0
  let [hasValidate, hasSchema] = [false, false]
  for (let i = 0; i < keys.length; i++) {
    switch (keys[i]) {
      case 'principal':
      case 'action':
      case 'resource':
      case 'context':
      case 'preparsedPolicySetId':
      case 'preparsedEntitiesId':
        needed++
        break
      case 'validateRequest':
        hasValidate = true
        break
      case 'preparsedSchemaName':
        hasSchema = true
        break
      default:
        return undefined
    }
  }
  return needed === 6 ? read(given as Fields, { hasValidate, hasSchema }) : undefined
}

type Fields = { readonly [name in keyof PlainCall]: unknown }

/** Names that are known when this is compiled: such loads cost a fraction of others. */
function read(given: Fields, has: { readonly hasValidate: boolean; readonly hasSchema: boolean }): PlainCall {
  try {
    return {
      principal: given.principal,
      action: given.action,
      resource: given.resource,
      context: given.context,
      preparsedPolicySetId: given.preparsedPolicySetId,
      preparsedEntitiesId: given.preparsedEntitiesId,
      // What an object inherits is not read.
      validateRequest: has.hasValidate ? given.validateRequest : undefined,
      preparsedSchemaName: has.hasSchema ? given.preparsedSchemaName : undefined,
    }
  } catch (cause) {
    throw unreadable('the call', cause)
  }
}

/** None of what does not tell them. */
function keysOf(given: object): readonly string[] {
  try {
    return Object.keys(given)
  } catch {
    return []
  }
}

type Place = (typeof PLACES)[number]

const PLACES = ['principal', 'action', 'resource'] as const

const NONE = -1

/** Whether an object has a type and an id, and nothing else. */
function isTypeAndId(given: object): given is { readonly type: unknown; readonly id: unknown } {
  const keys = keysOf(given)
  const [first, second] = keys
  const isPair = keys.length === 2 && (first === 'type' ? second === 'id' : first === 'id' && second === 'type')
  return isPair && isPlainObject(given)
}

function readUid(
  given: { readonly type: unknown; readonly id: unknown },
  place: Place,
): { type: unknown; id: unknown } {
  let part = 'type'
  try {
    const { type } = given
    part = 'id'
    return { type, id: given.id }
  } catch (cause) {
    throw unreadable(`\`${place}.${part}\``, cause)
  }
}
