/**
 * Schemas: text or JSON → the resolved schema, by cedar-wasm. In `.rune` files `#` comments are blanked first. Owns
 * neither the data (`schema.ts`) nor the fence (`wasm.ts`). Spec: Cedar's "Schema grammar", LANGUAGE section 6.
 */
import type { Schema as CedarSchema, DetailedError } from '@cedar-policy/cedar-wasm/nodejs'
import { Diagnostics } from '../../text/diagnostic.ts'
import type { Source, Span } from '../../text/source.ts'
import { jsonFromJs } from '../json/from-js.ts'
import { type Json, shown } from '../json/json.ts'
import { reportProblem, type SentText } from './problems.ts'
import { blankComments, CEDAR_NESTING_MAX, scanCedar } from './scan.ts'
import { areTypesBounded, type Schema, schemaFromJson } from './schema.ts'
import { askCedar, type Cedar, type Fence, jsonToJs } from './wasm.ts'

/** A schema as text: a whole source, or the range of it that is a `[schema]` section. */
export interface SchemaText {
  readonly source: Source
  readonly start?: number
  readonly end?: number
  /** `#` starts a comment too. */
  readonly hashComments?: boolean
}

/** A schema in Cedar's JSON form; `span` is where it stands, if in a text. */
export interface SchemaJsonForm {
  readonly json: Json
  readonly span?: Span
}

export interface ResolvedSchema {
  readonly schema: Schema
  /** In Cedar's JSON form, all names full: what `validatePolicies` takes. */
  readonly json: Json
}

/** The resolved schema, `undefined` after a mistake. */
export function readSchema(
  fence: Fence,
  from: SchemaText | SchemaJsonForm,
  diagnostics: Diagnostics,
): ResolvedSchema | undefined {
  const sent = 'json' in from ? undefined : sentText(from)
  const span = 'json' in from ? from.span : sent?.span
  if (sent && !isReadable(sent, diagnostics)) return undefined
  if ('json' in from && !namesAreApart(from, diagnostics)) return undefined
  const ask = (cedar: Cedar): Answer => resolve(cedar, 'json' in from ? jsonToJs(from.json) : (sent?.text ?? ''))
  const answer = askCedar(fence, { what: 'read the schema', span, ask }, diagnostics)
  if (answer === undefined) return undefined
  for (const error of answer.errors) reportProblem(error, { code: 'R250', severity: 'error', sent, span }, diagnostics)
  for (const one of answer.warnings) reportProblem(one, { code: 'R250', severity: 'warning', sent, span }, diagnostics)
  const { json } = answer
  if (json === undefined) {
    const message = 'the types of the schema are too large, or nest too deep, once common types are written out'
    if (answer.errors.length === 0) diagnostics.error('R901', message, span)
    return undefined
  }
  return { schema: schemaFromJson(json), json }
}

interface Answer {
  readonly errors: readonly DetailedError[]
  readonly warnings: readonly DetailedError[]
  /** Absent without errors where the types are too large. */
  readonly json?: Json
}

/**
 * Resolving comes first: it keeps common types apart, whereas checking writes them out, which a few that double each other
 * would make endless. It does not check everything, and takes text alone.
 */
function resolve(cedar: Cedar, schema: unknown): Answer {
  const text =
    typeof schema === 'string' ? { type: 'success' as const, text: schema } : cedar.schemaToText(schema as CedarSchema)
  if (text.type === 'failure') return { errors: text.errors, warnings: [] }
  const resolved = cedar.schemaToJsonWithResolvedTypes(text.text)
  if (resolved.type === 'failure') return { errors: resolved.errors, warnings: [] }
  // Of what cedar-wasm gives, only depth can be more than we take.
  const json = jsonFromJs(resolved.json, 'schema', new Diagnostics())
  if (json === undefined || !areTypesBounded(json)) return { errors: [], warnings: [] }
  const checked = cedar.checkParseSchema(schema as CedarSchema)
  if (checked.type === 'failure') return { errors: checked.errors, warnings: [] }
  return { errors: [], warnings: resolved.warnings, json }
}

function sentText(from: SchemaText): SentText {
  const { source, start = 0, end = source.text.length, hashComments = false } = from
  const text = source.text.slice(start, end)
  return { text: blankComments(text, scanCedar(text, { hashComments }).hashComments), span: { source, start, end } }
}

function isReadable({ text, span }: SentText, diagnostics: Diagnostics): boolean {
  if (!text.isWellFormed()) {
    diagnostics.error('R101', 'the schema holds half of a surrogate pair', span)
    return false
  }
  if (scanCedar(text, { hashComments: false }).nesting <= CEDAR_NESTING_MAX) return true
  diagnostics.error('R901', `the schema nests deeper than ${CEDAR_NESTING_MAX} levels`, span)
  return false
}

/** In text, which a schema in JSON becomes on its way, a common type would hide an entity type of its name. */
function namesAreApart({ json, span }: SchemaJsonForm, diagnostics: Diagnostics): boolean {
  let apart = true
  for (const [namespace, definition] of json instanceof Map ? json : []) {
    const common = definition instanceof Map ? definition.get('commonTypes') : undefined
    const entities = definition instanceof Map ? definition.get('entityTypes') : undefined
    if (!(common instanceof Map) || !(entities instanceof Map)) continue
    for (const name of common.keys()) {
      if (!entities.has(name)) continue
      const message = `${shown(name)} is both a common type and an entity type of the namespace ${shown(namespace)}`
      diagnostics.error('R250', message, span, { help: 'rename one of the two' })
      apart = false
    }
  }
  return apart
}
