/**
 * What a snapshot says besides its image: which version of the engine wrote it, from which sources, with which warnings.
 * Opens one, or refuses it where another version wrote it. Its bytes belong to `src/image/snapshot.ts`.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import type { Image } from '../image/image.ts'
import { decodeProgram } from '../image/program-bytes.ts'
import { COMPILE_ANEW, damaged, openImage, readSnapshot, type SnapshotBytes } from '../image/snapshot.ts'
import type { Store, StoreOptions } from '../image/store.ts'
import type { Counts } from '../program/counts.ts'
import type { Program, ReaderProgram } from '../program/program.ts'
import { shown } from '../syntax/json/json.ts'
import { displayPath, nodeHost } from '../syntax/rune-file/host.ts'
import { type Diagnostic, Diagnostics, runeError } from '../text/diagnostic.ts'
import { excerptOf } from '../text/source.ts'
import type { RecordedFile } from './file-list.ts'

interface Metadata {
  /** Versions of rune-engine and of Node. */
  readonly package: string
  readonly node: string
  readonly sources: readonly SourceFile[]
  readonly counts: Counts
  readonly warnings: readonly Diagnostic[]
}

/** A file that was read; its path, with `/`, is relative to the folder of the snapshot. */
interface SourceFile {
  readonly path: string
  readonly sha256: string
}

/** What the metadata of a snapshot are about. */
export interface Compilation extends Pick<Metadata, 'counts' | 'warnings'> {
  readonly files: readonly RecordedFile[]
}

/** The metadata of a snapshot that becomes the file `out`. */
export function encodeMetadata({ counts, warnings, files }: Compilation, out: string): Uint8Array {
  const metadata: Metadata = {
    package: packageVersion(),
    node: process.version,
    sources: files.flatMap(({ path, sha256 }) =>
      sha256 === undefined ? [] : [{ path: relative(dirname(out), path).replaceAll(sep, '/'), sha256 }],
    ),
    counts,
    warnings: warnings.map(withExcerpts),
  }
  return Buffer.from(JSON.stringify(metadata))
}

/** A state that was read from a snapshot. */
export interface OpenedSnapshot extends Pick<Metadata, 'sources' | 'counts' | 'warnings'> {
  /** Of the memory that the image lies in. */
  readonly store: Store
  readonly image: Image
  readonly program: Program
  /** The program, encoded. */
  readonly bytes: Uint8Array
}

/** Opens what was read. Throws R602 where another version of the engine or a newer Node wrote it. */
export function openSnapshot(snapshot: SnapshotBytes, options: StoreOptions = {}): OpenedSnapshot {
  const { path } = snapshot
  const { store, image, program: bytes, metadata } = openImage(snapshot, options)
  const { package: version, node, sources, counts, warnings } = decodeMetadata(metadata, path)
  if (version !== packageVersion()) {
    const message = `the snapshot ${shown(path)} was compiled by rune-engine ${version}, and this is ${packageVersion()}`
    throw runeError('R602', message, { help: COMPILE_ANEW })
  }
  const program = { ...decode(bytes, path, node), facts: [], entities: [], tests: [] }
  const { dictionary, values, relations, replaced, cells } = image
  // Without the arena, so that a private one goes when all has moved out of it.
  return { store, image: { dictionary, values, relations, replaced, cells }, program, bytes, sources, counts, warnings }
}

/** A snapshot without its state: whether it can be opened, and a warning for each source that is another one now. */
export function inspectSnapshot(path: string): Pick<Metadata, 'counts' | 'warnings'> {
  const { sources, counts, warnings } = openSnapshot(readSnapshot(path, 'private'))
  const diagnostics = new Diagnostics()
  for (const warning of warnings) diagnostics.add(warning)
  for (const source of sources) {
    const file = join(dirname(path), source.path)
    const bytes = nodeHost.readFile(file, { maxBytes: Number.MAX_SAFE_INTEGER })
    // Where a snapshot is used, its sources need not be.
    if ('reason' in bytes || createHash('sha256').update(bytes).digest('hex') === source.sha256) continue
    diagnostics.warning('R607', `${shown(displayPath(file))} has changed since the snapshot was compiled`, undefined, {
      help: 'compile it anew, so that it says what its sources say',
    })
  }
  return { counts, warnings: diagnostics.all }
}

function decodeMetadata(metadata: Uint8Array, path: string): Metadata {
  try {
    return JSON.parse(Buffer.from(metadata).toString('utf8'))
  } catch (cause) {
    throw damaged(path, 'what it says about itself is no JSON', cause)
  }
}

/** Bytes that V8 made, and that an older one may not know. */
function decode(bytes: Uint8Array, path: string, node: string): ReaderProgram {
  try {
    return decodeProgram((from, to) => bytes.subarray(from, to))
  } catch (cause) {
    const message = `the snapshot ${shown(path)} was compiled with Node ${node}, and Node ${process.version} cannot read it`
    throw runeError('R602', message, { help: 'compile it with the oldest Node that opens it', cause })
  }
}

function packageVersion(): string {
  return JSON.parse(readFileSync(new URL(import.meta.resolve('#package')), 'utf8')).version
}

/** What a warning shows of its sources, and no more of them. */
function withExcerpts(warning: Diagnostic): Diagnostic {
  const { span, related, ...rest } = warning
  const places = related?.map(({ message, span }) => ({ message, span: excerptOf(span) }))
  return { ...rest, ...(span && { span: excerptOf(span) }), ...(places && { related: places }) }
}
