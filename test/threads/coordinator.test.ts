/** A coordinator that dies: readers decide on, what was promised is kept, and another one goes on. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RuneError } from '../../src/text/diagnostic.ts'
import { compileInto } from '../../src/threads/compile.ts'
import { CoordinatorClient } from '../../src/threads/coordinator-client.ts'
import { attachReader } from '../../src/threads/reader.ts'
import type { Update } from '../../src/threads/update.ts'
import { temporaryFolder } from './temporary.ts'

const TEXT = `version = "rune/1.0"
[data]
a = [[0]]
b = [[0]]
[rules]
torn(X) :- a(X), not b(X).
permit("x") :- action("read"), a(0), b(0).
`
const REQUEST = { principal: 'User::"u"', action: 'read', resource: 'File::"f"' }

async function open(input: { text: string } | { path: string }, mode: 'thread' | 'inline' = 'thread', watch = false) {
  const client = new CoordinatorClient({ input, watch, mode })
  const errors: RuneError[] = []
  client.events.on('error', (error) => errors.push(error))
  const { memory } = await client.open()
  const reader = attachReader({ memory })
  onTestFinished(async () => {
    reader.close()
    await client.close()
  })
  const numbers = () => new Set(reader.query('a(X), b(X)').rows.map(([n]) => Number(n)))
  return { client, errors, memory, reader, numbers }
}

/** The same number into both predicates. */
function both(n: number): Update {
  return { facts: ['a', 'b'].map((predicate) => ({ predicate, row: [BigInt(n)], isThere: true })), entities: [] }
}

const counter = () => new Int32Array(new SharedArrayBuffer(4))

/** A thread that reads until it is told to stop; yields what it has counted. */
function startReader(memory: unknown) {
  const counters = { stop: counter(), whole: counter(), torn: counter(), failed: counter() }
  const worker = new Worker(new URL('stub-reader.js', import.meta.url), {
    workerData: { handle: { memory }, counters },
  })
  const ended = new Promise((resolve) => worker.on('exit', resolve))
  onTestFinished(async () => void (await worker.terminate()))
  return {
    whole: () => counters.whole[0]!,
    stop: async () => {
      counters.stop[0] = 1
      await ended
      return { torn: counters.torn[0]!, failed: counters.failed[0]! }
    },
  }
}

test('whenever the coordinator dies, readers decide on, and no update that was promised is lost', async () => {
  const { client, errors, memory, reader, numbers } = await open({ text: TEXT })
  const threads = [startReader(memory), startReader(memory)]
  const promised: number[] = []
  const outcomes: Promise<void>[] = []
  let decisions = 0
  for (let n = 1; n <= 400; n++) {
    outcomes.push(
      client.update(both(n)).then(
        () => void promised.push(n),
        (error: RuneError) => expect(error.diagnostics[0]?.code).toBe('R605'),
      ),
    )
    if (n % 40 === 0) client.crash()
    for (const end = performance.now() + Math.random() * 4; performance.now() < end; decisions++)
      expect(reader.authorize(REQUEST).decision).toBe('permit')
    await wait(Math.random() * 4)
  }
  const seen = threads.map((thread) => thread.whole())
  await Promise.all(outcomes)
  expect(errors.length).toBeGreaterThan(0)
  expect(errors.every((error) => error.diagnostics[0]?.code === 'R605')).toBe(true)
  expect(promised.filter((n) => !numbers().has(n))).toEqual([])
  await client.reload()
  expect(promised.filter((n) => !numbers().has(n))).toEqual([])
  expect(promised.length).toBeGreaterThan(0)
  expect(decisions).toBeGreaterThan(0)
  for (const [i, thread] of threads.entries()) {
    while (thread.whole() === seen[i]) await wait(1)
    expect(await thread.stop()).toEqual({ torn: 0, failed: 0 })
  }
})

test.each(['thread', 'inline'] as const)(
  'an update of which the coordinator dies each time is given up (%s)',
  async (mode) => {
    const { client, errors, reader, numbers } = await open({ text: TEXT }, mode)
    await client.update(both(1))
    const poison = client.update({ facts: null, entities: [] } as never)
    await expect(poison).rejects.toMatchObject({ diagnostics: [{ code: 'R605' }] })
    expect(errors).toHaveLength(3)
    expect(reader.authorize(REQUEST).decision).toBe('permit')
    await client.update(both(2))
    expect(numbers()).toEqual(new Set([0, 1, 2]))
    await client.reload()
    expect(numbers()).toEqual(new Set([0, 1, 2]))
  },
)

test.each(['thread', 'inline'] as const)('what waits with such an update is done all the same (%s)', async (mode) => {
  const { client, errors, numbers } = await open({ text: TEXT }, mode)
  const poison: Update = { facts: null, entities: [] } as never
  const asked = [both(1), poison, both(2), poison, both(3)].map((update) => client.update(update))
  const reload = client.reload()
  const outcomes = await Promise.allSettled([...asked, reload])
  expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true, true])
  expect(errors).toHaveLength(4)
  expect(numbers()).toEqual(new Set([0, 1, 2, 3]))
  await client.update(both(4))
  expect(numbers()).toEqual(new Set([0, 1, 2, 3, 4]))
})

test('after a death, changes of the files are noticed, also those from before', async () => {
  const path = join(temporaryFolder(), 'main.rune')
  writeFileSync(path, TEXT)
  const { client, numbers } = await open({ path }, 'thread', true)
  const write = (n: number) => writeFileSync(path, TEXT.replaceAll('[[0]]', `[[0], [${n}]]`))
  client.crash()
  write(7)
  while (!numbers().has(7)) await wait(5)
  write(8)
  while (!numbers().has(8)) await wait(5)
})

describe('while the coordinator of a snapshot starts', () => {
  const compiled = () => {
    const path = join(temporaryFolder(), 'main.img')
    compileInto({ text: TEXT }, path)
    return path
  }

  test('updates and reloads wait, in their order, and know what was read', async () => {
    const { client, reader } = await open({ path: compiled() })
    expect(reader.authorize(REQUEST)).toMatchObject({ decision: 'permit', epoch: 1 })
    const asked = [client.update(both(1)), client.reload(), client.update(both(2))]
    const published = await Promise.all(asked)
    expect(published.map(({ epoch }) => epoch)).toEqual([2, 3, 4])
    expect(published[0]).toMatchObject({ warnings: [], counts: { rules: 2 } })
    expect(reader.query('a(X), b(X)').rows).toEqual([[0], [1], [2]])
  })

  test('it may die, and what waits is done by another one', async () => {
    const path = compiled()
    const { client, errors, numbers } = await open({ path }, 'thread', true)
    const update = client.update(both(1))
    client.crash()
    compileInto({ text: TEXT.replaceAll('[[0]]', '[[0], [7]]') }, path)
    await update
    expect(errors).toHaveLength(1)
    while (!numbers().has(7)) await wait(5)
    expect(numbers()).toEqual(new Set([0, 1, 7]))
  })

  test('it may die each time: what waits is given up, and readers decide on', async () => {
    const { client, errors, reader } = await open({ path: compiled() })
    const update = client.update(both(1))
    const crashing = setInterval(() => client.crash(), 15)
    onTestFinished(() => clearInterval(crashing))
    await expect(update).rejects.toMatchObject({ diagnostics: [{ code: 'R605' }] })
    expect(errors).toHaveLength(3)
    expect(reader.authorize(REQUEST).decision).toBe('permit')
  })

  test('the engine may be closed: what waits is refused', async () => {
    const { client, errors } = await open({ path: compiled() })
    const update = client.update(both(1))
    const refused = expect(update).rejects.toMatchObject({ diagnostics: [{ code: 'R740' }] })
    await client.close()
    await refused
    expect(errors).toEqual([])
  })

  test('a snapshot that is damaged is refused all the same', async () => {
    const path = compiled()
    writeFileSync(path, readFileSync(path).with(500, 77))
    const client = new CoordinatorClient({ input: { path }, watch: true, mode: 'thread' })
    onTestFinished(() => client.close())
    await expect(client.open()).rejects.toMatchObject({ diagnostics: [{ code: 'R604' }] })
  })
})

test('a listener that throws does not keep another coordinator from being started', async () => {
  const { client, numbers } = await open({ text: TEXT }, 'inline')
  client.events.on('error', () => {
    throw new Error('thrown')
  })
  expect(() => client.crash()).toThrow('thrown')
  await client.update(both(1))
  expect(numbers()).toEqual(new Set([0, 1]))
})

test('a request that is made while another coordinator starts keeps the process alive until it is answered', () => {
  const script = `
    import { CoordinatorClient } from ${JSON.stringify(pathToFileURL('dist/src/threads/coordinator-client.js').href)}
    const client = new CoordinatorClient({ input: { text: 'version = "rune/1.0"' }, watch: false, mode: 'thread' })
    await client.open()
    client.events.on('error', () => undefined)
    const died = () => new Promise((resolve) => client.events.once('error', resolve))
    for (let i = 0; i < 2; i++) {
      const death = died()
      client.crash()
      await client.update({ facts: [], entities: [] }).catch(() => undefined)
      await death
    }
    const { epoch } = await client.update({ facts: [], entities: [] })
    console.log(epoch)
    await client.close()`
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect([status, stdout.trim()]).toEqual([0, '1'])
})

test('what a listener throws is its own: an inline coordinator lives on', () => {
  const script = `
    import { Rune } from ${JSON.stringify(pathToFileURL('dist/src/index.js').href)}
    const thrown = []
    process.on('uncaughtException', (error) => thrown.push(error.message))
    const text = 'version = "rune/1.0"\\n[rules]\\ndecl p(x: Long).\\n'
    const rune = await Rune.fromText(text, { coordinator: 'inline' })
    rune.on('error', () => thrown.push('death'))
    rune.on('update', () => { throw new Error('mine') })
    const epochs = [await rune.update({ insert: { p: [[1]] } }), await rune.update({ insert: { p: [[2]] } })]
    await new Promise((resolve) => setTimeout(resolve))
    console.log(JSON.stringify([epochs, thrown]))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(JSON.parse(stdout)).toEqual([
    [2, 3],
    ['mine', 'mine'],
  ])
})
