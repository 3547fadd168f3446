/**
 * Cedar's `like`: a text against runs of text and wildcards. Patterns in policies are read by `unescapePattern`; here stand
 * the match and the patterns that are values (Datalog's `like` and, by segments, `glob.ts`). Spec: Cedar's "like".
 */

/** Text for literal runs (never empty), `null` for each `*`. */
export type Pattern = readonly (string | null)[]

/**
 * Whether all of `text` matches: `null` is any number of characters, none included. No backtracking: each run is taken
 * where it first occurs; at most length of text × length of pattern steps. INVARIANT: all strings are well-formed, so
 * a run can only be found between two Unicode scalars, and UTF-16 units may be compared.
 */
export function like(text: string, pattern: Pattern): boolean {
  return matchRuns(text, pattern, 0)
}

/** `like`, with at least `wildcardMin` characters for each wildcard; no two wildcards are adjacent if that is 1. */
export function matchRuns(text: string, pattern: Pattern, wildcardMin: 0 | 1): boolean {
  let at = 0
  let open = false // whether a wildcard stands before the next run
  const last = pattern.length - 1
  for (let i = 0; i < last; i++) {
    const run = pattern[i]
    if (run == null) {
      at += wildcardMin
      open = true
    } else {
      const found = open ? text.indexOf(run, at) : text.startsWith(run, at) ? at : -1
      if (found < 0) return false
      at = found + run.length
      open = false
    }
  }
  const end = pattern[last]
  if (end === null) return text.length >= at + wildcardMin
  if (end === undefined) return text === ''
  const start = text.length - end.length
  return text.endsWith(end) && (open ? start >= at : start === at)
}

/** The pattern that a string value writes: `*` is a wildcard, `\*` a star, any other backslash itself. */
export function parseLikePattern(text: string): (string | null)[] {
  const pattern: (string | null)[] = []
  let run = ''
  for (const piece of text.match(/\\?\*|[^*\\]+|\\/g) ?? []) {
    if (piece !== '*') run += piece === '\\*' ? '*' : piece
    else {
      if (run !== '') pattern.push(run)
      pattern.push(null)
      run = ''
    }
  }
  if (run !== '') pattern.push(run)
  return pattern
}

/** The text that `parseLikePattern` reads as `pattern`, for a pattern that it made. */
export function printLikePattern(pattern: Pattern): string {
  return pattern.map((run) => (run === null ? '*' : run.replaceAll('*', '\\*'))).join('')
}
