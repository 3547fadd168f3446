/**
 * Requests that are decided again and again: read once, and kept with the ids that they came to. They hold nothing of the
 * engine's state; where that has another dictionary or another program by now, they are read again from what the caller
 * gave, of which they have a copy. Spec: DESIGN section 4.
 */
import { jsonFromJs } from '../syntax/json/from-js.ts'
import { printJson } from '../syntax/json/print.ts'
import { objectArgument, propertyOf } from '../text/argument.ts'
import { Diagnostics } from '../text/diagnostic.ts'
import { type ContextIds, NO_CONTEXT } from './cedar/frame.ts'
import type { Decision } from './decision.ts'
import type { AuthorizeRequest, EntityInput } from './request.ts'

/** A request that `prepareRequest` read; any reader of the process's thread can decide it. */
export class PreparedRequest {
  /** @internal What the caller gave. */
  readonly request: AuthorizeRequest
  /** @internal An object of its own: who freezes a prepared request can decide it all the same. */
  readonly kept: Kept = {
    of: undefined,
    generation: 0,
    principal: 0,
    action: 0,
    resource: 0,
    context: NO_CONTEXT,
    decision: undefined,
  }

  /** @internal */
  constructor(request: AuthorizeRequest) {
    this.request = copyOf(request)
  }
}

/** What is known of a prepared request. */
interface Kept {
  /** The decider that the ids are for; `undefined` where there are none. */
  of: unknown
  /** Of the ids that belong to requests. */
  generation: number
  principal: number
  action: number
  resource: number
  context: ContextIds
  /** Good for the epoch that it names. */
  decision: Decision | undefined
}

/** A copy that nobody else can change, with the same outcome. Throws a `RuneError` for what can't be read. */
function copyOf(request: AuthorizeRequest): AuthorizeRequest {
  const given = objectArgument(request, 'a request')
  const [principal, action, resource] = ['principal', 'action', 'resource'].map((name) =>
    copyEntity(propertyOf(given, name, `\`${name}\``), name),
  )
  const [context, entities] = ['context', 'entities'].map((name) =>
    textOf(propertyOf(given, name, `\`${name}\``), name),
  )
  return {
    principal: principal as EntityInput,
    action: action as EntityInput,
    resource: resource as EntityInput,
    ...(context !== undefined && { context }),
    ...(entities !== undefined && { entities }),
  }
}

/** What is no entity stays none, and is refused by who reads it. */
function copyEntity(input: unknown, name: string): unknown {
  if (typeof input !== 'object' || input === null) return input
  const [type, id] = ['type', 'id'].map((part) => propertyOf(input, part, `\`${name}.${part}\``))
  return { ...(type !== undefined && { type }), id }
}

/** Values as JSON text, which loses nothing; a text is some already. */
function textOf(input: unknown, name: string): string | undefined {
  if (input === undefined || input === null || typeof input === 'string') return input ?? undefined
  const diagnostics = new Diagnostics()
  const json = jsonFromJs(input, name, diagnostics)
  diagnostics.throwIfErrors()
  return json === undefined ? undefined : printJson(json)
}
