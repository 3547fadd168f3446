/** A file has its old content or its new one, whatever fails, and nothing is left beside it. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { RuneError } from '../../src/text/diagnostic.ts'
import { writeFileAtomically } from '../../src/threads/write-file.ts'
import { temporaryFolder } from './temporary.ts'

const chunks = (...texts: readonly string[]) => texts.map((text) => Buffer.from(text))

/** A folder that holds `file`. */
function folderWith(content: string): { folder: string; file: string } {
  const folder = temporaryFolder()
  const file = join(folder, 'file')
  writeFileSync(file, content)
  return { folder, file }
}

/** The message that `write` ends with. */
function refusalOf(write: () => void): string | undefined {
  try {
    write()
  } catch (e) {
    if (e instanceof RuneError) return e.message
    throw e
  }
  return undefined
}

describe('a file is written', () => {
  test('whole, in the order of the chunks, and alone', () => {
    const { folder, file } = folderWith('something that is longer')
    writeFileAtomically(file, chunks('a', '', 'bc'))
    expect(readFileSync(file, 'utf8')).toBe('abc')
    writeFileAtomically(join(folder, 'new'), [])
    expect(readFileSync(join(folder, 'new'), 'utf8')).toBe('')
    expect(readdirSync(folder)).toEqual(['file', 'new'])
  })

  test('from memory that threads share', () => {
    const { file } = folderWith('')
    const bytes = new Uint8Array(new SharedArrayBuffer(16), 8, 3)
    bytes.set([65, 66, 67])
    writeFileAtomically(file, [bytes])
    expect(readFileSync(file, 'utf8')).toBe('ABC')
  })

  test('although its name is as long as names can be', () => {
    const folder = temporaryFolder()
    writeFileAtomically(join(folder, 'x'.repeat(255)), chunks('1'))
    expect(readdirSync(folder)).toEqual(['x'.repeat(255)])
  })

  test.skipIf(process.platform === 'win32')('with the mode that it had, or that new files have', () => {
    const { folder, file } = folderWith('old')
    for (const mode of [0o640, 0o755]) {
      chmodSync(file, mode)
      writeFileAtomically(file, chunks('new'))
      expect(statSync(file).mode & 0o7777).toBe(mode)
    }
    writeFileAtomically(join(folder, 'a'), chunks('1'))
    writeFileSync(join(folder, 'b'), '1')
    expect(statSync(join(folder, 'a')).mode).toBe(statSync(join(folder, 'b')).mode)
  })

  test.skipIf(process.platform === 'win32')('where a link leads', () => {
    const { folder, file } = folderWith('old')
    mkdirSync(join(folder, 'sub'))
    symlinkSync('../file', join(folder, 'sub/link'))
    writeFileAtomically(join(folder, 'sub/link'), chunks('new'))
    expect(readFileSync(file, 'utf8')).toBe('new')
    expect(lstatSync(join(folder, 'sub/link')).isSymbolicLink()).toBe(true)
    expect(readdirSync(join(folder, 'sub'))).toEqual(['link'])
  })
})

describe('a file is left as it was', () => {
  test.each([
    ['sub', 'it is a directory'],
    ['none/a', 'there is no such folder'],
    ['file/a', 'there is no such folder'],
    ['a\0b', 'its name holds a NUL character'],
    ['x'.repeat(256), 'its name is too long'],
  ])('where the path is %j', (name, reason) => {
    const { folder } = folderWith('old')
    mkdirSync(join(folder, 'sub'))
    expect(refusalOf(() => writeFileAtomically(join(folder, name), chunks('new')))).toMatch(
      new RegExp(`^R763: \`.*\` cannot be written: ${reason}$`),
    )
    expect(readdirSync(folder)).toEqual(['file', 'sub'])
  })

  test.skipIf(process.platform === 'win32')('where it is no regular file', () => {
    const { folder } = folderWith('old')
    execFileSync('mkfifo', [join(folder, 'pipe')])
    expect(refusalOf(() => writeFileAtomically(join(folder, 'pipe'), []))).toMatch('it is not a regular file')
    expect(lstatSync(join(folder, 'pipe')).isFIFO()).toBe(true)
    expect(refusalOf(() => writeFileAtomically('/dev/null', []))).toMatch('it is not a regular file')
  })

  test('where the chunks end in a failure, which is passed on', () => {
    const { folder, file } = folderWith('old')
    function* failing(): Iterable<Uint8Array> {
      yield Buffer.from('new')
      throw new Error('no more')
    }
    expect(() => writeFileAtomically(file, failing())).toThrow('no more')
    expect(readdirSync(folder)).toEqual(['file'])
    expect(readFileSync(file, 'utf8')).toBe('old')
  })

  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

  test.skipIf(process.platform === 'win32').each([
    ['the folder', 0o555, 0o666],
    ['the file', 0o777, 0o444],
  ])('where permissions of %s forbid it', (_, ofFolder, ofFile) => {
    const { folder, file } = folderWith('old')
    chmodSync(file, ofFile)
    chmodSync(folder, ofFolder)
    const said = execFileSync(process.execPath, nodeArguments(file), { ...user, encoding: 'utf8' })
    chmodSync(folder, 0o755)
    expect(JSON.parse(said)).toEqual(refused('permission denied'))
  })

  const canMount =
    spawnSync('unshare', ['--mount', '--map-root-user', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
  if (!canMount) console.warn('NOT TESTED: full disks and read-only file systems; this user cannot mount any')

  test.skipIf(!canMount).each([
    ['the disk is full', 'mount -t tmpfs -o size=64k tmpfs "$0"; echo -n old > "$0/file"'],
    ['the file system is read-only', 'mount -t tmpfs tmpfs "$0"; echo -n old > "$0/file"; mount -o remount,ro "$0"'],
  ])('where %s', (reason, prepare) => {
    const folder = temporaryFolder()
    const script = `set -e; ${prepare}; exec "$@"`
    const node = [process.execPath, ...nodeArguments(join(folder, 'file'))]
    // The mount is seen by the child alone, and ends with it.
    const said = execFileSync('unshare', ['--mount', '--map-root-user', 'sh', '-c', script, folder, ...node], {
      encoding: 'utf8',
    })
    expect(JSON.parse(said)).toEqual(refused(reason))
  })
})

const refused = (reason: string) => ({
  message: expect.stringMatching(new RegExp(`^R763: \`.*\` cannot be written: ${reason}$`)),
  names: ['file'],
  content: 'old',
})

/** Has a process of its own write 1 MiB to `file`, and say what it threw and what is there then. */
function nodeArguments(file: string): string[] {
  const script = `import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeFileAtomically } from ${JSON.stringify(pathToFileURL('dist/src/threads/write-file.js').href)}
const [file] = process.argv.slice(1)
let message
try {
  writeFileAtomically(file, Array(16).fill(new Uint8Array(2 ** 16)))
} catch (e) {
  message = e.message
}
console.log(JSON.stringify({ message, names: readdirSync(dirname(file)), content: readFileSync(file, 'utf8').slice(0, 10) }))`
  return ['--input-type=module', '-e', script, file]
}
