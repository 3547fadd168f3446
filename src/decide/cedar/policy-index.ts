/**
 * Which policies a request has to be asked about: by action, then by the principal that the policy names, then by the
 * resource. The cost follows the ancestors of these three and the policies that they lead to, not the policies that exist;
 * where there are few, all are named. Policies that are left out are neither satisfied nor fail.
 */
import type { EntityView } from '../../image/entity-view.ts'
import { isLocal, type ValueId } from '../../image/value-ids.ts'
import type { Frame } from './frame.ts'
import { ANY, type Scope } from './scope.ts'

export interface PolicyIndex {
  /** The numbers of the policies to ask, ascending. */
  find(frame: Frame): readonly number[]
  /** Those that can match a request in whose `open` place any entity stands. */
  among(frame: Frame, open: Side): readonly number[]
  /** By number. */
  readonly scopes: readonly Scope[]
  /** To be called when stored entities may have changed. */
  turn(): void
}

/** Besides the action, what policies are told apart by. */
export type Side = (typeof SIDES)[number]

/** Policies that are not told apart any further unless there are more than a few; by what they must be told apart, if so. */
interface Node {
  readonly members: number[]
  parts?: ReadonlyMap<ValueId, Node>
}

/** It costs no more to ask so few than to look up which of them can match. */
const FEW = 8
/** So many ancestors are looked up, though that may cost more than to ask a few policies more. */
const REACHED = 8
/** Actions whose policies are known at a time. */
const ACTIONS_MAX = 1024

export interface IndexOptions {
  /** Entities that last until `turn`. */
  readonly stored?: EntityView
  /** So few policies are asked one by one. */
  readonly few?: number
}

/** The index over policies with these scopes; the number of a policy is its place. */
export function createPolicyIndex(scopes: readonly Scope[], { stored, few = FEW }: IndexOptions = {}): PolicyIndex {
  const roots = rootsOf(scopes)
  const search: Search = {
    scopes,
    few,
    principal: createReached(),
    resource: createReached(),
    open: undefined,
    lists: [],
    listCount: 0,
  }
  const actions = new Map<ValueId, Selection>()
  let unknown: Selection | undefined
  const selectionOf = (frame: Frame): Selection => {
    const known = actions.get(frame.action)
    if (known !== undefined && frame.entities === stored) return known
    const isStored = frame.entities === stored
    // What the image does not know is in nothing, and only policies for any action are about it.
    if (isStored && isLocal(frame.action)) return (unknown ??= select(roots, few, frame))
    const selection = select(roots, few, frame)
    // What a request brings may have any ancestors.
    if (!isStored) return selection
    if (actions.size >= ACTIONS_MAX) actions.clear()
    actions.set(frame.action, selection)
    return selection
  }
  const find = (frame: Frame, open: Side | undefined): readonly number[] => {
    const { some, many } = selectionOf(frame)
    if (many.length === 0) return some
    search.listCount = 0
    search.open = open
    search.principal.limit = UNKNOWN
    search.resource.limit = UNKNOWN
    if (some.length > 0) search.lists[search.listCount++] = some
    for (const root of many) collect(search, frame, root, 0)
    return merge(search)
  }
  return {
    scopes,
    find: (frame) => find(frame, undefined),
    among: (frame, open) => {
      const other = open === 'principal' ? 'resource' : 'principal'
      const keys = keysOf(frame, other)
      return find(frame, open).filter((number) => keys.has(scopes[number]![other]))
    },
    turn: () => {
      actions.clear()
      unknown = undefined
    },
  }
}

/** Of an action: the policies of all that it is or is in. */
interface Selection {
  /** Ascending. */
  readonly some: readonly number[]
  readonly many: readonly Node[]
}

type Roots = ReadonlyMap<ValueId, Node>

function rootsOf(scopes: readonly Scope[]): Roots {
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

function select(roots: Roots, few: number, { action, entities }: Frame): Selection {
  const groups: ValueId[] = []
  entities.ancestors(action, groups, Number.POSITIVE_INFINITY)
  const nodes = [ANY, action, ...groups].flatMap((key) => roots.get(key) ?? [])
  const small = nodes.filter(({ members }) => members.length <= few)
  const numbers = new Set(small.flatMap(({ members }) => members))
  return { some: [...numbers].sort(ascending), many: nodes.filter(({ members }) => members.length > few) }
}

/** All keys of policies that an entity of the request can match. */
function keysOf(frame: Frame, side: Side): Set<ValueId> {
  const { entities, values } = frame
  const entity = frame[side]
  const ancestors: ValueId[] = []
  entities.ancestors(entity, ancestors, Number.POSITIVE_INFINITY)
  return new Set([ANY, values.entityType(entity), entity, ...ancestors])
}

interface Search {
  readonly scopes: readonly Scope[]
  readonly few: number
  readonly principal: Reached
  readonly resource: Reached
  /** What is not known, and told apart by nothing. */
  open: Side | undefined
  /** The lists of members that were come to. */
  readonly lists: (readonly number[])[]
  listCount: number
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

/** The keys of a node's parts, by its depth. */
const SIDES = ['principal', 'resource'] as const

/** Notes the policies below `node` that can match. */
function collect(search: Search, frame: Frame, node: Node, depth: number): void {
  const name = SIDES[depth]
  const { members } = node
  const side =
    name === undefined || name === search.open || members.length <= search.few
      ? undefined
      : reach(search[name], frame, name, members.length + REACHED)
  if (side === undefined || name === undefined) {
    search.lists[search.listCount++] = members
    return
  }
  const parts = (node.parts ??= split(search.scopes, members, name))
  const entity = frame[name]
  collectPart(search, frame, parts.get(ANY), depth)
  collectPart(search, frame, parts.get(frame.values.entityType(entity)), depth)
  collectPart(search, frame, parts.get(entity), depth)
  for (let i = 0; i < side.count; i++) collectPart(search, frame, parts.get(side.ancestors[i]!), depth)
}

function collectPart(search: Search, frame: Frame, part: Node | undefined, depth: number): void {
  if (part !== undefined) collect(search, frame, part, depth + 1)
}

/** The ancestors of an entity; nothing if there are more than `most`. */
function reach(side: Reached, frame: Frame, name: Side, most: number): Reached | undefined {
  if (side.limit === UNKNOWN || (side.count < 0 && side.limit < most)) {
    side.count = frame.entities.ancestors(frame[name], side.ancestors, most)
    side.limit = most
  }
  return side.count < 0 || side.count > most ? undefined : side
}

function split(scopes: readonly Scope[], members: readonly number[], name: Side): Roots {
  const parts = new Map<ValueId, Node>()
  for (const number of members) add(parts, scopes[number]![name], number)
  return parts
}

/** All lists as one, ascending and without repetition; the longest is not sorted again. */
function merge(search: Search): readonly number[] {
  const { lists, listCount } = search
  if (listCount === 0) return NONE
  let longest = 0
  for (let i = 1; i < listCount; i++) if (lists[i]!.length > lists[longest]!.length) longest = i
  if (listCount === 1) return lists[longest]!
  const others = lists.slice(0, listCount).flatMap((list, i) => (i === longest ? [] : list))
  return union(lists[longest]!, others.sort(ascending))
}

function union(some: readonly number[], others: readonly number[]): readonly number[] {
  const all: number[] = []
  for (let i = 0, j = 0; i < some.length || j < others.length; ) {
    const [one, other] = [some[i] ?? Number.POSITIVE_INFINITY, others[j] ?? Number.POSITIVE_INFINITY]
    const next = Math.min(one, other)
    if (one === next) i++
    while (others[j] === next) j++
    all.push(next)
  }
  return all
}

const NONE: readonly number[] = []

function ascending(a: number, b: number): number {
  return a - b
}
