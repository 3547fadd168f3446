/** A result as people read it: tables and a small histogram. It says what would flatter: what was asked, and what was cached. */
import { visible } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { BLOCK } from './measure.ts'
import type { BenchmarkResult, Latency, Times } from './result.ts'
import type { Settings } from './settings.ts'

/** All that is said about a result. */
export function resultText(result: BenchmarkResult, paint: Paint): string {
  const lines = [
    ...headLines(result, paint),
    '',
    ...askedLines(result),
    '',
    ...throughputLines(result, paint),
    '',
    ...latencyLines(result.latency, paint),
    '',
    ...besideLines(result),
  ]
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

/** `640 ns`, `1.2 µs`, `31 ms`. */
export function timeText(ns: number): string {
  const [value, unit] =
    ns < 1000 ? [ns, 'ns'] : ns < 1e6 ? [ns / 1000, 'µs'] : ns < 1e9 ? [ns / 1e6, 'ms'] : [ns / 1e9, 's']
  return `${value < 10 && unit !== 'ns' ? value.toFixed(2) : value < 100 && unit !== 'ns' ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** `812 /s`, `4.31 k/s`, `10.2 M/s`. */
export function rateText(perSecond: number): string {
  const [value, unit] =
    perSecond < 1000 ? [perSecond, ''] : perSecond < 1e6 ? [perSecond / 1000, 'k'] : [perSecond / 1e6, 'M']
  return `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value)} ${unit}/s`
}

function headLines({ name, settings, machine }: BenchmarkResult, paint: Paint): string[] {
  const { mode, threads, repetitions, sliceMs, warmupMs, seed, scale, scenario } = settings
  const what = scenario === undefined ? `configuration ${visible(name)}` : `scenario ${name}, scale ${scale}`
  const each = sliceMs === undefined ? 'each request once' : timeText(sliceMs * 1e6)
  const more = threads > machine.cores && mode !== 'batch' ? `, more than the ${machine.cores} cores` : ''
  return [
    `${paint('bold', what)}, seed ${seed}; mode ${mode}, ${threads === 1 ? '1 thread' : `${threads} threads${more}`}`,
    `${repetitions} × ${each}, after ${timeText(warmupMs * 1e6)} to warm up; Node ${machine.node}, ${machine.cores} × ${machine.cpu}, load ${machine.load.toFixed(1)}`,
  ]
}

function askedLines({ requests, settings, decisions, cache }: BenchmarkResult): string[] {
  const { total, permit, deny, forbid, error, failing } = decisions
  const { zipf, hitRate } = settings
  const drawn = zipf === 0 ? 'all alike' : `by Zipf's law with the exponent ${zipf}`
  const rare = hitRate === undefined ? '' : `; ${percent(1 - hitRate)} of all are of those that come rarely`
  const asked = requests.asked < requests.distinct ? ` of ${count(requests.distinct)}` : ''
  const kinds = { permit, deny, forbid, error }
  const shares = Object.entries(kinds).map(([name, n]) => `${name} ${n === 0 ? '0' : percent(n / total)}`)
  return [
    entry(
      'requests',
      `${count(requests.asked)}${asked} distinct, ${settings.sliceMs === undefined ? 'each once' : `asked again and again, ${drawn}${rare}`}`,
    ),
    entry('decisions', `${count(total)}: ${shares.join(', ')}; in ${percent(failing / total)} a policy or rule failed`),
    entry('cached', cacheText(cache, settings)),
  ]
}

function cacheText(cache: BenchmarkResult['cache'], { mode, sliceMs, hitRate: wanted }: Settings): string {
  if (!cache) return mode === 'batch' ? 'the threads of the pool keep that to themselves' : 'nothing'
  const { hits, misses, evictions, uncacheable, hitRate, bytes } = cache
  const rest = `${count(hits)} hits, ${count(misses)} misses, ${count(evictions)} evictions, ${count(uncacheable)} never cached`
  const aim = wanted === undefined || sliceMs === undefined ? '' : ` of all, where ${percent(wanted)} was the aim`
  const mostly = hitRate > 0.5 ? '; what is measured is mostly the cache' : ''
  return `${percent(hitRate)}${aim}: ${rest}; ${bytesText(bytes)}${mostly}`
}

function throughputLines({ throughput, decisions, floor, settings }: BenchmarkResult, paint: Paint): string[] {
  const { perSecond, repetitions, threads } = throughput
  const row = (name: string, n: string, rate: string, more = '') =>
    `${name.padEnd(12)}${n.padStart(16)}${rate.padStart(14)}  ${more}`
  const range = `median of ${repetitions.length}, from ${rateText(Math.min(...repetitions))} to ${rateText(Math.max(...repetitions))}`
  const ofThreads = threads.map((thread, i) =>
    row(`thread ${i + 1}`, count(thread.decisions), rateText(thread.perSecond)),
  )
  const factor = (ratio: number) => (ratio < 100 ? ratio.toFixed(2) : count(Math.round(ratio)))
  const times =
    floor.ratio >= 1
      ? `a decision takes ${factor(floor.ratio)} × as long`
      : `decisions are ${factor(1 / floor.ratio)} × as fast`
  return [
    paint('dim', row('throughput', 'decisions', 'a second')),
    ...(settings.mode === 'batch' ? [] : ofThreads),
    paint('bold', row('all', count(decisions.total), rateText(perSecond), range)),
    row('floor', '', rateText(floor.perSecond), `three Map look-ups and a probe on the same strings: ${times}`),
  ]
}

const PERCENTILES = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['p99.9', 'p999'],
  ['p99.99', 'p9999'],
] as const

function latencyLines(latency: Latency, paint: Paint): string[] {
  const { of, samples, clockNs, blockP50, max } = latency
  const what = of === 1 ? `${count(samples)} decisions, timed one by one` : `${count(samples)} batches of ${count(of)}`
  const known = PERCENTILES.map(([name, key]) => {
    const time = latency[key]
    return [name, time === undefined ? 'too few' : timeText(time)] as const
  })
  const cells = [...known, ['max', timeText(max)] as const]
  const blocks = blockP50 === undefined ? [] : [`  p50 in blocks of ${BLOCK}, without the clock: ${timeText(blockP50)}`]
  return [
    `${paint('dim', 'latency')}     of ${what}; reading the clock, ${timeText(clockNs)}, is included`,
    `  ${cells.map(([name]) => name.padStart(9)).join('')}`,
    `  ${cells.map(([, time]) => time.padStart(9)).join('')}`,
    ...blocks,
    ...bars(latency),
  ]
}

const BAR_MAX = 40
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** What is there at all can be seen. */
function bars({ histogram, samples }: Latency): string[] {
  const most = Math.max(...histogram.map((bar) => bar.count))
  return histogram.map(({ to, count: n }) => {
    const eighths = n === 0 ? 0 : Math.max(1, Math.round((n / most) * BAR_MAX * 8))
    const bar = `${'█'.repeat(eighths >> 3)}${EIGHTHS[eighths & 7] ?? ''}`
    return `  ${`< ${timeText(to)}`.padStart(10)} ${bar.padEnd(BAR_MAX)} ${n === 0 ? '' : percent(n / samples).padStart(9)}`
  })
}

function besideLines({ memory, eventLoop, gc, reloads, updates }: BenchmarkResult): string[] {
  const { rows, rowBytes, arenaBytes } = memory
  const each = rows === 0 ? '' : `, ${(rowBytes / rows).toFixed(1)} bytes a row`
  return [
    entry('memory', `${count(rows)} rows in ${bytesText(rowBytes)}${each}; ${bytesText(arenaBytes)} shared, in all`),
    entry(
      'event loop',
      `of the opening thread: p50 ${ms(eventLoop.p50Ms)}, p99 ${ms(eventLoop.p99Ms)}, worst ${ms(eventLoop.maxMs)} (1 ms at rest)`,
    ),
    entry('garbage', `${count(gc.count)} pauses, ${percent(gc.share)} of the time, the longest ${ms(gc.maxMs)}`),
    ...(reloads ? [entry('reloads', timesText(reloads))] : []),
    ...(updates ? [entry('updates', timesText(updates))] : []),
  ]
}

function timesText({ count: n, p50Ms, maxMs }: Times): string {
  return `${count(n)}, in force after ${ms(p50Ms)}, at worst ${ms(maxMs)}`
}

/** A line that starts with what it is about. */
export function entry(name: string, text: string): string {
  return `${name.padEnd(12)}${text}`
}

function ms(value: number): string {
  return timeText(value * 1e6)
}

/** `12.3 %`. */
export function percent(share: number): string {
  const value = share * 100
  return `${value === 0 || value >= 99.995 ? value.toFixed(0) : value < 0.01 ? '< 0.01' : value < 1 || value > 99 ? value.toFixed(2) : value.toFixed(1)} %`
}

function bytesText(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** `1,234`. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}
