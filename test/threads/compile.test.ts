/** An engine that was opened from a snapshot lives as any other; compiling leaves the old snapshot or a whole new one. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { compile, type OpenOptions, Rune, RuneError, validate } from '../../src/index.ts'
import { Calls, temporaryFolder } from './temporary.ts'

const POLICY = `version = "rune/1.0"
[options]
default_principal_type = "User"
default_resource_type = "Doc"
[data]
member = [["ana", "staff"], ["ben", "guests"]]
[rules]
reader(Who) :- member(Who, "staff").
permit("staff") :- principal(Who, "User"), reader(Who).
[entities]
'Doc::"a"' = { attrs = { open = true } }
[policies]
@id("guests read what is open")
permit(principal == User::"ben", action, resource) when { resource.open };
`
const WITHOUT_ANA = POLICY.replace('["ana", "staff"], ', '')

/** A folder with a policy and its snapshot. */
async function compiled(text = POLICY): Promise<{ folder: string; source: string; snapshot: string }> {
  const folder = temporaryFolder()
  const [source, snapshot] = [join(folder, 'policy.rune'), join(folder, 'policy.img')]
  writeFileSync(source, text)
  await compile({ path: source }, snapshot)
  return { folder, source, snapshot }
}

async function open(path: string, options: OpenOptions = { coordinator: 'inline' }): Promise<Rune> {
  const rune = await Rune.open(path, options)
  onTestFinished(() => rune.close())
  return rune
}

/** Who of some may read `a`. */
function readers(rune: Rune): string[] {
  const names = ['ana', 'ben', 'eve']
  return names.filter((name) => rune.authorize({ principal: name, action: 'read', resource: 'a' }).allowed)
}

test.each(['inline', 'thread'] as const)(
  'a reload from a snapshot brings what it says of entities, coordinator %s',
  async (coordinator) => {
    const { source, snapshot } = await compiled()
    const rune = await open(snapshot, { coordinator })
    for (const isOpen of [true, false, true]) {
      writeFileSync(source, POLICY.replace('open = true', `open = ${isOpen}`))
      await compile({ path: source }, snapshot)
      await rune.reload()
      expect(readers(rune)).toEqual(isOpen ? ['ana', 'ben'] : ['ana'])
    }
  },
)

describe.each(['inline', 'thread'] as const)('an engine from a snapshot, its coordinator %s,', (coordinator) => {
  test('decides, takes updates and keeps them over reloads from snapshots and from text', async () => {
    const { source, snapshot } = await compiled()
    const rune = await open(snapshot, { coordinator })
    expect(readers(rune)).toEqual(['ana', 'ben'])
    const closed = { uid: { type: 'Doc', id: 'a' }, attrs: { open: false }, parents: [] }
    await rune.update({ insert: { member: [['eve', 'staff']] }, entities: [closed] })
    expect(readers(rune)).toEqual(['ana', 'eve'])
    writeFileSync(source, WITHOUT_ANA)
    await compile({ path: source }, snapshot)
    const epoch = rune.epoch
    await rune.reload()
    expect(rune.epoch).toBe(epoch + 1)
    expect(readers(rune)).toEqual(['eve'])
    await rune.update({ remove: { member: [['eve', 'staff']] } })
    expect(readers(rune)).toEqual([])
    copyFileSync(source, snapshot)
    await rune.reload()
    expect(readers(rune)).toEqual([])
    await rune.update({ insert: { member: [['ana', 'staff']] } })
    expect(readers(rune)).toEqual(['ana'])
  })

  test('keeps its state where a reload finds a broken snapshot, and goes on once it is whole', async () => {
    const { source, snapshot } = await compiled()
    const rune = await open(snapshot, { coordinator })
    writeFileSync(source, WITHOUT_ANA)
    await compile({ path: source }, snapshot)
    const bytes = readFileSync(snapshot)
    for (const [broken, code] of [
      [bytes.subarray(0, 1000), 'R604'],
      [bytes.with(500, 77), 'R604'],
      [Buffer.from('version = 3'), 'R204'],
    ] as const) {
      writeFileSync(snapshot, broken)
      await expect(rune.reload()).rejects.toThrow(code)
      expect({ epoch: rune.epoch, readers: readers(rune) }).toEqual({ epoch: 1, readers: ['ana', 'ben'] })
    }
    writeFileSync(snapshot, bytes)
    await rune.reload()
    expect(readers(rune)).toEqual(['ben'])
  })

  test('reloads when a watched snapshot is replaced', async () => {
    const { folder, source, snapshot } = await compiled()
    const rune = await open(snapshot, { coordinator, watch: true })
    const reloads = new Calls()
    rune.on('reload', reloads.add)
    writeFileSync(source, WITHOUT_ANA)
    await compile({ path: source }, join(folder, 'next.img'))
    renameSync(join(folder, 'next.img'), snapshot)
    await reloads.next()
    expect(readers(rune)).toEqual(['ben'])
  })

  test('reloads when a watched snapshot is replaced while it is opened', async () => {
    const { folder, source, snapshot } = await compiled()
    writeFileSync(source, WITHOUT_ANA)
    await compile({ path: source }, join(folder, 'next.img'))
    const opening = open(snapshot, { coordinator, watch: true })
    await setImmediate()
    renameSync(join(folder, 'next.img'), snapshot)
    const rune = await opening
    const reloads = new Calls()
    rune.on('reload', reloads.add)
    if (readers(rune).length > 1) await reloads.next()
    expect(readers(rune)).toEqual(['ben'])
  })
})

test('updates that do not fit a snapshot are kept and said to be so', async () => {
  const { source, snapshot } = await compiled()
  const rune = await open(snapshot)
  await rune.update({ insert: { member: [['eve', 'staff']] } })
  writeFileSync(source, 'version = "rune/1.0"\n[data]\nmember = ["ana"]\n')
  await compile({ path: source }, snapshot)
  await rune.reload()
  expect(rune.warnings.map(({ code }) => code)).toContain('R480')
  writeFileSync(source, POLICY)
  await compile({ path: source }, snapshot)
  await rune.reload()
  expect(readers(rune)).toEqual(['ana', 'ben', 'eve'])
})

test('a source beside a snapshot that says something else is warned of; one that is gone is not', async () => {
  const { folder, source, snapshot } = await compiled()
  const codes = async () => (await validate({ path: snapshot })).diagnostics.map(({ code }) => code)
  expect(await codes()).toEqual([])
  writeFileSync(source, WITHOUT_ANA)
  expect(await codes()).toEqual(['R607'])
  renameSync(source, join(folder, 'elsewhere.rune'))
  expect(await codes()).toEqual([])
})

describe('compiling leaves a file as it was', () => {
  const messageOf = async (work: Promise<unknown>): Promise<string> =>
    await work.then(
      () => 'nothing',
      (error) => (error instanceof RuneError ? error.message : Promise.reject(error)),
    )

  test('where it is no snapshot', async () => {
    const { source, folder } = await compiled()
    expect(await messageOf(compile({ path: source }, source))).toMatch(/^R763: .*it exists and is no snapshot$/)
    expect(await messageOf(compile({ path: source }, folder))).toMatch(/^R763: .*it is a directory$/)
    expect(readFileSync(source, 'utf8')).toBe(POLICY)
    writeFileSync(join(folder, 'empty'), '')
    expect(await messageOf(compile({ path: source }, join(folder, 'empty')))).toBe('nothing')
  })

  test('where the configuration cannot be opened', async () => {
    const { source, snapshot } = await compiled()
    const before = readFileSync(snapshot)
    writeFileSync(source, 'version = 3')
    expect(await messageOf(compile({ path: source }, snapshot))).toMatch(/^R204/)
    expect(readFileSync(snapshot).equals(before)).toBe(true)
  })

  const canMount =
    spawnSync('unshare', ['--mount', '--map-root-user', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
  if (!canMount) console.warn('NOT TESTED: full disks and read-only file systems; this user cannot mount any')

  test.skipIf(!canMount).each([
    ['the disk is full', 'mount -t tmpfs -o size=20k tmpfs "$0"; cp "$1" "$0/file"'],
    ['the file system is read-only', 'mount -t tmpfs tmpfs "$0"; cp "$1" "$0/file"; mount -o remount,ro "$0"'],
  ])('where %s', async (reason, prepare) => {
    const { snapshot } = await compiled('version = "rune/1.0"\n')
    const folder = temporaryFolder()
    const script = `set -e; ${prepare}; shift; exec "$@"`
    const node = [process.execPath, '--input-type=module', '-e', COMPILE, join(folder, 'file')]
    // The mount is seen by the child alone, and ends with it.
    const unshare = ['--mount', '--map-root-user', 'sh', '-c', script, folder, snapshot]
    const said = execFileSync('unshare', [...unshare, ...node], { encoding: 'utf8' })
    expect(JSON.parse(said)).toEqual({
      message: expect.stringMatching(new RegExp(`^R763: \`.*\` cannot be written: ${reason}$`)),
      names: ['file'],
      ok: true,
    })
    expect(readdirSync(folder)).toEqual([])
  })
})

const COMPILE = `import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { compile, validate } from ${JSON.stringify(pathToFileURL('dist/src/index.js').href)}
const [file] = process.argv.slice(1)
const text = ${JSON.stringify(POLICY)}
const message = await compile({ text }, file).then(() => 'nothing', (error) => error.message)
const { ok } = await validate({ path: file })
console.log(JSON.stringify({ message, names: readdirSync(dirname(file)), ok }))`
