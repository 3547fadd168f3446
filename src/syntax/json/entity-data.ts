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
  const indexes = new Map<string, number>()
  const distinct = entities.filter((entity, index) => {
    if (isActionType(entity.uid.type)) reportParents(entity, index, report)
    const key = printEntityUid(entity.uid)
    const first = entities[indexes.get(key) ?? -1]
    if (first === undefined) indexes.set(key, index)
    else if (!sameEntity(first, entity)) {
      report({ code: 'R290', message: `entity ${shown(key)} is given twice, with different content`, path: [index] })
    }
    return first === undefined
  })
  const [start, ...others] = findCycle(distinct, indexes)
  if (start !== undefined) {
    const cycle = [start, ...others.slice(0, 7)].map(shown).join(', ')
    const path = [indexes.get(start) ?? 0, 'parents']
    report({ code: 'R291', message: `the parents of ${cycle} form a cycle`, path })
  }
  return distinct
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
 * The keys of one cycle, in order, none if there is none; a depth-first search with its own stack, linear in the edges.
 * Parents that are not among the `known` keys have no parents themselves.
 */
function findCycle(entities: readonly EntityData[], known: ReadonlyMap<string, unknown>): string[] {
  const edges = new Map<string, string[]>()
  for (const { uid, parents } of entities) {
    const keys = parents.map(printEntityUid).filter((key) => known.has(key))
    if (keys.length > 0) edges.set(printEntityUid(uid), keys)
  }
  const done = new Set<string>()
  const open = new Set<string>()
  for (const root of edges.keys()) {
    const stack = done.has(root) ? [] : [{ key: root, next: 0 }]
    open.add(root)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const parent = edges.get(top.key)?.[top.next++]
      if (parent === undefined) {
        done.add(top.key)
        open.delete(top.key)
        stack.pop()
      } else if (open.has(parent)) {
        const keys = stack.map(({ key }) => key)
        return keys.slice(keys.indexOf(parent))
      } else if (!done.has(parent)) {
        open.add(parent)
        stack.push({ key: parent, next: 0 })
      }
    }
    open.clear()
  }
  return []
}
