/**
 * Random Datalog programs as text: safe, stratified and typed, small, and made of what breaks engines. Facts come with them,
 * for some an entity store and a request. Reproduced by their seed. Few programs fail; those that may are said to.
 */
import { type EntityUid, entityUid, type Value } from '../../src/values/value.ts'
import type { Entity, Request } from '../oracle/cedar.ts'
import { stringText, uidText } from './cedar-text.ts'
import { addAggregate, aggregateRule } from './datalog-aggregates.ts'
import {
  addAtom,
  addComputation,
  addDisjunction,
  addNegation,
  addTest,
  atomText,
  boundOf,
  constant,
  type Draft,
  expression,
  fresh,
  type Predicate,
} from './datalog-draft.ts'
import { KINDS, type Kind, literalText, pickValue, TYPE_OF, tomlText } from './datalog-values.ts'
import { createRandom, type Random } from './random.ts'

export interface DatalogCase {
  /** Declarations, facts and rules. */
  readonly clauses: readonly string[]
  /** Facts for `[data]`. */
  readonly data: readonly Fact[]
  readonly predicates: readonly Predicate[]
  /** What `[data]` says instead of the rows of a predicate: the table of a fact file. */
  readonly tables?: ReadonlyMap<string, string>
  readonly entities: readonly Entity[]
  /** If there is one, rules read it. */
  readonly request?: Request
}

export interface Fact {
  readonly predicate: string
  readonly row: readonly Value[]
}

/** The case of a seed. */
export function generateDatalog(seed: number): DatalogCase {
  const random = createRandom(seed)
  const predicates = randomPredicates(random)
  const hasEntities = random.chance(0.25)
  const request = random.chance(0.3) ? randomRequest(random) : undefined
  const hazard = random.chance(request === undefined ? 0.3 : 0.7)
  // What is materialised depends on lower levels alone; facts that add to the entity store are those of level 0.
  const onDemandFrom = random.int(4) + (hasEntities ? 1 : 0)
  const clauses: string[] = []
  const data: Fact[] = []
  for (const predicate of predicates) {
    const isBase = predicate.level === 0
    clauses.push(...declaration(random, predicate, { hasRequest: request !== undefined, onDemandFrom }))
    if (predicate.best === undefined && (isBase || random.chance(0.15))) {
      const { texts, facts } = randomFacts(random, predicate, isBase ? 12 : 2)
      clauses.push(...texts)
      data.push(...facts)
    }
    if (isBase) continue
    clauses.push(
      ...random.list(1, 3, () => randomRule({ random, predicates, predicate, hazard, hasEntities, request })),
    )
  }
  if (request !== undefined) clauses.push(...random.list(1, 3, () => decidingRule(random, predicates, hazard)))
  const entities = hasEntities ? randomEntities(random) : []
  if (hasEntities && random.chance(0.5)) clauses.push(...entityRule(random, predicates))
  return { clauses, data, predicates, entities, ...(request && { request }) }
}

/** Path ids of this type are normalised in cases with a request. */
export const PATH_TYPE = 'File'

/** The whole case as a `.rune` file. */
export function runeText({ clauses, data, predicates, tables, entities, request }: DatalogCase): string {
  const rows = (name: string): string[] =>
    data.filter(({ predicate }) => predicate === name).map(({ row }) => `[${row.map(tomlText).join(', ')}]`)
  const given = predicates
    .filter(({ level, best }) => level === 0 && best === undefined)
    .map(({ name }) => `${name} = ${tables?.get(name) ?? `[${rows(name).join(', ')}]`}`)
  const store = entities.map(({ uid, attrs, parents, tags }) => {
    const fields = (all: ReadonlyMap<string, Value>): string =>
      `{ ${[...all].map(([name, value]) => `${JSON.stringify(name)} = ${tomlText(value)}`).join(', ')} }`
    const groups = parents.map((parent) => JSON.stringify(uidText(parent))).join(', ')
    return `${JSON.stringify(uidText(uid))} = { in = [${groups}], attrs = ${fields(attrs)}, tags = ${fields(tags)} }`
  })
  return [
    'version = "rune/1.0"',
    ...(request === undefined ? [] : ['[options]', `path_types = ["${PATH_TYPE}"]`]),
    '[data]',
    ...given,
    ...(store.length === 0 ? [] : ['[entities]', ...store]),
    '[rules]',
    ...clauses,
    '',
  ].join('\n')
}

function randomPredicates(random: Random): Predicate[] {
  const kinds = random.some(KINDS, 0.35).slice(0, 3)
  const usual: readonly Kind[] = ['string', 'long', ...kinds]
  const names = ['p', 'edge', 'agent.can', 'agent.x.y', 'is_a', 'q']
  const make = (level: number, i: number, columns: readonly Kind[]): Predicate => ({
    name: `${random.pick(names)}${level}${i}`,
    kinds: columns,
    level,
    equivalence: false,
    declared: random.chance(0.5),
  })
  const columns = (): Kind[] => random.list(random.chance(0.1) ? 0 : 1, 3, () => random.pick(usual))
  // Two binary predicates that chains and cycles run along, and others.
  const along = random.pick(usual)
  const base = [
    make(0, 0, [along, along]),
    make(0, 1, [along, along, 'long']),
    ...random.list(1, 3, (i) => make(0, i + 2, columns())),
  ]
  const levels = random.list(1, 4, (level) => {
    const [first, second] = [random.pick(usual), random.pick(usual)]
    if (random.chance(0.25)) return [{ ...make(level + 1, 0, [along, along]), equivalence: true, declared: true }]
    if (random.chance(0.2))
      return [{ ...make(level + 1, 0, [along, 'wide']), best: random.pick(['min', 'max'] as const) }]
    if (random.chance(0.15)) return [make(level + 1, 0, [first, 'wide'])]
    // Those of one level may need each other.
    return [make(level + 1, 0, [first, second].slice(0, random.int(3))), make(level + 1, 1, columns())].slice(
      0,
      1 + random.int(2),
    )
  })
  return [...base, ...levels.flat()]
}

function declaration(
  random: Random,
  { name, kinds, declared, equivalence, level }: Predicate,
  { hasRequest, onDemandFrom }: { readonly hasRequest: boolean; readonly onDemandFrom: number },
): string[] {
  if (!declared) return []
  const columns = kinds
    .map(
      (kind, i) =>
        `c${i}${random.chance(0.9) || level === 0 || !['string', 'long'].includes(kind) ? `: ${TYPE_OF[kind]}` : ''}`,
    )
    .join(', ')
  const forced = level >= onDemandFrom ? ' on_demand' : hasRequest ? '' : ' materialize'
  const option = equivalence ? ' equivalence' : random.pick(['', forced])
  return [`decl ${name}(${columns})${option}.`]
}

/** Facts of a base predicate stand in `[data]`, where TOML can say them, or in the rules. */
function randomFacts(random: Random, predicate: Predicate, most: number): { texts: string[]; facts: Fact[] } {
  const rows = random.list(random.chance(0.1) ? 0 : most >> 1, most, () =>
    predicate.kinds.map((kind) => pickValue(random, kind)),
  )
  const inData =
    predicate.level === 0 && random.chance(0.6) && rows.flat().every((value) => tomlText(value) !== undefined)
  if (inData) return { texts: [], facts: rows.map((row) => ({ predicate: predicate.name, row })) }
  const texts = rows.map((row) => `${predicate.name}(${row.map((value) => literalText(random, value)).join(', ')}).`)
  return { texts, facts: [] }
}

interface RuleOptions {
  readonly random: Random
  readonly predicates: readonly Predicate[]
  readonly predicate: Predicate
  readonly hazard: boolean
  readonly hasEntities: boolean
  readonly request: Request | undefined
}

function createDraft(
  { random, predicates, hazard }: Pick<RuleOptions, 'random' | 'predicates' | 'hazard'>,
  level: number,
): Draft {
  return { random, predicates, level, literals: [], bound: new Map(), variables: 0, isRecursive: false, hazard }
}

function randomRule(options: RuleOptions): string {
  const { random, predicate } = options
  const draft = createDraft(options, predicate.level)
  if (predicate.best !== undefined) return bestRule(draft, predicate, predicate.best)
  if (random.chance(0.5)) {
    const rule = aggregateRule(draft, predicate)
    if (rule !== undefined) return rule
  }
  const counter = predicate.kinds.indexOf('long')
  if (counter >= 0 && random.chance(0.2)) return countingRule(draft, predicate, counter)
  const usable = draft.predicates.filter(
    ({ level, best }) => level < predicate.level || (level === predicate.level && best === undefined),
  )
  if (random.chance(0.15)) addConstant(draft)
  if (random.chance(0.15)) addCycle(draft)
  else
    random.list(1, 3, (i) =>
      addAtom(draft, random.pick(random.chance(0.5) ? usable : usable.slice(-4)), i > 0 && random.chance(0.93)),
    )
  if (options.request !== undefined && random.chance(0.3)) addRequest(draft)
  if (options.hasEntities && random.chance(0.4)) addEntity(draft)
  if (random.chance(0.2)) addDisjunction(draft)
  if (random.chance(0.25)) addAggregate(draft)
  if (random.chance(options.hazard ? 0.7 : 0.35)) addComputation(draft, usable)
  if (random.chance(0.3)) addTest(draft)
  if (random.chance(0.25)) addNegation(draft)
  return ruleText(
    draft,
    atomText(
      draft,
      predicate,
      predicate.kinds.map((kind) => headArgument(draft, kind)),
    ),
  )
}

function headArgument(draft: Draft, kind: Kind): string {
  const { random } = draft
  if (!draft.isRecursive && random.chance(0.15)) {
    const made = expression(draft)
    if (made?.kind === kind) return made.text
  }
  return (random.chance(0.92) ? boundOf(draft, kind) : undefined) ?? constant(draft, kind)
}

/** The literals stand in any order: it must not matter. */
function ruleText({ random, literals }: Draft, head: string): string {
  const left = [...literals]
  const shuffled = literals.map(() => left.splice(random.int(left.length), 1)[0])
  return shuffled.length === 0 ? `${head}.` : `${head} :- ${shuffled.join(', ')}.`
}

/** A variable that is equal to a constant, or rarely a comparison of constants: what is computed before any row is seen. */
function addConstant(draft: Draft): void {
  const { random, literals } = draft
  const kind = random.pick(random.pick(draft.predicates).kinds) ?? 'long'
  if (random.chance(0.2)) {
    literals.push(`${constant(draft, kind)} ${random.pick(['=', '!='])} ${constant(draft, kind)}`)
    return
  }
  const name = fresh(draft)
  draft.bound.set(name, kind)
  literals.push(`${name} = ${constant(draft, kind)}`)
}

/** Four atoms around a cycle. */
function addCycle(draft: Draft): void {
  const [first] = draft.predicates
  const kind = first?.kinds[0] ?? 'string'
  const names = [0, 1, 2, 3].map(() => fresh(draft))
  for (const name of names) draft.bound.set(name, kind)
  names.forEach((name, i) => {
    const edge = draft.predicates[draft.random.int(2)]
    const rest = edge === first ? '' : ', _'
    draft.literals.push(`${edge?.name}(${name}, ${names[(i + 1) % 4]}${rest})`)
  })
}

/** `p(N + 1) :- p(N), N < 5.`: recursion that arithmetic bounds. */
function countingRule(draft: Draft, { name, kinds }: Predicate, counter: number): string {
  const { random } = draft
  const names = kinds.map(() => fresh(draft))
  const n = names[counter]
  const head = names.map((one, i) => (i === counter ? `${one} + ${1 + random.int(2)}` : one))
  draft.literals.push(`${name}(${names.join(', ')})`, `${n} ${random.pick(['<', '<=', '!='])} ${3 + random.int(4)}`)
  if (draft.literals.at(-1)?.includes('!=')) draft.literals.push(`${n} < 9`)
  return ruleText(draft, `${name}(${head.join(', ')})`)
}

/** Rules of a predicate that keeps the best: one that begins, and one that goes along an edge and only makes values worse. */
function bestRule(draft: Draft, { name, level, kinds }: Predicate, best: 'min' | 'max'): string {
  const { random } = draft
  const [plain, weighted] = draft.predicates
  const [from, to, weight] = [fresh(draft), fresh(draft), fresh(draft)]
  if (plain === undefined || weighted === undefined) throw new Error('no edges')
  if (random.chance(0.5)) return `${name}(${from}, ${best} ${weight}) :- ${weighted.name}(${from}, _, ${weight}).`
  const sign = best === 'min' ? '' : '-'
  const step = random.pick([
    { sum: `${weight} + ${sign}${1 + random.int(2)}`, edge: `${plain.name}(${from}, ${to})` },
    { sum: `${weight} + ${sign}1`, edge: `${weighted.name}(${from}, ${to}, _)` },
    { sum: `${weight} + W`, edge: `${weighted.name}(${from}, ${to}, W), W ${best === 'min' ? '>=' : '<='} 0` },
  ])
  draft.literals.push(`${name}(${from}, ${weight})`, ...step.edge.split(/, (?=W )/u))
  if (random.chance(0.2)) addNegation({ ...draft, level, bound: new Map([[to, kinds[0] ?? 'string']]) })
  if (random.chance(0.5)) return ruleText(draft, `${name}(${to}, ${best} ${step.sum})`)
  draft.literals.push(`D = ${step.sum}`)
  return ruleText(draft, `${name}(${to}, ${best} D)`)
}

const REQUEST_ATOMS: readonly (readonly [before: string, kind: Kind, after: string])[] = [
  ['principal(', 'string', ', "User")'],
  ['action(', 'string', ')'],
  ['resource(', 'string', ', "Doc")'],
  ['path(', 'path', ')'],
  ['request(', 'User', ', _, _)'],
  ['context.level(', 'long', ')'],
  ['context("note", ', 'string', ')'],
  ['context.tags(', 'string', ')'],
  ['context.owner(', 'User', ')'],
]

function addRequest(draft: Draft): void {
  const { random } = draft
  const [before, kind, after] = random.pick(REQUEST_ATOMS)
  const known = random.chance(0.6) ? boundOf(draft, kind) : undefined
  const name = known ?? fresh(draft)
  draft.bound.set(name, draft.bound.get(name) ?? kind)
  draft.literals.push(`${before}${name}${after}`)
}

/** `permit` or `forbid`: a literal of the request, and atoms that share variables with it. */
function decidingRule(random: Random, predicates: readonly Predicate[], hazard: boolean): string {
  const draft = createDraft({ random, predicates, hazard }, 99)
  addRequest(draft)
  random.list(0, 2, () => {
    const usable = predicates.filter(({ kinds }) => kinds.some((kind) => boundOf(draft, kind) !== undefined))
    if (usable.length > 0) addAtom(draft, random.pick(usable), true)
  })
  if (random.chance(0.4)) addTest(draft)
  const reason = boundOf(draft, 'string')
  const args = random.pick(['', '()', '("why")', reason === undefined ? '' : `("for " + ${reason})`])
  return ruleText(draft, `${random.pick(['permit', 'permit', 'forbid'])}${args}`)
}

/** What the entity store says of an entity that the rule binds. */
function addEntity(draft: Draft): void {
  const { random } = draft
  const name = boundOf(draft, random.pick(['User', 'Group'] as const)) ?? boundOf(draft, 'User', 'Group')
  if (name === undefined) return
  const group = boundOf(draft, 'Group') ?? constant(draft, 'Group')
  const negation = random.chance(0.3) ? 'not ' : ''
  draft.literals.push(
    random.pick([
      `${negation}entity.parent(${name}, ${group})`,
      `${negation}entity.ancestor(${name}, ${group})`,
      `${negation}entity.ancestor(${name}, _)`,
      `${negation}entity.type(${name}, ${stringText(random.pick(['User', 'Group']))})`,
      `${negation}entity.attr(${name}, "level", ${constant(draft, 'long')})`,
      `${negation}entity.tag(${name}, "team", a)`,
    ]),
  )
}

/** A rule that adds to the entity store, from facts alone. */
function entityRule(random: Random, predicates: readonly Predicate[]): string[] {
  const usable = predicates.filter(({ level, kinds }) => level === 0 && kinds.includes('User'))
  if (usable.length === 0) return []
  const { name, kinds } = random.pick(usable)
  const place = kinds.indexOf('User')
  const body = `${name}(${kinds.map((_, i) => (i === place ? 'U' : '_')).join(', ')})`
  return [
    random.chance(0.7)
      ? `entity.parent(U, Group::"${random.pick(['a', 'g', 'h'])}") :- ${body}.`
      : `entity.attr(U, "seen", true) :- ${body}.`,
  ]
}

function randomEntities(random: Random): Entity[] {
  const users = random.some(['a', 'b', 'c'], 0.8).map((id) => entityUid('User', id))
  const groups = ['a', 'g', 'h'].map((id) => entityUid('Group', id))
  return [...users, ...groups].map((uid) => {
    const above: readonly EntityUid[] = uid.type === 'User' ? groups : groups.slice(groups.indexOf(uid) + 1)
    return {
      uid,
      attrs: new Map<string, Value>(random.chance(0.7) ? [['level', pickValue(random, 'long')]] : []),
      parents: random.some(above, 0.4),
      tags: new Map<string, Value>(random.chance(0.5) ? [['team', pickValue(random, 'string')]] : []),
    }
  })
}

function randomRequest(random: Random): Request {
  const context: [string, Value][] = [
    ['level', pickValue(random, 'long')],
    ['note', pickValue(random, 'string')],
    ['tags', { kind: 'set', elements: random.list(0, 3, () => pickValue(random, 'string')) }],
    ['owner', pickValue(random, 'User')],
    ['nested', { kind: 'record', fields: new Map([['level', 1n]]) }],
  ]
  const resource = random.pick([
    entityUid('Doc', `${pickValue(random, 'string')}`),
    entityUid(PATH_TYPE, `${pickValue(random, 'path')}`),
  ])
  return {
    principal: pickValue(random, 'User') as EntityUid,
    action: entityUid('Action', random.pick(['a', 'read'])),
    resource,
    context: new Map(random.some(context, 0.8)),
  }
}
