/** Tests of the file system host: what is read, what is refused, how names become paths. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { displayPath, nodeHost } from '../../../src/syntax/rune-file/host.ts'

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rune-host-'))
  writeFileSync(join(folder, 'a.txt'), 'hello')
  mkdirSync(join(folder, 'sub'))
  symlinkSync(join(folder, 'a.txt'), join(folder, 'link'))
  symlinkSync(join(folder, 'circle'), join(folder, 'circle'))
})

afterAll(() => rmSync(folder, { recursive: true }))

const read = (name: string, limits = { maxBytes: 100 }) => {
  const found = nodeHost.readFile(join(folder, name), limits)
  return 'reason' in found ? found.reason : Buffer.from(found).toString()
}

describe('reading', () => {
  test('yields the bytes, or the first of them', () => {
    expect(read('a.txt')).toBe('hello')
    expect(read('link')).toBe('hello')
    expect(read('a.txt', { maxBytes: 100, firstBytes: 2 } as { maxBytes: number })).toBe('he')
  })

  test.each([
    ['no', 'there is no such file'],
    ['a.txt/b', 'there is no such file'],
    ['sub', 'it is a directory'],
    ['circle', 'its links form a circle'],
    ['a\0b', 'its name holds a NUL character'],
    ['x'.repeat(5000), 'its name is too long'],
  ])('of %j: %s', (name, reason) => {
    expect(read(name)).toBe(reason)
  })

  test('has a limit', () => {
    writeFileSync(join(folder, 'large'), Buffer.alloc(2 ** 20 + 1))
    expect(read('large', { maxBytes: 2 ** 20 })).toBe('it is larger than 1 MiB')
  })

  test.skipIf(process.platform === 'win32')('does not wait for a pipe', () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    expect(read('pipe')).toBe('it is not a regular file')
  })
})

describe('paths', () => {
  test('links have the canonical path of what they lead to', () => {
    expect(nodeHost.canonicalPath(join(folder, 'link'))).toBe(nodeHost.canonicalPath(join(folder, 'a.txt')))
    expect(nodeHost.canonicalPath('no/./such')).toBe(join('no', 'such'))
  })

  test.each([
    ['main.rune', 'a.rune', 'a.rune'],
    ['x/main.rune', '../a.rune', 'a.rune'],
    ['/x/main.rune', 'y/./a.rune', '/x/y/a.rune'],
    ['x/main.rune', '/a.rune', '/a.rune'],
    ['', 'a.rune', 'a.rune'],
  ])('%s means %s as %s', (from, name, path) => {
    expect(nodeHost.resolve(from, name)).toBe(path)
  })

  test('are displayed relative to the working directory where that is shorter', () => {
    expect(displayPath(join(process.cwd(), 'x', 'a.rune'))).toBe(join('x', 'a.rune'))
    expect(displayPath('a.rune')).toBe('a.rune')
    expect(displayPath('/')).toBe('/')
  })
})
