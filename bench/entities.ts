/**
 * What entities cost: 10,000 users in 50 groups that lie in each other, handed over as objects, and as a text; then one user
 * at a time with another attribute, with another group, removed and added again. Prints how long reading takes, and the
 * writer up to the published epoch. `--smoke` is a twentieth of it, once.
 */
import { loadavg } from 'node:os'
import { createCoordinator } from '../src/threads/coordinator.ts'
import { attachReader } from '../src/threads/reader.ts'
import { readUpdate, type UpdateInput } from '../src/threads/update.ts'

const isSmoke = process.argv.includes('--smoke')
const users = isSmoke ? 500 : 10_000
const rounds = isSmoke ? 1 : 8
const GROUPS = 50
const text = `version = "rune/1.0"
[policies]
permit(principal in Group::"g1", action, resource) when { principal.age > 20 };
`

const group = (i: number) => ({ type: 'Group', id: `g${i}` })
const user = (i: number, age: number, of: number) => ({
  uid: { type: 'User', id: `u${i}` },
  attrs: { name: `name${i}`, age, tags: ['a', `t${i % 7}`] },
  parents: [group(of % GROUPS)],
})
const groups = Array.from({ length: GROUPS }, (_, i) => ({
  uid: group(i),
  attrs: {},
  parents: i > 0 ? [group(i >> 1)] : [],
}))
const all = () => ({ entities: [...groups, ...Array.from({ length: users }, (_, i) => user(i, i % 90, i))] })

const changes: Readonly<Record<string, (i: number) => UpdateInput>> = {
  'another attribute': (i) => ({ entities: [user(i, 100, i)] }),
  'another group': (i) => ({ entities: [user(i, 100, i + 1)] }),
  removed: (i) => ({ removeEntities: [`User::"u${i}"`] }),
  'added again': (i) => ({ entities: [user(i, i % 90, i)] }),
}

const times = new Map<string, number[]>()
const note = (what: string, start: number, parts = 1) => {
  times.set(what, [...(times.get(what) ?? []), (performance.now() - start) / parts])
}

for (let round = 0; round < rounds; round++) {
  const coordinator = createCoordinator({ input: { text } })
  coordinator.load()
  const reader = attachReader({ memory: coordinator.memory })
  const program = reader.program()
  const rows = () => reader.query('entity.ancestor(X, Y)').toText()
  const apply = (what: string, inputs: readonly UpdateInput[]) => {
    let start = performance.now()
    const updates = inputs.map((input) => readUpdate(input, program))
    note(`${what}: reading`, start, inputs.length)
    start = performance.now()
    for (const update of updates) coordinator.update([update])
    note(`${what}: writing`, start, inputs.length)
  }
  const asText = { entities: JSON.stringify(all().entities) }
  const start = performance.now()
  readUpdate(asText, program)
  note('all as text: reading', start)
  apply('all', [all()])
  const before = rows()
  for (const [what, change] of Object.entries(changes)) {
    apply(
      what,
      Array.from({ length: users / 5 }, (_, i) => change(i)),
    )
    while (coordinator.tidy() === 1);
  }
  if (rows() !== before) {
    console.error('other ancestors than before')
    process.exit(1)
  }
  reader.close()
}

console.log(`${users} entities, best of ${rounds}, Node ${process.version}, load ${loadavg().map((n) => n.toFixed(1))}`)
for (const [what, ms] of times) {
  const best = Math.min(...ms)
  console.log(
    `${what.padEnd(28)} ${(best < 1 ? `${(best * 1000).toFixed(1)} us` : `${best.toFixed(1)} ms`).padStart(10)}`,
  )
}
