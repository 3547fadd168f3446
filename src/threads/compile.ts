/**
 * Compiling: sources in, a snapshot out. What is written is a fresh image with nothing in it but what readers and updates
 * need; equal sources make equal bytes.
 */
import { existsSync } from 'node:fs'
import { rowCount } from '../image/relation.ts'
import { isSnapshotFile, snapshotOf } from '../image/snapshot.ts'
import { type Counts, counts } from '../program/counts.ts'
import { shown } from '../syntax/json/json.ts'
import { nodeHost } from '../syntax/rune-file/host.ts'
import { type Diagnostic, runeError } from '../text/diagnostic.ts'
import { build, type ConfigurationInput } from './build.ts'
import { recordingHost } from './file-list.ts'
import { encodeMetadata } from './open-snapshot.ts'
import { storeOf } from './store-of.ts'
import { writeFileAtomically } from './write-file.ts'

/** What was written. */
export interface Compiled {
  readonly bytes: number
  /** Rows of all predicates, derived ones too. */
  readonly rows: number
  readonly warnings: readonly Diagnostic[]
  readonly counts: Counts
}

/**
 * Compiles a configuration into the file `out`, which has its old content until it has the new one. Throws a `RuneError` for
 * what cannot be opened, and R763 where `out` cannot be written, or is something else than a snapshot.
 */
export function compileInto(input: ConfigurationInput, out: string): Compiled {
  keepOthers(out)
  const recording = recordingHost(nodeHost)
  const built = build(input, recording.host)
  const counted = counts(built.program)
  const compilation = { counts: counted, warnings: built.warnings, files: recording.files() }
  const chunks = [...snapshotOf(storeOf(built), encodeMetadata(compilation, out))]
  writeFileAtomically(out, chunks)
  return {
    bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    rows: built.image.relations.reduce((sum, relation) => sum + rowCount(relation), 0),
    warnings: built.warnings,
    counts: counted,
  }
}

/** A slip of the hand must not cost a file that no compiler makes again. */
function keepOthers(out: string): void {
  if (!existsSync(out)) return
  const head = nodeHost.readFile(out, { maxBytes: Number.MAX_SAFE_INTEGER, firstBytes: 1 })
  const reason = 'reason' in head ? head.reason : head.length > 0 && 'it exists and is no snapshot'
  if (reason === false || isSnapshotFile(out, nodeHost.readFile)) return
  throw runeError('R763', `${shown(out)} cannot be written: ${reason}`, { help: 'name another file' })
}
