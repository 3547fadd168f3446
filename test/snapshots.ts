/** Snapshots that say something else than the truth, although their checksums are right. */
import { crc32 } from 'node:zlib'
import { SNAPSHOT, SNAPSHOT_WORDS } from '../native-layout/snapshot.ts'

/** The snapshot with another layout version. */
export function withLayout(snapshot: Uint8Array, version: number): Uint8Array {
  return changed(snapshot, (words) => {
    words[SNAPSHOT.layoutVersion] = version
  })
}

/** The snapshot with another text in its metadata, of the same length. */
export function withMetadata(snapshot: Uint8Array, from: string, to: string): Uint8Array {
  return changed(snapshot, (words, bytes) => {
    const metadata = bytes.subarray(SNAPSHOT_WORDS * 4, SNAPSHOT_WORDS * 4 + (words[SNAPSHOT.metadataBytes] ?? 0))
    metadata.set(Buffer.from(Buffer.from(metadata).toString('utf8').replace(from, to)))
    words[SNAPSHOT.metadataCrc] = crc32(metadata)
  })
}

/** The snapshot with other words in its image, from word `at` on. */
export function withImageWords(snapshot: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  return changed(snapshot, (words, bytes) => {
    const image = bytes.slice(SNAPSHOT_WORDS * 4 + (words[SNAPSHOT.metadataBytes] ?? 0))
    new Uint32Array(image.buffer).set(values, at)
    bytes.set(image, bytes.length - image.length)
    words[SNAPSHOT.imageCrc] = crc32(image)
  })
}

function changed(snapshot: Uint8Array, change: (header: Uint32Array, bytes: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(snapshot)
  const header = new Uint32Array(bytes.buffer, 0, SNAPSHOT_WORDS)
  change(header, bytes)
  header[SNAPSHOT.headerCrc] = crc32(bytes.subarray(0, SNAPSHOT.headerCrc * 4))
  return bytes
}
