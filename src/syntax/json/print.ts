/** `Json` → text, without loss: `parseJson` reads the same value again. Spec: RFC 8259. */
import type { Json } from './json.ts'

/** `json` as text, on one line. Strings are well-formed, as in all `Json`. */
export function printJson(json: Json): string {
  if (typeof json === 'string') return quote(json)
  if (Array.isArray(json)) {
    let elements = ''
    for (const element of json) elements += `${elements === '' ? '' : ','}${printJson(element)}`
    return `[${elements}]`
  }
  if (json instanceof Map) {
    let fields = ''
    for (const [key, value] of json) fields += `${fields === '' ? '' : ','}${quote(key)}:${printJson(value)}`
    return `{${fields}}`
  }
  // Without an exponent it would be read as an integer.
  return typeof json === 'number' && Number.isInteger(json) ? json.toExponential() : String(json)
}

/** A look for what needs an escape costs a fraction of `JSON.stringify` (`bench/batch.ts`). */
function quote(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what JSON escapes
const ESCAPED = /["\\\u0000-\u001f]/
