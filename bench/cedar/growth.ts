/**
 * Google Drive where one thing grows and the rest stays: policies around the same store and the same requests, or the store
 * under the same policies.
 */
import { gdrive, SHARED } from './gdrive.ts'
import type { Link, Task, Uid } from './task.ts'

/**
 * A store of `n` of each type among `count` policies. All but the few of the application are shares of folders that the
 * store does not have, so that each decision is the same in every task: each share is a policy of its own, or a link.
 */
export function policiesTask(form: 'static' | 'linked', count: number, n: number): Task {
  const task = gdrive(n)
  const shares = Array.from({ length: Math.max(0, count - Object.keys(task.policies).length) }, (_, i): Link => {
    const of = (type: string, n: number): Uid => ({ type, id: `other-${n}` })
    // A group is shared some folders, and a folder with some groups.
    const [principal, resource] = [of('Group', i >> 2), of('Folder', (i * 7919) % Math.max(1, count >> 2))]
    return { id: `share ${i}`, template: i % 3 === 0 ? 'editor' : 'viewer', principal, resource }
  })
  const name = `policies-${form}-${count}`
  if (form === 'static') {
    const written = shares.map(({ id, template, principal, resource }) => {
      const scope = [
        `principal in ${text(principal)}`,
        SHARED[template as keyof typeof SHARED],
        `resource in ${text(resource)}`,
      ]
      return [id, `permit(${scope.join(', ')});`]
    })
    return { ...task, name, policies: { ...task.policies, ...Object.fromEntries(written) } }
  }
  const templates = Object.entries(SHARED).map(([id, action]) => {
    return [id, `permit(principal in ?principal, ${action}, resource in ?resource);`]
  })
  return { ...task, name, templates: Object.fromEntries(templates), links: shares }
}

/** About `count` entities. */
export function entitiesTask(count: number): Task {
  return { ...gdrive(Math.max(2, Math.round(count / 6))), name: `entities-${count}` }
}

function text({ type, id }: Uid): string {
  return `${type}::"${id}"`
}
