/**
 * Where a value of a JSON text stands. `Json` holds no positions, which would cost more than the values; a diagnostic
 * names a path, and its span is found by reading the text again. Owns no diagnostics.
 */
import type { Span } from '../../text/source.ts'
import type { JsonText } from './json.ts'

/** Keys and indexes from the root of a JSON text to a value in it. */
export type JsonPath = readonly (string | number)[]

/** A path below `root` as JavaScript writes it: `context.a[3]["odd key"]`. */
export function printPath(root: string, path: JsonPath): string {
  const isWord = (step: string | number): boolean => typeof step === 'string' && /^[A-Za-z_]\w*$/.test(step)
  return root + path.map((step) => (isWord(step) ? `.${step}` : `[${JSON.stringify(step)}]`)).join('')
}

/** Path → span of the value there, or of the innermost value around it that exists. */
export type Locate = (path: JsonPath) => Span | undefined

/**
 * The locator of a text that `parseJson` accepts. Linear in what precedes the value; for a root that is an array, paths in
 * the order of its elements cost one reading together.
 */
export function jsonLocator({ source, start = 0, end = source.text.length }: JsonText): Locate {
  const text = source.text.slice(start, end)
  let visited = { index: 0, at: -1 }
  return (path) => {
    let at = skipSpace(text, 0)
    for (const [level, step] of path.entries()) {
      const isKey = typeof step === 'string'
      if (text[at] !== (isKey ? '{' : '[')) break
      const from =
        level === 0 && typeof step === 'number' && visited.at >= 0 && visited.index <= step ? visited : undefined
      const found = isKey
        ? findKey(text, at, step)
        : findIndex(text, step, from ?? { index: 0, at: skipSpace(text, at + 1) })
      if (found === undefined) break
      if (level === 0 && typeof step === 'number') visited = { index: step, at: found }
      at = found
    }
    return { source, start: start + at, end: start + skipValue(text, at) }
  }
}

/** Where the element `index` starts, if an earlier one starts at `from.at`. */
function findIndex(
  text: string,
  index: number,
  from: { readonly index: number; readonly at: number },
): number | undefined {
  let at = from.at
  if (text[at] === ']') return undefined
  for (let i = from.index; i < index; i++) {
    at = skipSpace(text, skipValue(text, at))
    if (text[at] !== ',') return undefined
    at = skipSpace(text, at + 1)
  }
  return at
}

/** Where the value of `key` starts in the object at `at`. */
function findKey(text: string, at: number, key: string): number | undefined {
  let next = skipSpace(text, at + 1)
  while (text[next] === '"') {
    const keyEnd = skipValue(text, next)
    const value = skipSpace(text, skipSpace(text, keyEnd) + 1)
    if (JSON.parse(text.slice(next, keyEnd)) === key) return value
    next = skipSpace(text, skipSpace(text, skipValue(text, value)) + 1)
  }
  return undefined
}

/** The end of the value that starts at `at`. */
function skipValue(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const c = text[i]
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
    } else if (c === '{' || c === '[') depth++
    else if (c === '}' || c === ']') depth--
    else if (depth === 0 && (c === ',' || c === ':' || isSpace(c))) return i
    else if (depth === 0) continue
    if (depth < 0) return i
    if (depth === 0) return i + 1
  }
  return text.length
}

function skipSpace(text: string, at: number): number {
  let i = at
  while (isSpace(text[i])) i++
  return i
}

function isSpace(c: string | undefined): boolean {
  return c === ' ' || c === '\n' || c === '\r' || c === '\t'
}
