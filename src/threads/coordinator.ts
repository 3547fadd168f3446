/**
 * The coordinator: the one writer of an image. Reads sources, builds, publishes, applies updates, reloads, and keeps the
 * memory in shape. It knows nothing of threads and messages (`coordinator-server.ts`): everything here is synchronous, and
 * either happens as a whole or leaves the published epoch in force.
 */
import type { CompiledPolicies } from '../decide/cedar/authorize.ts'
import { changeFacts } from '../fixpoint/change.ts'
import { type Dependents, dependentsOf } from '../fixpoint/dependents.ts'
import { indexNeeds } from '../fixpoint/index-needs.ts'
import { attachArena } from '../image/arena.ts'
import { checkEntities } from '../image/check-entities.ts'
import { withFreshDictionary } from '../image/compact.ts'
import type { ImageDictionary } from '../image/dictionary.ts'
import { type Image, relationOf } from '../image/image.ts'
import { keepRelations } from '../image/keep-relations.ts'
import { decodeProgram, type EncodedPolicies, encodeProgram } from '../image/program-bytes.ts'
import { copyRows, rowCount } from '../image/relation.ts'
import { isSnapshotFile, readSnapshot, type SnapshotBytes } from '../image/snapshot.ts'
import { arenaBytes, claimNext, createStore, publish, reclaim, type Store, type StoreOptions } from '../image/store.ts'
import { openStore, takeOver } from '../image/take-over.ts'
import { type Counts, counts } from '../program/counts.ts'
import type { PredicateId, Program } from '../program/program.ts'
import { keepPolicies } from '../syntax/cedar/kept-policies.ts'
import { type Host, nodeHost } from '../syntax/rune-file/host.ts'
import { type Diagnostic, Diagnostics } from '../text/diagnostic.ts'
import { build, type ConfigurationInput, type KeptSources } from './build.ts'
import { changesOf, fittedDelta, loadDelta, refuseMisfit } from './changes.ts'
import { type RecordedFile, recordingHost } from './file-list.ts'
import { openSnapshot } from './open-snapshot.ts'
import { internForReaders } from './store-of.ts'
import { type Delta, dropFromDelta, emptyDelta, fitDelta, mergeDelta, netEffect, type Update } from './update.ts'

/** What was made visible. */
export interface Published {
  readonly epoch: number
  /** This and the next are absent where the sources were not read, but taken over from a coordinator that is gone. */
  readonly warnings?: readonly Diagnostic[]
  readonly counts?: Counts
  /** How long it took, in all. */
  readonly durationMs: number
  /** Rows of all predicates. */
  readonly rows: number
  readonly arenaBytes: number
}

export interface Coordinator {
  /** What readers attach to. */
  readonly memory: unknown
  /** Reads the sources and publishes them. Throws a `RuneError` with all diagnostics; what was published before stays. */
  load(): Published
  /** Applies updates together, as one epoch. Throws a `RuneError`, and nothing has changed. */
  update(updates: readonly Update[]): Published
  /**
   * Keys of the delta that need not be remembered any more, since the last call: facts and entities that updates brought and
   * took away again, and that no source knows.
   */
  takeForgotten(): readonly string[]
  /** All that updates changed, if a load has made it another one since this was asked last. */
  takeRefitted(): Delta | undefined
  /** The files that were read last, or tried. */
  files(): readonly RecordedFile[]
  /** Does what can wait: frees memory, drops rows that are gone. Yields in how many milliseconds there is more to do. */
  tidy(): number | undefined
}

export interface CoordinatorOptions {
  readonly input: ConfigurationInput
  /** Another coordinator, which has published something and does nothing any more. */
  readonly predecessor?: Predecessor
  readonly store?: StoreOptions
  readonly waste?: Waste
  /** The snapshot that the input names, read already, in a shared memory; with its files, recorded before it was read. */
  readonly snapshot?: { readonly bytes: SnapshotBytes; readonly files: readonly RecordedFile[] }
  /** The names of the predicates that queries will ask, as far as sources are read; absent: any. */
  readonly asked?: readonly string[]
}

/** What a coordinator leaves behind: its memory, and the updates that it had accepted. */
export interface Predecessor {
  readonly memory: unknown
  readonly delta: Delta
  /** What it had read, if it came to an end of its own accord, after it had loaded and before it did anything else. */
  readonly loaded?: Pick<Published, 'warnings' | 'counts'> & { readonly files: readonly RecordedFile[] }
}

/** How much of what nothing needs any more is put up with. */
interface Waste {
  /** Rows of a relation that are gone, and how large a part of it they may be. */
  readonly goneRows: number
  readonly gonePart: number
  /** Values of the dictionary beyond twice those that it was made with. */
  readonly values: number
}

const WASTE: Waste = { goneRows: 1024, gonePart: 0.25, values: 2 ** 14 }

/** What reloads need not make again. */
interface Kept extends KeptSources {
  readonly encoded: EncodedPolicies
  /** Policies whose constants a dictionary has. */
  readonly compiled: WeakMap<ImageDictionary, CompiledPolicies>
}

interface State {
  readonly input: ConfigurationInput
  readonly asked: readonly string[] | undefined
  readonly delta: Delta
  /** Whether keys of the delta have changed since somebody asked. */
  isRefitted: boolean
  /** Keys of the delta that sources hold or held. Their removal counts for good, though a source may lose and regain them. */
  readonly sourced: Set<string>
  forgotten: string[]
  readonly waste: Waste
  store: Store
  image: Image
  program: Program
  warnings: readonly Diagnostic[] | undefined
  counts: Counts | undefined
  files: readonly RecordedFile[]
  readonly kept: Kept
  /** Values of the dictionary when it was made. */
  freshValues: number
  indexes: ReturnType<typeof indexNeeds>
  /** Those of the program. */
  dependents: Dependents
  /** Until it is loaded. */
  firstSnapshot: CoordinatorOptions['snapshot']
}

/** A coordinator that has published nothing yet, or goes on where another one ended. */
export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const { input, predecessor, store: storeOptions = {}, waste = WASTE, snapshot, asked } = options
  const delta = predecessor?.delta ?? emptyDelta()
  const files: readonly RecordedFile[] = []
  const nothing = {
    counts: undefined,
    image: undefined,
    program: undefined,
    warnings: undefined,
    freshValues: 0,
    indexes: new Map(),
    firstSnapshot: snapshot,
  }
  // Of what a coordinator that is gone knew of its sources, nothing is known.
  const sourced = new Set([...delta.facts.keys(), ...delta.entities.keys()])
  const state = {
    input,
    asked,
    delta,
    sourced,
    forgotten: [],
    isRefitted: false,
    waste,
    files,
    kept: {
      policies: keepPolicies(),
      lowerings: { environment: '', of: new WeakMap() },
      encoded: new WeakMap(),
      compiled: new WeakMap(),
    },
    ...nothing,
    store: createStore(storeOptions),
  } as unknown as State
  if (predecessor) goOn(state, predecessor)
  return {
    get memory() {
      return state.store.arena.memory
    },
    load: () => timed(state, () => load(state)),
    update: (updates) => timed(state, () => applyUpdates(state, updates)),
    takeForgotten: () => state.forgotten.splice(0),
    takeRefitted: () => {
      const { isRefitted, delta: refitted } = state
      state.isRefitted = false
      return isRefitted ? refitted : undefined
    },
    files: () => state.files,
    tidy: () => tidy(state),
  }
}

function timed(state: State, work: () => void): Published {
  const start = performance.now()
  work()
  const { warnings, counts, store, image } = state
  const published: Published = {
    epoch: store.epoch,
    durationMs: performance.now() - start,
    rows: image.relations.reduce((sum, relation) => sum + rowCount(relation), 0),
    arenaBytes: arenaBytes(store),
  }
  return warnings || counts ? Object.assign(published, warnings && { warnings }, counts && { counts }) : published
}

function load(state: State): void {
  const { input, firstSnapshot } = state
  if (firstSnapshot) {
    state.firstSnapshot = undefined
    state.files = firstSnapshot.files
    loadSnapshot(state, firstSnapshot.bytes)
    return
  }
  const recording = recordingHost(nodeHost)
  try {
    const path = 'text' in input ? undefined : input.path
    if (path !== undefined && isSnapshotFile(path, recording.host.readFile)) {
      loadSnapshot(state, readSnapshot(path, state.store.epoch === 0 ? 'shared' : 'private'))
    } else loadSources(state, recording.host)
  } finally {
    state.files = recording.files()
  }
}

function loadSources(state: State, host: Host): void {
  const isNewDictionary = state.image !== undefined && isWasteful(state)
  let fitted: Fitted | undefined
  const { program, image, warnings } = build(state.input, host, {
    kept: state.kept,
    ...(state.asked && { asked: state.asked }),
    ...(state.image && !isNewDictionary && { dictionary: state.image.dictionary }),
    adjust: (program, image, diagnostics) => {
      for (const relation of image.relations) relation.baseCount = relation.count
      const delta = fittedDelta(state.delta, program, diagnostics)
      fitted = { delta, stored: loadDelta(delta, program, image) }
    },
  })
  const bytes = encodeProgram(program, state.kept.encoded)
  show(state, claimNext(state.store), { program, bytes, image, warnings, counts: counts(program), isNewDictionary })
  if (fitted) remember(state, fitted)
}

/** What updates changed, as it is under another program, and the keys of it that the sources hold. */
interface Fitted {
  readonly delta: Delta
  readonly stored: readonly string[]
}

function remember(state: State, { delta, stored }: Fitted): void {
  for (const key of stored) state.sourced.add(key)
  const keys = (of: Delta) => [...of.facts.keys(), ...of.entities.keys()].join()
  if (keys(delta) === keys(state.delta)) return
  state.isRefitted = true
  state.delta.facts.clear()
  state.delta.entities.clear()
  mergeDelta(state.delta, delta)
}

/** The first one stays in the memory that it is read into; what comes later is published into that memory. */
function loadSnapshot(state: State, bytes: SnapshotBytes): void {
  const isFirst = state.store.epoch === 0
  const snapshot = openSnapshot(bytes, state.store.options)
  const { store, program, image, counts } = snapshot
  if (isFirst) {
    Object.assign(state, { store, warnings: snapshot.warnings, counts, ...derived(program, image) })
    return
  }
  const diagnostics = new Diagnostics()
  const delta = fittedDelta(state.delta, program, diagnostics)
  const { changes, stored } = changesOf(delta, program, image, () => undefined)
  const epoch = claimNext(state.store)
  changeAndCheck(program, image, changes, epoch)
  const warnings = [...snapshot.warnings, ...diagnostics.all]
  show(state, epoch, { program, bytes: snapshot.bytes, image, warnings, counts, isNewDictionary: true })
  remember(state, { delta, stored })
}

interface Loaded {
  readonly program: Program
  readonly bytes: Uint8Array
  readonly image: Image
  readonly warnings: readonly Diagnostic[]
  readonly counts: Counts
  readonly isNewDictionary: boolean
}

/** Publishes what was loaded as `epoch`, which was claimed. */
function show(state: State, epoch: number, { bytes, isNewDictionary, ...loaded }: Loaded): void {
  const { program, image } = loaded
  const { compiled } = state.kept
  if (!compiled.has(image.dictionary)) compiled.set(image.dictionary, new WeakMap())
  internForReaders(program, image, compiled.get(image.dictionary))
  const indexes = indexNeeds(program, (predicate) => rowCount(relationOf(image, predicate)))
  const keysOf = (needs: State['indexes'], predicate: PredicateId) => (needs.get(predicate) ?? []).join(';')
  const changed = keepRelations(state.image, image, (p) => keysOf(indexes, p) === keysOf(state.indexes, p))
  publishOrRepair(state, () =>
    publish(state.store, epoch, { image, program: bytes, indexes, isNewDictionary, ...(changed && { changed }) }),
  )
  if (isNewDictionary || state.freshValues === 0) state.freshValues = image.dictionary.size()
  Object.assign(state, { ...loaded, indexes, dependents: dependentsOf(program) })
}

/** A publication that fails half-way, for want of memory, leaves blocks and views behind that belong to no epoch. */
function publishOrRepair(state: State, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (state.store.epoch > 0) goOn(state, state.store.arena)
    else state.store = createStore(state.store.options)
    throw error
  }
}

/** Takes the state over that is published in `memory`. */
function goOn(state: State, { memory, loaded }: Pick<Predecessor, 'memory' | 'loaded'>): void {
  const open = loaded ? openStore : takeOver
  const { store, image, program } = open(attachArena(memory), state.store.options)
  const decoded = { ...decodeProgram((from, to) => program.subarray(from, to)), facts: [], entities: [], tests: [] }
  Object.assign(state, { store, ...loaded, ...derived(decoded, image) })
}

/** What follows from an image that was published already. */
function derived(
  program: Program,
  image: Image,
): Pick<State, 'program' | 'image' | 'freshValues' | 'indexes' | 'dependents'> {
  const indexes = indexNeeds(program, (predicate) => rowCount(relationOf(image, predicate)))
  return { program, image, freshValues: image.dictionary.size(), indexes, dependents: dependentsOf(program) }
}

/** Drops removals of what no source knows: who inserts and removes what is new for ever would fill the memory. */
function forget({ delta, sourced, forgotten }: State, net: Delta): void {
  const keys: string[] = []
  for (const [key, { isThere }] of net.facts) if (!isThere && !sourced.has(key)) keys.push(key)
  for (const [key, { record }] of net.entities) if (!record && !sourced.has(key)) keys.push(key)
  dropFromDelta(delta, keys)
  forgotten.push(...keys)
}

function applyUpdates(state: State, updates: readonly Update[]): void {
  const { store, image, program, delta, sourced } = state
  // Who asks may have read them for a program that a reload has replaced since.
  const net = fitDelta(netEffect(updates), program, () => undefined)
  const isKnown = (key: string) => delta.facts.has(key) || delta.entities.has(key)
  const { changes, stored } = changesOf(net, program, image, (fact, key, misfit) => {
    // What was accepted before the program changed can be taken back.
    if (fact.isThere || !isKnown(key)) refuseMisfit(fact, misfit)
  })
  const sources = stored.filter((key) => !isKnown(key))
  const epoch = claimNext(store)
  const changed = changeAndCheck(program, image, changes, epoch, state.dependents)
  if (changed.size > 0) publishOrRepair(state, () => publish(store, epoch, { image, changed, indexes: state.indexes }))
  mergeDelta(delta, net)
  for (const key of sources) sourced.add(key)
  forget(state, net)
}

/** Changes facts with all that follows; yields the predicates whose rows differ, with the first new one. Throws a `RuneError`, and nothing has changed. */
function changeAndCheck(
  program: Program,
  image: Image,
  changes: ReturnType<typeof changesOf>['changes'],
  epoch: number,
  dependents?: Dependents,
): ReadonlyMap<PredicateId, number> {
  const { changed, undo } = changeFacts(program, image, changes, epoch, dependents)
  try {
    const diagnostics = new Diagnostics()
    checkEntities(program, image, diagnostics, changed)
    diagnostics.throwIfErrors()
  } catch (error) {
    undo()
    throw error
  }
  return changed
}

function tidy(state: State): number | undefined {
  const { store, image, waste } = state
  if (store.epoch === 0) return undefined
  if (isWasteful(state)) {
    const fresh = withFreshDictionary(image)
    internForReaders(state.program, fresh)
    const epoch = claimNext(store)
    publishOrRepair(state, () => publish(store, epoch, { image: fresh, indexes: state.indexes, isNewDictionary: true }))
    Object.assign(state, { image: fresh, freshValues: fresh.dictionary.size() })
    return 1
  }
  const predicate = image.relations.findIndex(
    ({ gone, count }) => gone > waste.goneRows && gone > count * waste.gonePart,
  )
  if (predicate >= 0) {
    const epoch = claimNext(store)
    image.relations[predicate] = copyRows(relationOf(image, predicate), () => true, [])
    publishOrRepair(state, () =>
      publish(store, epoch, { image, changed: new Set([predicate]), indexes: state.indexes }),
    )
    return 1
  }
  return reclaim(store)?.againInMs
}

/** Whether most values may belong to nothing that is there: updates and reloads have added as many again, and some more. */
function isWasteful({ image, freshValues, waste }: State): boolean {
  return image.dictionary.size() > 2 * freshValues + waste.values
}
