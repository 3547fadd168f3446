/**
 * Entities as data, and what holds for them whatever they were read from: no two that differ, no cycle of parents, and
 * actions among actions. Owns neither reading (`entities.ts`) nor schemas (`conform.ts`). Spec: LANGUAGE section 5.
 */
import type { Code } from '../../text/codes.ts'
import { printEntityUid } from '../../values/entity-uid.ts'
import { equal } from '../../values/equality.ts'
import { toJsonText } from '../../values/print.ts'
import type { EntityUid, Value } from '../../values/value.ts'
import { shown } from './json.ts'
import type { JsonPath } from './locate.ts'

export interface EntityData {
  readonly uid: EntityUid
  readonly attrs: ReadonlyMap<string, Value>
  /** As given: a parent may repeat, and need not exist. */
  readonly parents: readonly EntityUid[]
  readonly tags: ReadonlyMap<string, Value>
}

/** Called for each mistake, with its place: the index of the entity, then as in its JSON. */
export type ReportEntity = (mistake: { code: Code; message: string; help?: string; path: JsonPath }) => void

/** Whether entities of `type` are actions: `Action`, in any namespace. */
export function isActionType(type: string): boolean {
  return type === 'Action' || type.endsWith('::Action')
}

/** The entities without repetition, in order; reports those given twice with different content, cycles, and actions under what is none. */
export function distinctEntities(entities: readonly EntityData[], report: ReportEntity): EntityData[] {
  const indexes: Indexes = new Map()
  const distinct = entities.filter((entity, index) => {
    if (isActionType(entity.uid.type)) reportParents(entity, index, report)
    const first = entities[indexOf(indexes, entity.uid) ?? -1]
    if (first === undefined) setIndex(indexes, entity.uid, index)
    else if (!sameEntity(first, entity)) {
      const key = shown(printEntityUid(entity.uid))
      report({ code: 'R290', message: `entity ${key} is given twice, with different content`, path: [index] })
    }
    return first === undefined
  })
  const cycle = findCycle(entities, indexes)
  const [start] = cycle
  if (start !== undefined) {
    const names = cycle.slice(0, 8).flatMap((index) => entities[index] ?? [])
    const shownNames = names.map(({ uid }) => shown(printEntityUid(uid))).join(', ')
    report({ code: 'R291', message: `the parents of ${shownNames} form a cycle`, path: [start, 'parents'] })
  }
  return distinct
}

/** Where the first entity of each uid stands, by type and id: a literal for each would have to be written first. */
type Indexes = Map<string, Map<string, number>>

function indexOf(indexes: Indexes, { type, id }: EntityUid): number | undefined {
  return indexes.get(type)?.get(id)
}

function setIndex(indexes: Indexes, { type, id }: EntityUid, index: number): void {
  const ids = indexes.get(type)
  if (ids) ids.set(id, index)
  else indexes.set(type, new Map([[id, index]]))
}

/** Whether two entities are the same: parents in any order, repeated or not. */
export function sameEntity(a: EntityData, b: EntityData): boolean {
  const parents = new Set(a.parents.map(printEntityUid))
  const others = new Set(b.parents.map(printEntityUid))
  if (parents.size !== others.size || [...parents].some((parent) => !others.has(parent))) return false
  const record = (fields: ReadonlyMap<string, Value>): Value => ({ kind: 'record', fields })
  return (
    printEntityUid(a.uid) === printEntityUid(b.uid) &&
    equal(record(a.attrs), record(b.attrs)) &&
    equal(record(a.tags), record(b.tags))
  )
}

/** The entities as text in Cedar's JSON, one a line. */
export function entitiesToJson(entities: readonly EntityData[]): string {
  const fields = (map: ReadonlyMap<string, Value>): string =>
    `{${[...map].map(([key, value]) => `${JSON.stringify(key)}:${toJsonText(value)}`).join(',')}}`
  const uid = ({ type, id }: EntityUid): string => `{"type":${JSON.stringify(type)},"id":${JSON.stringify(id)}}`
  const lines = entities.map((entity) => {
    const tags = entity.tags.size > 0 ? `,"tags":${fields(entity.tags)}` : ''
    return `{"uid":${uid(entity.uid)},"attrs":${fields(entity.attrs)},"parents":[${entity.parents.map(uid).join(',')}]${tags}}`
  })
  return lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n]`
}

function reportParents({ uid, parents }: EntityData, index: number, report: ReportEntity): void {
  for (const [i, parent] of parents.entries()) {
    if (isActionType(parent.type)) continue
    const message = `action ${shown(printEntityUid(uid))} has a parent that is no action: ${shown(printEntityUid(parent))}`
    const help = 'parents of actions have the type `Action`, in any namespace'
    report({ code: 'R292', message, help, path: [index, 'parents', i] })
  }
}

/**
 * The indexes of one cycle, in order, none if there is none; a depth-first search with its own stack, linear in the edges.
 * Parents without an index have no parents themselves.
 */
function findCycle(entities: readonly EntityData[], indexes: Indexes): number[] {
  const states = new Uint8Array(entities.length)
  const stack: { readonly index: number; next: number }[] = []
  const enter = (index: number) => {
    states[index] = OPEN
    stack.push({ index, next: 0 })
  }
  const isDone = (index: number | undefined) => index === undefined || states[index] === DONE
  for (const [root, { uid, parents }] of entities.entries()) {
    if (parents.length === 0 || states[root] !== NEW || indexOf(indexes, uid) !== root) continue
    if (parents.every((parent) => isDone(indexOf(indexes, parent)))) {
      states[root] = DONE
      continue
    }
    enter(root)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const parent = entities[top.index]?.parents[top.next++]
      if (parent === undefined) {
        states[top.index] = DONE
        stack.pop()
        continue
      }
      const index = indexOf(indexes, parent)
      if (index === undefined || isDone(index)) continue
      if (states[index] === OPEN) {
        const open = stack.map((entry) => entry.index)
        return open.slice(open.indexOf(index))
      }
      enter(index)
    }
  }
  return []
}

const [NEW, OPEN, DONE] = [0, 1, 2]
