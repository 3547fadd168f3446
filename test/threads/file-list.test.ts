/** The files of a configuration: all of them, those that are not there too, with the hash of what was read. */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeHost } from '../../src/syntax/rune-file/host.ts'
import { build } from '../../src/threads/build.ts'
import { recordingHost } from '../../src/threads/file-list.ts'
import { fingerprintOf } from '../../src/threads/fingerprint.ts'
import { type Files, memoryHost, VERSION } from '../syntax/rune-file/memory-host.ts'
import { temporaryFolder } from './temporary.ts'

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

/** Path and hash of each file that building `main.rune` reads, whether it can be built or not. */
function recorded(files: Files): [path: string, sha256: string | undefined][] {
  const recording = recordingHost(memoryHost(files))
  try {
    build({ path: 'main.rune' }, recording.host)
  } catch {}
  return recording.files().map((file) => [file.path, file.sha256])
}

/** What `recorded` says where all files are read whole. */
const hashes = (files: Files) => Object.entries(files).map(([path, content]) => [path, sha256(content)])

const TESTS = `[tests]
[[tests.case]]
name = "a"
principal = "a"
action = "read"
resource = "/a"
expect = "deny"
[tests.case.facts]
q = { file = "test.tsv" }
`

describe('a configuration was read from', () => {
  test('its root, what that includes, entities, facts, and facts of tests', () => {
    const files = {
      'main.rune': `${VERSION}include = ["sub/b.rune"]\n[options]\nentities = "e.json"\n[rules]\ndecl q(a: String).\n${TESTS}`,
      'sub/b.rune': `${VERSION}[data]\np = { file = "../facts.tsv" }\n`,
      'e.json': '[]',
      'facts.tsv': 'a\tb\n',
      'test.tsv': 'c\n',
    }
    expect(recorded(files).sort()).toEqual(hashes(files).sort())
  })

  test('files that are not there', () => {
    const main = `${VERSION}include = ["no.rune", "b.rune"]\n[data]\np = { file = "no.tsv" }\n`
    const files = { 'main.rune': main, 'b.rune': `${VERSION}[options]\nentities = "no.json"\n` }
    const missing = ['no.rune', 'no.tsv', 'no.json'].map((path) => [path, undefined])
    expect(recorded(files).sort()).toEqual([...hashes(files), ...missing].sort())
    expect(recorded({})).toEqual([['main.rune', undefined]])
  })

  test('a path of a file that another path was read for', () => {
    const files = { 'main.rune': `${VERSION}include = ["b.rune", "link/b.rune"]\n`, 'b.rune': VERSION }
    expect(recorded(files)).toEqual([...hashes(files), ['link/b.rune', undefined]])
  })

  test('no file where it is a text, even if the text has a path', () => {
    const recording = recordingHost(memoryHost({ 'b.rune': VERSION }))
    build({ text: `${VERSION}include = ["b.rune"]\n`, path: 'main.rune' }, recording.host)
    expect(recording.files().map(({ path }) => path)).toEqual(['b.rune'])
  })
})

describe('the hash', () => {
  const content = 'abc'.repeat(100)
  const hashAfter = (...firstBytes: readonly (number | undefined)[]) => {
    const recording = recordingHost(memoryHost({ a: content }))
    for (const first of firstBytes) {
      recording.host.readFile('a', { maxBytes: 1000, ...(first !== undefined && { firstBytes: first }) })
    }
    return recording.files()[0]?.sha256
  }

  test('is that of the whole file, once it was read whole', () => {
    expect(hashAfter(10, undefined)).toBe(sha256(content))
    expect(hashAfter(undefined, 10)).toBe(sha256(content))
    expect(hashAfter(301)).toBe(sha256(content))
    expect(hashAfter(10)).toBe(sha256(content.slice(0, 10)))
  })

  test('is absent where the last attempt failed', () => {
    const { host, files } = recordingHost(memoryHost({ a: content }))
    host.readFile('a', { maxBytes: 1000, firstBytes: 10 })
    host.readFile('a', { maxBytes: 10 })
    expect(files()).toEqual([{ path: 'a', fingerprint: fingerprintOf('a'), sha256: undefined }])
  })
})

test('fingerprints are from before the files were read', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'sub'))
  const [main, part] = [join(folder, 'main.rune'), join(folder, 'sub/b.rune')]
  writeFileSync(main, `${VERSION}include = ["sub/b.rune"]\n`)
  writeFileSync(part, VERSION)
  const before = [main, part].map(fingerprintOf)
  const recording = recordingHost({
    ...nodeHost,
    readFile: (path, limits) => {
      const found = nodeHost.readFile(path, limits)
      // A look at the first bytes says what kind of file it is, and comes before it is read.
      if (limits.firstBytes === undefined) writeFileSync(path, '# something else')
      return found
    },
  })
  build({ path: main }, recording.host)
  expect(recording.files().map(({ fingerprint }) => fingerprint)).toEqual(before)
  expect(recording.files().map(({ sha256: hash }) => hash)).toEqual([
    sha256(`${VERSION}include = ["sub/b.rune"]\n`),
    sha256(VERSION),
  ])
})

test.skipIf(process.platform === 'win32')('links are files of the configuration, under their own path', () => {
  const folder = temporaryFolder()
  const main = join(folder, 'main.rune')
  writeFileSync(join(folder, 'real.rune'), VERSION)
  symlinkSync('real.rune', main)
  const recording = recordingHost(nodeHost)
  build({ path: main }, recording.host)
  rmSync(main)
  expect(recording.files().map(({ path }) => path)).toEqual([main])
})
