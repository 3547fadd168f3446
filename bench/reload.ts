/**
 * What writes cost a reader: one thread decides at half of its peak rate in an open loop, from objects, nothing cached, while
 * a file of 100 policies is edited and reloaded 50 times a second and 1,000 updates a second come in; next to the same
 * without writes. The two are interleaved. `--smoke` runs each once, for a moment.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Rune, type RuneReader } from '../src/index.ts'

const isSmoke = process.argv.includes('--smoke')
const rounds = isSmoke ? 1 : 8
const roundMs = isSmoke ? 200 : 2000
const POLICIES = 100
const RELOADS_PER_SECOND = 50
const UPDATES_PER_SECOND = 1000
const BLOCK = 16
const USERS = 50
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

/** The file after `edit` edits, each of which changes one policy. */
function textOf(edit: number): string {
  const policies = numbers(POLICIES).map((i) => {
    const level = i === edit % POLICIES ? 50 + (edit % 7) : 50
    return `@id("p${i}") permit(principal in Group::"g${i % 10}", action == Action::"a${i % 5}", resource)
  when { principal.level < ${level} && context.mfa && context.facts.member.contains({ user: principal, team: "t${i % 10}" }) };`
  })
  const users = numbers(USERS).map(
    (i) => `'User::"u${i}"' = { in = ['Group::"g${i % 10}"'], attrs = { level = ${i} } }`,
  )
  const members = numbers(USERS).map((i) => `['u${i}', "t${i % 10}"]`)
  return `version = "rune/1.0"
[data]
lead = [${members.join(', ')}]
[rules]
decl lead(user: User, team: String).
decl member(user: User, team: String).
decl seen(user: User, at: Long).
member(U, T) :- lead(U, T).
[entities]
${users.join('\n')}
[policies]
${policies.join('\n')}
`
}

const requests = numbers(USERS * 5).map((i) => ({
  principal: { type: 'User', id: `u${i % USERS}` },
  action: { type: 'Action', id: `a${i % 5}` },
  resource: { type: 'Doc', id: `d${i % 7}` },
  context: { mfa: true },
}))

interface Task {
  readonly ms: number
  /** Decisions a second; absent: as many as there can be. */
  readonly rate?: number
}

interface Measured {
  readonly rate: number
  /** From when a block was due to when it was done, in µs a block. */
  readonly p50: number
  readonly p99: number
  readonly worst: number
  /** The time that decisions took, in µs each. */
  readonly busy: number
  readonly epochs: number
  readonly wrong: number
}

/** Decides blocks when they are due, or at once. */
function decideFor(reader: RuneReader, { ms, rate }: Task): Measured {
  const start = performance.now()
  const blockMs = rate === undefined ? 0 : (BLOCK / rate) * 1000
  const latencies: number[] = []
  const epochs = new Set<number>()
  let [next, busy, wrong, now] = [0, 0, 0, start]
  while (now < start + ms) {
    const due = rate === undefined ? now : start + latencies.length * blockMs
    while (now < due) now = performance.now()
    const begun = now
    for (let i = 0; i < BLOCK; i++) {
      const decision = reader.authorize(requests[next++ % requests.length]!)
      if (!decision.allowed) wrong++
      epochs.add(decision.epoch)
    }
    now = performance.now()
    latencies.push(now - due)
    busy += now - begun
  }
  const sorted = latencies.sort((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)]! * 1000
  const count = sorted.length * BLOCK
  return {
    rate: (count / (now - start)) * 1000,
    p50: at(0.5),
    p99: at(0.99),
    worst: at(1),
    busy: (busy / count) * 1000,
    epochs: epochs.size,
    wrong,
  }
}

/** Edits, reloads and updates at their rates until `stop` is called; that yields how many there were of each. */
function write(rune: Rune, path: string): () => Promise<{ updates: number; reloads: number }> {
  const start = performance.now()
  const pending = { updates: new Set<Promise<unknown>>(), reloads: new Set<Promise<unknown>>() }
  let [updates, reloads] = [0, 0]
  const track = (among: Set<Promise<unknown>>, promise: Promise<unknown>) => {
    among.add(promise)
    void promise.then(() => among.delete(promise))
  }
  const timer = setInterval(() => {
    const seconds = (performance.now() - start) / 1000
    // What does not get done in time is not done at all: a queue that grows would measure something else.
    for (; updates < seconds * UPDATES_PER_SECOND && pending.updates.size < 100; updates++) {
      const [user, before] = [`u${updates % USERS}`, updates - USERS]
      track(
        pending.updates,
        rune.update({
          insert: { seen: [[user, updates]] },
          ...(before >= 0 && { remove: { seen: [[user, before]] } }),
        }),
      )
    }
    if (reloads < seconds * RELOADS_PER_SECOND && pending.reloads.size < 4) {
      writeFileSync(`${path}~`, textOf(++reloads))
      renameSync(`${path}~`, path)
      track(pending.reloads, rune.reload())
    }
  }, 1)
  return async () => {
    clearInterval(timer)
    await Promise.all([...pending.updates, ...pending.reloads])
    return { updates, reloads }
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rune-bench-'))
  const path = join(folder, 'policies.rune')
  writeFileSync(path, textOf(0))
  const rune = await Rune.open(path, { coordinator: 'thread', cache: false })
  const worker = new Worker(new URL(import.meta.url), { workerData: rune.handle(), argv: process.argv.slice(2) })
  const measure = (task: Task) =>
    new Promise<Measured>((resolve) => {
      worker.once('message', resolve)
      worker.postMessage(task)
    })
  await measure({ ms: roundMs })
  const peak = await measure({ ms: roundMs })
  check(peak)
  const rate = peak.rate / 2
  console.log(
    `peak ${peak.rate.toFixed(0)} decisions/s; Node ${process.version}, load ${loadavg().map((n) => n.toFixed(1))}`,
  )
  const found = { quiet: [] as Measured[], writes: [] as Measured[] }
  for (let round = 0; round < rounds; round++) {
    found.quiet.push(await measure({ ms: roundMs, rate }))
    const stop = write(rune, path)
    found.writes.push(await measure({ ms: roundMs, rate }))
    const { updates, reloads } = await stop()
    const perSecond = (count: number) => (count / roundMs) * 1000
    console.log(
      `  round ${round}: ${perSecond(updates)} updates/s, ${perSecond(reloads)} reloads/s, ${found.writes.at(-1)!.epochs} epochs seen`,
    )
  }
  for (const [name, all] of Object.entries(found)) {
    all.forEach(check)
    const show = (key: keyof Measured, digits = 1) => {
      const sorted = all.map((one) => one[key]).sort((a, b) => a - b)
      return `${sorted[sorted.length >> 1]!.toFixed(digits)} (${sorted[0]!.toFixed(digits)})`
    }
    console.log(
      `${name.padEnd(8)}decisions/s ${show('rate', 0)}, block of ${BLOCK} in µs: p50 ${show('p50')}, p99 ${show('p99')}, worst ${show('worst', 0)}; µs a decision ${show('busy', 2)}`,
    )
  }
  await worker.terminate()
  await rune.close()
  rmSync(folder, { recursive: true })
}

function check({ wrong }: Measured): void {
  if (wrong === 0) return
  console.error(`${wrong} decisions were wrong`)
  process.exit(1)
}

if (isMainThread) await main()
else {
  const reader = Rune.attach(workerData, { cache: false })
  parentPort!.on('message', (task: Task) => parentPort!.postMessage(decideFor(reader, task)))
}
