/**
 * `rune eval`: one request decided. The decision goes to the standard output; how long it took, and what the configuration
 * could say better, to the standard error. Spec: DESIGN section 5.
 */
import { type Cause, type Decision, type Rune, visible } from '../index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { configurationOf, inputOf, openConfiguration } from './input.ts'
import { duration, plural, printJson } from './report.ts'
import { outcomeText, placeText, type RequestOptions, requestOf } from './request.ts'
import { type Paint, painter, type Terminal } from './terminal.ts'

/** Decides the request that the options make. */
export async function evaluate(options: RequestOptions, terminal: Terminal): Promise<ExitCode> {
  const input = inputOf(terminal)
  const configuration = await configurationOf(options.config, terminal.env, input)
  const request = await requestOf(options, input)
  const start = terminal.elapsedMs()
  const rune = await openConfiguration(configuration, terminal, [])
  const opened = terminal.elapsedMs()
  const decision = rune.authorize(request)
  const decided = terminal.elapsedMs()
  if (options.format === 'json') printJson(decision, terminal.out)
  else {
    const because = decision.reasons.length > 0 ? rune.explain(request).because : []
    terminal.out.write(decisionText(decision, because, painter(terminal.out, terminal.env, options.color)))
    const times = `opened in ${duration(opened - start)}, decided in ${duration(decided - opened)}`
    const paint = painter(terminal.err, terminal.env, options.color)
    terminal.err.write(`${paint('dim', `(${times}${hintOf(rune)})`)}\n`)
  }
  return decision.allowed ? EXIT.ok : EXIT.refused
}

function decisionText(decision: Decision, because: readonly Cause[], paint: Paint): string {
  const failed = new Set(decision.errors.map((error) => error.id))
  const lines = decision.reasons.map((reason) => {
    const cause = because.find((c) => c.id === reason && c.effect === decision.decision && c.outcome === 'satisfied')
    if (cause) return `  by ${cause.kind} ${visible(reason)}${paint('dim', placeText(cause))}`
    return failed.has(reason) ? `  because ${visible(reason)} failed` : `  by ${visible(reason)}`
  })
  if (decision.reasons.length === 0) lines.push('  nothing permits it')
  const errors = decision.errors.map((error) => {
    return `  ${paint('red', 'failed:')} ${error.kind} ${visible(error.id)}${placeText(error)}: ${visible(error.message)}`
  })
  return `${[outcomeText(decision, paint), ...lines, ...errors].join('\n')}\n`
}

function hintOf(rune: Rune): string {
  const count = rune.warnings.length
  return count === 0 ? '' : `; \`rune validate\` has ${plural(count, 'warning')}`
}
