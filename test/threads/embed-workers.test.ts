/** The example of a service on several threads: all of them take each edit of the policy file, and none takes a broken one. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'

const THREADS = 3
const folder = mkdtempSync(join(tmpdir(), 'rune-embed-'))
const policy = join(folder, 'policy.rune')
const lines: string[] = []
let server: ChildProcess
let url = ''

/** Waits for a line that the service prints after the first `from` ones. */
async function said(pattern: RegExp, from = 0): Promise<string> {
  for (;;) {
    const found = lines.slice(from).find((line) => pattern.test(line))
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

interface Answer {
  readonly allowed: boolean
  readonly reasons?: readonly string[]
  readonly epoch?: number
  readonly worker?: number
}

/** What each worker says. */
async function askAll(path: string, user: string): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let i = 0; i < THREADS; i++) {
    const response = await fetch(`${url}${path}?user=${encodeURIComponent(user)}`)
    answers.push((await response.json()) as Answer)
  }
  return answers
}

/** As editors save: another file is renamed over the old one. */
function save(text: string): void {
  writeFileSync(`${policy}.new`, text)
  renameSync(`${policy}.new`, policy)
}

beforeAll(async () => {
  copyFileSync('examples/embed-workers/policy.rune', policy)
  const args = ['examples/embed-workers/server.js', '--port', '0', '--threads', `${THREADS}`, '--policy', policy]
  server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [server.stdout, server.stderr]) {
    if (stream) createInterface(stream).on('line', (line) => lines.push(line))
  }
  url = (await said(/^listening on /)).replace('listening on ', '')
})

afterAll(async () => {
  server.kill('SIGTERM')
  await once(server, 'exit')
  rmSync(folder, { recursive: true, force: true })
})

test('every worker decides from the one image, and takes each edit', async () => {
  const original = readFileSync(policy, 'utf8')
  const before = await askAll('/docs/plan.md', 'ben')
  expect(before.map(({ allowed }) => allowed)).toEqual([false, false, false])
  expect(new Set(before.map(({ worker }) => worker)).size).toBe(THREADS)
  expect((await askAll('/docs/public/x', 'ben')).every(({ allowed }) => allowed)).toBe(true)
  expect((await askAll('/docs/plan.md', 'User::"ana"')).some(({ allowed }) => allowed)).toBe(false)

  save(original.replace('"guests"]', '"staff"]'))
  await said(/^reloaded: epoch 2/)
  const after = await askAll('/docs/plan.md', 'ben')
  expect(after.map(({ allowed, epoch }) => ({ allowed, epoch }))).toEqual(
    Array(THREADS).fill({ allowed: true, epoch: 2 }),
  )

  const from = lines.length
  save(`${original}\npermit(`)
  await said(/^not reloaded/, from)
  expect((await askAll('/docs/plan.md', 'ben')).every(({ allowed }) => allowed)).toBe(true)

  save(original)
  await said(/^reloaded: epoch 3/)
  server.kill('SIGHUP')
  await said(/^reloaded: epoch 4/)
  expect((await askAll('/docs/plan.md', 'ben')).some(({ allowed }) => allowed)).toBe(false)
})
