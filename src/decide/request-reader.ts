/**
 * Requests as most callers give them, read straight into a frame: entities that were named before are found by their text,
 * and contexts of plain values become fields without a tree between. Whatever is more than that goes the careful way
 * (`request.ts`), with the same result; each property is read once on either. What is kept is bounded, belongs to one
 * dictionary, and holds nothing that the image does not know. Spec: LANGUAGE sections 5 to 7.
 */
import type { Overlay } from '../image/overlay.ts'
import { isLocal, type ValueId, type Values } from '../image/value-ids.ts'
import { unreadable } from '../text/argument.ts'
import { RuneError } from '../text/diagnostic.ts'
import type { Frame } from './cedar/frame.ts'
import {
  createKnownEntities,
  createKnownIds,
  forgetEntities,
  forgetIds,
  type KnownEntities,
  type KnownIds,
  noteEntity,
  noteId,
} from './known-ids.ts'
import { createKnownTypes } from './known-types.ts'
import { createContextReader } from './plain-context.ts'
import {
  type AuthorizeRequest,
  type CheckedRequest,
  checkRest,
  type Place,
  type RequestTarget,
  refuseRequest,
  uidOf,
} from './request.ts'

export interface RequestReader {
  /**
   * Reads `request` into `frame`; or yields it as it is to be taken into the frame. Throws a `RuneError` for what is
   * malformed.
   */
  read(request: AuthorizeRequest, frame: Frame): CheckedRequest | undefined
  /** Whether the request in `frame`, which has no context and brings no entities, is one that the schema allows. */
  conforms(frame: Frame): boolean
}

export interface RequestReaderOptions {
  readonly target: RequestTarget
  readonly values: Values
  /** Holds what the image does not know; `values` are over it. */
  readonly overlay: Overlay
  /** Told whether the request was read without a look at the image. */
  readonly trace: { isRemembered: boolean }
}

/** A reader for requests to `target`. */
export function createRequestReader({ target, values, overlay, trace }: RequestReaderOptions): RequestReader {
  const { settings, schema } = target.program
  const names = { principal: createNames(), action: createNames(), resource: createNames() }
  const types = schema && createKnownTypes(schema, values)
  const contexts = createContextReader({ values, types, isLocal, trace })
  let generation = overlay.generation
  const intern = (input: unknown, place: Place): ValueId => {
    trace.isRemembered = false
    return values.intern(uidOf(input, place, settings))
  }
  const idOf = (input: unknown, { byText, byType }: Names, place: Place): ValueId => {
    if (typeof input === 'string') return byText.ids.get(input) ?? noteId(byText, input, intern(input, place))
    if (typeof input !== 'object' || input === null) return intern(input, place)
    const type = typeOf(input, place)
    const id = nameOf(input, place)
    if (typeof type !== 'string' || typeof id !== 'string') return intern({ type, id }, place)
    const known = byType.ofType.get(type)?.ids.get(id)
    return known ?? noteEntity(byType, type, id, intern({ type, id }, place))
  }
  const check = (frame: Frame, context: unknown, entities: unknown): CheckedRequest => {
    trace.isRemembered = false
    const checked = checkRest({ ...uidsOf(frame), context, entities }, target)
    types?.note(frame)
    return checked
  }
  return {
    read: (request, frame) => {
      if (typeof request !== 'object' || request === null) throw refuseRequest('a request is an object')
      if (overlay.generation !== generation) {
        generation = overlay.generation
        for (const known of Object.values(names)) forgetNames(known)
        contexts.forgetLocal()
      }
      trace.isRemembered = true
      frame.principal = idOf(principalOf(request), names.principal, 'principal')
      frame.action = idOf(actionOf(request), names.action, 'action')
      frame.resource = idOf(resourceOf(request), names.resource, 'resource')
      const context = contextOf(request)
      const entities = entitiesOf(request)
      frame.clearContext()
      if (context === undefined && entities === undefined && types === undefined) return undefined
      // Types are looked up in the image.
      if (types !== undefined) trace.isRemembered = false
      const isPlain = (entities === undefined || entities === null) && (types === undefined || types.conform(frame))
      const rest = isPlain ? contexts.read(context, frame) : { context }
      if (rest === undefined) return undefined
      return check(frame, rest.context, entities)
    },
    conforms: (frame) => {
      if (types === undefined) return true
      if (types.conform(frame)) return types.contextOf(frame.action)?.required === 0
      try {
        check(frame, undefined, undefined)
        return true
      } catch (error) {
        if (!(error instanceof RuneError)) throw error
        return false
      }
    },
  }
}

function uidsOf({ principal, action, resource, values }: Frame) {
  return { principal: values.uidOf(principal), action: values.uidOf(action), resource: values.uidOf(resource) }
}

/** Entities of one place of requests, as they were named. */
interface Names {
  readonly byText: KnownIds
  readonly byType: KnownEntities
}

function createNames(): Names {
  return { byText: createKnownIds(isLocal), byType: createKnownEntities(isLocal) }
}

function forgetNames({ byText, byType }: Names): void {
  forgetIds(byText)
  forgetEntities(byType)
}

// One function for each property: a load whose name is known costs a fraction of one whose name is not.
function principalOf(request: AuthorizeRequest): unknown {
  try {
    return request.principal
  } catch (cause) {
    throw unreadable('`principal`', cause)
  }
}

function actionOf(request: AuthorizeRequest): unknown {
  try {
    return request.action
  } catch (cause) {
    throw unreadable('`action`', cause)
  }
}

function resourceOf(request: AuthorizeRequest): unknown {
  try {
    return request.resource
  } catch (cause) {
    throw unreadable('`resource`', cause)
  }
}

function contextOf(request: AuthorizeRequest): unknown {
  try {
    return request.context
  } catch (cause) {
    throw unreadable('`context`', cause)
  }
}

function entitiesOf(request: AuthorizeRequest): unknown {
  try {
    return request.entities
  } catch (cause) {
    throw unreadable('`entities`', cause)
  }
}

function typeOf(input: object, place: Place): unknown {
  try {
    return (input as { readonly type?: unknown }).type
  } catch (cause) {
    throw unreadable(`\`${place}.type\``, cause)
  }
}

function nameOf(input: object, place: Place): unknown {
  try {
    return (input as { readonly id?: unknown }).id
  } catch (cause) {
    throw unreadable(`\`${place}.id\``, cause)
  }
}
