/**
 * Loading: the facts and entities of a program into its image. File-backed facts are read here, typed by their columns.
 * What is refused is reported, and the image is then of no use. Spec: LANGUAGE sections 3 and 5.
 */
import { coerceValue } from '../program/coerce.ts'
import { writtenPredicate } from '../program/links.ts'
import { listOf } from '../program/plan.ts'
import { BUILTIN, type Expr, type FactSource, type Literal, type Program } from '../program/program.ts'
import { isRefusal } from '../program/uids.ts'
import { readFactFile } from '../syntax/rune-file/fact-file.ts'
import { displayPath, type ReadFile } from '../syntax/rune-file/host.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import type { Value } from '../values/value.ts'
import type { Image } from './image.ts'
import { insert } from './relation.ts'

/** Puts all facts and entities of `program` into `image`. */
export function loadFacts(program: Program, image: Image, readFile: ReadFile, diagnostics: Diagnostics): void {
  const { maxFacts } = program.settings.limits
  let count = 0
  const add = (predicate: number, row: readonly Value[]) => {
    if (insert(image.relations[predicate]!, row.map(image.values.intern)) && ++count === maxFacts + 1) {
      const { name, span } = writtenPredicate(program.predicates, predicate)!
      diagnostics.error('R501', `there are more than ${maxFacts} facts, at \`${name}\``, span, {
        help: 'raise `max_facts` in [options] if that is right',
      })
    }
  }
  for (const source of program.facts) {
    if (count > maxFacts) return
    if (source.kind === 'inline') for (const row of source.rows) add(source.predicate, row)
    else loadFile(source, program, readFile, (row) => add(source.predicate, row), diagnostics)
  }
  for (const { uid, attrs, tags, parents } of program.entities) {
    add(BUILTIN.entityType, [uid, uid.type])
    for (const parent of parents) add(BUILTIN.entityParent, [uid, parent])
    for (const [key, value] of attrs) add(BUILTIN.entityAttr, [uid, key, value])
    for (const [key, value] of tags) add(BUILTIN.entityTag, [uid, key, value])
  }
}

type FileSource = FactSource & { kind: 'file' }

function loadFile(
  source: FileSource,
  program: Program,
  readFile: ReadFile,
  add: (row: readonly Value[]) => void,
  diagnostics: Diagnostics,
): void {
  const { columns } = program.predicates[source.predicate]!
  const { pathTypes } = program.settings
  const types = source.types.map((type) => type.replace('entity:', ''))
  const names = columns.flatMap(({ name }) => (name === undefined ? [] : [name]))
  const shape = names.length === columns.length ? { types, names } : { types }
  readFactFile(
    source,
    shape,
    readFile,
    (row, line) => {
      const kept: Value[] = []
      for (const [i, value] of row.entries()) {
        const coerced = coerceValue(columns[i]!, value, pathTypes)
        if (isRefusal(coerced)) {
          diagnostics.error('R704', `\`${displayPath(source.path)}\` line ${line}: ${coerced.error}`, source.span)
          return
        }
        kept.push(coerced)
      }
      add(kept)
    },
    diagnostics,
  )
}

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
