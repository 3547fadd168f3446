/** An engine with its coordinator in a thread: updates, reloads, watching, other readers, closing. */
import { execFile } from 'node:child_process'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Decision } from '../../src/decide/decision.ts'
import type { AuthorizeRequest } from '../../src/decide/request.ts'
import { Rune } from '../../src/engine.ts'
import type { RuneReader } from '../../src/rune-reader.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import type { Published } from '../../src/threads/coordinator.ts'
import type { Handle } from '../../src/threads/reader.ts'
import { temporaryFolder } from './temporary.ts'

const REQUEST = { principal: 'User::"alice"', action: 'read', resource: 'Doc::"d"' }
const BASE = `version = "rune/1.0"
[data]
role = [["alice", "reader"]]
[rules]
decl role(user: String, role: String).
may(U) :- role(U, "reader").
permit("may") :- principal(U, "User"), may(U).
`

function opened(rune: Rune): Rune {
  onTestFinished(() => rune.close())
  return rune
}

const openText = async (text = BASE) => opened(await Rune.fromText(text, { coordinator: 'thread' }))
const decide = (rune: RuneReader) => rune.authorize(REQUEST).decision
const codes = async (work: Promise<unknown>): Promise<string[]> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof RuneError)) throw new Error(`no error of a user: ${error}`)
  return error.diagnostics.map(({ code }) => code)
}

describe('an update', () => {
  test('is in force when it resolves, and its event says what it did', async () => {
    const rune = await openText()
    const events: Published[] = []
    rune.on('update', (published) => events.push(published))
    expect(decide(rune)).toBe('permit')
    const epoch = await rune.update({ remove: { role: [['alice', 'reader']] }, insert: { role: [['bob', 'reader']] } })
    expect(rune.authorize(REQUEST)).toMatchObject({ decision: 'deny', epoch })
    expect(rune.authorize({ ...REQUEST, principal: 'User::"bob"' })).toMatchObject({ decision: 'permit', epoch })
    expect(events).toMatchObject([{ epoch, warnings: [], counts: { policies: 0 } }])
    expect(events[0]?.durationMs).toBeGreaterThan(0)
    expect(events[0]?.rows).toBeGreaterThan(1)
    expect(events[0]?.arenaBytes).toBeGreaterThan(1000)
  })

  test('that fails changes nothing, alone or among others', async () => {
    const rune = await openText(
      `${BASE}decl cost(n: Long).\ncost(0).\nshare(10 / N) :- cost(N), N > 0, M = N - 1, 10 / M > 0.`,
    )
    const failing = codes(rune.update({ insert: { cost: [[1]], role: [['bob', 'reader']] } }))
    const passing = rune.update({ insert: { role: [['carol', 'reader']] } })
    expect(await failing).toEqual(['R401'])
    await passing
    expect(rune.query('may(U)').rows).toEqual([['alice'], ['carol']])
  })

  test('is what a request in flight does not see: it ends with the state that it began with', async () => {
    const rune = await openText()
    const reader = Rune.attach(rune.handle())
    let update: Promise<number> | undefined
    const request: AuthorizeRequest = {
      ...REQUEST,
      get action() {
        if (update) return 'read'
        update = rune.update({ remove: { role: [['alice', 'reader']] } })
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
        return 'read'
      },
    }
    const before = reader.authorize(request)
    expect(before).toMatchObject({ decision: 'permit', epoch: 1 })
    expect(await update).toBe(2)
    expect(reader.authorize(REQUEST)).toMatchObject({ decision: 'deny', epoch: 2 })
  })

  test('outlives a reload', async () => {
    const rune = await openText()
    await rune.update({ insert: { role: [['bob', 'reader']] }, remove: { role: [['alice', 'reader']] } })
    await rune.reload()
    expect(rune.query('may(U)').rows).toEqual([['bob']])
  })
})

describe('a reload', () => {
  test('takes what the file says now; one that fails is an event and a rejection, and changes nothing', async () => {
    const path = join(temporaryFolder(), 'main.rune')
    writeFileSync(path, BASE)
    const rune = opened(await Rune.open(path, { coordinator: 'thread' }))
    const events: unknown[] = []
    rune.on('reload', ({ epoch, counts, durationMs }) => events.push([epoch, counts?.rules, durationMs > 0]))
    rune.on('reload-error', ({ diagnostics }) => events.push(diagnostics.map(({ code }) => code)))
    writeFileSync(path, `${BASE}forbid("closed") :- action("read").\n`)
    const epoch = await rune.reload()
    expect(rune.authorize(REQUEST)).toMatchObject({ decision: 'forbid', reasons: ['closed'], epoch })
    writeFileSync(path, `${BASE}forbid(`)
    const failed = await codes(rune.reload())
    expect(events).toEqual([[epoch, 3, true], failed])
    expect(rune.authorize(REQUEST)).toMatchObject({ decision: 'forbid', epoch })
    expect(rune.counts.rules).toBe(3)
  })
})

describe('watching', () => {
  /** An engine that watches a file which includes another and reads facts from a third, and its events in order. */
  async function watched() {
    const folder = temporaryFolder()
    const files = { main: join(folder, 'main.rune'), part: join(folder, 'part.rune'), facts: join(folder, 'role.tsv') }
    const main = (reason: string) =>
      `version = "rune/1.0"\ninclude = ["part.rune"]\n[data]\nrole = { file = "role.tsv" }\n[rules]\ndecl role(user: String, role: String).\npermit("${reason}") :- principal(U, "User"), role(U, "reader").\n`
    const part = (open: boolean) =>
      `version = "rune/1.0"\n[rules]\n${open ? '' : 'forbid("part") :- action("read").'}\n`
    writeFileSync(files.main, main('first'))
    writeFileSync(files.part, part(true))
    writeFileSync(files.facts, 'alice\treader\n')
    const rune = opened(await Rune.open(files.main, { coordinator: 'thread', watch: true }))
    const events: string[] = []
    let wake = () => {}
    const note = (event: string) => {
      events.push(event)
      wake()
    }
    rune.on('reload', ({ epoch }) => note(`reload ${epoch === rune.epoch}`))
    rune.on('reload-error', () => note('reload-error'))
    const next = async () => {
      while (events.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return events.shift()
    }
    return { rune, files, main, part, events, next }
  }

  test('takes a file that is replaced, written in place, or a part of what was read', async () => {
    const { rune, files, main, part, next } = await watched()
    expect(rune.authorize(REQUEST).reasons).toEqual(['first'])
    writeFileSync(`${files.main}~`, main('renamed'))
    renameSync(`${files.main}~`, files.main)
    expect(await next()).toBe('reload true')
    expect(rune.authorize(REQUEST).reasons).toEqual(['renamed'])
    writeFileSync(files.main, '')
    setTimeout(() => writeFileSync(files.main, main('in place')), 20)
    expect(await next()).toBe('reload true')
    expect(rune.authorize(REQUEST).reasons).toEqual(['in place'])
    writeFileSync(files.part, part(false))
    expect(await next()).toBe('reload true')
    expect(decide(rune)).toBe('forbid')
    writeFileSync(files.part, part(true))
    expect(await next()).toBe('reload true')
    writeFileSync(files.facts, 'bob\treader\n')
    expect(await next()).toBe('reload true')
    expect(decide(rune)).toBe('deny')
  })

  test('says once that a file is broken or gone, and decides as before until it is right again', async () => {
    const { rune, files, main, events, next } = await watched()
    writeFileSync(files.main, main('broken").'))
    expect(await next()).toBe('reload-error')
    expect(rune.authorize(REQUEST).reasons).toEqual(['first'])
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(events).toEqual([])
    rmSync(files.main)
    expect(await next()).toBe('reload-error')
    expect(rune.authorize(REQUEST).reasons).toEqual(['first'])
    writeFileSync(files.main, main('back'))
    expect(await next()).toBe('reload true')
    expect(rune.authorize(REQUEST).reasons).toEqual(['back'])
  })
})

/** A reader in another thread. */
class Attached {
  readonly #worker: Worker
  readonly #waiting = new Map<number, (answer: Decision) => void>()
  #ids = 0

  constructor(handle: Handle) {
    this.#worker = new Worker(new URL('./attached.js', import.meta.url), { workerData: handle })
    this.#worker.on('message', ({ id, answer }) => this.#waiting.get(id)?.(answer))
    onTestFinished(async () => void (await this.#worker.terminate()))
  }

  async ask(request: AuthorizeRequest): Promise<Decision> {
    return await new Promise((resolve) => {
      this.#waiting.set(++this.#ids, resolve)
      this.#worker.postMessage({ id: this.#ids, request })
    })
  }
}

describe('readers of other threads', () => {
  test('see an update in every decision that starts after it resolved', async () => {
    const rune = await openText()
    const readers = [new Attached(rune.handle()), new Attached(rune.handle())]
    for (let round = 0; round < 50; round++) {
      const isThere = round % 2 === 1
      const epoch = await rune.update({ [isThere ? 'insert' : 'remove']: { role: [['alice', 'reader']] } })
      for (const decision of await Promise.all(readers.map((reader) => reader.ask(REQUEST))))
        expect(decision).toMatchObject({ decision: isThere ? 'permit' : 'deny', epoch })
    }
  })

  test('and batches go on when the engine is closed, and what the engine is asked then is refused', async () => {
    const rune = await openText()
    const reader = new Attached(rune.handle())
    expect(await rune.authorizeBatch([REQUEST])).toMatchObject([{ decision: 'permit' }])
    expect(await reader.ask(REQUEST)).toMatchObject({ decision: 'permit' })
    const waiting = codes(rune.update({ remove: { role: [['alice', 'reader']] } }))
    await rune.close()
    expect(await waiting).toEqual(['R740'])
    expect(await codes(rune.update({}))).toEqual(['R740'])
    expect(await codes(rune.reload())).toEqual(['R740'])
    expect(() => rune.authorize(REQUEST)).toThrow('closed')
    expect((await reader.ask(REQUEST)).epoch).toBeGreaterThan(0)
    await rune.close()
  })
})

describe('a process', () => {
  const run = async (...args: string[]) => {
    const path = fileURLToPath(new URL('./left-open.js', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [path, ...args], { timeout: 250_000 })
    return stdout.trim()
  }

  test.each(['thread', 'inline'])('ends by itself with an engine left open (%s)', async (coordinator) => {
    expect(await run(coordinator, 'nothing')).toBe('open')
    expect(await run(coordinator, 'watch')).toBe('open')
  })

  test('does both while the thread of a snapshot starts', async () => {
    const snapshot = join(temporaryFolder(), 'policy.img')
    expect(await run('thread', 'compile', snapshot)).toBe('open')
    expect(await run('thread', 'watch', snapshot)).toBe('open')
    expect(await run('thread', 'update', snapshot)).toBe('epoch 2')
  })

  test.each(['thread', 'inline'])('waits for an update (%s)', async (coordinator) => {
    expect(await run(coordinator, 'update')).toBe('epoch 2')
  })
})
