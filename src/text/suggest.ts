/**
 * "Did you mean": the nearest of some names. Owns the distance and the threshold, not the wording of the message around
 * it. Names that are long or far from all others get no suggestion.
 */

/** The candidate that `name` was most probably meant to be, if one is near enough; the first of equals. */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  if (name === '' || name.length > LENGTH_MAX) return undefined
  const lower = name.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.min(3, Math.max(1, Math.floor(name.length / 3))) + 1
  let compared = 0
  for (const candidate of candidates) {
    if (compared++ === COMPARED_MAX) break
    if (candidate === name || Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = candidate.toLowerCase() === lower ? 0 : editDistance(name, candidate)
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** The `help` of a diagnostic about an unknown `name`: the suggestion, else `otherwise`, else nothing. */
export function didYouMean(name: string, candidates: Iterable<string>, otherwise?: string): { help?: string } {
  const found = suggest(name, candidates)
  if (found !== undefined) return { help: `did you mean \`${found}\`?` }
  return otherwise === undefined ? {} : { help: otherwise }
}

const LENGTH_MAX = 60

/** Thousands of mistakes among thousands of names must not take minutes: only so many names are looked at for each. */
const COMPARED_MAX = 500

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(least)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
