/**
 * Globs: entity ids with `*` that name a group of ids, and the patterns of Datalog's `matches`. Where globs may stand is
 * the business of `src/program`; what `..` means in one, of `path.ts`. Spec: LANGUAGE section 5, "Glob groups".
 */
import type { Pattern } from './like.ts'
import { matchRuns, parseLikePattern, printLikePattern } from './like.ts'

/** The parts between `/`: a pattern whose wildcards are one or more characters, or `**`, zero or more whole segments. */
export type GlobSegment = '**' | Pattern

export interface Glob {
  readonly kind: 'glob'
  readonly segments: readonly GlobSegment[]
}

/** What an id means where globs are on: a group, one id (with `\*` read as a plain star), or a mistake. */
export type ParsedGlob =
  | Glob
  | { readonly kind: 'plain'; readonly id: string }
  | { readonly kind: 'error'; readonly message: string; readonly help: string }

/** Reads an id in which `*` is a wildcard, `\*` a star, and any other backslash itself. */
export function parseGlob(id: string): ParsedGlob {
  if (!id.includes('*')) return { kind: 'plain', id }
  const segments: GlobSegment[] = []
  let isPlain = true
  for (const text of id.split('/')) {
    const pattern = parseLikePattern(text)
    if (pattern.includes(null)) isPlain = false
    const isMistake = pattern.some((run, i) => run === null && pattern[i + 1] === null)
    if (isMistake && text !== '**') {
      const help = 'write `**` alone between slashes, as in `/a/**/b`, or `*` for characters within one segment'
      return { kind: 'error', message: '`**` must be a whole segment', help }
    }
    segments.push(isMistake ? '**' : pattern)
  }
  return isPlain ? { kind: 'plain', id: id.replaceAll('\\*', '*') } : { kind: 'glob', segments }
}

/** The id that `parseGlob` reads as `glob`. */
export function printGlob(glob: Glob): string {
  return glob.segments.map((s) => (s === '**' ? s : printLikePattern(s))).join('/')
}

/**
 * Whether `id` belongs to the group. At most segments of `id` × segments of `glob` comparisons: on a mismatch, only the
 * last `**` need take one segment more.
 */
export function matchesGlob(glob: Glob, id: string): boolean {
  const { segments } = glob
  const texts = id.split('/')
  let next = 0 // in `segments`
  let retryNext = -1 // just after the last `**`
  let retryAt = 0 // the first text that this `**` does not take
  for (let at = 0; at < texts.length; ) {
    const segment = segments[next]
    if (segment === '**') {
      retryNext = ++next
      retryAt = at
    } else if (segment !== undefined && matchRuns(texts[at] ?? '', segment, 1)) {
      next++
      at++
    } else {
      if (retryNext < 0) return false
      next = retryNext
      at = ++retryAt
    }
  }
  while (segments[next] === '**') next++
  return next === segments.length
}
