/**
 * Events of the file system for a set of paths: one `fs.watch` for each folder in which something could change what a path
 * means. Owns which folders these are: the one that holds the file, the ones that hold a link on the way to it, and, while
 * something on the way is missing, the one where it will appear. It does not see the folders further up being renamed, and
 * events may be lost: who needs to be sure looks by itself from time to time.
 */
import { type FSWatcher, lstatSync, readlinkSync, watch } from 'node:fs'
import { basename, dirname, isAbsolute, join, parse, resolve, sep } from 'node:path'

export class WatchedFolders {
  /** Why a folder could not be watched at the last call of `cover`. */
  failure: Error | undefined
  readonly #onEvent: () => void
  readonly #folders = new Map<string, WatchedFolder>()

  /** `onEvent` is called often, and for things that did not change too. */
  constructor(onEvent: () => void) {
    this.#onEvent = onEvent
  }

  /** Watches what the paths mean now. What changes after this call is an event; what changed before can be seen by now. */
  cover(paths: readonly string[]): void {
    // What appears before its folder is watched is no event, so it ends only when nothing is left to watch.
    for (let round = 0; round < ROUNDS_MAX; round++) {
      if (!this.#update(placesOf(paths))) return
    }
  }

  close(): void {
    for (const { watcher } of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }

  /** True if a folder is watched that was not before. */
  #update(places: ReadonlyMap<string, Place>): boolean {
    this.failure = undefined
    for (const [path, folder] of this.#folders) {
      const place = places.get(path)
      if (place !== undefined && !folder.isGone && folder.identity === place.identity) continue
      folder.watcher.close()
      this.#folders.delete(path)
    }
    let isNew = false
    for (const [path, place] of places) {
      const known = this.#folders.get(path)
      if (known) known.names = place.names
      else isNew = this.#watch(path, place) || isNew
    }
    return isNew
  }

  #watch(path: string, { identity, names }: Place): boolean {
    let watcher: FSWatcher
    try {
      watcher = watch(path, { persistent: false })
    } catch (e) {
      if (!(e instanceof Error) || !('code' in e)) throw e
      // What has just gone is looked for again.
      if (e.code === 'ENOENT' || e.code === 'ENOTDIR') return true
      this.failure = e
      return false
    }
    const folder: WatchedFolder = { watcher, identity, names, isGone: false }
    this.#folders.set(path, folder)
    watcher.on('change', (event, name) => {
      // A folder that is removed or renamed says its own name; another one may come in its place with the same inode.
      const isItself = name === basename(path)
      if (isItself && event === 'rename') folder.isGone = true
      if (isItself || typeof name !== 'string' || folder.names.has(name)) this.#onEvent()
    })
    watcher.on('error', () => {
      folder.isGone = true
      this.#onEvent()
    })
    return true
  }
}

const ROUNDS_MAX = 8
/** As many links on the way to a file as Linux follows. */
const LINKS_MAX = 40

interface WatchedFolder {
  readonly watcher: FSWatcher
  readonly identity: string
  names: ReadonlySet<string>
  isGone: boolean
}

/** What is to be watched in a folder. */
interface Place {
  /** Another one after the folder was replaced. */
  readonly identity: string
  readonly names: Set<string>
}

interface Entry {
  readonly identity: string
  /** Where the entry leads if it is a link. */
  readonly target?: string
}

/** By real path of the folder. */
function placesOf(paths: readonly string[]): Map<string, Place> {
  const entries = new Map<string, Entry | undefined>()
  const places = new Map<string, Place>()
  const entryAt = (path: string): Entry | undefined => {
    if (!entries.has(path)) entries.set(path, readEntry(path))
    return entries.get(path)
  }
  for (const path of paths) {
    for (const [folder, name] of stepsOf(path, entryAt)) {
      const place = places.get(folder) ?? { identity: entryAt(folder)?.identity ?? '', names: new Set() }
      places.set(folder, place)
      place.names.add(name)
    }
  }
  return places
}

/** The folders, by real path, and the names in them that decide which file `path` is. */
function stepsOf(path: string, entryAt: (path: string) => Entry | undefined): [folder: string, name: string][] {
  const steps: [folder: string, name: string][] = []
  const { root } = parse(resolve(path))
  let folder = root
  const names = resolve(path).slice(root.length).split(sep).reverse()
  while (steps.length <= LINKS_MAX) {
    const name = names.pop()
    if (name === undefined) break
    if (name === '' || name === '.') continue
    if (name === '..') {
      folder = dirname(folder)
      continue
    }
    const entry = entryAt(join(folder, name))
    const target = entry?.target
    if (target !== undefined) {
      steps.push([folder, name])
      if (isAbsolute(target)) folder = parse(target).root
      names.push(...target.slice(parse(target).root.length).split(sep).reverse())
    } else if (entry === undefined || names.length === 0) {
      steps.push([folder, name])
      break
    } else {
      folder = join(folder, name)
    }
  }
  return steps
}

function readEntry(path: string): Entry | undefined {
  try {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) return undefined
    const identity = `${stat.dev}:${stat.ino}`
    return stat.isSymbolicLink() ? { identity, target: readlinkSync(path) } : { identity }
  } catch {
    return undefined
  }
}
