/**
 * What the fence must know of a text before cedar-wasm sees it: where `#` comments are, which cedar-wasm does not know,
 * and how deep brackets nest, since depth makes it trap. Works on policies and schemas alike, whose strings and comments
 * are the same. Spec: LANGUAGE section 1.
 */

/** cedar-wasm traps between 66 and 118 levels, depending on what nests. */
export const CEDAR_NESTING_MAX = 60

export interface Scan {
  /** Where `#` comments start and end, in order. */
  readonly hashComments: readonly { readonly start: number; readonly end: number }[]
  /** The deepest nesting of brackets, angle brackets excluded. */
  readonly nesting: number
}

/** Scans `text`; only with `hashComments` is `#` a comment. Linear. */
export function scanCedar(text: string, options: { readonly hashComments: boolean }): Scan {
  const hashComments: { start: number; end: number }[] = []
  let nesting = 0
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at)
    if (c === '"') at = stringEnd(text, at)
    else if (c === '/' && text.charAt(at + 1) === '/') at = lineEnd(text, at)
    else if (c === '#' && options.hashComments) {
      const end = lineEnd(text, at)
      hashComments.push({ start: at, end })
      at = end
    } else if (c === '(' || c === '[' || c === '{') nesting = Math.max(nesting, ++depth)
    else if (c === ')' || c === ']' || c === '}') depth--
  }
  return { hashComments, nesting }
}

/** `text` with `comments` as blanks: every other character stays where it was. */
export function blankComments(text: string, comments: Scan['hashComments']): string {
  return replaceComments(text, comments, (comment) => ' '.repeat(comment.length))
}

/** `text` with `comments` starting with `//` instead of `#`. */
export function slashComments(text: string, comments: Scan['hashComments']): string {
  return replaceComments(text, comments, (comment) => `//${comment.slice(1)}`)
}

/** The UTF-16 offset in `text` of the UTF-8 offset `byte`. Linear. */
export function utf16Offset(text: string, byte: number): number {
  let at = 0
  let bytes = 0
  while (at < text.length && bytes < byte) {
    const point = text.codePointAt(at) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    at += point < 0x10000 ? 1 : 2
  }
  return at
}

function replaceComments(text: string, comments: Scan['hashComments'], by: (comment: string) => string): string {
  const parts: string[] = []
  let from = 0
  for (const { start, end } of comments) {
    parts.push(text.slice(from, start), by(text.slice(start, end)))
    from = end
  }
  parts.push(text.slice(from))
  return parts.join('')
}

/** The offset of the quote that closes the string at `start`, or the end of the text. */
function stringEnd(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1
  return at
}

function lineEnd(text: string, start: number): number {
  let at = start
  while (at < text.length && text.charAt(at) !== '\n' && text.charAt(at) !== '\r') at++
  return at
}
