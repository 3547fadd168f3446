/**
 * String literals: what stands between the quotes ↔ the string. Cedar's escapes, which are Rust's; the same in Datalog.
 * Lexers find where a literal ends and say at which span an error stands. Spec: Cedar's "String", LANGUAGE section 2.
 */

/** Why an escape is none: `error` in cedar-wasm's words, `offset` and `length` in UTF-16 units of the text given. */
export interface EscapeError {
  readonly error: string
  readonly offset: number
  readonly length: number
}

/** The string that `body`, the text between the quotes, stands for. A bare quote within stands for itself. */
export function unescapeString(body: string): { readonly value: string } | EscapeError {
  const pieces = decode(body, false)
  return 'error' in pieces ? pieces : { value: pieces.join('') }
}

/**
 * The pattern that `body`, the text between the quotes after `like`, stands for: text for literal runs (never empty, never
 * two in a row), `null` for each `*`. As in Cedar, `\*` is a plain star, but `\x2a` is a wildcard.
 */
export function unescapePattern(body: string): { readonly pattern: (string | null)[] } | EscapeError {
  const pieces = decode(body, true)
  if ('error' in pieces) return pieces
  const pattern: (string | null)[] = []
  let run = ''
  for (const piece of pieces) {
    if (piece === PLAIN_STAR) {
      run += '*'
      continue
    }
    const [first = '', ...rest] = piece.split('*')
    run += first
    for (const text of rest) {
      if (run !== '') pattern.push(run)
      pattern.push(null)
      run = text
    }
  }
  if (run !== '') pattern.push(run)
  return { pattern }
}

/** `text` as a literal in double quotes that reads as `text`; what is invisible in a terminal is escaped. */
export function quote(text: string): string {
  // Most texts are plain, and a pattern of Unicode takes several times as long.
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`
  // A lone surrogate cannot be written; only messages about it come here with one.
  const escaped = text.toWellFormed().replace(/["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return SHORT_ESCAPES.get(character) ?? `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
  return `"${escaped}"`
}

/** The offset of the first lone surrogate of `text`; `undefined` if `text` is well-formed. */
export function loneSurrogateAt(text: string): number | undefined {
  return text.isWellFormed() ? undefined : /\p{Cs}/u.exec(text)?.index
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\0', '\\0'],
])

/** Marks a star that was escaped by a backslash: the one piece that no other piece can equal. */
const PLAIN_STAR = '\\*'

/** Runs of plain text and unescaped characters, in order. */
function decode(body: string, isPattern: boolean): string[] | EscapeError {
  const token = /[^\\\r]+|\\(?:([nrt0\\'"])|x([0-7][0-9a-fA-F])|u\{([0-9a-fA-F][0-9a-fA-F_]*)\}|\*)/y
  const pieces: string[] = []
  for (let at = 0; at < body.length; at = token.lastIndex) {
    token.lastIndex = at
    const found = token.exec(body)
    const piece = found && pieceOf(found, isPattern)
    if (piece == null) return escapeError(body, at)
    pieces.push(piece)
  }
  return pieces
}

function pieceOf(found: RegExpExecArray, isPattern: boolean): string | undefined {
  const [all, simple, byte, scalar] = found
  if (simple !== undefined) return SIMPLE_ESCAPES[simple]
  if (byte !== undefined) return String.fromCodePoint(Number.parseInt(byte, 16))
  if (scalar !== undefined) return scalarOf(scalar.replaceAll('_', ''))
  return all === PLAIN_STAR && !isPattern ? undefined : all
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  0: '\0',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/** The character with this number; none for more than six digits, for surrogates, and beyond Unicode. */
function scalarOf(hex: string): string | undefined {
  const code = Number.parseInt(hex, 16)
  if (hex.length > 6 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
  return String.fromCodePoint(code)
}

function escapeError(body: string, offset: number): EscapeError {
  const wrong = /\r|\\(?:x[0-9a-fA-F]?[\s\S]?|u(?:\{(?:_|[0-9a-fA-F_]*[\s\S]?)|[\s\S]?)|[\s\S]?)/uy
  wrong.lastIndex = offset
  const text = wrong.exec(body)?.[0] ?? ''
  return { error: `the input \`${text}\` is not a valid escape`, offset, length: text.length }
}
