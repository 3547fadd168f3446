/** A snapshot is what was written, or it is refused: whatever bits are flipped, missing or added. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { HEADER, HEADER_WORDS } from '../../native-layout/layout.ts'
import { SNAPSHOT_WORDS } from '../../native-layout/snapshot.ts'
import { compile, Rune, validate } from '../../src/engine.ts'
import { isSnapshotFile, openImage, readSnapshot } from '../../src/image/snapshot.ts'
import { nodeHost } from '../../src/syntax/rune-file/host.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { withImageWords, withLayout, withMetadata } from '../snapshots.ts'

const folder = mkdtempSync(join(tmpdir(), 'rune-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const [whole, changed] = [join(folder, 'whole.img'), join(folder, 'changed.img')]
await compile({ text: 'version = "rune/1.0"\n[policies]\npermit(principal, action, resource);\n' }, whole)
const bytes = readFileSync(whole)

/** The code of the refusal of `changed`; absent if it was opened. */
function refusal(memory: 'shared' | 'private' = 'private'): string | undefined {
  try {
    if (!isSnapshotFile(changed, nodeHost.readFile)) return 'no snapshot'
    readSnapshot(changed, memory)
    return undefined
  } catch (error) {
    if (error instanceof RuneError) return error.diagnostics[0]?.code
    throw error
  }
}

/** How opening the engine with `changed` is refused. */
async function refusalOfEngine(): Promise<string | undefined> {
  try {
    await Rune.open(changed, { coordinator: 'inline' })
    return undefined
  } catch (error) {
    if (error instanceof RuneError) return error.diagnostics[0]?.code
    throw error
  }
}

describe('a snapshot is refused', () => {
  test('with a bit of any byte flipped, and with any bit of the header', () => {
    writeFileSync(changed, bytes)
    expect(refusal()).toBe(undefined)
    const file = openSync(changed, 'r+')
    const refused = new Set<string | undefined>()
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      for (const bit of at < SNAPSHOT_WORDS * 4 ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
        writeSync(file, Uint8Array.of(byte ^ (1 << bit)), 0, 1, at)
        refused.add(refusal())
      }
      writeSync(file, Uint8Array.of(byte), 0, 1, at)
    }
    closeSync(file)
    expect([...refused]).toEqual(['R604'])
    expect(refusal()).toBe(undefined)
  })

  test('by the engine, with any byte replaced', async () => {
    const refused = new Set<string | undefined>()
    for (let at = 0; at < bytes.length; at += at < 64 ? 1 : 97) {
      writeFileSync(changed, bytes.with(at, 255 - (bytes[at] ?? 0)))
      refused.add(await refusalOfEngine())
    }
    expect([...refused]).toEqual(['R604'])
  })

  test('at any shorter length', async () => {
    writeFileSync(changed, bytes)
    const refused = new Set<string | undefined>()
    for (let length = bytes.length - 1; length > 0; length--) {
      truncateSync(changed, length)
      refused.add(refusal())
    }
    expect([...refused]).toEqual(['R604'])
    truncateSync(changed, 0)
    expect(await refusalOfEngine()).toBe('R204')
  })

  test('with more behind it', () => {
    for (const more of [[0], [0, 0, 0, 0], bytes]) {
      writeFileSync(changed, Buffer.concat([bytes, Uint8Array.from(more)]))
      expect(refusal()).toBe('R604')
    }
  })

  test('of another layout, older or newer', () => {
    for (const version of [0, 1, 99, 0xffffffff]) {
      writeFileSync(changed, withLayout(bytes, version))
      expect(refusal('shared')).toBe('R602')
    }
  })

  test('whose right checksums cover what is no image', async () => {
    for (const root of [0, 1, HEADER_WORDS - 1, 0x7fffffff, 0xffffffff]) {
      writeFileSync(changed, withImageWords(bytes, HEADER.root, [root]))
      // What is read as a program there is none that this Node can read.
      expect(await refusalOfEngine()).toMatch(/^R60[24]$/)
    }
    writeFileSync(changed, withMetadata(bytes, '{', '['))
    expect(await refusalOfEngine()).toBe('R604')
  })
})

test('readers that the words of a snapshot announce do not exist', async () => {
  const slots = Array.from({ length: HEADER_WORDS - HEADER.slots }, () => 1)
  writeFileSync(changed, withImageWords(bytes, HEADER.slots, slots))
  const { store } = openImage(readSnapshot(changed, 'shared'))
  expect(store.arena.words.subarray(HEADER.slots, HEADER_WORDS).every((word) => word === 0)).toBe(true)
})

test('equal sources make equal bytes, whatever the name of the file', async () => {
  const text = readFileSync('examples/basic.rune', 'utf8')
  for (const name of ['a.img', 'b']) await compile({ text }, join(folder, name))
  expect(readFileSync(join(folder, 'a.img')).equals(readFileSync(join(folder, 'b')))).toBe(true)
  expect((await validate({ path: join(folder, 'b') })).ok).toBe(true)
})
