/**
 * Cedar's JSON for values and entity uids: `Json` → `Value`, with the escapes `__entity` and `__extn`, and by the expected
 * type of a schema where there is one. What a value of the expected type must be like is checked by `conform.ts`; here
 * the type only says how to read. Spec: Cedar's "Entities JSON"; where that is silent, what cedar-wasm does.
 */
import type { Code } from '../../text/codes.ts'
import type { Diagnostics } from '../../text/diagnostic.ts'
import { isTypeName } from '../../values/entity-uid.ts'
import { callExtension, EXTENSION_FUNCTIONS } from '../../values/extension.ts'
import { type EntityUid, entityUid, type Value, type ValueKind } from '../../values/value.ts'
import type { RecordType, SchemaType } from '../schema/schema.ts'
import { printType } from './conform.ts'
import { type Json, shown } from './json.ts'
import type { Locate } from './locate.ts'

/** One reading of JSON: where it stands, and where mistakes go. */
export interface JsonReading {
  readonly diagnostics: Diagnostics
  /** Finds the place of a mistake in a text; absent for values that came without one. */
  readonly locate?: Locate
  /** From the root to what is being read. */
  readonly path: (string | number)[]
  /** What is being read, as messages say it: `the context`, or the attribute of an entity. */
  subject: () => string
}

/** The value that `json` is in Cedar, read as `expected` if given; `undefined` after a mistake. All mistakes are reported. */
export function valueFromJson(reading: JsonReading, json: Json, expected?: SchemaType): Value | undefined {
  switch (expected?.kind) {
    case 'entity':
      return uidFromJson(reading, json)
    case 'decimal':
    case 'ipaddr':
    case 'datetime':
    case 'duration':
      return extensionFromJson(reading, json, expected.kind)
    case 'set':
      return Array.isArray(json) ? setFromJson(reading, json, expected.element) : mismatch(reading, json, expected)
    case 'record':
      return json instanceof Map ? recordFromJson(reading, json, expected) : mismatch(reading, json, expected)
    default:
      return plainFromJson(reading, json)
  }
}

/** The uid that `{ type, id }` or `{ __entity: { type, id } }` is. */
export function uidFromJson(reading: JsonReading, json: Json): EntityUid | undefined {
  if (json instanceof Map) {
    if (typeof json.get('__expr') === 'string') return refuseExpr(reading)
    const parts = typeAndIdOf(json.get('__entity')) ?? typeAndIdOf(json)
    if (parts !== undefined) return makeUid(reading, parts)
  }
  const help = 'write `{ "type": "SomeType", "id": "some id" }`'
  return refuse(reading, 'R289', `expected an entity, got ${summary(json)}`, help)
}

/** Reports a mistake at the place that is being read. */
export function refuse(reading: JsonReading, code: Code, message: string, help?: string): undefined {
  const span = reading.locate?.(reading.path)
  reading.diagnostics.error(code, `in ${reading.subject()}, ${message}`, span, help === undefined ? {} : { help })
  return undefined
}

/** The field of a record, or `undefined` for one without that field, also if `json` is no record. */
export function fieldOf(json: Json, key: string): Json | undefined {
  return json instanceof Map ? json.get(key) : undefined
}

/** A value without an expected type: escapes are written out. */
function plainFromJson(reading: JsonReading, json: Json): Value | undefined {
  if (json === null) return refuse(reading, 'R285', 'found a `null`, which Cedar does not have')
  if (typeof json === 'number') {
    const help = 'write a decimal: `{ "__extn": { "fn": "decimal", "arg": "1.5" } }`'
    return refuse(reading, 'R285', `found the number \`${json}\`: Cedar has no fractions`, help)
  }
  if (typeof json !== 'object') return json
  if (Array.isArray(json)) return setFromJson(reading, json)
  if (json.size === 1) {
    if (typeof json.get('__expr') === 'string') return refuseExpr(reading)
    const parts = typeAndIdOf(json.get('__entity'))
    if (parts !== undefined) return makeUid(reading, parts)
    const call = callOf(json.get('__extn'))
    if (call !== undefined) return evaluate(reading, call, (arg) => plainFromJson(reading, arg))
    // cedar-wasm reads such a list as the escape, though its format does not say so: neither reading is safe.
    const [first, second, ...more] = listIn(json)
    if (typeof first === 'string' && second !== undefined && more.length === 0) {
      if (json.has('__extn') || typeof second === 'string') {
        const help = 'write an object: `{ "type": …, "id": … }` or `{ "fn": …, "arg": … }`'
        return refuse(reading, 'R286', 'an escape holds a list', help)
      }
    }
  }
  return recordFromJson(reading, json)
}

function listIn(json: ReadonlyMap<string, Json>): readonly Json[] {
  const content = json.get('__entity') ?? json.get('__extn')
  return Array.isArray(content) ? content : []
}

function setFromJson(reading: JsonReading, json: readonly Json[], element?: SchemaType): Value | undefined {
  const elements = readAll(reading, json.entries(), (item) => valueFromJson(reading, item, element))
  return elements && { kind: 'set', elements: elements.map(([, value]) => value) }
}

function recordFromJson(
  reading: JsonReading,
  json: ReadonlyMap<string, Json>,
  expected?: RecordType,
): Value | undefined {
  const wanted = expected?.attributes
  const fields = readAll(reading, json.entries(), (item, key) => {
    if (wanted === undefined) return valueFromJson(reading, item)
    const attribute = wanted.get(key)
    if (attribute !== undefined) return valueFromJson(reading, item, attribute.type)
    return refuse(reading, 'R726', `the record attribute ${shown(key)} should not exist according to the schema`)
  })
  let complete = fields !== undefined
  for (const [key, { required }] of wanted ?? []) {
    if (!required || json.has(key)) continue
    complete = false
    refuse(reading, 'R725', `expected the record to have an attribute ${shown(key)}, but it does not`)
  }
  return fields && complete ? { kind: 'record', fields: new Map(fields) } : undefined
}

/** Reads all items, for all their mistakes; `undefined` if one failed. */
function readAll<K extends string | number>(
  reading: JsonReading,
  items: Iterable<[K, Json]>,
  read: (item: Json, key: K) => Value | undefined,
): [K, Value][] | undefined {
  const values: [K, Value][] = []
  let failed = false
  for (const [key, item] of items) {
    reading.path.push(key)
    const value = read(item, key)
    reading.path.pop()
    if (value === undefined) failed = true
    else values.push([key, value])
  }
  return failed ? undefined : values
}

const CONSTRUCTORS = { decimal: 'decimal', ipaddr: 'ip', datetime: 'datetime', duration: 'duration' } as const

/** An extension value where one is expected: `__extn` or its content, or the argument of the type's own constructor. Its arguments are expected to be of the kinds of the parameters. */
function extensionFromJson(reading: JsonReading, json: Json, kind: keyof typeof CONSTRUCTORS): Value | undefined {
  if (typeof fieldOf(json, '__expr') === 'string') return refuseExpr(reading)
  const call = callOf(fieldOf(json, '__extn')) ?? callOf(json) ?? { name: CONSTRUCTORS[kind], args: [json], in: [] }
  const parameters = EXTENSION_FUNCTIONS.get(call.name)?.parameters ?? []
  return evaluate(reading, call, (arg, i) => {
    const parameter = parameters[i]
    return isExtensionKind(parameter) ? extensionFromJson(reading, arg, parameter) : plainFromJson(reading, arg)
  })
}

function isExtensionKind(kind: ValueKind | undefined): kind is keyof typeof CONSTRUCTORS {
  return kind !== undefined && Object.hasOwn(CONSTRUCTORS, kind)
}

/** A call of an extension function; the arguments stand in the JSON under `in`. */
interface JsonCall {
  readonly name: string
  readonly args: readonly Json[]
  readonly in: readonly string[]
}

function callOf(json: Json | undefined): JsonCall | undefined {
  if (!(json instanceof Map)) return undefined
  const name = json.get('fn')
  const arg = json.get('arg')
  const args = json.get('args')
  if (typeof name !== 'string') return undefined
  if (arg !== undefined) return { name, args: [arg], in: ['arg'] }
  return Array.isArray(args) ? { name, args, in: ['args'] } : undefined
}

function evaluate(
  reading: JsonReading,
  call: JsonCall,
  read: (arg: Json, index: number) => Value | undefined,
): Value | undefined {
  const args = readAll(reading, call.args.entries(), read)
  const definition = EXTENSION_FUNCTIONS.get(call.name)
  if (definition === undefined)
    return refuse(reading, 'R287', `the extension function ${shown(call.name)} does not exist`)
  if (args === undefined) return undefined
  const result = callExtension(
    definition,
    args.map(([, value]) => value),
  )
  return typeof result === 'string' ? refuse(reading, 'R287', result) : result
}

function typeAndIdOf(json: Json | undefined): { readonly type: string; readonly id: string } | undefined {
  if (!(json instanceof Map)) return undefined
  const type = json.get('type')
  const id = json.get('id')
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined
}

function makeUid(
  reading: JsonReading,
  { type, id }: { readonly type: string; readonly id: string },
): EntityUid | undefined {
  if (isTypeName(type)) return entityUid(type, id)
  return refuse(
    reading,
    'R289',
    `${shown(type)} is not the name of an entity type`,
    'write it like `Ns::Type`, without spaces',
  )
}

function refuseExpr(reading: JsonReading): undefined {
  const help = 'use `__entity` for an entity, `__extn` for an extension value, and plain JSON for all others'
  return refuse(reading, 'R285', 'the `__expr` escape is no longer supported', help)
}

function mismatch(reading: JsonReading, json: Json, expected: SchemaType): undefined {
  return refuse(reading, 'R724', `expected a value of type ${shown(printType(expected))}, got ${summary(json)}`)
}

/** `json` in a few words. */
function summary(json: Json): string {
  if (json instanceof Map) return 'an object'
  if (Array.isArray(json)) return 'a list'
  return shown(typeof json === 'string' ? JSON.stringify(json) : String(json))
}
