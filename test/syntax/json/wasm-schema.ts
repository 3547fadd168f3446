/** Schemas for tests, resolved by cedar-wasm itself, on Node 20 safely. */
import { setFlagsFromString } from 'node:v8'
import { type Json, parseJson } from '../../../src/syntax/json/json.ts'
import { type Schema, schemaFromJson } from '../../../src/syntax/schema/schema.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'

setFlagsFromString('--no-turbo-inline-js-wasm-calls')
export const wasm = await import('@cedar-policy/cedar-wasm/nodejs')

/** The resolved schema of a text that cedar-wasm accepts. */
export function schemaOf(text: string): Schema {
  const answer = wasm.schemaToJsonWithResolvedTypes(text)
  if (answer.type === 'failure') throw new Error(`${answer.errors[0]?.message}: ${text}`)
  return schemaFromJson(
    parseJson({ source: { path: 'schema', text: JSON.stringify(answer.json) } }, new Diagnostics()) as Json,
  )
}
