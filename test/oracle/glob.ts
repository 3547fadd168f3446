/**
 * Patterns and paths for the oracles: Cedar's `like`, the globs of LANGUAGE section 5 and the path normalisation of
 * section 7, each by its definition.
 */

/** Whether `text` matches a pattern of literal runs and `null`s, each of which stands for any characters. */
export function likeMatches(text: string, pattern: readonly (string | null)[]): boolean {
  const [part, ...rest] = pattern
  if (part === undefined) return text === ''
  if (part !== null) return text.startsWith(part) && likeMatches(text.slice(part.length), rest)
  if (rest.length === 0) return true
  const next = rest[0]
  for (let i = 0; i <= text.length; i++) {
    if ((typeof next !== 'string' || text.startsWith(next, i)) && likeMatches(text.slice(i), rest)) return true
  }
  return false
}

/** The pattern written as `text`: `*` any characters, `\*` a plain star. */
export function likePattern(text: string): (string | null)[] {
  return text.split(/(?<!\\)(\*)/u).map((part) => (part === '*' ? null : part.replaceAll('\\*', '*')))
}

/** Whether `id` has a `*` without a `\` before it. */
export function isGlob(id: string): boolean {
  return /(?<!\\)\*/u.test(id)
}

/** The id that an escaped pattern without a glob's star writes: `\*` is a plain star. */
export function unescapeGlob(id: string): string {
  return id.replaceAll('\\*', '*')
}

/** Whether `id` is in the glob group `glob`: `*` is one or more characters of a segment, `**` zero or more segments. */
export function globMatches(glob: string, id: string): boolean {
  return segmentsMatch(glob.split('/'), id.split('/'))
}

function segmentsMatch(glob: readonly string[], id: readonly string[]): boolean {
  const [first, ...rest] = glob
  if (first === undefined) return id.length === 0
  if (first === '**') return id.some((_, i) => segmentsMatch(rest, id.slice(i))) || segmentsMatch(rest, [])
  const [segment, ...others] = id
  return segment !== undefined && segmentMatches(first, segment) && segmentsMatch(rest, others)
}

function segmentMatches(glob: string, segment: string): boolean {
  const literals = glob.split(/(?<!\\)\*+/u).map((part) => unescapeGlob(part).replace(/[$()*+.?[\\\]^{|}]/gu, '\\$&'))
  return new RegExp(`^${literals.join('[^]+')}$`, 'u').test(segment)
}

/** The path without `.`, `..` and needless `/`; `undefined` where it is refused. */
export function normalPath(path: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (!path.startsWith('/') || /[\u0000-\u001f\u007f-\u009f\\]/u.test(path)) return undefined
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.pop() === undefined) return undefined
  }
  return `/${segments.join('/')}`
}
