/**
 * What the loader needs of the outside: files by path. `nodeHost` is the file system; tests bring a `Map`. Only regular
 * files are read, so that no pipe or device can hold the loader. Owns no meaning of what is read.
 */
import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, normalize, relative } from 'node:path'

/** Files by path. The functions stand for themselves: they may be passed on. */
export interface Host {
  readonly readFile: ReadFile
  /** Two paths of one file have the same canonical path. */
  readonly canonicalPath: (path: string) => string
  /** The path that the file `from` means by `name`; `from` is empty for a text without a file. */
  readonly resolve: (from: string, name: string) => string
}

/** The bytes of a file, or why there are none. */
export type ReadFile = (path: string, limits: ReadLimits) => Uint8Array | FileProblem

/** A file of more than `maxBytes` is refused; of one within, at most `firstBytes` are wanted. */
export interface ReadLimits {
  readonly maxBytes: number
  readonly firstBytes?: number
}

/** `reason` completes "`x` cannot be read: ". */
export interface FileProblem {
  readonly reason: string
}

/** The file system, with paths relative to the working directory. */
export const nodeHost: Host = {
  readFile: (path, limits) => {
    try {
      return readRegularFile(path, limits)
    } catch (e) {
      return { reason: reasonOf(e) }
    }
  },
  canonicalPath: (path) => {
    try {
      return realpathSync.native(path)
    } catch {
      return normalize(path)
    }
  },
  resolve: (from, name) => (isAbsolute(name) ? normalize(name) : join(from === '' ? '.' : dirname(from), name)),
}

/** `path` as a message would name it: relative to the working directory where that is shorter. */
export function displayPath(path: string): string {
  const shorter = relative('.', path)
  return isAbsolute(path) && shorter !== '' && shorter.length < path.length ? shorter : path
}

function readRegularFile(path: string, { maxBytes, firstBytes = maxBytes }: ReadLimits): Uint8Array | FileProblem {
  if (path.includes('\0')) return { reason: 'its name holds a NUL character' }
  // Before it is opened, since opening a pipe waits for its writer.
  const stat = statSync(path)
  if (stat.isDirectory()) return { reason: 'it is a directory' }
  if (!stat.isFile()) return { reason: 'it is not a regular file' }
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    if (size > maxBytes) return { reason: `it is larger than ${Math.floor(maxBytes / 2 ** 20)} MiB` }
    const bytes = new Uint8Array(Math.min(size, firstBytes))
    let length = 0
    while (length < bytes.length) {
      const read = readSync(file, bytes, length, bytes.length - length, length)
      if (read === 0) break
      length += read
    }
    return bytes.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

/** Why the system refused. */
export function reasonOf(e: unknown): string {
  const code = e instanceof Error && 'code' in e ? e.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'ENAMETOOLONG') return 'its name is too long'
  if (code === 'ELOOP') return 'its links form a circle'
  if (typeof code !== 'string') throw e
  return `the system says ${code}`
}
