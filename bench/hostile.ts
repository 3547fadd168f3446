/**
 * Whether requests can fill the memory of who decides them: ten million, no two with a principal, an action, a resource or a
 * context in common, as an attacker sends them; and what each of them takes. Prints what the objects of the process take after
 * garbage was collected, every million, and what the cache did. Exits with 1 if that grows after the first million, or if an
 * answer is wrong. `--smoke` is a thousandth of it.
 */
import { loadavg } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Rune } from '../src/index.ts'

const isSmoke = process.argv.includes('--smoke')
const requests = isSmoke ? 10_000 : 10_000_000
const every = requests / 10
/** What may come and go between two looks. */
const SLACK_BYTES = 16 * 2 ** 20

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const rune = await Rune.fromText(
  `version = "rune/1.0"
[options]
default_principal_type = "User"
default_action_type = "Action"
default_resource_type = "Doc"
[policies]
permit(principal, action == Action::"view", resource) when { context has tag && context.tag == "t7" };
`,
  { coordinator: 'inline' },
)

/** Every third one may view, if it has the right tag. */
function hostile(i: number) {
  const name = `${i}-${'x'.repeat(i % 40)}`
  const context = i % 2 === 1 ? { tag: `t${i}` } : { [`k${i}`]: i, [`s${i}`]: name }
  return { principal: `user-${name}`, action: i % 3 === 1 ? 'view' : `act-${i}`, resource: `doc-${name}`, context }
}

const live: number[] = []
let permitted = 0
const start = performance.now()
for (let i = 0; i < requests; i++) {
  if (rune.authorize(hostile(i)).allowed) permitted++
  if ((i + 1) % every !== 0) continue
  collectGarbage()
  const { rss, heapUsed, external } = process.memoryUsage()
  live.push(heapUsed + external)
  const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`
  console.log(`after ${i + 1} requests: objects ${mb(heapUsed + external)}, process ${mb(rss)}`)
}
const us = ((performance.now() - start) / requests) * 1000
const { hits, misses, evictions, bytes } = rune.cacheStats()
console.log(
  `${us.toFixed(1)} µs each, made and decided; cache: ${hits} hits, ${misses} misses, ${evictions} evictions, ${bytes} bytes; Node ${process.version}, load ${loadavg().map((n) => n.toFixed(1))}`,
)
await rune.close()
const [first = 0, ...later] = live
if (permitted !== 1) fail(`${permitted} requests were permitted, and one should be`)
if (Math.max(...later) > first + SLACK_BYTES) fail('memory grows')

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
