/**
 * Command lines that go wrong, each in a folder below `test/fixtures/command-line/`: `args.json` is run in that folder, and
 * `expected.txt` is all that it says, with its exit code. `npx vitest run test/cli -u` writes what is expected anew.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'vitest'

const ROOT = 'test/fixtures/command-line'
const RUNE = resolve('dist/rune.js')

test.concurrent.for(readdirSync(ROOT))('%s', async (name, { expect }) => {
  const folder = join(ROOT, name)
  const args: string[] = JSON.parse(readFileSync(join(folder, 'args.json'), 'utf8'))
  const said = await run(args, folder)
  await expect(said).toMatchFileSnapshot(resolve(folder, 'expected.txt'))
})

function run(args: readonly string[], cwd: string): Promise<string> {
  return new Promise((done) => {
    const env = { ...process.env, RUNE_CONFIG: '', NO_COLOR: '1', COLUMNS: '80' }
    const child = execFile(process.execPath, [RUNE, ...args], { cwd, env }, (error, stdout, stderr) => {
      const exit = error ? error.code : 0
      done(`exit code ${exit}\n\n== standard output\n${timeless(stdout)}\n== standard error\n${timeless(stderr)}`)
    })
    child.stdin?.end()
  })
}

function timeless(text: string): string {
  return text.replace(/\b\d+(\.\d+)? (ms|s)\b/g, 'N ms')
}
