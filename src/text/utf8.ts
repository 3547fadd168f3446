/**
 * Bytes → text, and places of text in bytes. UTF-8 alone is read; a mistake has a place. Owns no diagnostics: who read the bytes knows what to say.
 * Spec: LANGUAGE section 1 (bad UTF-8 and ill-formed strings are errors with a span), RFC 3629.
 */
import type { Source } from './source.ts'

/** `offset` is where the first invalid byte stands: in `text`, which then has U+FFFD for what could not be read. */
export type Decoded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly text: string; readonly offset: number; readonly byte: number }

/** The text that `bytes` encode; one byte order mark at the start is dropped. Linear. */
export function decodeUtf8(bytes: Uint8Array): Decoded {
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (e) {
    if (!(e instanceof TypeError)) throw e
  }
  const byte = firstInvalidByte(bytes)
  const lossy = new TextDecoder('utf-8')
  const offset = lossy.decode(bytes.subarray(0, byte)).length
  return { ok: false, text: lossy.decode(bytes), offset, byte }
}

/** A function that says where the code unit `at` of a text stands in UTF-8 bytes; asked in any order, it reads each text once. */
export function createByteOffsets(): (source: Source, at: number) => number {
  const starts = new Map<Source, number[]>()
  return (source, at) => {
    let blockStarts = starts.get(source)
    if (blockStarts === undefined) {
      blockStarts = [0]
      starts.set(source, blockStarts)
    }
    const block = Math.floor(at / BLOCK_UNITS)
    let start = blockStarts.at(-1) ?? 0
    for (let next = blockStarts.length; next <= block; next++) {
      start += countBytes(source.text, (next - 1) * BLOCK_UNITS, next * BLOCK_UNITS)
      blockStarts.push(start)
    }
    return (blockStarts[block] ?? 0) + countBytes(source.text, block * BLOCK_UNITS, at)
  }
}

const BLOCK_UNITS = 1024

/** Half of a surrogate pair counts for half of the pair's bytes. */
function countBytes(text: string, from: number, to: number): number {
  let bytes = 0
  for (let i = from; i < to; i++) {
    const unit = text.charCodeAt(i)
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3
  }
  return bytes
}

/** The index of the first byte that no well-formed sequence explains; `bytes.length` if all are fine. */
function firstInvalidByte(bytes: Uint8Array): number {
  let i = 0
  while (i < bytes.length) {
    const length = sequenceLength(bytes, i)
    if (length === 0) return i
    i += length
  }
  return i
}

/** The length of the well-formed sequence at `i`, 0 if there is none. The second byte excludes overlong forms, surrogates and what lies above U+10FFFF. */
function sequenceLength(bytes: Uint8Array, i: number): number {
  const first = bytes[i] ?? 0
  if (first < 0x80) return 1
  const second = bytes[i + 1] ?? 0
  const isTail = (offset: number): boolean => ((bytes[i + offset] ?? 0) & 0xc0) === 0x80
  if (first >= 0xc2 && first <= 0xdf) return isTail(1) ? 2 : 0
  if (first >= 0xe0 && first <= 0xef) {
    const least = first === 0xe0 ? 0xa0 : 0x80
    const most = first === 0xed ? 0x9f : 0xbf
    return second >= least && second <= most && isTail(2) ? 3 : 0
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const least = first === 0xf0 ? 0x90 : 0x80
    const most = first === 0xf4 ? 0x8f : 0xbf
    return second >= least && second <= most && isTail(2) && isTail(3) ? 4 : 0
  }
  return 0
}
