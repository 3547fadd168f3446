/**
 * Requests that conform to a schema by their types: which types of principals and resources an action was asked for before
 * and found to conform, and of which kinds the fields of its context are, as far as plain values go. What is not known here
 * is for `conformRequest` to say. Spec: Cedar's "Schema".
 */
import { isLocal, type ValueId, type Values } from '../image/value-ids.ts'
import { isActionType } from '../syntax/json/entity-data.ts'
import type { RecordType, Schema } from '../syntax/schema/schema.ts'
import { printEntityUid } from '../values/entity-uid.ts'
import type { Frame } from './cedar/frame.ts'

export interface KnownTypes {
  /** Whether principal, action and resource are known to conform. */
  conform(frame: Frame): boolean
  /** Notes that they do. */
  note(frame: Frame): void
  /** Notes that an action is declared, of which nothing else is known. */
  noteAction(action: ValueId): void
  /** The context of an action that was noted. */
  contextOf(action: ValueId): ContextKinds | undefined
}

export interface ContextKinds {
  /** By key; without the fields that are no plain values. */
  readonly kinds: ReadonlyMap<string, { readonly type: 'string' | 'boolean' | 'number'; readonly required: boolean }>
  /** How many fields are required, plain or not. */
  readonly required: number
}

/** What is known of an action. */
interface KnownAction {
  /** By the type of the principal those of the resource; both are no more than the schema has. */
  readonly types: Map<ValueId, Set<ValueId>>
  readonly context: ContextKinds
}

/** Nothing known yet; `values` are those of the request at hand. */
export function createKnownTypes(schema: Schema, values: Values): KnownTypes {
  const actions = new Map<ValueId, KnownAction>()
  const isPlainType = (type: ValueId) => {
    const name = values.textOf(type)
    return !isLocal(type) && !isActionType(name) && schema.entityTypes.get(name)?.enum === undefined
  }
  const known = (action: ValueId): KnownAction | undefined => {
    const declared = isLocal(action) ? undefined : schema.actions.get(printEntityUid(values.uidOf(action)))
    if (declared && !actions.has(action)) actions.set(action, { types: new Map(), context: kindsOf(declared.context) })
    return actions.get(action)
  }
  return {
    conform: ({ principal, action, resource }) => {
      const types = actions.get(action)?.types.get(values.entityType(principal))
      return types?.has(values.entityType(resource)) ?? false
    },
    note: ({ principal, action, resource }) => {
      const [of, on] = [values.entityType(principal), values.entityType(resource)]
      if (!isPlainType(of) || !isPlainType(on)) return
      const types = known(action)?.types
      types?.set(of, (types.get(of) ?? new Set()).add(on))
    },
    noteAction: known,
    contextOf: (action) => actions.get(action)?.context,
  }
}

const PLAIN_TYPES: Readonly<Record<string, 'string' | 'boolean' | 'number'>> = {
  string: 'string',
  bool: 'boolean',
  long: 'number',
}

function kindsOf({ attributes }: RecordType): ContextKinds {
  const kinds = new Map<string, { type: 'string' | 'boolean' | 'number'; required: boolean }>()
  let count = 0
  for (const [key, { type, required }] of attributes) {
    const plain = PLAIN_TYPES[type.kind]
    if (plain) kinds.set(key, { type: plain, required })
    if (required) count++
  }
  return { kinds, required: count }
}
