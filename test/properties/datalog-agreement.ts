/** A random program and what must mean the same: whether both answer the same, each in a mode of the engine of its own. */

import { parseClauses } from '../../src/syntax/datalog/parse.ts'
import { printClause } from '../../src/syntax/datalog/print.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import { type Answered, answersOf, type Refused, StepsUsedUp } from './datalog-answers.ts'
import { VARIANTS, type Variant } from './datalog-variants.ts'
import { type DatalogCase, generateDatalog, runeText } from './generate-datalog.ts'
import { createRandom, type Random } from './random.ts'

/** What became of programs and of their variants; `loose` are those whose errors may differ, and that have some. */
export interface VariantCounts {
  programs: number
  variants: number
  refused: number
  loose: number
  endless: number
}

/** No programs yet. */
export function noVariants(): VariantCounts {
  return { programs: 0, variants: 0, refused: 0, loose: 0, endless: 0 }
}

/** How the program of a seed and its variants differ, two kinds of them; `undefined` where they agree. */
export function disagreement(seed: number, counts = noVariants()): string | undefined {
  const random = createRandom(seed)
  const of = generateDatalog(seed)
  const text = of.clauses.join('\n')
  const clauses = parseClauses({ source: { path: 'case', text }, start: 0, end: text.length }, new Diagnostics())
  counts.programs++
  try {
    const base = inSomeMode(random, () => answersOf(of))
    const kinds = Object.keys(VARIANTS)
    const first = random.int(kinds.length)
    for (const kind of [first, first + 1 + random.int(kinds.length - 1)].map((i) => kinds[i % kinds.length] ?? '')) {
      const variant = VARIANTS[kind]?.(random, of, clauses)
      if (variant === undefined) continue
      const other = caseOf(of, variant)
      const answers = inSomeMode(random, () => answersOf(other, variant.files))
      const problem = compare(base, answers, variant, counts)
      if (problem !== undefined) return `${kind}: ${problem}\n${runeText(of)}\n-- against --\n${runeText(other)}`
    }
  } catch (error) {
    if (!(error instanceof StepsUsedUp)) throw error
    counts.endless++
  }
  return undefined
}

function caseOf(of: DatalogCase, { names, data, tables, clauses }: Variant): DatalogCase {
  const predicates = of.predicates.map((predicate) => ({ ...predicate, name: nameIn(predicate.name, names) }))
  return { ...of, predicates, data, clauses: clauses.map(printClause), ...(tables && { tables }) }
}

function nameIn(name: string, names: Variant['names']): string {
  return names?.get(name) ?? name
}

const MODES = [
  ['RUNE_CODEGEN', ['', '0', '1']],
  ['RUNE_STORAGE', ['', 'scan', 'hash', 'dense']],
] as const

/** `work` with code or closures, and storage, of any kind, where the environment does not say which. */
function inSomeMode<T>(random: Random, work: () => T): T {
  const left = MODES.filter(([name]) => process.env[name] === undefined)
  for (const [name, choices] of left) process.env[name] = random.pick<string>(choices)
  try {
    return work()
  } finally {
    for (const [name] of left) delete process.env[name]
  }
}

type Answers = Answered | Refused

function compare(ours: Answers, theirs: Answers, variant: Variant, counts: VariantCounts): string | undefined {
  counts.variants++
  // One rule of two can be on demand, or be tied to the request.
  if (variant.isLoose && (mayFail(ours) || mayFail(theirs))) {
    counts.loose++
    return undefined
  }
  if ('codes' in ours || 'codes' in theirs) {
    counts.refused++
    const [a, b] = [ours, theirs].map((one) => ('codes' in one ? one.codes.join(' ') : 'not'))
    return a === b ? undefined : `refused: ${a}, and ${b}`
  }
  for (const [name, extension] of ours.extensions) {
    const other = theirs.extensions.get(nameIn(name, variant.names))
    const isBlurred = extension.isBlurred || other?.isBlurred
    for (const part of isBlurred ? (['rows'] as const) : (['rows', 'errors'] as const)) {
      const [a, b] = [extension[part].join(' | '), other?.[part].join(' | ')]
      if (a !== b) return `${part} of ${name}: ${a}, and ${b}`
    }
    if (isBlurred && extension.errors.join() !== other?.errors.join()) return undefined
  }
  return ours.decision === theirs.decision ? undefined : `decision: ${ours.decision}, and ${theirs.decision}`
}

function mayFail(answers: Answers): boolean {
  if ('codes' in answers) return answers.codes.every((code) => ['R401', 'R353', 'R354'].includes(code))
  return [...answers.extensions.values()].some(({ errors }) => errors.length > 0)
}
