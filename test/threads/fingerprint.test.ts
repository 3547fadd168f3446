/** What changes a fingerprint, and what does not. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fingerprintOf, hasContent } from '../../src/threads/fingerprint.ts'
import { temporaryFolder } from './temporary.ts'

test('reading and looking leave it as it is', () => {
  const file = join(temporaryFolder(), 'a')
  writeFileSync(file, '1')
  const before = fingerprintOf(file)
  readFileSync(file)
  expect(fingerprintOf(file)).toBe(before)
})

test('a file of the same size and time in its place changes it', () => {
  const folder = temporaryFolder()
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  for (const file of [a, b]) {
    writeFileSync(file, file.slice(-1))
    utimesSync(file, 1000, 1000)
  }
  const before = fingerprintOf(a)
  renameSync(b, a)
  expect(fingerprintOf(a)).not.toBe(before)
})

test.skipIf(process.platform === 'win32')(
  'new permissions change it, and so does a link that leads elsewhere',
  async () => {
    const folder = temporaryFolder()
    const [a, b, link] = [join(folder, 'a'), join(folder, 'b'), join(folder, 'link')]
    for (const file of [a, b]) writeFileSync(file, 'x')
    symlinkSync('a', link)
    const before = fingerprintOf(link)
    expect(before).toBe(fingerprintOf(a))
    // Times are those of the last tick of the system's clock.
    await new Promise((resolve) => setTimeout(resolve, 50))
    chmodSync(a, 0o600)
    expect(fingerprintOf(link)).not.toBe(before)
    rmSync(link)
    symlinkSync('b', link)
    expect(fingerprintOf(link)).toBe(fingerprintOf(b))
  },
)

test('only a file with something in it has content', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'empty'), '')
  writeFileSync(join(folder, 'full'), '1')
  mkdirSync(join(folder, 'sub'))
  const having = ['empty', 'full', 'none', 'full/none', 'sub/none', 'a\0b', 'x'.repeat(5000)].filter((name) =>
    hasContent(fingerprintOf(join(folder, name))),
  )
  expect(having).toEqual(['full'])
})
