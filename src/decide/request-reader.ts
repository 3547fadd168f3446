/**
 * Requests as most callers give them, read straight into a frame: entities that were named before are found by their text,
 * and contexts of plain values become fields without a tree between. Whatever is more than that goes the careful way
 * (`request.ts`), with the same result; each property is read once on either. What is kept is bounded, belongs to one
 * dictionary, and holds nothing that the image does not know. Spec: LANGUAGE sections 5 to 7.
 */
import type { Overlay } from '../image/dictionary.ts'
import { isLocal, type ValueId, type Values } from '../image/value-ids.ts'
import { unreadable } from '../text/argument.ts'
import type { Frame } from './cedar/frame.ts'
import { createKnown, type KnownEntities, type KnownTexts, note, noteTyped } from './known-ids.ts'
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
}

/** A reader for requests to `target`; `values` are those of `overlay`, which holds what the image does not know. */
export function createRequestReader(target: RequestTarget, values: Values, overlay: Overlay): RequestReader {
  const { settings, schema } = target.program
  const names = { principal: createNames(), action: createNames(), resource: createNames() }
  const types = schema && createKnownTypes(schema, values)
  const contexts = createContextReader(values, types, isLocal)
  let generation = overlay.generation
  const forgetLocal = () => {
    generation = overlay.generation
    for (const { byText, byType } of Object.values(names)) {
      byText.local.clear()
      byType.local.clear()
    }
    contexts.forgetLocal()
  }
  const idOf = (input: unknown, place: Place): ValueId => {
    const { byText, byType } = names[place]
    if (typeof input === 'string') {
      const known = byText.stored.get(input) ?? byText.local.get(input)
      return known ?? note(byText, input, values.intern(uidOf(input, place, settings)))
    }
    if (typeof input !== 'object' || input === null) return values.intern(uidOf(input, place, settings))
    const type = typeOf(input, place)
    const id = nameOf(input, place)
    if (typeof type !== 'string' || typeof id !== 'string') {
      return values.intern(uidOf({ type, id }, place, settings))
    }
    const known = byType.stored.get(type)?.get(id) ?? byType.local.get(type)?.get(id)
    return known ?? noteTyped(byType, type, id, values.intern(uidOf({ type, id }, place, settings)))
  }
  return {
    read: (request, frame) => {
      if (typeof request !== 'object' || request === null) throw refuseRequest('a request is an object')
      if (overlay.generation !== generation) forgetLocal()
      frame.principal = idOf(principalOf(request), 'principal')
      frame.action = idOf(actionOf(request), 'action')
      frame.resource = idOf(resourceOf(request), 'resource')
      const context = contextOf(request)
      const entities = entitiesOf(request)
      frame.clearContext()
      const isPlain = (entities === undefined || entities === null) && (types === undefined || types.conform(frame))
      const rest = isPlain ? contexts.read(context, frame) : { context }
      if (rest === undefined) return undefined
      const principal = values.uidOf(frame.principal)
      const action = values.uidOf(frame.action)
      const resource = values.uidOf(frame.resource)
      const checked = checkRest({ principal, action, resource, context: rest.context, entities }, target)
      types?.note(frame)
      return checked
    },
  }
}

/** Entities of one place of requests, as they were named. */
interface Names {
  readonly byText: KnownTexts
  readonly byType: KnownEntities
}

function createNames(): Names {
  return { byText: createKnown<ValueId>(isLocal), byType: createKnown<Map<string, ValueId>>(isLocal) }
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
