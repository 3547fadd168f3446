/**
 * The README: its commands are run in the order in which they stand, and print what it says, times aside; its programs
 * print what their comments say.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const README = readFileSync('README.md', 'utf8')
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rune-readme-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeAll(() => {
  cpSync('examples', join(folder, 'examples'), { recursive: true })
  mkdirSync(join(folder, 'bin'))
  program('rune', `exec '${process.execPath}' '${resolve('dist/rune.js')}' "$@" 2>&1`)
  program('npx', 'exec "$@"')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(resolve('.'), join(folder, 'node_modules', 'rune-engine'), 'junction')
})

test('its commands print what it says', () => {
  const text = blocks('console').join('')
  const commands = [...text.matchAll(/^\$ (.*)\n/gm)].map((match) => match[1] ?? '')
  const env = {
    ...process.env,
    RUNE_CONFIG: '',
    NO_COLOR: '1',
    PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
  }
  const printed = commands.map((command) => {
    const { stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: folder, env, encoding: 'utf8' })
    return `$ ${command}\n${stdout}${stderr}`
  })
  expect(commands.length).toBeGreaterThan(5)
  expect(timeless(printed.join(''))).toBe(timeless(text))
})

test('its programs print what their comments say', () => {
  for (const source of blocks('js')) {
    const cwd = mkdtempSync(join(folder, 'program-'))
    execFileSync(process.execPath, [resolve('dist/rune.js'), 'init'], { cwd })
    writeFileSync(join(cwd, 'program.mjs'), source)
    const printed = execFileSync(process.execPath, ['program.mjs'], { cwd, encoding: 'utf8' })
    expect(printed.trim().split('\n')).toEqual([...source.matchAll(/^\/\/ (.*)$/gm)].map((match) => match[1]))
  }
})

function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '')
}

function program(name: string, line: string): void {
  const path = join(folder, 'bin', name)
  writeFileSync(path, `#!/bin/sh\n${line}\n`)
  chmodSync(path, 0o755)
}

function timeless(text: string): string {
  return text.replace(/\b\d+(\.\d+)? (ms|s)\b/g, 'N ms')
}
