/** Engine against oracle on one random program: what `datalog.test.ts` asks for many. */
import { OPEN } from '../../src/fixpoint/goal.ts'
import type { Solver } from '../../src/fixpoint/solve.ts'
import type { ValueId, Values } from '../../src/image/value-ids.ts'
import { analyse } from '../../src/program/analyse.ts'
import { writtenPredicate } from '../../src/program/links.ts'
import type { Predicate, PredicateId, Program } from '../../src/program/program.ts'
import { parseClauses } from '../../src/syntax/datalog/parse.ts'
import { nodeHost } from '../../src/syntax/rune-file/host.ts'
import { loadConfiguration } from '../../src/syntax/rune-file/load.ts'
import { Diagnostics, RuneError } from '../../src/text/diagnostic.ts'
import { type Built, build } from '../../src/threads/build.ts'
import { canonicalKey } from '../../src/values/equality.ts'
import type { Value } from '../../src/values/value.ts'
import { evaluate, type Facts, type Tuples } from '../oracle/datalog.ts'
import { entityFacts, requestFacts } from '../oracle/datalog-facts.ts'
import { readersOf, StepsUsedUp, solverOf } from './datalog-answers.ts'
import { type DatalogCase, generateDatalog, PATH_TYPE, runeText } from './generate-datalog.ts'

/** What became of cases: `endless` are those that the oracle or a request gives up, by counted steps. */
export interface Counts {
  built: number
  refused: number
  endless: number
}

/** No cases yet. */
export function noCounts(): Counts {
  return { built: 0, refused: 0, endless: 0 }
}

/** How engine and oracle differ on a case; undefined where they agree. */
export async function difference(of: DatalogCase, counts = noCounts()): Promise<string | undefined> {
  const model = modelOf(of)
  if (model === undefined) {
    counts.endless++
    return undefined
  }
  let built: Built
  try {
    built = build({ text: runeText(of) })
    counts.built++
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    counts.refused++
    const codes = error.diagnostics.filter((d) => d.severity === 'error').map((d) => d.code)
    if (codes.every((code) => code === 'R401') && failsAtLoad(of, model)) return undefined
    // The store may get a cycle or a second value from rules, and helpers may hand out what is not tied to the request: the
    // oracle has no opinion on that.
    if (codes.every((code) => ['R410', 'R411', 'R353'].includes(code))) return undefined
    return `refused: ${error.diagnostics
      .filter((d) => d.severity === 'error')
      .map((d) => `${d.code} ${d.message}`)
      .join('; ')}`
  }
  try {
    return compareAll(built, model, of) ?? withoutStore(of, model)
  } catch (error) {
    if (!(error instanceof StepsUsedUp)) throw error
    counts.endless++
    return undefined
  }
}

/** Whether what is materialised fails: an error of another predicate is one of who asks for it. */
function failsAtLoad(of: DatalogCase, model: ReadonlyMap<string, Tuples>): boolean {
  const configuration = loadConfiguration({ text: runeText(of) }, nodeHost, new Diagnostics())
  const { predicates = [] } = (configuration && analyse(configuration, new Diagnostics())) ?? {}
  return predicates.some(({ id, evaluation }) => {
    const written = writtenPredicate(predicates, id)
    return evaluation === 'materialized' && written && model.get(written.name)?.errors.size
  })
}

/** The same answers with half of the entities brought by the request. Rules with `entity.*` heads read the store alone: not those. */
function withoutStore(of: DatalogCase, model: ReadonlyMap<string, Tuples>): string | undefined {
  if (of.entities.length === 0 || of.clauses.some((clause) => clause.startsWith('entity.'))) return undefined
  const brought = of.entities.filter((_, i) => i % 2 === 0)
  const stored = of.entities.filter((_, i) => i % 2 === 1)
  let built: Built
  try {
    built = build({ text: runeText({ ...of, entities: stored }) })
  } catch (error) {
    if (error instanceof RuneError) return undefined // Fewer entities can leave types or rows that are refused.
    throw error
  }
  const problem = compareAll(built, model, of, brought)
  return problem === undefined ? undefined : `with entities of the request: ${problem}`
}

function compareAll(
  built: Built,
  model: ReadonlyMap<string, Tuples>,
  of: DatalogCase,
  brought: DatalogCase['entities'] = [],
): string | undefined {
  const { solver, values } = solverOf(built, of, brought)
  // A head like `p(X, X)` gives one column what a call says of the other.
  const repeats = built.program.rules.some(({ args }) => {
    const variables = args.flatMap((arg) => (arg.kind === 'variable' ? [arg.variable] : []))
    return new Set(variables).size < variables.length
  })
  const blurred = blurredBy(model, built.program)
  for (const predicate of built.program.predicates) {
    if (predicate.name.startsWith('$') || predicate.span === undefined) continue
    const exactness = blurred.has(predicate.id) ? 'covered' : repeats ? 'alike' : 'exact'
    const problem = compare(predicate, model.get(predicate.name), { solver, values, exactness })
    if (problem !== undefined) return problem
  }
  return undefined
}

function modelOf(of: DatalogCase): ReadonlyMap<string, Tuples> | undefined {
  const text = of.clauses.join('\n')
  const clauses = parseClauses({ source: { path: 'case', text }, start: 0, end: text.length }, new Diagnostics())
  const facts = new Map<string, (readonly Value[])[]>()
  const add = (all: Facts) => {
    for (const [name, rows] of all) facts.set(name, [...(facts.get(name) ?? []), ...rows])
  }
  for (const { predicate, row } of of.data) facts.set(predicate, [...(facts.get(predicate) ?? []), row])
  add(entityFacts(of.entities))
  if (of.request) add(requestFacts(of.request, [PATH_TYPE]))
  try {
    return evaluate(clauses, facts)
  } catch {
    return undefined // Does not end: limits are tested elsewhere.
  }
}

/**
 * The predicates that read one with errors of unknown columns. Who asks for such a predicate with a value sees that some
 * literal is false, or that two unknown columns are one, where the oracle, who asks openly, sees an error: the engine may
 * fail for fewer rows of what reads it, never for more. LANGUAGE's "Errors in a derivation" leaves that open.
 */
function blurredBy(model: ReadonlyMap<string, Tuples>, program: Program): ReadonlySet<PredicateId> {
  return readersOf(program, (id) => {
    const { errors } = model.get(program.predicates[id]?.name ?? '') ?? {}
    return [...(errors?.values() ?? [])].some((row) => row.includes(undefined))
  })
}

/** How errors must agree: each as it is; as far as known; or none that the oracle does not have. */
type Exactness = 'exact' | 'alike' | 'covered'

/** All rows at once, and each row and error by its first column: demand must not change an answer. */
function compare(
  predicate: Predicate,
  expected: Tuples | undefined,
  { solver, values, exactness }: { solver: Solver; values: Values; exactness: Exactness },
): string | undefined {
  const show = (row: readonly (Value | undefined)[]) => row.map((v) => (v === undefined ? '⊤' : canonicalKey(v))).join()
  const rows = [...(expected?.rows.values() ?? [])]
  const errors = [...(expected?.errors.values() ?? [])]
  const known = (id: ValueId) => (id === OPEN ? undefined : values.valueOf(id))
  const ask = (pattern: readonly (Value | undefined)[]) => {
    const asked = pattern.map((value) => (value === undefined ? OPEN : values.intern(value)))
    const fits = (row: readonly (Value | undefined)[]) => {
      return row.every(
        (v, i) => pattern[i] === undefined || v === undefined || canonicalKey(v) === canonicalKey(pattern[i]!),
      )
    }
    const answer = solver.ask(predicate.id, asked)
    const got = (all: readonly (readonly ValueId[])[]) => [...new Set(all.map((row) => show(row.map(known))))].sort()
    const want = (all: readonly (readonly (Value | undefined)[])[]) => [...new Set(all.filter(fits).map(show))].sort()
    const differs = (what: string, a: string[], b: string[]) =>
      a.join('|') === b.join('|')
        ? undefined
        : `${what} of ${predicate.name}(${show(pattern)}): got ${a.join(' ')}, want ${b.join(' ')}`
    const problem = differs('rows', got(answer.rows), want(rows))
    if (problem !== undefined) return problem
    const gotErrors = answer.errors.map((e) => e.row)
    const isOpen = pattern.every((value) => value === undefined)
    if (exactness === 'exact' && isOpen) return differs('errors', got(gotErrors), want(errors))
    // What a call gives a value can be known in an error where it is unknown without it: each must be one of the other's.
    const alike = (a: readonly (Value | undefined)[], b: readonly (Value | undefined)[]) =>
      a.every((v, i) => v === undefined || b[i] === undefined || canonicalKey(v) === canonicalKey(b[i]))
    const [ours, theirs] = [gotErrors.map((row) => row.map(known)).filter(fits), errors.filter(fits)]
    const isCovered =
      ours.every((row) => theirs.some((other) => alike(row, other))) &&
      (exactness === 'covered' ||
        theirs.every((row) => ours.some((other) => alike(row, other)) || isAskedUnknown(row, pattern)))
    return isCovered ? undefined : differs('errors', got(gotErrors), [...want(errors), '(or alike)'])
  }
  const open = new Array<undefined>(predicate.arity).fill(undefined)
  const firsts = new Map(
    [...rows, ...errors].flatMap(([v]) => (v === undefined ? [] : [[canonicalKey(v), v] as const])),
  )
  // Whole rows: the first ones, and one that may be none.
  const [first, second] = rows
  const whole = first && second ? [first, second, first.with(-1, second.at(-1) ?? first[0]!)] : rows
  const patterns = [open, ...[...firsts.values()].slice(0, 5).map((v) => open.with(0, v as never)), ...whole]
  for (const pattern of patterns) {
    const problem = ask(pattern)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Whether `row`, an error, leaves a column unknown that `pattern` gives: LANGUAGE has it fail only where no literal is false for that value. */
function isAskedUnknown(row: readonly (Value | undefined)[], pattern: readonly (Value | undefined)[]): boolean {
  return pattern.some((value, i) => value !== undefined && row[i] === undefined)
}

/** The problem with a case that is as small as leaving out clauses and facts makes it. */
export async function shrink(seed: number, problem: string): Promise<string> {
  const of = generateDatalog(seed)
  const still = async (clauses: readonly string[], data: DatalogCase['data']) => {
    const text = await difference({ ...of, clauses, data }).catch((e: Error) => e.message)
    // A refusal shrinks to one for the same reason.
    return text?.slice(0, 14) === problem.slice(0, 14) ? text : undefined
  }
  let [clauses, data] = [of.clauses, of.data]
  for (let i = clauses.length - 1; i >= 0; i--) {
    const fewer = clauses.filter((_, j) => j !== i)
    if (await still(fewer, data)) clauses = fewer
  }
  for (let i = data.length - 1; i >= 0; i--) {
    const fewer = data.filter((_, j) => j !== i)
    if (await still(clauses, fewer)) data = fewer
  }
  return `${(await still(clauses, data)) ?? problem}\n${runeText({ ...of, clauses, data })}\nrequest: ${JSON.stringify(of.request, show)}`
}

function show(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value instanceof Map ? [...value] : value
}
