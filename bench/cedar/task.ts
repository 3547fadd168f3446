/**
 * What the Cedar benchmark asks: a store of entities, policies, and random requests over them, in the shapes that all
 * contestants can be given. The applications next door make tasks of it; what they share in making them stands here.
 */
import { below, createRandom, type Random } from '../datalog/facts.ts'

export interface Uid {
  readonly type: string
  readonly id: string
}

/** In Cedar's JSON form. */
export interface Entity {
  readonly uid: Uid
  readonly attrs: Readonly<Record<string, Json>>
  readonly parents: readonly Uid[]
}

export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json }

export interface Request {
  readonly principal: Uid
  readonly action: Uid
  readonly resource: Uid
  readonly context: Readonly<Record<string, Json>>
}

/** A template with its slots filled. */
export interface Link {
  readonly id: string
  readonly template: string
  readonly principal: Uid
  readonly resource: Uid
}

/** Policies and templates are texts by id. */
export interface Task {
  readonly name: string
  readonly schema: string
  readonly policies: Readonly<Record<string, string>>
  readonly templates: Readonly<Record<string, string>>
  readonly links: readonly Link[]
  readonly entities: readonly Entity[]
  readonly requests: readonly Request[]
}

/** As many as the published evaluation asks of one store. */
const REQUESTS = 500

/** What an application draws its store and its requests from. */
export interface Draw {
  readonly random: Random
  readonly below: (limit: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(choices: readonly T[]) => T
  /** Up to five of them, and at most half. */
  readonly some: <T>(choices: readonly T[]) => readonly T[]
  /** None, or one that stands before the place `i`: parents that make a forest, a few levels deep. */
  readonly earlier: <T>(choices: readonly T[], i: number) => readonly T[]
}

/** Random choices that are the same in every run. */
export function createDraw(seed: number): Draw {
  const random = createRandom(seed)
  const pick = <T>(choices: readonly T[]): T => choices[below(random, choices.length)]!
  return {
    random,
    below: (limit) => below(random, limit),
    chance: (probability) => random() < probability,
    pick,
    some: (choices) => {
      const count = below(random, Math.min(5, choices.length >> 1) + 1)
      return [...new Set(Array.from({ length: count }, () => pick(choices)))]
    },
    earlier: (choices, i) => (i > 0 && random() < 0.3 ? [choices[below(random, i)]!] : []),
  }
}

/** `count` uids of `type`. */
export function uids(type: string, count: number): Uid[] {
  return Array.from({ length: count }, (_, i) => ({ type, id: `${type.toLowerCase()}-${i}` }))
}

/** An attribute's value that is an entity. */
export function reference(uid: Uid): Json {
  return { __entity: { type: uid.type, id: uid.id } }
}

export function entity(uid: Uid, parents: readonly Uid[], attrs: Entity['attrs'] = {}): Entity {
  return { uid, attrs, parents }
}

/** What there is to ask of a store: a resource, what can be done to it, and principals that may well have access to it. */
export interface Target {
  readonly resource: Uid
  readonly actions: readonly string[]
  readonly insiders: readonly Uid[]
}

/**
 * Requests about any target. Half of the principals are insiders, where there are some: of principals drawn at random from a
 * large store, nearly all would be denied.
 */
export function drawRequests(
  { chance, pick }: Draw,
  targets: readonly Target[],
  principals: readonly Uid[],
  context: () => Request['context'] = () => ({}),
): Request[] {
  return Array.from({ length: REQUESTS }, () => {
    const { resource, actions, insiders } = pick(targets)
    const principal = pick(insiders.length > 0 && chance(0.5) ? insiders : principals)
    return { principal, action: { type: 'Action', id: pick(actions) }, resource, context: context() }
  })
}

/** Who is directly in what: members by the ids of their parents. */
export function membersOf(entities: readonly Entity[]): (parent: Uid) => readonly Uid[] {
  const members = new Map<string, Uid[]>()
  for (const { uid, parents } of entities) {
    for (const { id } of parents) {
      const known = members.get(id)
      if (known) known.push(uid)
      else members.set(id, [uid])
    }
  }
  return ({ id }) => members.get(id) ?? []
}
