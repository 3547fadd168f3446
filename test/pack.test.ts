/**
 * The package as a user gets it: packed, unpacked into an empty project beside its runtime dependencies and nothing
 * else, and asked for decisions there. Offline: the dependencies are links into our own `node_modules`.
 */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix, resolve, sep } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const POLICY = `version = "rune/1.0"

[options]
default_principal_type = "User"
default_resource_type = "File"

[data]
reader = ["alice"]

[rules]
permit("readers read") :- action("read"), principal(Id, "User"), reader(Id).

[policies]
@id("secrets")
forbid(principal, action, resource in File::"/etc/**");
`

const DECIDE = `
import { Rune } from 'rune-engine'
import { isAuthorized } from 'rune-engine/cedar'

const rune = await Rune.fromText(${JSON.stringify(POLICY)})
const ask = (principal, resource) => rune.authorize({ principal, action: 'read', resource })
const decisions = [ask('alice', '/tmp/a'), ask('User::"alice"', '/etc/passwd'), ask('bob', '/tmp/a')]
await rune.close()
const cedar = isAuthorized({
  principal: { type: 'User', id: 'alice' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'File', id: 'a' },
  context: {},
  policies: { staticPolicies: 'permit(principal, action, resource);' },
  entities: [],
})
console.log(JSON.stringify({ decisions: decisions.map((d) => [d.decision, d.allowed]), cedar: cedar.response.decision }))
`

const TYPED = `
import { Rune } from 'rune-engine'
import { isAuthorized } from 'rune-engine/cedar'

const rune: Rune = await Rune.fromText('')
export const allowed: boolean = rune.authorize({ principal: 'a', action: 'b', resource: 'c' }).allowed
// @ts-expect-error a decision is no string
export const wrong: string = rune.authorize({ principal: 'a', action: 'b', resource: 'c' }).allowed
export const cedar: typeof isAuthorized = isAuthorized
`

describe('the packed package', () => {
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'rune-pack-')))
  const installed = join(project, 'node_modules', 'rune-engine')
  const run = (file: string, ...args: string[]) =>
    execFileSync(process.execPath, [file, ...args], { cwd: project, encoding: 'utf8' })
  beforeAll(() => install(project, installed))
  afterAll(() => rmSync(project, { recursive: true, force: true }))

  it('holds what a user needs and nothing else', () => {
    const files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(installed.length + 1)
          .replaceAll(sep, posix.sep),
      )
    const wanted =
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE-(MIT|APACHE)|dist\/rune\.(js|licenses\.txt)|dist\/(src|workers|native-layout|commands)\/.*\.(js|d\.ts))$/
    expect(files.filter((file) => !wanted.test(file) || file.startsWith('dist/src/cli/'))).toEqual([])
    expect(files).toEqual(
      expect.arrayContaining([
        'README.md',
        'CHANGELOG.md',
        'LICENSE-MIT',
        'LICENSE-APACHE',
        'dist/rune.js',
        'dist/rune.licenses.txt',
      ]),
    )
  })

  it('has every file that its package.json names', () => {
    const { bin, exports } = readPackage(installed)
    const named = [...Object.values(bin), ...Object.values(exports).flatMap((entry) => Object.values(entry))]
    expect(named.length).toBeGreaterThanOrEqual(5)
    expect(named.filter((file) => !existsSync(join(installed, file)))).toEqual([])
  })

  it('decides in an empty project, by its own API and by that of cedar-wasm', () => {
    writeFileSync(join(project, 'decide.mjs'), DECIDE)
    expect(JSON.parse(run('decide.mjs'))).toEqual({
      decisions: [
        ['permit', true],
        ['forbid', false],
        ['deny', false],
      ],
      cedar: 'allow',
    })
  })

  it('starts the threads of a benchmark', () => {
    const options = ['--scale', '0.01', '--threads', '2', '--requests', '20', '--duration', 'once', '--warmup', '0']
    const { decisions } = JSON.parse(
      run(join(installed, 'dist', 'rune.js'), 'benchmark', ...options, '--format', 'json'),
    )
    expect(decisions.total).toBe(20 * 2 * 2 * 5)
  })

  it('has types that a strict compiler takes', () => {
    writeFileSync(join(project, 'typed.mts'), TYPED)
    const options = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--types', '']
    expect(run(resolve('node_modules/typescript/bin/tsc'), ...options, 'typed.mts')).toBe('')
  })

  it('has a command line that runs there', () => {
    expect(run(join(installed, 'dist/rune.js'), '--version').trim()).toBe(readPackage(installed).version)
  })
})

interface PackageJson {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies: Readonly<Record<string, string>>
}

function readPackage(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/** What `npm install` of the tarball would do, without a registry. */
function install(project: string, installed: string): void {
  const npm = (...args: string[]) =>
    execFileSync('npm', args, { encoding: 'utf8', shell: process.platform === 'win32' })
  const [packed] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', project))
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', join(project, packed.filename), '--strip-components=1', '-C', installed])
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  for (const name of Object.keys(readPackage(installed).dependencies)) {
    const link = join(project, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(resolve('node_modules', name), link, 'junction')
  }
}
