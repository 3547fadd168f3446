/** JSON that was read losslessly, as plain values for a call: integers stay `bigint`, and no key is special. */
import type { Json } from '../../src/syntax/json/json.ts'

/** The plain value of `json`. */
export function plainJson(json: Json): unknown {
  if (Array.isArray(json)) return json.map(plainJson)
  return json instanceof Map ? Object.fromEntries([...json].map(([key, value]) => [key, plainJson(value)])) : json
}
