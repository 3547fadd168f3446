/**
 * Fingerprints of files: what the file system says about one, so that a change is noticed without reading it. Two equal
 * fingerprints mean equal content, but for a file system whose clock stands still between two writes of one size.
 */
import { statSync } from 'node:fs'

/** A text that is another one after each change of the file or of its permissions, and wherever a link leads elsewhere. */
export function fingerprintOf(path: string): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    // The time of the inode's change too: an unreadable file that becomes readable keeps all others, and so may a copy.
    return stat ? `${stat.size} ${stat.dev}:${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs}` : 'ENOENT'
  } catch (e) {
    return e instanceof Error && 'code' in e ? String(e.code) : 'unknown'
  }
}

/** The fingerprint is that of a file with something in it. */
export function hasContent(fingerprint: string): boolean {
  return /^[1-9]/.test(fingerprint)
}
