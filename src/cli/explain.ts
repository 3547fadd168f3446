/**
 * `rune explain`: why a request is decided as it is. Policies stand with their clauses, what each came to and the values
 * that it read; of a deny, with the permits that came nearest. Spec: DESIGN section 5, LANGUAGE section 8.
 */
import { type Cause, type Clause, type ClausePart, type Explanation, visible } from '../index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { configurationOf, inputOf, openConfiguration } from './input.ts'
import { plural, printJson } from './report.ts'
import { outcomeText, placeText, type RequestOptions, requestOf } from './request.ts'
import { type Paint, painter, type Style, type Terminal } from './terminal.ts'

/** Explains the decision about the request that the options make. */
export async function explain(options: RequestOptions, terminal: Terminal): Promise<ExitCode> {
  const input = inputOf(terminal)
  const configuration = await configurationOf(options.config, terminal.env, input)
  const request = await requestOf(options, input)
  const rune = await openConfiguration(configuration, terminal, [])
  const explanation = rune.explain(request)
  if (options.format === 'json') printJson(explanation, terminal.out)
  else {
    const paint = painter(terminal.out, terminal.env, options.color)
    terminal.out.write(`${textLines(explanation, paint).join('\n')}\n`)
  }
  return explanation.decision.allowed ? EXIT.ok : EXIT.refused
}

function textLines({ decision, because, whyNot }: Explanation, paint: Paint): string[] {
  const lines = [outcomeText(decision, paint)]
  for (const cause of because) lines.push(...causeLines(cause, labelOf(cause, decision), paint))
  for (const { kind, id, message } of decision.errors) {
    if (kind === 'context') lines.push(`  ${paint('red', 'failed:')} context ${visible(id)}: ${visible(message)}`)
  }
  if (whyNot === undefined) return lines
  const { permits, more } = whyNot
  lines.push(`  nothing permits it${permits.length > 0 ? '; the nearest:' : ''}`)
  for (const cause of permits) lines.push(...causeLines(cause, 'not by', paint))
  if (more > 0) lines.push(`  and ${plural(more, 'permit')} more`)
  return lines
}

function labelOf({ effect, outcome }: Cause, { decision }: Explanation['decision']): string {
  if (outcome === 'failed') return 'failed:'
  return effect === decision ? 'by' : 'outweighed:'
}

function causeLines(cause: Cause, label: string, paint: Paint): string[] {
  const { kind, id, message, clauses = [], clausesLeftOut = 0 } = cause
  // Where there are clauses, the one that failed says it.
  const why = message === undefined || clauses.length > 0 ? '' : `: ${visible(message)}`
  const head = cause.outcome === 'failed' ? paint('red', label) : label
  const lines = [`  ${head} ${kind} ${visible(id)}${paint('dim', placeText(cause))}${why}`]
  for (const [i, clause] of clauses.entries()) {
    // The last one is the one that is not true, if there is one.
    if (i === clauses.length - 1 && clausesLeftOut > 0) lines.push(`      and ${plural(clausesLeftOut, 'clause')} more`)
    lines.push(...clauseLines(clause, paint))
  }
  return lines
}

const STYLES: Readonly<Record<Clause['outcome'], Style>> = { true: 'green', false: 'yellow', failed: 'red' }

function clauseLines(clause: Clause, paint: Paint): string[] {
  const { because, more = 0 } = clause
  const [only, ...others] = because
  const isWhole = others.length === 0 && only?.text === clause.text
  const place = clause.outcome === 'true' ? '' : paint('dim', placeText(clause))
  const lines = [`      ${partText(clause, paint)}${place}${isWhole ? valuesText(only, paint) : ''}`]
  if (!isWhole) lines.push(...because.map((part) => `        ${partText(part, paint)}${valuesText(part, paint)}`))
  if (more > 0) lines.push(`        and ${more} more`)
  return lines
}

function partText({ outcome, text }: Clause | ClausePart, paint: Paint): string {
  return `${paint(STYLES[outcome], outcome.padEnd(6))} ${oneLine(text)}`
}

function valuesText({ message, values }: ClausePart, paint: Paint): string {
  const shown = values.map(({ text, value }) => `${oneLine(text)} = ${visible(value)}`).join(', ')
  const why = [...(message === undefined ? [] : [visible(message)]), ...(shown === '' ? [] : [shown])]
  return why.length > 0 ? paint('dim', `: ${why.join('; ')}`) : ''
}

function oneLine(text: string): string {
  return visible(text.replace(/\s*\n\s*/g, ' '))
}
