/**
 * Loading: the facts and entities of a program into its image. File-backed facts are read here, typed by their columns.
 * What is refused is reported, and the image is then of no use. Spec: LANGUAGE sections 3 and 5.
 */
import { coerceValue } from '../program/coerce.ts'
import { isEntity } from '../program/column-types.ts'
import { writtenPredicate } from '../program/links.ts'
import { listOf } from '../program/plan.ts'
import { BUILTIN, type Column, type Expr, type FactSource, type Literal, type Program } from '../program/program.ts'
import { isRefusal } from '../program/uids.ts'
import { type BytesTaker, readFactFile } from '../syntax/rune-file/fact-file.ts'
import { displayPath, type ReadFile } from '../syntax/rune-file/host.ts'
import type { OnProgress } from '../syntax/rune-file/load.ts'
import { takePlainRows } from '../syntax/rune-file/plain-rows.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import type { Value } from '../values/value.ts'
import { fieldId, REFUSED, TEXT } from './fact-columns.ts'
import type { Image } from './image.ts'
import { appendRow, insert, type Relation, reserve, settleRows } from './relation.ts'
import { createTextBatch, TEXTS_MAX } from './text-batch.ts'
import { internTexts } from './value-ids.ts'

/** Puts all facts and entities of `program` into `image`. */
export function loadFacts(
  program: Program,
  image: Image,
  readFile: ReadFile,
  diagnostics: Diagnostics,
  onProgress?: OnProgress,
): void {
  const { maxFacts } = program.settings.limits
  let count = 0
  const countNew = (predicate: number, rows: number) => {
    const isOver = count > maxFacts
    count += rows
    if (isOver || count <= maxFacts) return
    const { name, span } = writtenPredicate(program.predicates, predicate)!
    diagnostics.error('R501', `there are more than ${maxFacts} facts, at \`${name}\``, span, {
      help: 'raise `max_facts` in [options] if that is right',
    })
  }
  const add = (predicate: number, row: readonly Value[]) => {
    if (
      insert(
        image.relations[predicate]!,
        row.map((value) => image.values.intern(value)),
      )
    )
      countNew(predicate, 1)
  }
  for (const source of program.facts) {
    if (count > maxFacts) return
    const { predicate } = source
    const onNew = (rows: number) => countNew(predicate, rows)
    if (source.kind === 'inline') for (const row of source.rows) add(predicate, row)
    else if (source.kind === 'plain') {
      // What is declared has been looked at; what a fact file declares, which comes later, does not change them.
      const columns = source.types.map(() => ({}))
      takePlainRows(source.rows, bytesTaker(source, columns, { program, image, onNew }))
    } else {
      const onRow = (row: readonly Value[]) => add(predicate, row)
      loadFile(source, { program, image, readFile, onRow, onNew, onProgress, diagnostics })
    }
  }
  for (const { uid, attrs, tags, parents } of program.entities) {
    add(BUILTIN.entityType, [uid, uid.type])
    for (const parent of parents) add(BUILTIN.entityParent, [uid, parent])
    for (const [key, value] of attrs) add(BUILTIN.entityAttr, [uid, key, value])
    for (const [key, value] of tags) add(BUILTIN.entityTag, [uid, key, value])
  }
}

type FileSource = FactSource & { kind: 'file' }

interface FileLoad {
  readonly program: Program
  readonly image: Image
  readonly readFile: ReadFile
  /** Takes a row that is not in its relation yet. */
  readonly onRow: (row: readonly Value[]) => void
  /** Is told how many rows are new in the relation. */
  readonly onNew: (rows: number) => void
  readonly onProgress: OnProgress | undefined
  readonly diagnostics: Diagnostics
}

function loadFile(source: FileSource, load: FileLoad): void {
  const { program, readFile, diagnostics } = load
  const { columns } = program.predicates[source.predicate]!
  const { pathTypes } = program.settings
  const types = source.types.map((type) => type.replace('entity:', ''))
  const names = columns.flatMap(({ name }) => (name === undefined ? [] : [name]))
  const shape = names.length === columns.length ? { types, names } : { types }
  const onRow = (row: readonly Value[], line: number) => {
    const kept: Value[] = []
    for (const [i, value] of row.entries()) {
      const coerced = coerceValue(columns[i]!, value, pathTypes)
      if (isRefusal(coerced)) {
        diagnostics.error('R704', `\`${displayPath(source.path)}\` line ${line}: ${coerced.error}`, source.span)
        return
      }
      kept.push(coerced)
    }
    load.onRow(kept)
  }
  const onProgress = (bytesRead: number, bytes: number) => load.onProgress?.({ path: source.path, bytesRead, bytes })
  const bytes = bytesTaker(source, columns, load)
  readFactFile(source, shape, readFile, { onRow, bytes, onProgress }, diagnostics)
}

type BytesSource = Exclude<FactSource, { kind: 'inline' }>

/**
 * Puts plain rows straight into the relation, of whose `columns` it is known what they are declared as; those that are there
 * already are dropped after each run of rows.
 */
function bytesTaker(
  source: BytesSource,
  columns: readonly Pick<Column, 'declared'>[],
  { program, image, onNew }: Pick<FileLoad, 'program' | 'image' | 'onNew'>,
): BytesTaker {
  const relation = image.relations[source.predicate]!
  const { limits, pathTypes } = program.settings
  const fields = source.types.map((type, i) => fieldId(type, columns[i]!, image, pathTypes))
  const tuple = new Int32Array(fields.length)
  const texts = pendingTexts(source, image, relation)
  return {
    onPlaces: (bytes, places) => {
      for (let i = 0; i < fields.length; i++) {
        const id = fields[i]!(bytes, places[2 * i]!, places[2 * i + 1]!)
        if (id === REFUSED) return false
        tuple[i] = id
      }
      appendRow(relation, tuple)
      texts.add(bytes, places)
      return true
    },
    settle: (rowsLeft) => {
      texts.intern()
      onNew(settleRows(relation))
      // A sixteenth more, since room that is a little too small would be doubled.
      reserve(relation, Math.min(Math.ceil(rowsLeft * (17 / 16)), limits.maxFacts))
    },
  }
}

/**
 * Texts of the newest rows that wait for their ids. They get them column by column: so a look-up finds what it reads in the
 * cache where a column has few values, and the ids of a column lie close together, which is good for all that is kept by id.
 * A load of a million rows took 0.6 of its time, `agg` of `bench/datalog.ts` 0.8.
 */
function pendingTexts({ types }: BytesSource, { dictionary, values }: Image, relation: Relation) {
  const entityTypes = types.map((type) => (isEntity(type) ? values.string(type.slice('entity:'.length)) : undefined))
  const batch = createTextBatch()
  const rows = new Uint32Array(TEXTS_MAX)
  const rowsMax = Math.ceil(FIELDS_PENDING / types.length)
  const places = new Uint32Array(2 * types.length * rowsMax)
  let pending = 0
  const internBatch = (column: number): void => {
    internTexts(dictionary, batch)
    const ids = relation.columns[column]!
    const type = entityTypes[column]
    for (let i = 0; i < batch.count; i++) {
      const id = batch.numbers[i]!
      ids[rows[i]!] = type === undefined ? id : values.entity(type, id)
    }
    batch.count = 0
  }
  const internColumn = (column: number): void => {
    const ids = relation.columns[column]!
    const first = relation.count - pending
    for (let i = 0; i < pending; i++) {
      if ((ids[first + i]! | 0) !== TEXT) continue
      const at = 2 * (i * types.length + column)
      rows[batch.count] = first + i
      batch.places[2 * batch.count] = places[at]!
      batch.places[2 * batch.count + 1] = places[at + 1]!
      if (++batch.count === TEXTS_MAX) internBatch(column)
    }
    internBatch(column)
  }
  const intern = (): void => {
    for (let column = 0; column < types.length; column++) internColumn(column)
    pending = 0
  }
  /** The newest row of the relation is at `fields` of `bytes`. */
  const add = (bytes: Uint8Array, fields: Uint32Array): void => {
    batch.bytes = bytes
    places.set(fields, fields.length * pending++)
    if (pending === rowsMax) intern()
  }
  return { add, intern }
}

/** About so many fields wait together: where they stand fits into the nearer caches. */
const FIELDS_PENDING = 2 ** 16

/**
 * Puts all constants of the rules into `image`, so that who compiles a rule later only has to look them up: an id that a
 * request has for its own time would not equal one that is made after it.
 */
export function internConstants(program: Pick<Program, 'rules'>, image: Image): void {
  const expr = (e: Expr): void => {
    if (e.kind === 'constant') image.values.intern(e.value)
    else if (e.kind === 'arithmetic') [e.left, e.right].forEach(expr)
    else if (e.kind === 'negate') expr(e.operand)
    else if (e.kind === 'method') [e.receiver, ...e.args].forEach(expr)
  }
  const literal = (l: Literal): void => {
    if (l.kind === 'atom') for (const arg of l.args) if (arg.kind !== 'any') expr(arg)
    if (l.kind === 'compare') [l.left, l.right].forEach(expr)
    if (l.kind === 'in') [l.left, ...listOf(l)].forEach(expr)
    if (l.kind === 'test') expr(l.expr)
    if (l.kind === 'split') [l.part, l.receiver, l.separator].forEach(expr)
    if (l.kind !== 'aggregate') return
    if (l.empty !== undefined) image.values.intern(l.empty)
    ;[l.result, l.over].forEach(expr)
    l.body.forEach(literal)
  }
  for (const rule of program.rules) {
    rule.args.forEach(expr)
    rule.body.forEach(literal)
  }
}
