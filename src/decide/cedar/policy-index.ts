/**
 * Which policies a request has to be asked about: by action, then by the principal or the resource that the policy names,
 * whichever tells more of them apart, then by the other. The cost follows the ancestors of these and the policies that they
 * lead to, not the policies that exist; where there are few, all are named. Policies that are left out are neither satisfied
 * nor fail.
 */
import type { EntityView } from '../../image/entity-view.ts'
import { PairObjects } from '../../image/pair-memo.ts'
import { isLocal as isLocalId, type ValueId } from '../../image/value-ids.ts'
import type { Decision } from '../decision.ts'
import type { Frame } from './frame.ts'
import type { Generated } from './generate.ts'
import { ANY, type Scope } from './scope.ts'

/** Lists of policies, as many as `count` says; a policy may be in two. Good until the next search. */
export interface Candidates {
  readonly lists: PolicyList[]
  count: number
}

/** Policies that are asked together. */
export interface PolicyList {
  /** Ascending. */
  readonly numbers: readonly number[]
  /** How often they were asked; who asks keeps count, and what makes that faster. */
  asked: number
  /** All of them, by their places; for requests whose action they are about. */
  code: Generated | undefined
  /** By the bits of those that are satisfied, if none fails; who decides keeps them. */
  decisions: (Decision | undefined)[]
}

/** The numbers of all candidates, some of them twice. */
export function numbersOf({ lists, count }: Candidates): number[] {
  return lists.slice(0, count).flatMap(({ numbers }) => numbers)
}

/** For a list of which none is kept. */
export const NO_DECISIONS: (Decision | undefined)[] = new Array<Decision | undefined>(1).fill(undefined)

export function policyList(numbers: readonly number[]): PolicyList {
  return { numbers, asked: 0, code: undefined, decisions: NO_DECISIONS }
}

/** Policies that are not told apart any further unless there are more than a few. */
interface Node {
  readonly members: number[]
  /** The same; absent until somebody asks. */
  list?: PolicyList
  /** Absent until somebody asks; `null` where nothing tells them apart. */
  split?: Split | null
}

/** Policies by what one of the variables must be. */
interface Split {
  readonly side: Side
  /** Its side, for who must not wait for a comparison of strings. */
  readonly isOfPrincipal: boolean
  /** Names it where something is remembered. */
  readonly number: number
  readonly any: Node | undefined
  readonly hasTypes: boolean
  /** Whether an ancestor can lead to a part. */
  readonly hasGroups: boolean
  readonly parts: Parts
  /** By what the parts can still be told apart. */
  readonly rest: readonly Side[]
}

/** Besides the action, what policies are told apart by. */
export type Side = 'principal' | 'resource'
type Parts = ReadonlyMap<ValueId, Node>

/** It costs no more to ask so few than to look up which of them can match. */
const FEW = 8
/** So many ancestors are looked up, though that may cost more than to ask a few policies more. */
const REACHED = 8
/** Ways with more parts are not remembered: a few thousand of them would be much. */
const WAY_MAX = 16
/** Actions whose policies are known at a time. */
const ACTIONS_MAX = 1024

export interface IndexOptions {
  /** Entities that last until `turn`. */
  readonly stored?: EntityView
  /** So few policies are asked one by one. */
  readonly few?: number
  /** Whether an id is none of the policies' or the stored entities', and may mean something else later. */
  readonly isLocal?: (id: ValueId) => boolean
}

/** The index over policies with these scopes; the number of a policy is its place. */
export class PolicyIndex {
  /** By number. */
  readonly scopes: readonly Scope[]
  readonly #roots: Parts
  readonly #search: Search
  readonly #actions = new Map<ValueId, Selection>()
  readonly #lists = new Map<string, PolicyList>()
  #unknown: Selection | undefined

  constructor(scopes: readonly Scope[], { stored, few = FEW, isLocal = isLocalId }: IndexOptions = {}) {
    this.scopes = scopes
    this.#roots = rootsOf(scopes)
    const found: Candidates = { lists: [], count: 0 }
    const [principal, resource] = [createReached(), createReached()]
    const state = { principal, resource, open: undefined, found, splits: 0, ways: undefined }
    this.#search = { scopes, few, stored, isLocal, ...state }
  }

  /** The policies to ask. */
  find(frame: Frame): Candidates {
    const { some, many } = this.#selectionOf(frame)
    const found = this.#search.found
    found.count = 0
    if (some.numbers.length > 0) found.lists[found.count++] = some
    if (many.length > 0) this.#collectAll(many, frame, undefined)
    return found
  }

  /** The numbers of those that can match a request in whose `open` place any entity stands, ascending. */
  among(frame: Frame, open: Side): readonly number[] {
    const other = open === 'principal' ? 'resource' : 'principal'
    const keys = keysOf(frame[other], frame)
    const { some, many } = this.#selectionOf(frame)
    this.#search.found.count = 0
    this.#collectAll(many, frame, open)
    const numbers = new Set([...some.numbers, ...numbersOf(this.#search.found)])
    return [...numbers].filter((number) => keys.has(this.scopes[number]![other].id)).sort(ascending)
  }

  /** To be called when stored entities may have changed. */
  turn(): void {
    this.#actions.clear()
    this.#unknown = undefined
    this.#search.ways?.clear()
  }

  #collectAll(many: readonly Node[], frame: Frame, open: Side | undefined): void {
    const search = this.#search
    search.open = open
    search.principal.limit = UNKNOWN
    search.resource.limit = UNKNOWN
    for (const root of many) collect(search, frame, root, BOTH)
  }

  #selectionOf(frame: Frame): Selection {
    const known = this.#actions.get(frame.action)
    return known !== undefined && frame.entities === this.#search.stored ? known : this.#select(frame)
  }

  #select(frame: Frame): Selection {
    const isStored = frame.entities === this.#search.stored
    // What nobody else knows is in nothing, and only policies for any action are about it.
    if (isStored && this.#search.isLocal(frame.action)) return (this.#unknown ??= this.#selectFor(frame))
    const selection = this.#selectFor(frame)
    // What a request brings may have any ancestors.
    if (!isStored) return selection
    if (this.#actions.size >= ACTIONS_MAX) this.#actions.clear()
    this.#actions.set(frame.action, selection)
    return selection
  }

  #selectFor(frame: Frame): Selection {
    const { some, many } = select(this.#roots, this.#search.few, frame)
    return { some: this.#listOf(some), many }
  }

  /** Another state has the same lists as a rule, and what was made of them. */
  #listOf(numbers: readonly number[]): PolicyList {
    const key = numbers.join()
    const known = this.#lists.get(key)
    if (known !== undefined) return known
    const list = policyList(numbers)
    if (this.#lists.size >= ACTIONS_MAX) this.#lists.clear()
    this.#lists.set(key, list)
    return list
  }
}

const BOTH: readonly Side[] = ['principal', 'resource']

/** Of an action: the policies of all that it is or is in. */
interface Selection {
  readonly some: PolicyList
  readonly many: readonly Node[]
}

function rootsOf(scopes: readonly Scope[]): Parts {
  const roots = new Map<ValueId, Node>()
  for (const [number, { actions }] of scopes.entries()) for (const key of actions ?? ANYTHING) add(roots, key, number)
  return roots
}

const ANYTHING = [ANY]

function add(nodes: Map<ValueId, Node>, key: ValueId, number: number): void {
  const node = nodes.get(key)
  if (node) node.members.push(number)
  else nodes.set(key, { members: [number] })
}

function select(roots: Parts, few: number, { action, entities }: Frame) {
  const groups: ValueId[] = []
  entities.ancestors(action, groups, Number.POSITIVE_INFINITY)
  const nodes = [ANY, action, ...groups].flatMap((key) => roots.get(key) ?? [])
  const small = nodes.filter(({ members }) => members.length <= few)
  const numbers = new Set(small.flatMap(({ members }) => members))
  return { some: [...numbers].sort(ascending), many: nodes.filter(({ members }) => members.length > few) }
}

/** The ids of all keys that an entity can match: it is or is in something, or has a type. */
export function keysOf(entity: ValueId, { values, entities }: Frame): ReadonlySet<ValueId> {
  const ancestors: ValueId[] = []
  entities.ancestors(entity, ancestors, Number.POSITIVE_INFINITY)
  return new Set([ANY, values.entityType(entity), entity, ...ancestors])
}

interface Search {
  readonly scopes: readonly Scope[]
  readonly few: number
  readonly stored: EntityView | undefined
  readonly isLocal: (id: ValueId) => boolean
  readonly principal: Reached
  readonly resource: Reached
  /** What is not known, and told apart by nothing. */
  open: Side | undefined
  readonly found: Candidates
  /** How many splits were made; each has a number. */
  splits: number
  /** The parts that a stored entity leads to, by the entity and the number of the split; until `turn`. */
  ways: PairObjects<readonly Node[]> | undefined
}

/** The ancestors of the principal or resource of a request, once somebody asks for them. */
interface Reached {
  readonly ancestors: ValueId[]
  /** How many there are; -1 if more than `limit`. */
  count: number
  limit: number
}

const UNKNOWN = -1

function createReached(): Reached {
  return { ancestors: [], count: 0, limit: UNKNOWN }
}

/** Notes the policies below `node` that can match. */
function collect(search: Search, frame: Frame, node: Node, rest: readonly Side[]): void {
  const { members } = node
  const split = members.length <= search.few ? null : (node.split ??= splitOf(search, members, rest) ?? null)
  if (search.open !== undefined && split?.side === search.open) {
    for (const part of split.parts.values()) collect(search, frame, part, split.rest)
    return
  }
  const way = split === null ? undefined : wayOf(search, frame, split, members.length + REACHED)
  if (split === null || way === undefined) {
    search.found.lists[search.found.count++] = node.list ??= policyList(members)
    return
  }
  for (let i = 0; i < way.length; i++) collect(search, frame, way[i]!, split.rest)
}

/** The parts that a request's entity leads to; nothing if it has more than `most` ancestors that may lead to one. */
function wayOf(search: Search, frame: Frame, split: Split, most: number): readonly Node[] | undefined {
  const entity = split.isOfPrincipal ? frame.principal : frame.resource
  const { isLocal } = search
  if (frame.entities !== search.stored || isLocal(entity)) return findWay(search, frame, split, entity, most)
  search.ways ??= new PairObjects()
  const known = search.ways.get(entity, split.number)
  if (known !== undefined) return known
  const way = findWay(search, frame, split, entity, most)
  if (way !== undefined && way.length <= WAY_MAX) search.ways.keep(entity, split.number, way)
  return way
}

function findWay(
  search: Search,
  frame: Frame,
  { any, hasTypes, hasGroups, parts, side }: Split,
  entity: ValueId,
  most: number,
): readonly Node[] | undefined {
  const way = any === undefined ? [] : [any]
  const follow = (key: ValueId) => {
    const part = parts.get(key)
    if (part !== undefined) way.push(part)
  }
  if (hasTypes) follow(frame.values.entityType(entity))
  follow(entity)
  if (!hasGroups) return way
  const reached = search[side]
  const count = reach(reached, frame, entity, most)
  if (count < 0) return undefined
  for (let i = 0; i < count; i++) follow(reached.ancestors[i]!)
  return way
}

/** How many ancestors an entity has, once they stand in `side`; -1 if there are more than `most`. */
function reach(side: Reached, frame: Frame, entity: ValueId, most: number): number {
  if (side.limit === UNKNOWN || (side.count < 0 && side.limit < most)) {
    side.count = frame.entities.ancestors(entity, side.ancestors, most)
    side.limit = most
  }
  return side.count > most ? -1 : side.count
}

/** The split that leaves the fewest policies to ask; nothing if none leaves any out. */
function splitOf(search: Search, members: readonly number[], rest: readonly Side[]): Split | undefined {
  const { scopes } = search
  const counted = rest.map((side) => ({ side, cost: costOf(scopes, members, side) }))
  const [best] = counted.filter(({ cost }) => cost !== undefined).sort((a, b) => (a.cost ?? 0) - (b.cost ?? 0))
  if (best === undefined) return undefined
  const { side } = best
  const parts = new Map<ValueId, Node>()
  const kinds = new Set<Scope['principal']['kind']>()
  for (const number of members) {
    const { id, kind } = scopes[number]![side]
    add(parts, id, number)
    kinds.add(kind)
  }
  const others = rest.filter((other) => other !== side)
  return {
    side,
    isOfPrincipal: side === 'principal',
    number: search.splits++,
    any: parts.get(ANY),
    hasTypes: kinds.has('type'),
    hasGroups: kinds.has('in'),
    parts,
    rest: others,
  }
}

/** Of how many entities a request's is thought to be in. */
const GROUPS_EXPECTED = 4

/** How much a request is thought to cost that names an entity of the policies, if these are told apart by `side`. */
function costOf(scopes: readonly Scope[], members: readonly number[], side: Side): number | undefined {
  const sizes = new Map<ValueId, number>()
  let everybody = 0
  let hasGroups = false
  for (const number of members) {
    const { id, kind } = scopes[number]![side]
    if (kind === 'any' || kind === 'type') everybody++
    else sizes.set(id, (sizes.get(id) ?? 0) + 1)
    hasGroups ||= kind === 'in'
    if (kind === 'type') sizes.set(id, 0)
  }
  if (sizes.size === 0) return undefined
  let squares = 0
  for (const size of sizes.values()) squares += size * size
  const named = squares / members.length
  return everybody + (hasGroups ? GROUPS_EXPECTED * (named + 1) : named)
}

function ascending(a: number, b: number): number {
  return a - b
}
