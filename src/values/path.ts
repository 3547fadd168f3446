/**
 * Paths: ids of the types in `path_types`, in one normal form, so that no two ids name one file and no `..` leaves a
 * directory unseen. Knows no file system: no case folding, symlinks or percent codes. Spec: LANGUAGE section 7, `path_types`.
 */
import type { Glob, GlobSegment } from './glob.ts'
import { quote } from './string-literal.ts'

/** The normal form of an absolute path: no `.`, `..`, empty or trailing segment; or why `id` is refused. */
export function normalisePath(id: string): { readonly path: string } | { readonly error: string } {
  const error = refusal(id)
  if (error !== undefined) return { error: `${shown(id)} ${error}` }
  const kept = resolve(id.split('/'), (segment) => segment)
  return typeof kept === 'string' ? { error: `${shown(id)} ${kept}` } : { path: `/${kept.join('/')}` }
}

/**
 * The same for a group of paths: what is no wildcard is resolved, what has a wildcard is kept. Ids go through `parseGlob`
 * first and, where that finds them plain, through `normalisePath`: `\*` is a star there, and no backslash.
 */
export function normaliseGlobPath(glob: Glob): { readonly glob: Glob } | { readonly error: string } {
  const [first] = glob.segments
  const texts = glob.segments.map((s) => (s === '**' ? s : s.map((run) => run ?? '*').join('')))
  const id = texts.join('/')
  const error = first === '**' || first?.length !== 0 ? NOT_ABSOLUTE : refusal(id)
  if (error !== undefined) return { error: `${shown(id)} ${error}` }
  const kept = resolve(glob.segments, (s) => (s === '**' || s.includes(null) ? undefined : s.join('')))
  if (typeof kept === 'string') return { error: `${shown(id)} ${kept}` }
  return { glob: { kind: 'glob', segments: [[], ...kept] } }
}

/** Whether `path` is `dir` or below it, by whole segments of their normal forms; or why one of them is refused. */
export function isUnder(path: string, dir: string): boolean | { readonly error: string } {
  const below = normalisePath(path)
  if ('error' in below) return below
  const above = normalisePath(dir)
  if ('error' in above) return above
  return above.path === '/' || below.path === above.path || below.path.startsWith(`${above.path}/`)
}

const NOT_ABSOLUTE = 'is not an absolute path'

function refusal(id: string): string | undefined {
  if (!id.startsWith('/')) return id === '' ? 'is an empty path' : NOT_ABSOLUTE
  if (id.includes('\\')) return 'has a backslash, which no path may have'
  if (/\p{Cc}/u.test(id)) return 'has a control character, which no path may have'
  return undefined
}

/** Resolves segments; `textOf` gives none for a wildcard, out of which `..` cannot climb. */
function resolve<S extends string | GlobSegment>(
  segments: readonly S[],
  textOf: (segment: S) => string | undefined,
): S[] | string {
  const kept: S[] = []
  for (const segment of segments) {
    const text = textOf(segment)
    if (text === '' || text === '.') continue
    if (text !== '..') {
      kept.push(segment)
      continue
    }
    const parent = kept.pop()
    if (parent === undefined) return 'climbs above `/`'
    if (textOf(parent) === undefined) return 'has a `..` after a wildcard'
  }
  return kept
}

/** An id as messages show it: escaped, and not at any length. */
function shown(id: string): string {
  return `\`${quote(id.slice(0, SHOWN_MAX)).slice(1, -1)}${id.length > SHOWN_MAX ? '…' : ''}\``
}

const SHOWN_MAX = 120
