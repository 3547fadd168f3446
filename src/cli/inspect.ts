/**
 * `rune inspect`: what each predicate holds and why it is kept so, and how each rule is run. What is said belongs to the
 * engine; here it is selected and laid out. Spec: DESIGN section 5; the JSON form is in `docs/inspect.md`.
 */
import {
  type InspectedAccess,
  type InspectedDerivation,
  type InspectedOrder,
  type InspectedPredicate,
  type InspectedRule,
  type InspectedStep,
  type InspectedStorage,
  type Inspection,
  visible,
} from '../index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { type ConfigOptions, configurationOf, inputOf, openConfiguration, refuse } from './input.ts'
import { duration, plural, printJson } from './report.ts'
import { type Paint, painter, type Terminal } from './terminal.ts'

export interface InspectOptions extends ConfigOptions {
  readonly all?: boolean
  readonly predicate?: string
}

/** Prints what is in the configuration `file`, or else in the one that the options mean. */
export async function inspectFile(
  file: string | undefined,
  options: InspectOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const configuration = await configurationOf(file ?? options.config, terminal.env, inputOf(terminal))
  const start = terminal.elapsedMs()
  const rune = await openConfiguration(configuration, terminal)
  const opened = terminal.elapsedMs()
  const inspection = rune.inspect()
  const predicates = selected(inspection, options)
  if (options.format === 'json') {
    printJson({ epoch: inspection.epoch, predicates }, terminal.out)
    return EXIT.ok
  }
  const paint = painter(terminal.out, terminal.env, options.color)
  terminal.out.write(inspectionText(predicates, paint))
  const times = `opened in ${duration(opened - start)}, inspected in ${duration(terminal.elapsedMs() - opened)}`
  const about = `${plural(predicates.length, 'predicate')}; ${times}`
  terminal.err.write(`${painter(terminal.err, terminal.env, options.color)('dim', `(${about})`)}\n`)
  return EXIT.ok
}

/** What was asked for; else all that somebody wrote, or that has rows. Throws a `RuneError` for a name that there is not. */
function selected({ predicates }: Inspection, { all, predicate }: InspectOptions): readonly InspectedPredicate[] {
  if (predicate !== undefined) {
    const named = predicates.filter(({ name }) => name === predicate)
    if (named.length > 0) return named
    throw refuse('R764', `there is no predicate \`${predicate}\``, {
      help: '`rune inspect --all` lists those that there are',
    })
  }
  if (all) return predicates
  const isWritten = ({ rules }: InspectedPredicate) => rules.some(({ file }) => file !== undefined)
  return predicates.filter((p) => p.origin === 'written' || (p.origin === 'built-in' && (p.rows > 0 || isWritten(p))))
}

function inspectionText(predicates: readonly InspectedPredicate[], paint: Paint): string {
  const lines: string[] = []
  let last: number | undefined
  for (const predicate of predicates) {
    if (predicate.stratum !== last) {
      const what = predicate.stratum === 0 ? ': facts' : predicate.recursive ? ': recursive' : ''
      lines.push(...(last === undefined ? [] : ['']), paint('bold', `stratum ${predicate.stratum}${what}`))
    }
    last = predicate.stratum
    lines.push('', ...predicateLines(predicate, paint))
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function predicateLines(predicate: InspectedPredicate, paint: Paint): string[] {
  const { name, arity, columns, evaluation, rows, facts, derived, bytes, storage, derivation, rules } = predicate
  const types = columns.map((column) => (column.name === undefined ? column.type : `${column.name}: ${column.type}`))
  const head = `${visible(name)}/${arity}`
  const signature = types.length > 0 ? `  (${visible(types.join(', '))})` : ''
  return [
    `  ${paint('bold', head)}${shortened(signature, LINE_MAX - 2 - head.length)}`,
    entry('evaluation', `${evaluation.kind}: ${visible(evaluation.why)}`),
    entry(
      'rows',
      `${count(rows)}: ${count(facts)} ${facts === 1 ? 'fact' : 'facts'}, ${count(derived)} derived; ${count(bytes)} bytes`,
    ),
    ...storage.flatMap((part, i) => entryWhy(i === 0 ? 'storage' : '', storageText(part), part.why)),
    ...(derivation ? entryWhy('distinct by', derivationText(derivation), derivation.why) : []),
    ...rules.flatMap((rule) => ruleLines(rule, paint)),
  ]
}

function entry(what: string, text: string): string {
  return `    ${what.padEnd(12)}${text}`
}

/** The reason stands beside what it is for, or below where there is no room. */
function entryWhy(what: string, text: string, why: string): string[] {
  const line = entry(what, `${text.padEnd(34)}  ${visible(why)}`)
  return line.length <= LINE_MAX ? [line] : [entry(what, text), entry('', `  ${visible(why)}`)]
}

function storageText({ kind, columns, bytes }: InspectedStorage): string {
  const on = columns ? ` on (${columns.join(', ')})` : ''
  return `${kind}${on}, ${count(bytes)} bytes`
}

function derivationText({ kind, ids, bytes }: InspectedDerivation): string {
  const words = {
    none: 'nothing',
    bits: 'bits',
    stamps: 'stamps',
    pairs: 'pairs',
    rows: 'hashed rows',
  }
  const room = ids ? `, ${ids.map(count).join(' × ')} ids` : ''
  const size = bytes === undefined ? '' : `, ${count(bytes)} bytes`
  return `${words[kind]}${room}${size}`
}

function ruleLines({ name, head, file, line, never, orders }: InspectedRule, paint: Paint): string[] {
  const place = file === undefined ? 'built in' : `${visible(file)}:${line}`
  return [
    `    ${paint('bold', visible(name))}  ${paint('dim', place)}`,
    `      ${shortened(visible(head), LINE_MAX - 9)} :-`,
    ...(never === undefined ? [] : [`        ${paint('dim', `% never: ${shortened(visible(never), LINE_MAX - 17)}`)}`]),
    ...orders.flatMap((order) => orderLines(order, paint)),
  ]
}

function orderLines({ when, recent, group, code, steps }: InspectedOrder, paint: Paint): string[] {
  const each = group === undefined ? '' : `; each value of column ${group}`
  const about = recent === undefined ? when : `${when}: new ${shortened(visible(recent), LITERAL_MAX)}`
  const rows = steps.map(stepTexts)
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (row: readonly string[]) =>
    row.map((text, i) => (i < 2 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join('  ')
  const comment = `${about}${each}${code === 'generated' ? '; generated code' : ''}`
  return [`        ${paint('dim', `% ${comment}`)}`, ...rows.map((row) => `        ${pad(row)}`)]
}

function stepTexts({ literal, access, matches, rows }: InspectedStep): string[] {
  const text = shortened(visible(literal), LITERAL_MAX)
  return [
    text,
    access ? shortened(accessText(access), ACCESS_MAX) : '',
    access ? `× ${count(matches)}` : '',
    rowsText(rows),
  ]
}

function rowsText(rows: number): string {
  return `${count(rows)} ${rows === 1 ? 'row ' : 'rows'}`
}

function accessText({ kind, columns, why }: InspectedAccess): string {
  return `${kind}${columns.length > 0 ? ` (${columns.join(', ')})` : ''}: ${why}`
}

function shortened(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

const LINE_MAX = 100
const LITERAL_MAX = 34
const ACCESS_MAX = 32
