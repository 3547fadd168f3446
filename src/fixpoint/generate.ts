/**
 * Generated kernels: a plan as the text of a JavaScript function of nested loops over typed arrays, where `body.ts` makes a
 * chain of closures of the same plan. Expressions that are more than a comparison of ids, and all that comes after a
 * failure, are the closures of the interpreter.
 */
import { FALSE, INT_TAG, TAG_SHIFT, TRUE } from '../image/value-ids.ts'
import { boundBy, type Step, variablesOf, variablesOfLiteral } from '../program/plan.ts'
import type { AggregateLiteral, CompareLiteral, Expr } from '../program/program.ts'
import { unreachable } from '../text/assert.ts'
import type { Access } from './access.ts'
import { compileAggregate } from './aggregate.ts'
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
import type { AtomLayout, BodyTarget } from './body-target.ts'
import { BLOCK_SHIFT, type DenseGroups, NO_GROUP } from './dense-aggregate.ts'
import type { PairDistinct } from './distinct.ts'
import type { Emission } from './emission.ts'
import { compileExpr, type Environment } from './expression.ts'
import {
  crossText,
  distinctText,
  KernelText,
  loopText,
  memberText,
  pairText,
  placeText,
  type RunText,
  sourceText,
  stepsText,
} from './kernel-text.ts'
import { ERROR, spendSteps } from './machine.ts'
import type { OrderedRun } from './sources.ts'

type AtomStep = Step & { kind: 'match' | 'absent' }

export interface KernelTarget extends BodyTarget {
  readonly emission: Emission
  access(step: AtomStep, layout: AtomLayout): Access
  /** The rows of an atom by the column `key`, each run in the order of the column `order`; nothing where that can't be had. */
  orderedRun(step: AtomStep, key: number, order: number): OrderedRun | undefined
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

/** Runs a body for what the environment gives. */
export type Kernel = (environment: Environment) => void

/** As `compileBody` of `target`, with `target.emission` at its end; `bound` are read from the environment. */
export function generateKernel(
  target: KernelTarget,
  steps: readonly Step[],
  bound: readonly number[],
  tail: number,
): Kernel {
  const { text, captures } = kernelText(target, steps, bound, tail)
  const kernel = kernelOf(text)
  return (environment) => kernel(captures, environment)
}

type KernelFunction = (captures: readonly unknown[], environment: Environment) => void

/**
 * By text, which holds nothing of the data but constants of rules. What a kernel works on is an argument of it and nothing
 * that it closes over: so V8 compiles it once, and when a program is evaluated again, after an update or a reload, it is fast
 * from its first call on.
 */
const kernels = new Map<string, KernelFunction>()
const KERNELS_MAX = 1000

/** The texts of the kernels that are kept, in the order in which they were made; forgets them. @internal */
export function takeKernels(): string[] {
  const texts = [...kernels.keys()]
  kernels.clear()
  return texts
}

function kernelOf(text: string): KernelFunction {
  let kernel = kernels.get(text)
  if (!kernel) {
    kernel = new Function('C', 'E', text) as KernelFunction
    const [oldest] = kernels.keys()
    if (oldest !== undefined && kernels.size >= KERNELS_MAX) kernels.delete(oldest)
    kernels.set(text, kernel)
  }
  return kernel
}

/** The text of a kernel and what it is to be called with. */
export function kernelText(
  target: KernelTarget,
  steps: readonly Step[],
  bound: readonly number[],
  tail: number,
): { readonly text: string; readonly captures: readonly unknown[] } {
  const text = new KernelText()
  const kernel: Making = {
    text,
    target,
    steps,
    before: progressOf(steps, startWith(bound)),
    tail,
    isTail: false,
    isLeft: false,
  }
  text.lines.push(`const spend=${text.capture(spendSteps)},machine=${text.capture(target.machine)};`)
  const body = stepText(kernel, 0)
  const variables = new Set([...bound, ...steps.flatMap(boundBy)])
  const locals = [...variables].map((v) => `v${v}=${bound.includes(v) ? `E[${v}]` : 0}`)
  const { start, end } = frameText(kernel)
  const lines = [...text.lines, `let ${['steps=0', ...locals].join()};`, start, body, end, 'spend(machine,steps);']
  return { text: lines.filter(Boolean).join('\n'), captures: text.captures }
}

/** A kernel that is being made. */
interface Making {
  readonly text: KernelText
  readonly target: KernelTarget
  readonly steps: readonly Step[]
  readonly before: readonly Progress[]
  /** The step from which on one way through is enough. */
  readonly tail: number
  /** Whether it has begun, and whether it has loops that are to be left. */
  isTail: boolean
  isLeft: boolean
}

/** The text of step `i` and of all that comes after it. */
function stepText(kernel: Making, i: number): string {
  // Steps that are met in step have one text: the tail may begin among them, and then does after them.
  if (i < kernel.tail || i === kernel.steps.length || kernel.isTail) return onlyStepText(kernel, i)
  kernel.isTail = true
  const tail = onlyStepText(kernel, i)
  return kernel.isLeft ? `tail:{${tail}}` : tail
}

function onlyStepText(kernel: Making, i: number): string {
  const s = kernel.steps[i]
  if (!s) return `${emitText(kernel)}${kernel.isLeft ? 'break tail;' : ''}`
  switch (s.kind) {
    case 'match':
      return matchText(kernel, s, i)
    case 'absent':
      return absentText(kernel, s, i)
    case 'check':
      return s.test.kind === 'compare' ? compareText(kernel, s.test, i) : testText(kernel, s, i)
    case 'bind':
      return bindText(kernel, s, i)
    case 'each':
      return eachText(kernel, s, i)
    case 'aggregate':
      return aggregateText(kernel, s, i)
    default:
      return unreachable(s)
  }
}

function matchText(kernel: Making, s: AtomStep, i: number): string {
  const { text, target } = kernel
  const layout = layoutOf(s.atom, kernel.before[i]!.bound, target.constants)
  const crossing = crossingOf(kernel, layout, i)
  if (crossing) {
    if (kernel.isTail) kernel.isLeft = true
    return crossText(text, crossing.runs, crossing.variable, stepText(kernel, i + crossing.runs.length))
  }
  const access = target.access(s, layout)
  const isTest = access.kind === 'members' || access.kind === 'run'
  const isOnce = isExistential(kernel, layout, i)
  // A loop that ends with its first row is left without more, unless it is within another.
  if (kernel.isTail && !isTest && !isOnce) kernel.isLeft = true
  const inner = stepText(kernel, i + 1)
  if (isTest) return `if(${memberText(text, access, layout)}){${inner}}`
  return loopText(text, access, { layout, inner, isOnce })
}

function absentText(kernel: Making, s: AtomStep, i: number): string {
  const { text, target } = kernel
  const layout = layoutOf(s.atom, kernel.before[i]!.bound, target.constants)
  const access = target.access(s, layout)
  const next = stepText(kernel, i + 1)
  if (access.kind === 'members' || access.kind === 'run') return `if(!${memberText(text, access, layout)}){${next}}`
  const found = `f${text.label()}`
  const search = loopText(text, access, { layout, inner: `${found}=true;`, isOnce: true })
  return `let ${found}=false;${search}if(!${found}){${next}}`
}

/** Runs of as many steps, all in the order of the variable that the first one binds. */
interface Crossing {
  readonly runs: readonly RunText[]
  readonly variable: number
}

/**
 * Atoms that follow step `i`, and only test the variable that it binds, together with one that is
 * bound before: the run of this one and theirs are all in the order of that variable, and are met in step.
 */
export function crossingOf(
  { target, steps, before }: Pick<Making, 'target' | 'steps' | 'before'>,
  layout: AtomLayout,
  i: number,
): Crossing | undefined {
  const [bind] = layout.binds
  if (!bind || layout.binds.length > 1 || layout.repeats.length > 0 || layout.key.length !== 1) return undefined
  const runs: RunText[] = []
  for (const s of steps.slice(i + 1)) {
    if (s.kind !== 'match' || s.atom.args.length !== 2) break
    const column = s.atom.args.findIndex((arg) => arg.kind === 'variable' && arg.variable === bind.variable)
    const other = s.atom.args[1 - column]
    if (column < 0 || other?.kind !== 'variable' || !before[i]!.bound.has(other.variable)) break
    const run = target.orderedRun(s, 1 - column, column)
    if (!run) break
    runs.push({ ...run, key: `v${other.variable}`, column })
  }
  if (runs.length === 0) return undefined
  const run = target.orderedRun(steps[i] as AtomStep, layout.key[0]!, bind.column)
  if (!run) return undefined
  runs.unshift({ ...run, key: sourceText(layout.sources[0]!), column: bind.column })
  return { runs, variable: bind.variable }
}

/** Whether nothing that comes after depends on which row was matched. */
function isExistential({ target, steps }: Making, layout: AtomLayout, i: number): boolean {
  const later = new Set([
    ...target.emission.sources.flatMap((from) => (from < 0 ? [~from] : [])),
    ...steps.slice(i + 1).flatMap(({ literal }) => variablesOfLiteral(target.body[literal]!)),
  ])
  return layout.binds.every(({ variable }) => !later.has(variable))
}

function compareText(kernel: Making, test: CompareLiteral, i: number): string {
  const [left, right] = [operandText(kernel, test.left), operandText(kernel, test.right)]
  if (left === undefined || right === undefined) return testText(kernel, kernel.steps[i] as Step & { kind: 'check' }, i)
  const inner = stepText(kernel, i + 1)
  if (test.operator === '=') return `if(${left}===${right}){${inner}}`
  if (test.operator === '!=') return `if(${left}!==${right}){${inner}}`
  const { machine } = kernel.target
  const slow = kernel.text.capture((a: number, b: number) => compare(machine, test.operator, a, b))
  const t = `t${kernel.text.label()}`
  const isInt = (operand: string) => `${operand}>>>${TAG_SHIFT}===${INT_TAG}`
  // Ids of inline integers are in the order of the integers.
  return `const ${t}=${isInt(left)}&&${isInt(right)}?(${left}${test.operator}${right}?${TRUE}:${FALSE}):${slow}(${left},${right});
if(${t}===${TRUE}){${inner}}else if(${t}===${ERROR}){${failedText(kernel, i)}}`
}

/** An expression that needs no evaluation. */
function operandText({ target }: Making, expr: Expr): string | undefined {
  if (expr.kind === 'variable') return `v${expr.variable}`
  return expr.kind === 'constant' ? String(target.constants.intern(expr.value)) : undefined
}

function testText(kernel: Making, s: Step & { kind: 'check' }, i: number): string {
  const { machine, constants } = kernel.target
  const test = kernel.text.capture(compileTest(s.test, machine, constants))
  const t = `t${kernel.text.label()}`
  return `${storeText(variablesOfLiteral(s.test))}const ${t}=${test}(E);
if(${t}===${TRUE}){${stepText(kernel, i + 1)}}else if(${t}===${ERROR}){${failedText(kernel, i)}}`
}

function bindText(kernel: Making, s: Step & { kind: 'bind' }, i: number): string {
  const operand = operandText(kernel, s.expr)
  if (operand !== undefined) return `v${s.variable}=${operand};${stepText(kernel, i + 1)}`
  const { machine, constants } = kernel.target
  const evaluate = kernel.text.capture(compileExpr(s.expr, machine, constants))
  const t = `t${kernel.text.label()}`
  return `${storeText(variablesOf(s.expr))}const ${t}=${evaluate}(E);
if(${t}===${ERROR}){${failedText(kernel, i)}}else{v${s.variable}=${t};${stepText(kernel, i + 1)}}`
}

function eachText(kernel: Making, s: Step & { kind: 'each' }, i: number): string {
  const { machine, constants } = kernel.target
  const elements = kernel.text.capture(compileElements(s.source, machine, constants))
  if (kernel.isTail) kernel.isLeft = true
  const n = kernel.text.label()
  const { bound } = kernel.before[i]!
  return `${storeText(variablesOfLiteral(s.source).filter((v) => bound.has(v)))}const a${n}=${elements}(E);
if(a${n}===undefined){${failedText(kernel, i)}}else{${stepsText(`a${n}.length`)}
for(let j${n}=0;j${n}<a${n}.length;j${n}++){v${s.variable}=a${n}[j${n}];${stepText(kernel, i + 1)}}}`
}

function aggregateText(kernel: Making, s: Step & { kind: 'aggregate' }, i: number): string {
  const { text, target } = kernel
  const { aggregate } = s
  const t = `t${text.label()}`
  const next = aggregateResultText(kernel, s, i, t)
  const dense = target.dense(aggregate)
  if (!dense) {
    const fold = text.capture(compileAggregate(target, s, compileBody))
    return `${storeText(aggregate.groups)}const ${t}=${fold}(E);
if(${t}===${ERROR}){${failedText(kernel, i)}}else if(${t}!==undefined){${next}}`
  }
  const empty = aggregate.empty === undefined ? NO_GROUP : target.constants.intern(aggregate.empty)
  const at = placeText(`v${aggregate.groups[0]}`, text.field(dense, 'base'))
  const blocks = text.field(dense, 'blocks')
  const block = `${at}>>>${BLOCK_SHIFT}`
  const slot = `(${block})<${blocks}.length?(${blocks}[${block}]<<${BLOCK_SHIFT})|(${at}&${2 ** BLOCK_SHIFT - 1}):0`
  return `${stepsText('1')}let ${t}=${text.field(dense, 'ids')}[${slot}];
if(${t}===${NO_GROUP})${t}=${empty};
if(${t}!==${NO_GROUP}){${next}}`
}

/** Binds the result, which is called `t`, or compares with it. */
function aggregateResultText(kernel: Making, s: Step & { kind: 'aggregate' }, i: number, t: string): string {
  const { text, target } = kernel
  const next = stepText(kernel, i + 1)
  if (s.variable !== undefined) return `v${s.variable}=${t};${next}`
  const { result } = s.aggregate
  const operand = operandText(kernel, result)
  if (operand !== undefined) return `if(${t}===${operand}){${next}}`
  const expected = text.capture(compileExpr(result, target.machine, target.constants))
  return `${storeText(variablesOf(result))}const w${t}=${expected}(E);
if(w${t}===${ERROR}){${failedText(kernel, i)}}else if(w${t}===${t}){${next}}`
}

/** Puts variables where closures find them. */
function storeText(variables: readonly number[]): string {
  return [...new Set(variables)].map((v) => `E[${v}]=v${v};`).join('')
}

/** Hands the binding to the chain of what does not depend on the step that failed. */
function failedText({ text, target, steps, before }: Making, i: number): string {
  const chain = text.capture(errorChain(target, steps[i]!.literal, before[i]!)([]))
  return `${storeText([...before[i]!.bound])}${chain}(E);`
}

function emitText({ text, target }: Making): string {
  const { emission, emit } = target
  const { relation, sources, grow } = emission
  const distinct = notedInKernel(emission)
  if (!distinct) return `${storeText(sources.flatMap((from) => (from < 0 ? [~from] : [])))}${text.capture(emit)}(E);`
  const values = sources.map(sourceText)
  const head = text.capture(relation)
  const columns = [...values.keys()].map((column) => `h${column}=${head}.columns[${column}];`).join('')
  const append = `if(n===cap){${head}.count=n;${text.capture(grow)}();cap=${head}.capacity;${columns}}
${values.map((value, column) => `h${column}[n]=${value};`).join('')}n++;`
  return distinctText(text, distinct, pairText(sources), append)
}

/** Around all steps: the head's columns in locals. */
function frameText({ text, target }: Making): { readonly start: string; readonly end: string } {
  const { emission } = target
  if (!notedInKernel(emission)) return { start: '', end: '' }
  const head = text.capture(emission.relation)
  const columns = emission.sources.map((_, column) => `,h${column}=${head}.columns[${column}]`).join('')
  return { start: `let n=${head}.count,cap=${head}.capacity${columns};`, end: `${head}.count=n;` }
}

/** What keeps the rows distinct, if that is not left to a closure. */
function notedInKernel({ offer, distinct }: Emission): PairDistinct | undefined {
  return offer !== undefined || distinct.kind === 'rows' ? undefined : distinct
}
