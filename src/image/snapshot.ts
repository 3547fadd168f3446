/**
 * Snapshots: the bytes of an image in a file, and back. Reading either yields what was written or refuses the file; nothing
 * of it is looked at before its checksum was right. The checksum finds damage, not intent. What the metadata say belongs to
 * who wrote them. Layout: `native-layout/snapshot.ts`.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { HEADER, HEADER_WORDS, LAYOUT_VERSION } from '../../native-layout/layout.ts'
import { SNAPSHOT, SNAPSHOT_MAGIC, SNAPSHOT_WORDS } from '../../native-layout/snapshot.ts'
import { shown } from '../syntax/json/json.ts'
import { type ReadFile, reasonOf } from '../syntax/rune-file/host.ts'
import { type RuneError, runeError } from '../text/diagnostic.ts'
import { type Arena, createArena, createPrivateArena, PAGE_WORDS, PAGES_MAX } from './arena.ts'
import type { Store, StoreOptions } from './store.ts'
import { type Opened, openStore } from './take-over.ts'

/** Whether `path` is meant as a snapshot, though it may be damaged: no text starts so. */
export function isSnapshotFile(path: string, readFile: ReadFile): boolean {
  const bytes = SNAPSHOT_MAGIC.length
  const head = readFile(path, { maxBytes: Number.MAX_SAFE_INTEGER, firstBytes: bytes })
  if ('reason' in head) return false
  return head[0] === SNAPSHOT_MAGIC[0] || SNAPSHOT_MAGIC.every((byte, i) => i < bytes / 2 || head[i] === byte)
}

/** The bytes of a snapshot of `store`, which has published one epoch and has no reader, in pieces. */
export function* snapshotOf(store: Store, metadata: Uint8Array): Iterable<Uint8Array> {
  const { arena, space } = store
  const image = new Uint8Array(arena.memory.buffer, 0, space.end * 4)
  const header = new Uint32Array(SNAPSHOT_WORDS)
  const bytes = new Uint8Array(header.buffer)
  bytes.set(SNAPSHOT_MAGIC)
  header[SNAPSHOT.layoutVersion] = LAYOUT_VERSION
  header[SNAPSHOT.metadataBytes] = metadata.length
  header[SNAPSHOT.imageWords] = space.end
  header[SNAPSHOT.metadataCrc] = crc32(metadata)
  header[SNAPSHOT.imageCrc] = crc32(image)
  header[SNAPSHOT.headerCrc] = headerCrc(bytes)
  yield bytes
  yield metadata
  yield image
}

/** The bytes of a snapshot, as they were written: an image to open, and what is said about it. */
export interface SnapshotBytes {
  readonly path: string
  readonly arena: Arena
  readonly metadata: Uint8Array
}

/** What a snapshot holds; the program is still bytes, and so are the metadata. */
export interface Snapshot extends Opened {
  readonly metadata: Uint8Array
}

/**
 * Reads a snapshot into a memory for all threads, or into this thread's own, where it is only read from. Throws R604 for one
 * that is damaged, R602 for one of another layout, R700 where the file cannot be read.
 */
export function readSnapshot(path: string, memory: 'shared' | 'private'): SnapshotBytes {
  const reading = readPieces(path, memory)
  for (;;) {
    const { done, value } = reading.next()
    if (done) return value
  }
}

/** Does as `readSnapshot` for all threads, and lets other work of this thread go first after each piece. */
export async function readSnapshotInPieces(path: string): Promise<SnapshotBytes> {
  const reading = readPieces(path, 'shared')
  for (;;) {
    const { done, value } = reading.next()
    if (done) return value
    await setImmediate()
  }
}

function* readPieces(path: string, memory: 'shared' | 'private'): Generator<void, SnapshotBytes> {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    return { path, ...(yield* readParts({ file, path, at: 0 }, memory)) }
  } catch (e) {
    if (!(e instanceof Error) || !('syscall' in e)) throw e
    throw runeError('R700', `file ${shown(path)} cannot be read: ${reasonOf(e)}`)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** A file being read, up to `at`. */
interface Reading {
  readonly file: number
  readonly path: string
  at: number
}

function* readParts(reading: Reading, memory: 'shared' | 'private'): Generator<void, Omit<SnapshotBytes, 'path'>> {
  const { file, path } = reading
  const stat = fstatSync(file)
  if (!stat.isFile() || stat.size < SNAPSHOT_WORDS * 4) throw damaged(path, 'its header is cut off')
  const header = new Uint32Array(SNAPSHOT_WORDS)
  const bytes = new Uint8Array(header.buffer)
  yield* readInto(reading, bytes)
  const hasMagic = SNAPSHOT_MAGIC.every((byte, i) => bytes[i] === byte)
  if (!hasMagic || headerCrc(bytes) !== header[SNAPSHOT.headerCrc])
    throw damaged(path, 'its header is not what was written')
  const version = header[SNAPSHOT.layoutVersion]!
  if (version !== LAYOUT_VERSION) {
    const message = `the snapshot ${shown(path)} has layout ${version}, and this engine reads layout ${LAYOUT_VERSION}`
    throw runeError('R602', message, { help: COMPILE_ANEW })
  }
  const [metadataBytes, imageWords] = [header[SNAPSHOT.metadataBytes]!, header[SNAPSHOT.imageWords]!]
  const size = SNAPSHOT_WORDS * 4 + metadataBytes + imageWords * 4
  if (stat.size !== size) throw damaged(path, `it has ${stat.size < size ? 'fewer' : 'more'} bytes than were written`)
  const metadata = new Uint8Array(metadataBytes)
  if ((yield* readInto(reading, metadata)) !== header[SNAPSHOT.metadataCrc]) throw damaged(path, METADATA_DIFFER)
  if (imageWords < HEADER_WORDS || imageWords > PAGES_MAX * PAGE_WORDS) throw damaged(path, 'no image has its size')
  const arena = memory === 'shared' ? createArena(imageWords) : createPrivateArena(imageWords)
  const image = new Uint8Array(arena.memory.buffer, 0, imageWords * 4)
  if ((yield* readInto(reading, image)) !== header[SNAPSHOT.imageCrc])
    throw damaged(path, 'its image is not what was written')
  return { arena, metadata }
}

export const COMPILE_ANEW = 'compile it anew, with this version of rune-engine'
const METADATA_DIFFER = 'what it says about itself is not what was written'

/** The image of a snapshot, with a writer. No reader is at work yet, whatever the words of the file say. */
export function openImage({ arena, path, metadata }: SnapshotBytes, options: StoreOptions = {}): Snapshot {
  arena.words.fill(0, HEADER.crowded, HEADER_WORDS)
  try {
    return { ...openStore(arena, options), metadata }
  } catch (cause) {
    // Damage would have been found before: who wrote this file was no engine.
    throw damaged(path, 'it holds no image', cause)
  }
}

/** So much is read at once that its checksum finds it in the processor's cache. */
const PIECE_BYTES = 2 ** 20

/** Fills `bytes` with what the file has next; returns their checksum. */
function* readInto(reading: Reading, bytes: Uint8Array): Generator<void, number> {
  let crc = 0
  for (let from = 0; from < bytes.length; ) {
    const read = readSync(reading.file, bytes, from, Math.min(PIECE_BYTES, bytes.length - from), reading.at)
    if (read === 0) throw damaged(reading.path, 'it was cut off while it was read')
    crc = crc32(bytes.subarray(from, from + read), crc)
    from += read
    reading.at += read
    yield
  }
  return crc
}

function headerCrc(header: Uint8Array): number {
  return crc32(header.subarray(0, SNAPSHOT.headerCrc * 4))
}

/** The refusal of a snapshot that is not what was written. */
export function damaged(path: string, message: string, cause?: unknown): RuneError {
  const help = 'compile it anew, or fetch it again from where it was right'
  return runeError('R604', `the snapshot ${shown(path)} is damaged: ${message}`, {
    help,
    ...(cause !== undefined && { cause }),
  })
}
