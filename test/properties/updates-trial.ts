/** One history of a coordinator over a random program, and the fresh start that it is compared with after each step. */
import type { AuthorizeRequest } from '../../src/decide/request.ts'
import { attachArena } from '../../src/image/arena.ts'
import { writtenPredicate } from '../../src/program/links.ts'
import type { EntityRecord } from '../../src/program/program.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { build } from '../../src/threads/build.ts'
import { type Coordinator, createCoordinator } from '../../src/threads/coordinator.ts'
import { createReader, type Reader } from '../../src/threads/reader.ts'
import {
  addToDelta,
  type Delta,
  type EntityUpdate,
  emptyDelta,
  type FactUpdate,
  type Update,
  updatable,
} from '../../src/threads/update.ts'
import { printEntityUid } from '../../src/values/entity-uid.ts'
import { canonicalKey } from '../../src/values/equality.ts'
import { type EntityUid, entityUid, type Value } from '../../src/values/value.ts'
import type { Predicate } from './datalog-draft.ts'
import { literalText, pickValue, TYPE_OF } from './datalog-values.ts'
import { type DatalogCase, generateDatalog, runeText } from './generate-datalog.ts'
import { createRandom, type Random } from './random.ts'

export interface Trial {
  /** What happened so far, for a failure's message. */
  readonly history: readonly string[]
  /** Does something to the coordinator. */
  step(): { readonly outcome: 'changed' | 'refused' }
  /** How readers differ from a fresh start. */
  problem(): string | undefined
}

/** What holds: facts and entities by key. */
interface World {
  readonly facts: Map<string, FactUpdate>
  readonly entities: Map<string, EntityUpdate>
}

/** The history of a seed; undefined where its program is refused from the start. */
export function createTrial(seed: number): Trial | undefined {
  const random = createRandom(seed + 1)
  const of = declared(generateDatalog(seed))
  const start = startOf(of)
  return start && new History(random, of, start)
}

class History implements Trial {
  readonly history: string[] = []
  readonly #random: Random
  readonly #case: DatalogCase
  readonly #input: { text: string }
  readonly #delta: Delta = emptyDelta()
  /** Keys of the delta that the base has or had: their removal is remembered. */
  readonly #sourced = new Set<string>()
  readonly #requests: readonly AuthorizeRequest[]
  readonly #changeable: readonly Predicate[]
  #base: World
  #coordinator: Coordinator
  /** One looks after each step, the other only now and then. */
  #readers: readonly Reader[] = []
  /** What a fresh start shows. */
  #expected: readonly string[]
  #problem: string | undefined

  constructor(random: Random, of: DatalogCase, { base, changeable }: Start) {
    this.#random = random
    this.#case = of
    this.#base = base
    this.#changeable = changeable
    this.#input = { text: textOf(of, base) }
    this.#requests = requestsOf(random, of)
    this.#coordinator = createCoordinator(this.#options())
    this.#coordinator.load()
    this.#attach()
    this.#expected = this.#look(fresh(this.#input.text))
    this.history.push(this.#input.text)
  }

  #options() {
    const { chance } = this.#random
    return {
      input: this.#input,
      store: { graceMs: chance(0.5) ? 0 : 1000 },
      waste: { goneRows: 2, gonePart: 0.1, values: chance(0.5) ? 3 - this.#input.text.length : 2 ** 16 },
    }
  }

  #attach(): void {
    for (const reader of this.#readers) reader.close()
    // The first one keeps no decisions.
    this.#readers = [0, undefined].map((bytes) => createReader(attachArena(this.#coordinator.memory), bytes))
  }

  step(): { readonly outcome: 'changed' | 'refused' } {
    const { int, chance } = this.#random
    const kind = int(12)
    if (kind === 0) return this.#attempt('reload', () => this.#coordinator.load())
    if (kind === 1) return this.#edit()
    if (kind === 2) {
      this.history.push('tidy')
      for (let i = 0; i < 10 && this.#coordinator.tidy() === 1; i++);
      return { outcome: 'changed' }
    }
    if (kind === 3) {
      this.history.push('another coordinator goes on')
      const predecessor = { memory: this.#coordinator.memory, delta: copyOf(this.#delta) }
      this.#coordinator = createCoordinator({ ...this.#options(), predecessor })
      for (const key of [...this.#delta.facts.keys(), ...this.#delta.entities.keys()]) this.#sourced.add(key)
      if (chance(0.3)) this.#attach()
      return this.#attempt('no update', () => this.#coordinator.update([]))
    }
    const updates = this.#random.list(1, chance(0.3) ? 3 : 1, () => this.#randomUpdate())
    const shown = updates.flatMap(({ facts, entities }) => [...facts.map(factText), ...entities.map(entityText)])
    return this.#attempt(`update ${shown.join(' ')}`, () => this.#coordinator.update(updates), updates)
  }

  /** Another text, in which some facts are missing and some are new; updates still count. */
  #edit(): { readonly outcome: 'changed' | 'refused' } {
    const before = { base: this.#base, text: this.#input.text }
    const facts = new Map([...this.#base.facts].filter(() => this.#random.chance(0.8)))
    addToDelta(
      { facts, entities: new Map() },
      { facts: this.#randomUpdate().facts.filter((f) => f.isThere), entities: [] },
    )
    this.#base = { ...this.#base, facts }
    this.#input.text = textOf(this.#case, this.#base)
    const done = this.#attempt(`edit to\n${this.#input.text}`, () => this.#coordinator.load())
    if (done.outcome === 'changed') return done
    this.#base = before.base
    this.#input.text = before.text
    return done
  }

  /** Does `work`, which must fail exactly where a fresh start from its result fails. */
  #attempt(what: string, work: () => unknown, updates: readonly Update[] = []): { outcome: 'changed' | 'refused' } {
    this.history.push(what)
    const delta = copyOf(this.#delta)
    for (const update of updates) addToDelta(delta, update)
    const codes = codesOf(work)
    const text = textOf(this.#case, united(this.#base, delta))
    let expected: Reader | undefined
    const wanted = codesOf(() => {
      expected = fresh(text)
    })
    // Types follow the data where nothing declares them, so a text can be refused for what an update may do.
    const isTyped = wanted.every((code) => !OF_DATA.includes(code))
    if (codes.join() !== wanted.join() && isTyped) this.#problem = `got  ${codes}\nwant ${wanted} as of\n${text}`
    if (codes.length > 0) return { outcome: 'refused' }
    for (const update of updates) addToDelta(this.#delta, update)
    this.#forget()
    if (expected) this.#expected = this.#look(expected)
    return { outcome: 'changed' }
  }

  /** What updates brought and took away again leaves nothing behind. */
  #forget(): void {
    for (const part of ['facts', 'entities'] as const) {
      for (const [key, one] of this.#delta[part]) {
        if (this.#base[part].has(key)) this.#sourced.add(key)
        const isGone = 'uid' in one ? !one.record : !one.isThere
        if (isGone && !this.#sourced.has(key)) this.#delta[part].delete(key)
      }
    }
  }

  #randomUpdate(): Update {
    const random = this.#random
    const now = united(this.#base, this.#delta)
    const names = new Set(this.#changeable.map(({ name }) => name))
    const there = [...now.facts.values()].filter((fact) => fact.isThere && names.has(fact.predicate))
    const facts = random.list(0, 3, (): FactUpdate => {
      if (there.length > 0 && random.chance(0.45)) return { ...random.pick(there), isThere: false }
      const { name, kinds } = random.pick(this.#changeable)
      return { predicate: name, row: kinds.map((kind) => pickValue(random, kind)), isThere: random.chance(0.85) }
    })
    const entities = this.#case.entities.length === 0 ? [] : random.list(0, 2, () => randomEntity(random))
    return { facts, entities }
  }

  problem(): string | undefined {
    if (this.#problem !== undefined) return this.#problem
    const [eager, lazy] = this.#readers as [Reader, Reader]
    const wanted = this.#expected
    for (const reader of this.#random.chance(0.3) ? [eager, lazy] : [eager]) {
      const got = this.#look(reader)
      const i = got.findIndex((line, at) => line !== wanted[at])
      if (i >= 0) return `got  ${got[i]}\nwant ${wanted[i]}`
    }
    return undefined
  }

  /** All that can be seen of a state. */
  #look(reader: Reader): string[] {
    const asked = [
      ...this.#case.predicates,
      ...ENTITY_PREDICATES.map(([name, arity]) => ({ name, kinds: new Array<never>(arity).fill('User' as never) })),
    ].flatMap((predicate) => questions(predicate))
    return [
      ...asked.map((question) => `${question}: ${outcome(() => reader.query(question).toText())}`),
      ...this.#requests.map((request) => {
        const decide = () => JSON.stringify({ ...reader.authorize(request), epoch: 0 }).replace(/"line":\d+/g, '')
        return `${JSON.stringify(request, bigintText)}: ${outcome(decide)}`
      }),
    ]
  }
}

const OF_DATA = ['R300']
const ENTITY_PREDICATES = [
  ['entity.type', 2],
  ['entity.parent', 2],
  ['entity.attr', 3],
  ['entity.tag', 3],
  ['entity.ancestor', 2],
] as const
const POLICIES = `[policies]
permit(principal, action, resource) when { principal in Group::"g" };
permit(principal is User, action, resource) when { principal has level && principal.level > 1 };
permit(principal, action, resource) when { principal.hasTag("team") && principal.getTag("team") == "a" };
forbid(principal, action, resource) when { principal has seen && principal in Group::"h" };
`

/** Everything is open, and by its first columns: what indexes are for. */
function questions({ name, kinds }: Pick<Predicate, 'name' | 'kinds'>): string[] {
  const variables = kinds.map((_, i) => `V${i}`)
  const text = (args: readonly string[]) => `${name}(${args.join(', ')})`
  if (kinds.length < 2) return [text(variables)]
  return [text(variables), `${text(variables)}, ${text(variables.with(-1, 'W'))}`]
}

function outcome(work: () => string): string {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return error.diagnostics.map(({ code, message }) => `${code} ${message}`).join('; ')
  }
}

function codesOf(work: () => unknown): string[] {
  try {
    work()
    return []
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    const codes = error.diagnostics.filter((d) => d.severity === 'error').map((d) => d.code)
    return [...new Set(codes)].sort()
  }
}

function fresh(text: string): Reader {
  const coordinator = createCoordinator({ input: { text } })
  coordinator.load()
  return createReader(attachArena(coordinator.memory))
}

/** The case with types declared for every column, so that they do not follow the facts. */
function declared(of: DatalogCase): DatalogCase {
  const decls = of.predicates.map(({ name, kinds }) => {
    const before = of.clauses.find((clause) => clause.startsWith(`decl ${name}(`))
    const option = before?.slice(before.indexOf(')') + 1) ?? '.'
    return `decl ${name}(${kinds.map((kind, i) => `c${i}: ${TYPE_OF[kind]}`).join(', ')})${option}`
  })
  return { ...of, clauses: [...decls, ...of.clauses.filter((clause) => !clause.startsWith('decl '))] }
}

interface Start {
  readonly base: World
  /** The predicates that updates may change. */
  readonly changeable: readonly Predicate[]
}

/** What a case has itself; undefined where it is refused. */
function startOf(of: DatalogCase): Start | undefined {
  const world = emptyDelta()
  const text = `${runeText(of)}${POLICIES}`
  try {
    const { program } = build({ text })
    for (const source of program.facts) {
      const predicate = writtenPredicate(program.predicates, source.predicate)?.name ?? ''
      const rows = source.kind === 'inline' ? source.rows : []
      addToDelta(world, { facts: rows.map((row) => ({ predicate, row, isThere: true })), entities: [] })
    }
    addToDelta(world, { facts: [], entities: program.entities.map((record) => ({ uid: record.uid, record })) })
    const changeable = of.predicates.filter(({ name, kinds }) => updatable(program, name, kinds.length))
    return { base: world, changeable }
  } catch (error) {
    if (error instanceof RuneError) return undefined
    throw error
  }
}

/** The case with the facts and entities of `world` in place of its own. Facts come last, so that rules keep their lines. */
function textOf(of: DatalogCase, { facts, entities }: World): string {
  const isRule = (clause: string) => clause.includes(' :- ') || clause.startsWith('decl ')
  const clauses = [
    ...of.clauses.filter(isRule),
    ...[...facts.values()].filter((fact) => fact.isThere).map((fact) => `${atomText(fact)}.`),
  ]
  const records = [...entities.values()].flatMap(({ record }) => (record ? [record] : []))
  const store = records.map(({ uid, attrs, tags, parents }) => ({
    uid,
    attrs,
    tags,
    parents: [...parents],
  }))
  return `${runeText({ ...of, clauses, data: [], entities: store })}${POLICIES}`
}

function united(base: World, delta: Delta): World {
  return {
    facts: new Map([...base.facts, ...delta.facts]),
    entities: new Map([...base.entities, ...delta.entities]),
  }
}

function copyOf({ facts, entities }: Delta): Delta {
  return { facts: new Map(facts), entities: new Map(entities) }
}

/** A literal is written in one way, so that a history can be repeated. */
function atomText({ predicate, row }: FactUpdate): string {
  return `${predicate}(${row.map((value) => literalText(createRandom(0), value)).join(', ')})`
}

function factText(fact: FactUpdate): string {
  return `${fact.isThere ? '+' : '-'}${atomText(fact)}`
}

function entityText({ uid, record }: EntityUpdate): string {
  if (!record) return `-${printEntityUid(uid)}`
  const fields = (all: ReadonlyMap<string, Value>) => [...all].map(([key, value]) => `${key}: ${canonicalKey(value)}`)
  return `+${printEntityUid(uid)} in [${record.parents.map(printEntityUid)}] {${fields(record.attrs)}} tags {${fields(record.tags)}}`
}

function randomEntity(random: Random): EntityUpdate {
  const groups = ['a', 'g', 'h'].map((id) => entityUid('Group', id))
  const uid = random.chance(0.6) ? entityUid('User', random.pick(['a', 'b', 'c', 'é'])) : random.pick(groups)
  if (random.chance(0.3)) return { uid }
  const record: EntityRecord = {
    uid,
    attrs: new Map<string, Value>(random.chance(0.7) ? [['level', pickValue(random, 'long')]] : []),
    parents: random.some(groups, 0.35),
    tags: new Map<string, Value>(random.chance(0.5) ? [['team', pickValue(random, 'string')]] : []),
  }
  return { uid, record }
}

function requestsOf(random: Random, { request }: DatalogCase): AuthorizeRequest[] {
  const of = ({ type, id }: EntityUid) => ({ type, id })
  const others = random.list(2, 3, () => ({
    principal: of(pickValue(random, 'User') as EntityUid),
    action: 'read',
    resource: { type: 'Doc', id: 'a' },
    context: { level: random.int(4), note: 'a' },
  }))
  if (!request) return others
  const { principal, action, resource } = request
  const resourceOf = resource.type === 'File' ? { type: 'Doc', id: resource.id } : of(resource)
  return [
    ...others,
    { principal: of(principal), action: of(action), resource: resourceOf, context: { level: 1, note: 'b' } },
  ]
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value
}
