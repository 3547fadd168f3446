/**
 * Whether memory stays as it is: thousands of reloads and updates, each update with strings that were never seen before and
 * that go away again. Prints the arena in use, the memory of the process, and what its objects take after garbage was
 * collected, after the first, at the lowest and highest since, and at the end. With `--inline` the coordinator's objects are
 * among them: it works in this thread. `--smoke` does little, and checks the answers alone.
 */
import { loadavg } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Rune } from '../src/index.ts'

const isSmoke = process.argv.includes('--smoke')
const reloads = isSmoke ? 5 : 5000
const updatesPerReload = 20
const together = 10
/** Reloads between measurements. */
const every = isSmoke ? 1 : 50
const kept = 200

const policies = Array.from(
  { length: 100 },
  (_, i) => `permit(principal == User::"u${i}", action, resource) when { context.facts.seen.contains(resource) };`,
)
const text = `version = "rune/1.0"
[data]
seen = []
[rules]
decl seen(at: Doc).
known(D) :- seen(D).
[policies]
${policies.join('\n')}
`

const rune = await Rune.fromText(text, { coordinator: process.argv.includes('--inline') ? 'inline' : 'thread' })
let arena = 0
rune.on('update', (published) => {
  arena = published.arenaBytes
})
const doc = (i: number) => ({ __entity: { type: 'Doc', id: `/documents/of/a/fresh/name/${i}` } })
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** The process before anything is collected for its sake. */
function measure(): Seen {
  const { rss } = process.memoryUsage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return { arena, rss, live: heapUsed + external }
}

let updates = 0
function update(): Promise<number> {
  const i = updates++
  return rune.update({ insert: { seen: [[doc(i)]] }, ...(i >= kept && { remove: { seen: [[doc(i - kept)]] } }) })
}

/** Bytes. */
interface Seen {
  readonly arena: number
  readonly rss: number
  readonly live: number
}
const seen: Seen[] = []
const start = performance.now()
for (let round = 0; round < reloads; round++) {
  for (let i = 0; i < updatesPerReload; i += together) await Promise.all(Array.from({ length: together }, update))
  await rune.reload()
  const newest = { principal: 'User::"u7"', action: 'read', resource: `Doc::"${doc(updates - 1).__entity.id}"` }
  const gone = { ...newest, resource: `Doc::"${doc(updates - 1 - kept).__entity.id}"` }
  if (!rune.authorize(newest).allowed || rune.authorize(gone).allowed) {
    console.error(`the decision after ${updates} updates is wrong`)
    process.exit(1)
  }
  if (round % every === 0) seen.push(measure())
  if (round > 0 && round % 500 === 0) print(`after ${updates} updates, ${round} reloads`, seen.at(-1)!)
}
const seconds = (performance.now() - start) / 1000
console.log(
  `${updates} updates and ${reloads} reloads in ${seconds.toFixed(1)} s; Node ${process.version}, load ${loadavg().map((n) => n.toFixed(1))}`,
)
// One that is warm: the first reloads compile, and the heaps of both threads find their size.
const first = seen[Math.min(100 / every, seen.length - 1)]!
const late = seen.slice(seen.length >> 1)
const of = (choose: (...numbers: number[]) => number) => ({
  arena: choose(...late.map((one) => one.arena)),
  rss: choose(...late.map((one) => one.rss)),
  live: choose(...late.map((one) => one.live)),
})
print('after the first 100 reloads', first)
print('lowest of the second half', of(Math.min))
print('highest of the second half', of(Math.max))
print('at the end', seen.at(-1)!)
await rune.close()

function print(name: string, one: Seen): void {
  const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`
  console.log(
    `${name.padEnd(40)} arena ${mb(one.arena).padStart(9)}   process ${mb(one.rss).padStart(9)}   objects ${mb(one.live).padStart(9)}`,
  )
}
