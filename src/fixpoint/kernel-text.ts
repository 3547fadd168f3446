/**
 * The text of a kernel: what is handed to it, what it reads once and at each call, and the loops over relations. Texts hold
 * numbers and generated names alone.
 */
import { indexOn, mixWord, type Relation } from '../image/relation.ts'
import { type Access, noteRound } from './access.ts'
import type { Bits } from './bits.ts'
import type { AtomLayout } from './body-target.ts'
import type { PairDistinct } from './distinct.ts'
import { seekFrom } from './offsets.ts'
import { isInRun, type OrderedRun } from './sources.ts'

type RowAccess = Access & { kind: 'scan' | 'chain' | 'rounds' }

/** Collects the captures of a kernel, and the lines that read their fields. */
export class KernelText {
  readonly captures: unknown[] = []
  /** Run at the beginning of each call. */
  readonly lines: string[] = []
  readonly #names = new Map<unknown, string>()
  #labels = 0

  /** The name of `value` in the text. */
  capture(value: unknown): string {
    let name = this.#names.get(value)
    if (name === undefined) {
      name = `c${this.captures.length}`
      this.#names.set(value, name)
      this.lines.push(`const ${name}=C[${this.captures.length}];`)
      this.captures.push(value)
    }
    return name
  }

  /** The name of a field of a captured object. */
  field(object: unknown, field: string): string {
    const from = this.capture(object)
    const name = `${from}_${field.replace(/\W/g, '')}`
    addOnce(this.lines, `const ${name}=${from}.${field};`)
    return name
  }

  /** The name of an index of a relation that grows between calls: of its heads with `h` behind it, of its links with `n`. */
  index(relation: Relation, key: readonly number[]): string {
    const from = this.capture(relation)
    const name = `x${from}_${key.join('_')}`
    const made = `${this.capture(indexOn)}(${from},[${key.join()}])`
    addOnce(this.lines, `const ${name}=${made},${name}h=${name}.heads,${name}n=${name}.next;`)
    return name
  }

  /** A number that no other name has. */
  label(): string {
    return String(this.#labels++)
  }
}

/** A line that any number of users may want. */
export function addOnce(lines: string[], line: string): void {
  if (!lines.includes(line)) lines.push(line)
}

/** A source of a layout or of a head as text: a value id, or a variable as `~number`. */
export function sourceText(from: number): string {
  return from < 0 ? `v${~from}` : String(from)
}

/** How far an id is from the first of an array by ids, kept a 32-bit integer. */
export function placeText(id: string, base: string): string {
  return `(${id}-${base}|0)`
}

/** Counts work, and looks at the clock from time to time. `machine` is told at the end of the kernel. */
export function stepsText(count: string): string {
  return `if((steps+=${count})>4096)steps=spend(machine,steps);`
}

/** The two columns that a row of one or two is; of one, the first is absent. */
export function pairText(sources: readonly number[]): [string | undefined, string] {
  return [sources.length === 2 ? sourceText(sources[0]!) : undefined, sourceText(sources.at(-1)!)]
}

/** What is done with a row that was found; once: the first one is enough. */
export interface RowText {
  readonly layout: AtomLayout
  readonly inner: string
  readonly isOnce: boolean
}

/** A loop over the rows that `access` finds. */
export function loopText(text: KernelText, access: Exclude<Access, { kind: 'members' | 'run' }>, row: RowText): string {
  if (access.kind === 'offsets') return offsetsLoop(text, access, row)
  if (access.kind === 'rounds') return roundsLoop(text, access, row)
  return access.kind === 'scan' ? scanLoop(text, access, row) : chainLoop(text, access, row)
}

function offsetsLoop(text: KernelText, { offsets, at }: Access & { kind: 'offsets' }, row: RowText): string {
  const n = text.label()
  const starts = text.field(offsets, 'starts')
  const { key, sources } = row.layout
  const value = (column: number) => `(${text.field(offsets, `columns[${column}]`)}[i${n}]|0)`
  const others = key.filter((_, k) => k !== at)
  return `{const d${n}=${placeText(sourceText(sources[at]!), text.field(offsets, 'base'))};if(d${n}>=0&&d${n}<${text.field(offsets, 'span')}){
let i${n}=${starts}[d${n}]|0;const e${n}=${starts}[d${n}+1]|0;${stepsText(`e${n}-i${n}+1`)}
for(;i${n}<e${n};i${n}++){${rowText(row, others, value)}}}}`
}

function scanLoop(text: KernelText, { relation, range }: RowAccess, row: RowText): string {
  const n = text.label()
  const [from, to] = [text.field(range, 'from'), text.field(range, 'to')]
  const value = (column: number) => `(${text.field(relation, `columns[${column}]`)}[i${n}]|0)`
  const gone = relation.deaths ? `if(${text.field(relation, 'deaths')}[i${n}]!==0)continue;` : ''
  return `${stepsText(`${to}-${from}+1`)}for(let i${n}=${from};i${n}<${to};i${n}++){${gone}${rowText(row, row.layout.key, value)}}`
}

/** The relation is the head's, whose columns and count are in locals (`generate.ts`). */
function roundsLoop(text: KernelText, { range, rounds }: Access & { kind: 'rounds' }, row: RowText): string {
  const n = text.label()
  const inner = rowText({ ...row, isOnce: false }, row.layout.key, (column) => `(h${column}[i${n}]|0)`)
  return `for(let i${n}=${text.field(range, 'from')},e${n}=${text.field(range, 'to')},k${n}=1;i${n}<e${n};e${n}=n,k${n}++){
if(k${n}>${text.capture(rounds)}.most)${text.capture(noteRound)}(${text.capture(rounds)},k${n});
${stepsText(`e${n}-i${n}`)}for(;i${n}<e${n};i${n}++){${inner}}}`
}

function chainLoop(text: KernelText, { relation, range }: RowAccess, row: RowText): string {
  const n = text.label()
  const { key, sources } = row.layout
  const index = text.index(relation, key)
  const [from, to] = [text.field(range, 'from'), text.field(range, 'to')]
  const value = (column: number) => `(${text.field(relation, `columns[${column}]`)}[r${n}]|0)`
  const inner = rowText({ ...row, isOnce: row.isOnce || key.length === relation.arity }, key, value)
  const gone = relation.deaths ? `&&${text.field(relation, 'deaths')}[r${n}]===0` : ''
  const mix = text.capture(mixWord)
  const hash = sources.reduce((h, source) => `${mix}(${h},${sourceText(source)})`, String(key.length))
  return `for(let q${n}=${index}h[(Math.imul(${hash},0x85ebca6b)>>>8)&(${index}h.length-1)]|0;q${n}>0;q${n}=${index}n[q${n}-1]|0){
const r${n}=q${n}-1;${stepsText('1')}if(r${n}<${from})break;if(r${n}<${to}${gone}){${inner}}}`
}

/** Known columns compared, open ones bound, and what comes next. */
function rowText(
  { layout, inner, isOnce }: RowText,
  compared: readonly number[],
  value: (c: number) => string,
): string {
  const { key, sources, binds, repeats } = layout
  const tests = [
    ...compared.map((column) => `${value(column)}===${sourceText(sources[key.indexOf(column)]!)}`),
    ...repeats.map(({ column, variable }) => {
      const bind = binds.find((other) => other.variable === variable)!
      return `${value(column)}===${value(bind.column)}`
    }),
  ]
  const all = `${binds.map(({ column, variable }) => `v${variable}=${value(column)};`).join('')}${inner}${isOnce ? 'break;' : ''}`
  return tests.length > 0 ? `if(${tests.join('&&')}){${all}}` : all
}

/** Whether the row of an atom all of whose columns are known is there. */
export function memberText(
  text: KernelText,
  access: Access & { kind: 'members' | 'run' },
  { sources }: AtomLayout,
): string {
  const [first, second] = pairText(sources)
  return access.kind === 'run'
    ? `${text.capture(isInRun)}(${text.capture(access.offsets)},${first},${second})`
    : bitText(text, access.members, first, second)
}

function bitText(text: KernelText, bits: Bits, first: string | undefined, second: string): string {
  const [base, span, stride, base2, span2] = (['base', 'span', 'stride', 'base2', 'span2'] as const).map((field) =>
    text.field(bits, field),
  ) as [string, string, string, string, string]
  const words = text.field(bits, 'words')
  const column = placeText(second, base2)
  const row = first === undefined ? '' : `${placeText(first, base)}*${stride}+`
  const inside = first === undefined ? '' : `(${placeText(first, base)}>>>0)<${span}&&`
  return `(${inside}(${column}>>>0)<${span2}&&(${words}[${row}(${column}>>>5)]&(1<<(${column}&31)))!==0)`
}

/** A run of rows in the order of `column`, by the id `key`. */
export interface RunText extends OrderedRun {
  readonly key: string
  readonly column: number
}

/** Binds `variable` to what all runs hold. */
export function crossText(text: KernelText, runs: readonly RunText[], variable: number, inner: string): string {
  const [first, second] = runs
  return runs.length === 2 && first?.bits && second?.bits
    ? probeText(text, [first, second], variable, inner)
    : leapfrogText(text, runs, variable, inner)
}

/** Goes through the shorter of two runs and looks each id up in the bits of the other. */
function probeText(text: KernelText, runs: readonly RunText[], variable: number, inner: string): string {
  const n = text.label()
  const [first, second] = runs.map((run, k) => {
    const bits = run.bits!
    const [d, i, e] = [`d${n}_${k}`, `i${n}_${k}`, `e${n}_${k}`]
    const starts = text.field(run.offsets, 'starts')
    return {
      open: `const ${d}=${placeText(run.key, text.field(run.offsets, 'base'))};let ${i}=0,${e}=0;if(${d}>=0&&${d}<${text.field(run.offsets, 'span')}){${i}=${starts}[${d}]|0;${e}=${starts}[${d}+1]|0;}`,
      length: `(${e}-${i})`,
      column: text.field(run.offsets, `columns[${run.column}]`),
      from: i,
      to: e,
      // A run that has rows is within the bounds of the bits.
      row: `${placeText(run.key, text.field(bits, 'base'))}*${text.field(bits, 'stride')}`,
      words: text.field(bits, 'words'),
      base2: text.field(bits, 'base2'),
      span2: text.field(bits, 'span2'),
    }
  })
  const [a, b] = [first!, second!]
  const turn = (run: typeof a, other: typeof a) =>
    `s${n}=${run.column};i${n}=${run.from};e${n}=${run.to};w${n}=${other.words};r${n}=${other.row};b${n}=${other.base2};l${n}=${other.span2};`
  return `{${a.open}${b.open}${stepsText('1')}if(${a.length}>0&&${b.length}>0){
let s${n}=${a.column},i${n}=0,e${n}=0,w${n}=${b.words},r${n}=0,b${n}=0,l${n}=0;
if(${a.length}<=${b.length}){${turn(a, b)}}else{${turn(b, a)}}
${stepsText(`e${n}-i${n}`)}
for(;i${n}<e${n};i${n}++){const x${n}=s${n}[i${n}]|0,p${n}=x${n}-b${n}|0;
if((p${n}>>>0)<l${n}&&(w${n}[r${n}+(p${n}>>>5)]&(1<<(p${n}&31)))!==0){v${variable}=x${n};${inner}}}}}`
}

/** Each run leaps to where the others are (leapfrog join, Veldhuizen 2014). */
function leapfrogText(text: KernelText, runs: readonly RunText[], variable: number, inner: string): string {
  const n = text.label()
  const open = runs.map(({ offsets, key }, k) => {
    const [d, i, e] = [`d${n}_${k}`, `i${n}_${k}`, `e${n}_${k}`]
    const starts = text.field(offsets, 'starts')
    return `const ${d}=${placeText(key, text.field(offsets, 'base'))};let ${i}=0,${e}=0;if(${d}>=0&&${d}<${text.field(offsets, 'span')}){${i}=${starts}[${d}]|0;${e}=${starts}[${d}+1]|0;}`
  })
  const column = (k: number) => text.field(runs[k]!.offsets, `columns[${runs[k]!.column}]`)
  const seek = text.capture(seekFrom)
  const leap = (k: number, to: string) => `i${n}_${k}=${seek}(${column(k)},i${n}_${k},e${n}_${k},${to});`
  const meet = runs.slice(1).map((_, j) => {
    const k = j + 1
    const at = `(${column(k)}[i${n}_${k}]|0)`
    return `if(${at}<x${n}){${leap(k, `x${n}`)}if(i${n}_${k}>=e${n}_${k})break;}
if(${at}>x${n}){${leap(0, at)}continue;}`
  })
  const isOpen = runs.map((_, k) => `i${n}_${k}<e${n}_${k}`).join('&&')
  return `{${open.join('')}${stepsText('1')}
while(${isOpen}){${stepsText('1')}const x${n}=${column(0)}[i${n}_0]|0;
${meet.join('\n')}
v${variable}=x${n};i${n}_0++;${inner}}}`
}

/** `append`, if a row is new. */
export function distinctText(
  text: KernelText,
  distinct: PairDistinct,
  [first, second]: readonly [string | undefined, string],
  append: string,
): string {
  switch (distinct.kind) {
    case 'bits': {
      const n = text.label()
      const { bits } = distinct
      const words = text.field(bits, 'words')
      const column = placeText(second, text.field(bits, 'base2'))
      const row =
        first === undefined ? '' : `${placeText(first, text.field(bits, 'base'))}*${text.field(bits, 'stride')}+`
      return `const w${n}=${row}(${column}>>>5),b${n}=1<<(${column}&31),o${n}=${words}[w${n}];
if((o${n}&b${n})===0){${words}[w${n}]=o${n}|b${n};${append}}`
    }
    case 'stamp': {
      const { stamps, column } = distinct
      const at = `${text.field(stamps, 'words')}[${placeText(column === 0 ? (first ?? second) : second, text.field(stamps, 'base'))}]`
      const group = text.field(stamps, 'group')
      return `if(${at}!==${group}){${at}=${group};${append}}`
    }
    case 'pairs':
      return `if(${text.capture(distinct.pairs)}.add(${first},${second})){${append}}`
    case 'none':
      return append
  }
}
