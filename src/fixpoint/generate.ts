/**
 * Generated kernels: a plan as the text of a JavaScript function of nested loops over typed arrays, where `body.ts` makes a
 * chain of closures of the same plan. The text holds numbers and generated names alone; whatever else a kernel needs is
 * handed to it in an array. Expressions that are more than a comparison of ids, and all that comes after a failure, are the
 * closures of the interpreter.
 */
import { KIND, PAYLOAD_BITS } from '../../native-layout/layout.ts'
import { indexOn, type Relation } from '../image/relation.ts'
import { FALSE, TRUE } from '../image/value-ids.ts'
import { boundBy, type Step, variablesOf, variablesOfLiteral } from '../program/plan.ts'
import type { AggregateLiteral, CompareLiteral, Expr } from '../program/program.ts'
import { unreachable } from '../text/assert.ts'
import type { Access } from './access.ts'
import { compileAggregate } from './aggregate.ts'
import type { Bits } from './bits.ts'
import {
  compare,
  compileBody,
  compileElements,
  compileTest,
  errorChain,
  layoutOf,
  type Progress,
  progressOf,
  startWith,
} from './body.ts'
import type { AtomLayout, BodyTarget, Next } from './body-target.ts'
import { type DenseGroups, NO_GROUP } from './dense-aggregate.ts'
import type { Distinct } from './distinct.ts'
import type { Emission } from './emission.ts'
import { compileExpr } from './expression.ts'
import { ERROR } from './machine.ts'
import { type Offsets, seekFrom } from './offsets.ts'
import { isInRun } from './sources.ts'

type AtomStep = Step & { kind: 'match' | 'absent' }
type RowAccess = Access & { kind: 'scan' | 'chain' }

export interface KernelTarget extends BodyTarget {
  readonly emission: Emission
  access(step: AtomStep, layout: AtomLayout): Access
  /** The rows of an atom by the column `key`, each run in the order of the column `order`; nothing where that can't be had. */
  orderedRun(step: AtomStep, key: number, order: number): Offsets | undefined
  dense(aggregate: AggregateLiteral): DenseGroups | undefined
}

/** Whether this process may make functions from text. */
export function canGenerate(): boolean {
  try {
    return new Function('return true')() === true
  } catch {
    return false
  }
}

/** As `compileBody` of `target`, with `target.emission` at its end; `bound` are read from the environment. */
export function generateKernel(target: KernelTarget, steps: readonly Step[], bound: readonly number[]): Next {
  const { text, captures } = kernelText(target, steps, bound)
  return new Function('C', text)(captures) as Next
}

/** The text of a kernel and what it is to be called with. */
export function kernelText(
  target: KernelTarget,
  steps: readonly Step[],
  bound: readonly number[],
): { text: string; captures: readonly unknown[] } {
  const kernel = new Kernel(target, steps, bound)
  return { text: kernel.text(), captures: kernel.captures }
}

class Kernel {
  readonly captures: unknown[] = []
  readonly #target: KernelTarget
  readonly #steps: readonly Step[]
  readonly #before: readonly Progress[]
  readonly #bound: readonly number[]
  /** Run once, when the kernel is made; and at each of its calls. */
  readonly #once: string[] = []
  readonly #prologue: string[] = []
  readonly #names = new Map<unknown, string>()
  #labels = 0

  constructor(target: KernelTarget, steps: readonly Step[], bound: readonly number[]) {
    this.#target = target
    this.#steps = steps
    this.#bound = bound
    this.#before = progressOf(steps, startWith(bound))
  }

  text(): string {
    const { machine } = this.#target
    const m = this.#capture(machine)
    const body = this.#step(0)
    const variables = new Set([...this.#bound, ...this.#steps.flatMap(boundBy)])
    const locals = [...variables].map((v) => `v${v}=${this.#bound.includes(v) ? `E[${v}]` : 0}`)
    const { start, end } = this.#frame()
    return [
      ...this.#once,
      `const step=n=>{if((${m}.steps-=n)<0)${m}.refill()};`,
      'return E=>{',
      locals.length > 0 ? `let ${locals.join()};` : '',
      ...this.#prologue,
      start,
      body,
      end,
      '}',
    ].join('\n')
  }

  /** The name of `value` in the text. */
  #capture(value: unknown): string {
    let name = this.#names.get(value)
    if (name === undefined) {
      name = `c${this.captures.length}`
      this.#names.set(value, name)
      this.#once.push(`const ${name}=C[${this.captures.length}];`)
      this.captures.push(value)
    }
    return name
  }

  /** A name for a field of a captured object, read once; `every`: at each call, since it is replaced in between. */
  #field(object: unknown, field: string, every = false): string {
    const name = `${this.#capture(object)}_${field.replace(/\W/g, '')}`
    const line = `const ${name}=${this.#capture(object)}.${field};`
    const lines = every ? this.#prologue : this.#once
    if (!lines.includes(line)) lines.push(line)
    return name
  }

  #label(): string {
    return String(this.#labels++)
  }

  #step(i: number): string {
    const s = this.#steps[i]
    if (!s) return this.#emit()
    switch (s.kind) {
      case 'match':
        return this.#match(s, i)
      case 'absent':
        return this.#absent(s, i)
      case 'check':
        return s.test.kind === 'compare' ? this.#compare(s.test, i) : this.#test(s, i)
      case 'bind':
        return this.#bind(s, i)
      case 'each':
        return this.#each(s, i)
      case 'aggregate':
        return this.#aggregate(s, i)
      default:
        return unreachable(s)
    }
  }

  // Atoms

  #match(s: AtomStep, i: number): string {
    const layout = layoutOf(s.atom, this.#before[i]!.bound, this.#target.constants)
    const access = this.#target.access(s, layout)
    const crossing = access.kind === 'offsets' ? this.#intersection(layout, i) : undefined
    if (crossing !== undefined) return crossing
    const inner = this.#step(i + 1)
    const isOnce = this.#isExistential(s, layout, i)
    switch (access.kind) {
      case 'members':
      case 'run':
        return `step(1);if(${this.#isMember(access, layout)}){${inner}}`
      case 'offsets':
        return this.#offsets(access, layout, inner, isOnce)
      case 'scan':
        return this.#scan(access, layout, inner, isOnce)
      default:
        return this.#chain(access, layout, inner, isOnce)
    }
  }

  #offsets({ offsets, at }: Access & { kind: 'offsets' }, layout: AtomLayout, inner: string, isOnce: boolean): string {
    const n = this.#label()
    const starts = this.#field(offsets, 'starts')
    const others = layout.key.filter((_, k) => k !== at)
    const value = (column: number) => `${this.#field(offsets, `columns[${column}]`)}[i${n}]`
    const row = this.#row(layout, others, value, inner, isOnce)
    return `{const d${n}=${source(layout.sources[at]!)}-${offsets.base};if(d${n}>=0&&d${n}<${offsets.starts.length - 1}){
let i${n}=${starts}[d${n}];const e${n}=${starts}[d${n}+1];step(e${n}-i${n}+1);
for(;i${n}<e${n};i${n}++){${row}}}}`
  }

  /** What is done with one row: known columns compared, open ones bound. */
  #row(
    layout: AtomLayout,
    compared: readonly number[],
    value: (column: number) => string,
    inner: string,
    isOnce: boolean,
  ): string {
    const tests = [
      ...compared.map((column) => `${value(column)}===${source(layout.sources[layout.key.indexOf(column)]!)}`),
      ...layout.repeats.map(
        ({ column, variable }) =>
          `${value(column)}===${value(layout.binds.find((bind) => bind.variable === variable)!.column)}`,
      ),
    ]
    const binds = layout.binds.map(({ column, variable }) => `v${variable}=${value(column)};`).join('')
    const all = `${binds}${inner}${isOnce ? 'break;' : ''}`
    return tests.length > 0 ? `if(${tests.join('&&')}){${all}}` : all
  }

  #scan(access: RowAccess, layout: AtomLayout, inner: string, isOnce: boolean): string {
    const { relation, range } = access
    const n = this.#label()
    const [from, to] = [this.#field(range, 'from', true), this.#field(range, 'to', true)]
    const value = (column: number) => `${this.#field(relation, `columns[${column}]`, true)}[i${n}]`
    const row = this.#row(layout, layout.key, value, inner, isOnce)
    const gone = relation.deaths ? `if(${this.#field(relation, 'deaths', true)}[i${n}]!==0)continue;` : ''
    return `step(${to}-${from}+1);for(let i${n}=${from};i${n}<${to};i${n}++){${gone}${row}}`
  }

  #chain(access: RowAccess, layout: AtomLayout, inner: string, isOnce: boolean): string {
    const { relation, range } = access
    const n = this.#label()
    const index = this.#prepared(relation, layout.key)
    const [from, to] = [this.#field(range, 'from', true), this.#field(range, 'to', true)]
    const value = (column: number) => `${this.#field(relation, `columns[${column}]`, true)}[r${n}]`
    const row = this.#row(layout, layout.key, value, inner, isOnce || layout.key.length === relation.arity)
    const gone = relation.deaths ? `&&${this.#field(relation, 'deaths', true)}[r${n}]===0` : ''
    const hash = layout.sources.reduce((h, s) => `mix(${h},${source(s)})`, String(layout.key.length))
    this.#define('mix', 'const mix=(h,w)=>{const m=Math.imul(h^w,0x9e3779b1);return m^(m>>>15)};')
    return `for(let q${n}=${index}h[(Math.imul(${hash},0x85ebca6b)>>>8)&(${index}h.length-1)];q${n}>0;q${n}=${index}n[q${n}-1]){
const r${n}=q${n}-1;step(1);if(r${n}<${from})break;if(r${n}<${to}${gone}){${row}}}`
  }

  /** The name of an index of a relation that grows between calls: of its heads with `h` behind it, of its links with `n`. */
  #prepared(relation: Relation, key: readonly number[]): string {
    const name = `x${this.#capture(relation)}_${key.join('_')}`
    const line = `const ${name}=${this.#capture(indexOn)}(${this.#capture(relation)},[${key.join()}]),${name}h=${name}.heads,${name}n=${name}.next;`
    if (!this.#prologue.includes(line)) this.#prologue.push(line)
    return name
  }

  #define(name: string, line: string): void {
    if (this.#names.has(name)) return
    this.#names.set(name, name)
    this.#once.push(line)
  }

  #absent(s: AtomStep, i: number): string {
    const layout = layoutOf(s.atom, this.#before[i]!.bound, this.#target.constants)
    const access = this.#target.access(s, layout)
    const inner = this.#step(i + 1)
    if (access.kind === 'members' || access.kind === 'run')
      return `step(1);if(!${this.#isMember(access, layout)}){${inner}}`
    const found = `f${this.#label()}`
    const mark = `${found}=true;`
    // No column of a negated atom is bound by it.
    const search =
      access.kind === 'offsets'
        ? this.#offsets(access, layout, mark, true)
        : access.kind === 'scan'
          ? this.#scan(access, layout, mark, true)
          : this.#chain(access, layout, mark, true)
    return `let ${found}=false;${search}if(!${found}){${inner}}`
  }

  #isMember(access: Access & { kind: 'members' | 'run' }, layout: AtomLayout): string {
    const [first, second] = layout.sources.length === 1 ? ['0', source(layout.sources[0]!)] : layout.sources.map(source)
    if (access.kind === 'run') return `${this.#capture(isInRun)}(${this.#capture(access.offsets)},1,${first},${second})`
    return this.#hasBit(access.members, first!, second!)
  }

  #hasBit(bits: Bits, first: string, second: string): string {
    const { base, span, stride, base2, span2 } = bits
    const words = this.#field(bits, 'words')
    const inSecond = `(${second}-${base2}>>>0)<${span2}`
    const bit = `(1<<(${second}-${base2}&31))`
    if (first === '0') return `(${inSecond}&&(${words}[${second}-${base2}>>>5]&${bit})!==0)`
    return `((${first}-${base}>>>0)<${span}&&${inSecond}&&(${words}[(${first}-${base})*${stride}+(${second}-${base2}>>>5)]&${bit})!==0)`
  }

  /**
   * Atoms that follow and only test a variable that this one binds, together with one that is bound before: the run of this
   * one and theirs, all in the order of that variable, are met in step (leapfrog).
   */
  #intersection(layout: AtomLayout, i: number): string | undefined {
    const [bind] = layout.binds
    if (!bind || layout.binds.length > 1 || layout.repeats.length > 0 || layout.key.length !== 1) return undefined
    const run = this.#target.orderedRun(this.#steps[i] as AtomStep, layout.key[0]!, bind.column)
    if (!run) return undefined
    const others: { offsets: Offsets; key: string; column: number }[] = []
    let last = i
    for (let next = i + 1; next < this.#steps.length; next++) {
      const s = this.#steps[next]!
      if (s.kind !== 'match') break
      const { args } = s.atom
      const at = args.findIndex((arg) => arg.kind === 'variable' && arg.variable === bind.variable)
      const other = args[1 - at]
      if (args.length !== 2 || at < 0 || other?.kind !== 'variable' || other.variable === bind.variable) break
      if (!this.#before[i]!.bound.has(other.variable)) break
      const offsets = this.#target.orderedRun(s, 1 - at, at)
      if (!offsets) break
      others.push({ offsets, key: `v${other.variable}`, column: at })
      last = next
    }
    if (others.length === 0) return undefined
    const inner = this.#step(last + 1)
    const runs = [{ offsets: run, key: source(layout.sources[0]!), column: bind.column }, ...others]
    return this.#leapfrog(runs, bind.variable, inner)
  }

  #leapfrog(
    runs: readonly { readonly offsets: Offsets; readonly key: string; readonly column: number }[],
    variable: number,
    inner: string,
  ): string {
    const n = this.#label()
    const open = runs.map(({ offsets, key }, k) => {
      const starts = this.#field(offsets, 'starts')
      const d = `d${n}_${k}`
      return `const ${d}=${key}-${offsets.base};let i${n}_${k}=0,e${n}_${k}=0;if(${d}>=0&&${d}<${offsets.starts.length - 1}){i${n}_${k}=${starts}[${d}];e${n}_${k}=${starts}[${d}+1];}`
    })
    const column = (k: number) => this.#field(runs[k]!.offsets, `columns[${runs[k]!.column}]`)
    const seek = this.#capture(seekFrom)
    const isOpen = runs.map((_, k) => `i${n}_${k}<e${n}_${k}`).join('&&')
    const meet = runs
      .slice(1)
      .map((_, j) => {
        const k = j + 1
        return `if(${column(k)}[i${n}_${k}]<x${n}){i${n}_${k}=${seek}(${column(k)},i${n}_${k},e${n}_${k},x${n});if(i${n}_${k}>=e${n}_${k})break;}
if(${column(k)}[i${n}_${k}]>x${n}){i${n}_0=${seek}(${column(0)},i${n}_0,e${n}_0,${column(k)}[i${n}_${k}]);continue;}`
      })
      .join('\n')
    return `{${open.join('')}step(1);
while(${isOpen}){step(1);const x${n}=${column(0)}[i${n}_0];
${meet}
v${variable}=x${n};i${n}_0++;${inner}}}`
  }

  /** Whether nothing that comes after depends on which row was matched. */
  #isExistential(s: Step, layout: AtomLayout, i: number): boolean {
    const own = layout.binds.map(({ variable }) => variable)
    const later = new Set([
      ...this.#target.emission.sources.flatMap((from) => (from < 0 ? [~from] : [])),
      ...this.#steps.slice(i + 1).flatMap(({ literal }) => variablesOfLiteral(this.#target.body[literal]!)),
    ])
    return s.kind === 'match' && own.every((variable) => !later.has(variable))
  }

  // Everything else

  #compare(test: CompareLiteral, i: number): string {
    const [left, right] = [this.#operand(test.left), this.#operand(test.right)]
    const isSimple = left !== undefined && right !== undefined
    if (!isSimple) return this.#test(this.#steps[i] as Step & { kind: 'check' }, i)
    const inner = this.#step(i + 1)
    if (test.operator === '=') return `if(${left}===${right}){${inner}}`
    if (test.operator === '!=') return `if(${left}!==${right}){${inner}}`
    const { machine } = this.#target
    const slow = this.#capture((a: number, b: number) => compare(machine, test.operator, a, b))
    const t = `t${this.#label()}`
    const isInt = (operand: string) => `${operand}>>>${PAYLOAD_BITS}===${KIND.int}`
    return `const ${t}=${isInt(left)}&&${isInt(right)}?(${left}${test.operator}${right}?${TRUE}:${FALSE}):${slow}(${left},${right});
if(${t}===${TRUE}){${inner}}else if(${t}===${ERROR}){${this.#failed(i)}}`
  }

  #operand(expr: Expr): string | undefined {
    if (expr.kind === 'variable') return `v${expr.variable}`
    return expr.kind === 'constant' ? String(this.#target.constants.intern(expr.value)) : undefined
  }

  #test(s: Step & { kind: 'check' }, i: number): string {
    const { machine, constants } = this.#target
    const test = this.#capture(compileTest(s.test, machine, constants))
    const t = `t${this.#label()}`
    const stored = this.#store(variablesOfLiteral(s.test))
    return `${stored}const ${t}=${test}(E);if(${t}===${TRUE}){${this.#step(i + 1)}}else if(${t}===${ERROR}){${this.#failed(i)}}`
  }

  #bind(s: Step & { kind: 'bind' }, i: number): string {
    const operand = this.#operand(s.expr)
    if (operand !== undefined) return `v${s.variable}=${operand};${this.#step(i + 1)}`
    const { machine, constants } = this.#target
    const evaluate = this.#capture(compileExpr(s.expr, machine, constants))
    const stored = this.#store(variablesOf(s.expr))
    const t = `t${this.#label()}`
    return `${stored}const ${t}=${evaluate}(E);if(${t}===${ERROR}){${this.#failed(i)}}else{v${s.variable}=${t};${this.#step(i + 1)}}`
  }

  #each(s: Step & { kind: 'each' }, i: number): string {
    const { machine, constants } = this.#target
    const elements = this.#capture(compileElements(s.source, machine, constants))
    const n = this.#label()
    const stored = this.#store(variablesOfLiteral(s.source).filter((v) => this.#before[i]!.bound.has(v)))
    return `${stored}const a${n}=${elements}(E);if(a${n}===undefined){${this.#failed(i)}}else{step(a${n}.length);
for(let j${n}=0;j${n}<a${n}.length;j${n}++){v${s.variable}=a${n}[j${n}];${this.#step(i + 1)}}}`
  }

  #aggregate(s: Step & { kind: 'aggregate' }, i: number): string {
    const t = `t${this.#label()}`
    const { variable } = s
    const operand = variable === undefined ? this.#operand(s.aggregate.result) : undefined
    let next: string
    if (variable !== undefined) next = `v${variable}=${t};${this.#step(i + 1)}`
    else if (operand !== undefined) next = `if(${t}===${operand}){${this.#step(i + 1)}}`
    else {
      const { machine, constants } = this.#target
      const result = this.#capture(compileExpr(s.aggregate.result, machine, constants))
      const stored = this.#store(variablesOf(s.aggregate.result))
      next = `${stored}const w${t}=${result}(E);if(w${t}===${ERROR}){${this.#failed(i)}}else if(w${t}===${t}){${this.#step(i + 1)}}`
    }
    const dense = this.#target.dense(s.aggregate)
    if (dense) {
      const empty = s.aggregate.empty === undefined ? NO_GROUP : this.#target.constants.intern(s.aggregate.empty)
      const key = `v${s.aggregate.groups[0]}-${dense.base}`
      const ids = this.#field(dense, 'ids')
      return `step(1);let ${t}=(${key}>>>0)<${dense.ids.length}?${ids}[${key}]:${NO_GROUP};if(${t}===${NO_GROUP})${t}=${empty};
if(${t}!==${NO_GROUP}){${next}}`
    }
    const fold = this.#capture(compileAggregate(this.#target, s, compileBody))
    return `${this.#store(s.aggregate.groups)}const ${t}=${fold}(E);if(${t}===${ERROR}){${this.#failed(i)}}else if(${t}!==undefined){${next}}`
  }

  /** Puts variables where closures find them. */
  #store(variables: readonly number[]): string {
    return [...new Set(variables)].map((v) => `E[${v}]=v${v};`).join('')
  }

  /** Hands the binding to the chain of what does not depend on the step that failed. */
  #failed(i: number): string {
    const progress = this.#before[i]!
    const chain = this.#capture(errorChain(this.#target, this.#steps[i]!.literal, progress)([]))
    return `${this.#store([...progress.bound])}${chain}(E);`
  }

  // The head

  #emit(): string {
    const { relation, distinct, sources, offer } = this.#target.emission
    if (offer || distinct.kind === 'rows') {
      const emit = this.#capture(this.#target.emit)
      return `${this.#store(sources.flatMap((from) => (from < 0 ? [~from] : [])))}${emit}(E);`
    }
    const values = sources.map(source)
    const columns = relation.columns.map((_, i) => `h${i}`)
    const append = `if(n===cap){${this.#relation()}.count=n;${this.#capture(this.#target.emission.grow)}();cap=${this.#relation()}.capacity;${columns.map((h, i) => `${h}=${this.#relation()}.columns[${i}];`).join('')}}
${columns.map((h, i) => `${h}[n]=${values[i]};`).join('')}n++;`
    return this.#ifNew(distinct, values.length === 1 ? '0' : values[0]!, values.at(-1)!, append)
  }

  #ifNew(distinct: Distinct, first: string, second: string, append: string): string {
    const n = this.#label()
    switch (distinct.kind) {
      case 'bits': {
        const { bits } = distinct
        const words = this.#field(bits, 'words')
        const row = first === '0' ? '' : `(${first}-${bits.base})*${bits.stride}+`
        return `const w${n}=${row}(${second}-${bits.base2}>>>5),b${n}=1<<(${second}-${bits.base2}&31),o${n}=${words}[w${n}];
if((o${n}&b${n})===0){${words}[w${n}]=o${n}|b${n};${append}}`
      }
      case 'stamp': {
        const { stamps, column } = distinct
        const words = this.#field(stamps, 'words')
        const group = this.#field(stamps, 'group', true)
        const at = `${column === 0 ? first : second}-${stamps.base}`
        return `if(${words}[${at}]!==${group}){${words}[${at}]=${group};${append}}`
      }
      case 'pairs':
        return `if(${this.#capture(distinct.pairs)}.add(${first},${second})){${append}}`
      default:
        return append
    }
  }

  #relation(): string {
    return this.#capture(this.#target.emission.relation)
  }

  /** Around the steps: the head's columns in locals. */
  #frame(): { start: string; end: string } {
    const { relation, distinct, offer } = this.#target.emission
    if (offer || distinct.kind === 'rows') return { start: '', end: '' }
    const columns = relation.columns.map((_, i) => `,h${i}=${this.#relation()}.columns[${i}]`).join('')
    return {
      start: `let n=${this.#relation()}.count,cap=${this.#relation()}.capacity${columns};`,
      end: `${this.#relation()}.count=n;`,
    }
  }
}

/** A source of a layout or of a head: a value id, or a variable as `~number`. */
function source(from: number): string {
  return from < 0 ? `v${~from}` : String(from)
}
