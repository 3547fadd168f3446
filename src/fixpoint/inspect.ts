/**
 * What an engine holds, for people to look at: each predicate with its rows, what they take, and why they are kept as they
 * are; each rule with its join orders. It is computed anew from an image that is complete. What is chosen when rules are
 * evaluated is asked of the code that chooses it, over the rows that this evaluation would find; nothing is derived.
 */
import { isShared } from '../image/fixed-table.ts'
import type { Image } from '../image/image.ts'
import { copyRows, type Index, insert, isGone, type Relation, rowCount, rowsOf } from '../image/relation.ts'
import { ROWS_SCANNED, servingIndex } from '../image/search.ts'
import { printType } from '../program/column-types.ts'
import { neverHolds } from '../program/fold.ts'
import { readsSome } from '../program/plan.ts'
import { type RulePrinter, rulePrinter } from '../program/print-rule.ts'
import {
  BUILTINS,
  type Predicate,
  type PredicateId,
  type ReaderProgram,
  type Rule,
  type Stratum,
} from '../program/program.ts'
import { positionOf } from '../text/source.ts'
import type { Distinct } from './distinct.ts'
import { createRun, versionOptions, versionsOfRound, versionsOnce, wayOf } from './fixpoint.ts'
import { groupedOptions } from './grouped.ts'
import { indexNeeds } from './index-needs.ts'
import { prepareRule, type RuleOptions } from './rule.ts'
import { demandedOrder, type InspectedOrder, preparedOrder } from './rule-orders.ts'
import { openMarks, type Run } from './run.ts'

/** All predicates of an epoch, in the order in which they are evaluated. */
export interface Inspection {
  readonly epoch: number
  readonly predicates: readonly InspectedPredicate[]
}

export interface InspectedPredicate {
  readonly name: string
  readonly arity: number
  readonly columns: readonly { readonly name?: string; readonly type: string }[]
  /** `built-in` ones come with every program; `internal` ones were made for a part of a rule, or for an equivalence. */
  readonly origin: 'written' | 'built-in' | 'internal'
  /** 0 where the engine has no rules for it but its own of the entity store, else from 1. Equal for those that depend on each other. */
  readonly stratum: number
  readonly recursive: boolean
  readonly evaluation: {
    readonly kind: 'static' | 'on demand' | 'request-scoped' | 'not derived'
    readonly why: string
  }
  /** Rows that are stored; those that are facts, and those that rules derived. */
  readonly rows: number
  readonly facts: number
  readonly derived: number
  /** All that is stored, published indexes included. */
  readonly bytes: number
  readonly storage: readonly InspectedStorage[]
  /** How its rules are evaluated; absent for what is not materialised or has no rules. */
  readonly derivation?: InspectedDerivation
  readonly rules: readonly InspectedRule[]
}

/** What lies in the image; `removed` are marks of rows that have gone. */
export interface InspectedStorage {
  readonly kind: 'columns' | 'removed' | 'hashed index'
  /** Of an index: its key. */
  readonly columns?: readonly number[]
  readonly bytes: number
  readonly why: string
}

/**
 * How the rows of a predicate are kept distinct while they are derived: by `stamps` or `bits` for ids of columns, in a
 * hashed table of `pairs` or of whole `rows`; `none` where no row can come twice.
 */
export interface InspectedDerivation {
  readonly kind: 'none' | 'bits' | 'stamps' | 'pairs' | 'rows'
  /** For how many ids of each column there is room. */
  readonly ids?: readonly number[]
  readonly bytes?: number
  readonly why: string
}

export interface InspectedRule {
  readonly name: string
  readonly head: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
  /** The literal that is false whatever rows there are, in a rule that is not evaluated. */
  readonly never?: string
  readonly orders: readonly InspectedOrder[]
}

/** Looks at a complete image of `program`. Its values take constants, and results of aggregates, that may be new to them. */
export function inspect(program: ReaderProgram, image: Image, epoch: number): Inspection {
  const searches = searchesOf(program, image)
  const printer = rulePrinter(program.predicates)
  const run = createRun(program, { ...image, relations: [...image.relations] })
  const never = program.rules.filter(neverHolds)
  let numbered = 0
  const predicates = program.strata.flatMap((stratum) => {
    const isOwn = stratum.rules.some(({ head, span }) => span !== undefined || head >= BUILTINS.length)
    const number = isOwn ? ++numbered : 0
    const isDerived = stratum.evaluation === 'materialized' && stratum.rules.length > 0
    const { derivations, orders } = isDerived
      ? derivationOf(run, image, stratum, printer)
      : stratum.evaluation === 'not asked'
        ? NO_CHOICES
        : demanded(program, image, stratum, printer)
    return stratum.predicates.map((id): InspectedPredicate => {
      const derivation = stratum.rules.some(({ head }) => head === id) ? derivations.get(id) : undefined
      return {
        ...described(program, stratum, id),
        stratum: number,
        recursive: stratum.recursive,
        ...stored(image.relations[id]!, searches.get(id) ?? []),
        ...(derivation && { derivation }),
        rules: [...stratum.rules, ...never].flatMap((rule) =>
          rule.head === id ? [aboutRule(rule, printer, orders.get(rule))] : [],
        ),
      }
    })
  })
  return { epoch, predicates: predicates.sort((a, b) => a.stratum - b.stratum) }
}

function described(
  { predicates }: ReaderProgram,
  stratum: Stratum,
  id: PredicateId,
): Pick<InspectedPredicate, 'name' | 'arity' | 'columns' | 'origin' | 'evaluation'> {
  const { name, arity, columns } = predicates[id]!
  return {
    name,
    arity,
    columns: columns.map((column) => ({
      ...(column.name !== undefined && { name: column.name }),
      type: printType(column.type),
    })),
    origin: id < BUILTINS.length ? 'built-in' : name.startsWith('$') ? 'internal' : 'written',
    evaluation: evaluationOf(predicates, stratum, id),
  }
}

function evaluationOf(
  predicates: readonly Predicate[],
  { predicates: here, rules }: Stratum,
  id: PredicateId,
): InspectedPredicate['evaluation'] {
  const { scope, evaluation, readsEntities } = predicates[id]!
  const source = (isOne: (other: Predicate) => boolean) =>
    predicates.find(
      (other) =>
        !here.includes(other.id) && isOne(other) && rules.some(({ body }) => readsSome(body, (p) => p === other.id)),
    )
  if (scope === 'request') {
    const from = source((other) => other.scope === 'request')
    return { kind: 'request-scoped', why: from ? `depends on \`${from.name}\`` : 'comes with the request' }
  }
  if (evaluation === 'not asked') return { kind: 'not derived', why: 'nothing asks for it' }
  if (evaluation === 'on demand') {
    const from = source((other) => other.evaluation === 'on demand')
    return { kind: 'on demand', why: from ? `depends on \`${from.name}\`` : 'declared, or part of a rule that is' }
  }
  if (rules.length === 0) return { kind: 'static', why: 'facts alone' }
  const other = readsEntities ? '; anew for requests with entities' : ''
  return { kind: 'static', why: `derived when facts change${other}` }
}

function stored(
  relation: Relation,
  searches: readonly KnownSearch[],
): Pick<InspectedPredicate, 'rows' | 'facts' | 'derived' | 'bytes' | 'storage'> {
  const { columns, deaths, indexes, capacity } = relation
  const rows = rowCount(relation)
  let facts = Math.min(relation.baseCount, relation.count)
  if (deaths) for (let row = facts - 1; row >= 0; row--) if (isGone(relation, row)) facts--
  const storage: InspectedStorage[] = []
  if (capacity > 0) {
    const scanned = searches.length > 0 && relation.count <= ROWS_SCANNED ? '; few, so there is no index' : ''
    storage.push({ kind: 'columns', bytes: bytesOf(columns), why: `room for ${number(capacity)} rows${scanned}` })
  }
  if (deaths) {
    storage.push({ kind: 'removed', bytes: deaths.byteLength, why: `rows that went away: ${number(relation.gone)}` })
  }
  for (const index of indexes) {
    const { key, heads, next } = index
    // One that this thread made for itself is not published.
    if (!isShared(heads) || heads.length === 0) continue
    const served = searches.filter((search) => servingIndex(relation, search.key) === index)
    storage.push({ kind: 'hashed index', columns: key, bytes: bytesOf([heads, next]), why: whyIndexed(index, served) })
  }
  const bytes = storage.reduce((sum, part) => sum + part.bytes, 0)
  return { rows, facts, derived: rows - facts, bytes, storage }
}

function bytesOf(arrays: readonly Uint32Array[]): number {
  return arrays.reduce((sum, array) => sum + array.byteLength, 0)
}

function whyIndexed({ key, longest }: Index, served: readonly KnownSearch[]): string {
  const [own, ...longer] = served
  const [first, ...others] = own?.askers ?? []
  if (first === undefined) return 'asked when it was published'
  const given = key.length === 0 ? '' : ` with column${key.length === 1 ? '' : 's'} ${key.join(', ')} given`
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  const keys = longer.map((search) => `(${search.key.join(', ')})`).join(', ')
  const also = longer.length > 0 ? `; also ${keys}: up to ${longest} rows each` : ''
  return `asked by ${first}${more}${given}${also}`
}

/** A search that decisions make, and who asks for it. */
interface KnownSearch {
  readonly key: readonly number[]
  readonly askers: ReadonlySet<string>
}

/** By predicate, shorter keys first. */
function searchesOf(program: ReaderProgram, image: Image): ReadonlyMap<PredicateId, readonly KnownSearch[]> {
  const askers = new Map<string, Set<string>>()
  const rows = (predicate: PredicateId) => rowCount(image.relations[predicate]!)
  const needs = indexNeeds(program, rows, (predicate, key, asker) => {
    const at = `${predicate}:${key.join()}`
    askers.set(at, (askers.get(at) ?? new Set()).add(asker))
  })
  const known = [...needs].map(([predicate, keys]) => {
    const searches = keys.map((key) => ({ key, askers: askers.get(`${predicate}:${key.join()}`)! }))
    return [predicate, searches.toSorted((a, b) => a.key.length - b.key.length)] as const
  })
  return new Map(known)
}

interface Choices {
  readonly derivations: ReadonlyMap<PredicateId, InspectedDerivation>
  readonly orders: ReadonlyMap<Rule, readonly InspectedOrder[]>
}

const NO_CHOICES: Choices = { derivations: new Map(), orders: new Map() }

/** What would be chosen for a stratum of the fixpoint if it were derived now. `run` has the relations of `image`, and has them again at the end. */
function derivationOf(run: Run, image: Image, stratum: Stratum, printer: RulePrinter): Choices {
  const { relations } = run.image
  // First there are the facts alone, as when it is evaluated.
  for (const predicate of stratum.predicates) {
    relations[predicate] = factsAlone(image, predicate)
    openMarks(run.marks[predicate]!, 0)
  }
  const way = wayOf(run, stratum)
  const orders = new Map<Rule, InspectedOrder[]>()
  const note = (rule: Rule, options: RuleOptions, group?: number) => {
    const about = {
      ...(group !== undefined && { group }),
      ...(options.first !== undefined && { delta: options.first }),
    }
    const order = preparedOrder(rule, prepareRule(run, rule, options), printer, about)
    orders.set(rule, [...(orders.get(rule) ?? []), order])
  }
  // Rounds are planned by what there is when they begin; the last of them by nearly all.
  const finish = () => {
    for (const predicate of stratum.predicates) relations[predicate] = image.relations[predicate]!
  }
  if (way.kind === 'grouped') {
    const { starts, steps, column } = way.grouping
    for (const start of starts) note(start.rule, groupedOptions(run, stratum, way.grouping, start), column)
    finish()
    for (const step of steps) note(step.rule, groupedOptions(run, stratum, way.grouping, step), column)
    const derivation = aboutDistinct(way.grouping.distinct, 2)
    return { orders, derivations: new Map(stratum.predicates.map((predicate) => [predicate, derivation])) }
  }
  for (const version of versionsOnce(stratum)) note(version.rule, versionOptions(run, stratum, way.distinct, version))
  finish()
  for (const version of versionsOfRound(stratum))
    note(version.rule, versionOptions(run, stratum, way.distinct, version))
  return {
    orders,
    derivations: new Map(
      [...way.distinct].map(([id, distinct]) => [id, aboutDistinct(distinct, image.relations[id]!.arity)]),
    ),
  }
}

function factsAlone(image: Image, predicate: PredicateId): Relation {
  const relation = image.relations[predicate]!
  const facts = copyRows(relation, (row) => row < relation.baseCount, [])
  const replaced = image.replaced.get(predicate)
  for (const tuple of replaced ? rowsOf(replaced) : []) insert(facts, tuple)
  return facts
}

function aboutDistinct(distinct: Distinct, arity: number): InspectedDerivation {
  const { why } = distinct
  switch (distinct.kind) {
    case 'bits': {
      const { words, span, span2 } = distinct.bits
      const ids = arity === 1 ? [span2] : [span, span2]
      return { kind: 'bits', ids, bytes: words.byteLength, why }
    }
    case 'stamp': {
      const { words } = distinct.stamps
      return { kind: 'stamps', ids: [words.length], bytes: words.byteLength, why }
    }
    default:
      return { kind: distinct.kind, why }
  }
}

function demanded(program: ReaderProgram, image: Image, { rules }: Stratum, printer: RulePrinter): Choices {
  const isAsked = (predicate: PredicateId) => program.predicates[predicate]!.evaluation === 'on demand'
  const orders = new Map(rules.map((rule) => [rule, [demandedOrder(rule, image, printer, isAsked)]]))
  return { orders, derivations: new Map() }
}

function aboutRule(rule: Rule, printer: RulePrinter, orders: readonly InspectedOrder[] = []): InspectedRule {
  const { name, span, body } = rule
  const place = span && { file: span.source.path, ...positionOf(span.source, span.start) }
  const never = neverHolds(rule) ? { never: body.map((literal) => printer.literal(rule, literal)).join(', ') } : {}
  return { name, head: printer.head(rule), ...place, ...never, orders }
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
