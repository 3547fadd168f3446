/**
 * The files that a configuration was read from: recorded by a host around another one, whatever becomes of the
 * configuration. Spec: hot reload watches these files, the missing ones too.
 */
import { createHash } from 'node:crypto'
import type { Host } from '../syntax/rune-file/host.ts'
import { fingerprintOf } from './fingerprint.ts'

/** A file that was read, or wanted. */
export interface RecordedFile {
  /** As the host knows it. */
  readonly path: string
  /** From before it was read: a change after it is a change. */
  readonly fingerprint: string
  /**
   * Of what was read, in hexadecimal: of the whole file, or of its first bytes where no more was wanted. Absent where it
   * could not be read, and where another path of the same file was read instead.
   */
  readonly sha256: string | undefined
}

export interface Recording {
  readonly host: Host
  /** Each path once, in the order in which they were first wanted. */
  files(): readonly RecordedFile[]
}

/** A host that remembers what `host` was asked for. What is read whole is hashed once. */
export function recordingHost(host: Host): Recording {
  const files = new Map<string, RecordedFile & { readonly isWhole: boolean }>()
  const recorded = (path: string) => {
    const file = files.get(path) ?? { path, fingerprint: fingerprintOf(path), sha256: undefined, isWhole: false }
    files.set(path, file)
    return file
  }
  return {
    host: {
      readFile: (path, limits) => {
        const file = recorded(path)
        const found = host.readFile(path, limits)
        if ('reason' in found) {
          files.set(path, { ...file, sha256: undefined, isWhole: false })
        } else if (!file.isWhole) {
          const isWhole = found.length < (limits.firstBytes ?? Number.POSITIVE_INFINITY)
          files.set(path, { ...file, sha256: createHash('sha256').update(found).digest('hex'), isWhole })
        }
        return found
      },
      canonicalPath: (path) => {
        // A file that another path of it was read for. The first one of all is where a text says it stands, and is no file.
        if (files.size > 0) recorded(path)
        return host.canonicalPath(path)
      },
      resolve: host.resolve,
    },
    files: () => [...files.values()].map(({ path, fingerprint, sha256 }) => ({ path, fingerprint, sha256 })),
  }
}
