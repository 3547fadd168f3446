/**
 * What the thread that opened an engine feels of the coordinator's work: the delay of its event loop while a million facts
 * of a file load in another thread, while an update has a large predicate derived anew, and while a snapshot of it all is
 * opened; next to the same at rest.
 * `--smoke` takes few facts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { compile, Rune } from '../src/index.ts'

const facts = process.argv.includes('--smoke') ? 1000 : 1_000_000
const users = facts / 10

async function measured<T>(name: string, work: () => Promise<T>): Promise<T> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = performance.now()
  const result = await work()
  const ms = performance.now() - start
  delay.disable()
  const at = (ns: number) => `${(ns / 1e6).toFixed(1)} ms`
  console.log(
    `${name.padEnd(28)}${ms.toFixed(0).padStart(7)} ms; delay of the event loop: p50 ${at(delay.percentile(50))}, p99 ${at(delay.percentile(99))}, worst ${at(delay.max)}`,
  )
  return result
}

const folder = mkdtempSync(join(tmpdir(), 'rune-bench-'))
const rows = Array.from({ length: facts }, (_, i) => `user-${i % users}\t/documents/${(i * 7919) % facts}`)
writeFileSync(join(folder, 'owns.tsv'), `${rows.join('\n')}\n`)
const path = join(folder, 'main.rune')
writeFileSync(
  path,
  `version = "rune/1.0"
[options]
max_facts = 10_000_000
[data]
owns = { file = "owns.tsv" }
blocked = []
[rules]
decl owns(user: String, path: String).
decl blocked(user: String).
decl may(user: String, path: String) materialize.
may(U, D) :- owns(U, D), not blocked(U).
permit :- principal(U, "User"), resource(D, "Doc"), may(U, D).
`,
)
console.log(`${facts} facts; Node ${process.version}, load ${loadavg().map((n) => n.toFixed(1))}`)
await measured('at rest', () => new Promise((resolve) => setTimeout(resolve, 1000)))
const rune = await measured('load and derive', () => Rune.open(path, { coordinator: 'thread' }))
const request = { principal: 'User::"user-7"', action: 'read' }
const allowed = () => rune.authorize({ ...request, resource: `Doc::"/documents/${(7 * 7919) % facts}"` }).allowed
check(allowed(), 'after loading')
await measured('an update derives anew', () => rune.update({ insert: { blocked: [['user-7']] } }))
check(!allowed(), 'after the update')
await measured('a reload', () => rune.reload())
check(!allowed(), 'after the reload')
await rune.close()
const snapshot = join(folder, 'main.img')
await compile({ path }, snapshot)
await (await measured('opening a snapshot', () => Rune.open(snapshot, { coordinator: 'thread' }))).close()
rmSync(folder, { recursive: true })

function check(isRight: boolean, when: string): void {
  if (isRight) return
  console.error(`the decision is wrong ${when}`)
  process.exit(1)
}
