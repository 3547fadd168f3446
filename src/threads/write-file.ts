/**
 * Writing a file so that whoever reads it finds the old content or the new, after a failure and a power cut too: written
 * aside, forced to the disk, renamed.
 */
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { shown } from '../syntax/json/json.ts'
import { reasonOf } from '../syntax/rune-file/host.ts'
import { runeError } from '../text/diagnostic.ts'

/**
 * Writes the chunks, one after the other, as the new content of `path`; an existing file keeps its mode, and a link leads
 * where it led. Throws R763 if it cannot; then, and if `chunks` throws, the file is as it was and nothing is left beside it.
 */
export function writeFileAtomically(path: string, chunks: Iterable<Uint8Array>): void {
  const refuse = (reason: string) => runeError('R763', `${shown(path)} cannot be written: ${reason}`)
  if (path.includes('\0')) throw refuse('its name holds a NUL character')
  try {
    const old = statSync(path, { throwIfNoEntry: false })
    if (old?.isDirectory()) throw refuse('it is a directory')
    if (old !== undefined && !old.isFile()) throw refuse('it is not a regular file')
    // A rename asks for no permission of the file itself.
    if (old !== undefined) accessSync(path, constants.W_OK)
    replaceFile(old ? realpathSync.native(path) : path, chunks, old?.mode)
  } catch (e) {
    if (!(e instanceof Error) || !('syscall' in e)) throw e
    throw refuse((('code' in e && REASONS.get(e.code)) || undefined) ?? reasonOf(e))
  }
}

const REASONS = new Map<unknown, string>([
  ['ENOENT', 'there is no such folder'],
  ['ENOTDIR', 'there is no such folder'],
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the quota is used up'],
  ['EROFS', 'the file system is read-only'],
])

/** Larger writes are refused. */
const WRITE_BYTES_MAX = 2 ** 30

function replaceFile(path: string, chunks: Iterable<Uint8Array>, mode: number | undefined): void {
  const folder = dirname(path)
  // The name does not hold the file's, which may be as long as names can be.
  const aside = join(folder, `.rune-${randomBytes(12).toString('hex')}.tmp`)
  const file = openSync(aside, 'wx', mode === undefined ? 0o666 : 0o600)
  try {
    try {
      for (const chunk of chunks) writeWhole(file, chunk)
      if (mode !== undefined) fchmodSync(file, mode & 0o7777)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(aside, path)
  } catch (e) {
    rmSync(aside, { force: true })
    throw e
  }
  syncFolder(folder)
}

function writeWhole(file: number, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length; ) {
    at += writeSync(file, chunk, at, Math.min(chunk.length - at, WRITE_BYTES_MAX))
  }
}

/** Some systems open no folders and some file systems sync none; the file has its new content all the same. */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r')
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  } catch (e) {
    if (!(e instanceof Error) || !('syscall' in e)) throw e
  }
}
