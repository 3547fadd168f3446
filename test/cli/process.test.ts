/** The command line as a process: what only shows from outside. */
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const RUNE = resolve('dist/rune.js')
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rune-process-')))
copyFileSync('examples/basic.rune', join(folder, 'policy.rune'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const REQUEST = ['--action', 'read', '--resource', '/tmp/file.txt', '--principal', 'agent-1']
const env = { ...process.env, RUNE_CONFIG: '', NO_COLOR: '1' }

function rune(args: readonly string[], input = '') {
  return spawnSync(process.execPath, [RUNE, ...args], { cwd: folder, env, input, encoding: 'utf8' })
}

test('the command of the README permits, with its reason', () => {
  const { status, stdout, stderr } = rune(['eval', ...REQUEST])
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'permit\n  by policy policy0 (policy.rune:44:1)\n' })
  expect(stderr).toMatch(/^\(opened in [\d.]+ m?s, decided in [\d.]+ m?s; `rune validate` has 1 warning\)\n$/)
})

test('the standard input can hold the configuration', () => {
  const text = 'version = "rune/1.0"\n[policies]\npermit(principal, action, resource);\n'
  const args = ['eval', '-c', '-', '--principal', 'A::"a"', '--action', 'b', '--resource', 'C::"c"']
  expect(rune(args, text)).toMatchObject({ status: 0, stdout: 'permit\n  by policy policy0 (<stdin>:3:1)\n' })
})

test('a place where no code may be made from text decides as well', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--disallow-code-generation-from-strings', RUNE, 'eval', ...REQUEST],
    { cwd: folder, env: { ...env, RUNE_CODEGEN: '1' }, encoding: 'utf8' },
  )
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'permit\n  by policy policy0 (policy.rune:44:1)\n' })
})

test('a reader that goes away is no failure, and leaves no trace of one', async () => {
  const child = spawn(process.execPath, [RUNE, 'eval', ...REQUEST], { cwd: folder, env })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exit = await new Promise((done) => child.on('close', done))
  expect(exit).toBe(0)
  expect(stderr).toMatch(/^\(opened in .*\)\n$/)
})

test('no thread starts and no cedar-wasm loads where no schema needs them', () => {
  const guard = join(folder, 'guard.cjs')
  writeFileSync(guard, GUARD)
  const { status, stderr } = spawnSync(process.execPath, ['--require', guard, RUNE, 'eval', ...REQUEST], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining('guard') })
})

const GUARD = `
const Module = require('node:module')
const load = Module._load
Module._load = (name, ...rest) => {
  if (/cedar-wasm/.test(name)) end(name)
  return load(name, ...rest)
}
require('node:worker_threads').Worker = function () { end('a thread') }
Module.syncBuiltinESMExports()
function end(what) {
  console.error('guard: ' + what)
  process.exit(99)
}
`
