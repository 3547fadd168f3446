/**
 * TOML values → values of the language: scalars for `[data]`, nested ones for attributes, tags and contexts. Owns the
 * ranges of numbers and which dates are datetimes. Spec: LANGUAGE section 2, column "TOML".
 */
import { TomlDate } from 'smol-toml'
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import { parseDatetime } from '../../values/datetime.ts'
import { looksLikeEntityLiteral, parseEntityUid } from '../../values/entity-uid.ts'
import { inLongRange } from '../../values/long.ts'
import type { EntityUid, Value } from '../../values/value.ts'
import { shown } from '../json/json.ts'
import {
  child,
  describeToml,
  elements,
  entries,
  isTable,
  keySpan,
  rawText,
  TOML_DEPTH_MAX,
  type TomlNode,
  type TomlTable,
  type TomlValue,
  valueSpan,
} from './toml.ts'

/** The value of a string, boolean, integer or float; `undefined` for all else, without a word. The fast path of long rows. */
export function plainScalar(value: TomlValue): Value | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'bigint':
      return inLongRange(value) ? value : undefined
    case 'number':
      return Number.isFinite(value) ? value + 0 : undefined
    default:
      return undefined
  }
}

/** The value of a scalar, a datetime or `{ entity = … }`; anything else is reported. */
export function scalarValue(node: TomlNode, diagnostics: Diagnostics): Value | undefined {
  const { value } = node
  const plain = plainScalar(value)
  if (plain !== undefined) return plain
  if (value instanceof TomlDate) return datetimeValue(node, diagnostics)
  if (isEntityTable(value)) return entityTable({ ...node, value }, diagnostics)
  if (typeof value === 'bigint') {
    return refuse(node, 'the integer does not fit in 64 bits', 'write it as a string', diagnostics)
  }
  if (typeof value === 'number') return refuse(node, 'a float must be finite', undefined, diagnostics)
  const message = `a fact holds single values, not ${describeToml(value)}`
  diagnostics.error('R206', message, valueSpan(node), { help: 'write one row for each value' })
  return undefined
}

/** Whether a table is `{ entity = … }`, however it is spelled. */
export function isEntityTable(value: TomlValue): value is TomlTable {
  if (!isTable(value)) return false
  const keys = Object.keys(value)
  return keys.length === 1 && keys[0] === 'entity'
}

/** The uid that a string writes; anything else is reported. */
export function entityLiteral(node: TomlNode, diagnostics: Diagnostics): EntityUid | undefined {
  return readLiteral(node.value, () => valueSpan(node), diagnostics)
}

/** The uid that the key of a node writes; anything else is reported. */
export function entityKey(node: TomlNode, diagnostics: Diagnostics): EntityUid | undefined {
  return readLiteral(String(node.step), () => keySpan(node), diagnostics)
}

function readLiteral(value: TomlValue, span: () => Span, diagnostics: Diagnostics): EntityUid | undefined {
  const uid = typeof value === 'string' ? parseEntityUid(value) : undefined
  if (uid !== undefined) return uid
  const what = typeof value === 'string' ? shown(value) : describeToml(value)
  const isNear = typeof value === 'string' && looksLikeEntityLiteral(value)
  const help = isNear ? 'a type, `::` and an id in double quotes, nothing else' : `write it as \`'User::"alice"'\``
  diagnostics.error('R302', `${what} is not an entity literal`, span(), { help })
  return undefined
}

/** A value as Cedar sees it: arrays are sets, tables are records, and floats do not exist. */
export function cedarValue(node: TomlNode, diagnostics: Diagnostics, depth = 0): Value | undefined {
  const { value } = node
  if (depth > TOML_DEPTH_MAX) {
    diagnostics.error('R205', `values nest deeper than ${TOML_DEPTH_MAX}`, valueSpan(node))
    return undefined
  }
  if (typeof value === 'number') {
    const help = 'use an integer, or a decimal written by a rule'
    diagnostics.error('R102', 'Cedar has no floats', valueSpan(node), { help })
    return undefined
  }
  if (Array.isArray(value)) {
    const values = elements({ ...node, value }).map((element) => cedarValue(element, diagnostics, depth + 1))
    return { kind: 'set', elements: values.filter((element) => element !== undefined) }
  }
  if (isTable(value) && !isEntityTable(value)) {
    return { kind: 'record', fields: cedarFields({ ...node, value }, diagnostics, depth + 1) }
  }
  return scalarValue(node, diagnostics)
}

/** The values of the keys of a table, as Cedar sees them. */
export function cedarFields(node: TomlNode<TomlTable>, diagnostics: Diagnostics, depth = 0): Map<string, Value> {
  const fields = new Map<string, Value>()
  for (const [key, entry] of entries(node)) {
    const value = cedarValue(entry, diagnostics, depth)
    if (value !== undefined) fields.set(key, value)
  }
  return fields
}

function entityTable(node: TomlNode<TomlTable>, diagnostics: Diagnostics): EntityUid | undefined {
  const entity = child(node, 'entity')
  return entity && entityLiteral(entity, diagnostics)
}

const OFFSET_DATETIME = /^([0-9-]{10})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})$/

/** The raw text is read, since `Date` rounds fractions and takes a 30th of February. */
function datetimeValue(node: TomlNode, diagnostics: Diagnostics): Value | undefined {
  const raw = rawText(node)
  const parts = OFFSET_DATETIME.exec(raw)
  if (parts === null) {
    return refuse(node, 'a local date or time is not a point in time', 'write `2026-01-31T08:00:00Z`', diagnostics)
  }
  const [, date, minutes, seconds = ':00', fraction = '', offset = 'Z'] = parts
  if (fraction.length > 3) {
    return refuse(node, 'a datetime is exact to the millisecond', 'write at most three digits of a second', diagnostics)
  }
  const zone = offset.toUpperCase().replace(':', '')
  const value = parseDatetime(`${date}T${minutes}${seconds}.${fraction.padEnd(3, '0')}${zone}`)
  return typeof value === 'string' ? refuse(node, `no datetime: ${value}`, undefined, diagnostics) : value
}

function refuse(node: TomlNode, message: string, help: string | undefined, diagnostics: Diagnostics): undefined {
  diagnostics.error('R102', message, valueSpan(node), help === undefined ? {} : { help })
}
