/**
 * Entity uids in normal form: ids of path types are absolute paths without `.` and `..`, wherever such a uid is built. What
 * a path is belongs to `src/values/path.ts`. Spec: LANGUAGE section 7, `path_types`.
 */
import { normalisePath } from '../values/path.ts'
import { type EntityUid, entityUid, type Value } from '../values/value.ts'

/** Why a value is refused. */
export interface Refusal {
  readonly error: string
  readonly help?: string
}

/** `uid` as the engine knows it, or why its id is refused. */
export function normaliseUid(uid: EntityUid, pathTypes: ReadonlySet<string>): EntityUid | Refusal {
  if (!pathTypes.has(uid.type)) return uid
  const normal = normalisePath(uid.id)
  if ('error' in normal) return { error: `the id of this \`${uid.type}\` ${normal.error}` }
  return normal.path === uid.id ? uid : entityUid(uid.type, normal.path)
}

/** `value` with all uids in it normalised, those in sets and records too; `value` itself where nothing changes. */
export function normaliseValue(value: Value, pathTypes: ReadonlySet<string>): Value | Refusal {
  if (typeof value !== 'object' || pathTypes.size === 0) return value
  switch (value.kind) {
    case 'entity':
      return normaliseUid(value, pathTypes)
    case 'set': {
      const elements = normaliseAll(value.elements, pathTypes)
      if ('error' in elements) return elements
      return elements === value.elements ? value : { kind: 'set', elements }
    }
    case 'record': {
      const values = normaliseAll([...value.fields.values()], pathTypes)
      if ('error' in values) return values
      return { kind: 'record', fields: new Map([...value.fields.keys()].map((key, i) => [key, values[i] ?? false])) }
    }
    default:
      return value
  }
}

/** Whether a value was refused. */
export function isRefusal(value: Value | Refusal): value is Refusal {
  return typeof value === 'object' && 'error' in value
}

/** `values` itself where nothing changes. */
function normaliseAll(values: readonly Value[], pathTypes: ReadonlySet<string>): readonly Value[] | Refusal {
  const normal: Value[] = []
  let changed = false
  for (const value of values) {
    const result = normaliseValue(value, pathTypes)
    if (isRefusal(result)) return result
    changed ||= result !== value
    normal.push(result)
  }
  return changed ? normal : values
}
