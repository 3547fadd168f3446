/** A profile as people read it: the steps of a decision next to the whole, then policies and predicates by what they cost. */
import { type ProfiledPolicy, type ProfiledPredicate, type ProfiledRule, visible } from '../index.ts'
import { count, entry, percent, timeText } from './benchmark/report.ts'
import type { ProfileResult } from './profile.ts'
import type { Paint } from './terminal.ts'

/** All that is said about a profile; `top` of the policies and of the predicates have a line. */
export function profileText(result: ProfileResult, top: number, paint: Paint): string {
  const lines = [
    ...headLines(result, paint),
    '',
    ...decisionLines(result, paint),
    '',
    ...policyLines(result, top, paint),
    ...predicateLines(result, top, paint),
    '',
    ...NOTES.map((note) => paint('dim', note)),
  ]
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

const NOTES = [
  'All requests were decided in turn, again and again, without a cache, and each step of all of them by itself, which is mostly',
  'faster than among the others: sum and whole differ. What measuring costs was measured and is taken away. Time of rules is',
  'part of the time of the policy that asks first. Shares are of the whole.',
]

function headLines({ name, settings, machine, ...profile }: ProfileResult, paint: Paint): string[] {
  const { scenario, scale, seed } = settings
  const what =
    scenario === undefined ? `configuration ${visible(name)}` : `scenario ${name}, scale ${scale}, seed ${seed}`
  const { requests, available, decisions, rounds, clockNs, loopNs } = profile
  const of = available > requests ? ` of ${count(available)}` : ''
  const { permit, deny, forbid, error, failing } = decisions
  const share = (n: number) => (n === 0 ? '0' : percent(n / requests))
  const kinds = Object.entries({ permit, deny, forbid, error }).map(([kind, n]) => `${kind} ${share(n)}`)
  const refused = error > 0 ? '; errors are in no number below' : ''
  return [
    `${paint('bold', `profile of ${what}`)}; Node ${machine.node}, ${machine.cores} × ${machine.cpu}, load ${machine.load.toFixed(1)}`,
    '',
    entry(
      'decisions',
      `${count(requests)}${of}: ${kinds.join(', ')}; in ${share(failing)} a policy or rule failed${refused}`,
    ),
    entry(
      'timed',
      rounds > 1 ? `${rounds} rounds, of which the median counts` : 'one round, before which nothing was warm',
    ),
    entry(
      'taken away',
      `${timeText(clockNs)} for reading the clock, ${loopNs.toFixed(1)} ns for each turn of the loop`,
    ),
  ]
}

function decisionLines({ times, decisions }: ProfileResult, paint: Paint): string[] {
  const { permit, deny, forbid } = decisions
  const each = (ns: number) => timeText(ns / Math.max(1, permit + deny + forbid))
  const row = (name: string, ns: number) =>
    `${name.padEnd(24)}${each(ns).padStart(10)}${shareText(ns, times.whole).padStart(10)}`
  return [
    paint('dim', `${'a decision'.padEnd(24)}${'mean'.padStart(10)}${'share'.padStart(10)}`),
    row('reading the request', times.reading),
    row('finding candidates', times.finding),
    row('policies', times.policies),
    row('deciding rules', times.decidingRules),
    row('combining', times.combining),
    row('sum of these', times.sum),
    paint('bold', row('whole, timed by itself', times.whole)),
  ]
}

function policyLines({ policies, times }: ProfileResult, top: number, paint: Paint): string[] {
  const asked = policies.filter((policy) => policy.asked > 0)
  const idle = asked.filter(({ satisfied }) => satisfied === 0)
  const cells = asked
    .slice(0, top)
    .map((policy) => [
      timeText(policy.ns),
      shareText(policy.ns, times.whole),
      timeText(policy.ns / policy.asked),
      count(policy.asked),
      count(policy.satisfied),
      count(policy.failed),
      `${policy.effect.padEnd(6)}  ${nameText(policy.id)}  ${paint('dim', placeText(policy))}`,
    ])
  return [
    ...table(['time', 'share', 'an ask', 'asked', 'satisfied', 'failed', 'policy'], cells, paint),
    ...restLine(asked.length, top),
    ...namesLine('never satisfied', idle, asked.length),
    ...namesLine(
      'never asked',
      policies.filter((policy) => policy.asked === 0),
      policies.length,
    ),
  ]
}

function predicateLines({ predicates, times }: ProfileResult, top: number, paint: Paint): string[] {
  if (predicates.length === 0) return []
  const cells = predicates
    .slice(0, top)
    .flatMap((predicate) => [
      predicateCells(predicate, times.whole),
      ...predicate.rules.map((rule) => ruleCells(rule, times.whole, paint)),
    ])
  const names = ['time', 'share', 'own time', 'asked', 'worked out', 'rows', 'steps', 'predicate, and its rules']
  return ['', ...table(names, cells, paint), ...restLine(predicates.length, top)]
}

function predicateCells({ name, arity, asked, goals, rows, steps, ns, ownNs }: ProfiledPredicate, whole: number) {
  const times = goals === 0 ? ['', '', ''] : [timeText(ns), shareText(ns, whole), timeText(ownNs)]
  const worked = goals === 0 ? 'stored' : count(goals)
  return [...times, count(asked), worked, count(rows), count(steps), `${visible(name)}/${arity}`]
}

function ruleCells(rule: ProfiledRule, whole: number, paint: Paint): string[] {
  const { name, runs, rows, steps, ns, ownNs } = rule
  const place = paint('dim', placeText(rule))
  const times = [timeText(ns), shareText(ns, whole), timeText(ownNs)]
  return [...times, '', count(runs), count(rows), count(steps), `  ${nameText(name)}  ${place}`]
}

/** Numbers to the right; what comes last is as long as it is. */
function table(names: readonly string[], cells: readonly (readonly string[])[], paint: Paint): string[] {
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row.map((text, i) => (i === row.length - 1 ? text : text.padStart(widths[i] ?? 0))).join('  ')
  return [paint('dim', line(names)), ...cells.map(line)]
}

function restLine(total: number, top: number): string[] {
  return total > top ? [`and ${count(total - top)} more; --top says how many are shown`] : []
}

const NAMES_MAX = 10

function namesLine(what: string, policies: readonly ProfiledPolicy[], total: number): string[] {
  if (policies.length === 0) return []
  const more = policies.length > NAMES_MAX ? ', …' : ''
  const names = policies.slice(0, NAMES_MAX).map(({ id }) => nameText(id))
  return [`${what}: ${count(policies.length)} of ${count(total)}: ${names.join(', ')}${more}`]
}

function shareText(ns: number, whole: number): string {
  return whole === 0 ? '' : percent(ns / whole)
}

const NAME_MAX = 60

function nameText(name: string): string {
  const text = visible(name)
  return text.length <= NAME_MAX ? text : `${text.slice(0, NAME_MAX - 1).toWellFormed()}…`
}

function placeText({ file, line }: ProfiledPolicy | ProfiledRule): string {
  return file === undefined ? '' : `${visible(file)}:${line}`
}
