/**
 * Schemas: text or JSON → the resolved schema, by cedar-wasm. In `.rune` files `#` comments are blanked first. Owns
 * neither the data (`schema.ts`) nor the fence (`wasm.ts`). Spec: Cedar's "Schema grammar", LANGUAGE section 6.
 */
import type { DetailedError, SchemaJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Source, Span } from '../../text/source.ts'
import { jsonFromJs } from '../json/from-js.ts'
import type { Json } from '../json/json.ts'
import { reportProblem, type SentText } from './problems.ts'
import { blankComments, CEDAR_NESTING_MAX, scanCedar } from './scan.ts'
import { type Schema, schemaFromJson } from './schema.ts'
import { askCedar, type Fence, jsonToJs } from './wasm.ts'

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
export function readSchema(fence: Fence, from: SchemaText | SchemaJsonForm, diagnostics: Diagnostics): ResolvedSchema | undefined {
  const sent = 'json' in from ? textOf(fence, from, diagnostics) : blanked(from)
  if (sent === undefined) return undefined
  const { text, span } = sent
  if (!text.isWellFormed()) return refuse(diagnostics, 'R101', 'the schema holds half of a surrogate pair', span)
  if (scanCedar(text, { hashComments: false }).nesting > CEDAR_NESTING_MAX) {
    return refuse(diagnostics, 'R901', `the schema nests deeper than ${CEDAR_NESTING_MAX} levels`, span)
  }
  const ask = { what: 'read the schema', span, ask: (cedar: Cedar) => cedar.schemaToJsonWithResolvedTypes(text) }
  const answer = askCedar(fence, ask, diagnostics)
  if (answer === undefined) return undefined
  if (answer.type === 'failure') return reportAll(answer.errors, 'json' in from ? undefined : sent, diagnostics)
  for (const warning of answer.warnings) {
    reportProblem(warning, { code: 'R250', severity: 'warning', sent: 'json' in from ? undefined : sent }, diagnostics)
  }
  const json = jsonFromJs(answer.json, 'schema', diagnostics)
  return json === undefined ? undefined : { schema: schemaFromJson(json), json }
}
