/**
 * `rune eval`: one request decided. The decision goes to the standard output; how long it took, and what the configuration
 * could say better, to the standard error. Spec: DESIGN section 5.
 */
import { type AuthorizeRequest, type Cause, type Decision, type Rune, visible } from '../index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { type ConfigOptions, configurationOf, type Input, inputOf, openConfiguration, readText } from './input.ts'
import { duration, plural, printJson } from './report.ts'
import { type Paint, painter, type Style, type Terminal } from './terminal.ts'

export interface EvalOptions extends ConfigOptions {
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly context?: string
  readonly entities?: string
}

/** Decides the request that the options make. */
export async function evaluate(options: EvalOptions, terminal: Terminal): Promise<ExitCode> {
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
    const { because } = rune.explain(request)
    terminal.out.write(decisionText(decision, because, painter(terminal.out, terminal.env, options.color)))
    const times = `opened in ${duration(opened - start)}, decided in ${duration(decided - opened)}`
    const paint = painter(terminal.err, terminal.env, options.color)
    terminal.err.write(`${paint('dim', `(${times}${hintOf(rune)})`)}\n`)
  }
  return decision.allowed ? EXIT.ok : EXIT.refused
}

async function requestOf(options: EvalOptions, input: Input): Promise<AuthorizeRequest> {
  const { principal, action, resource, context, entities } = options
  const file = context === '-' ? '-' : context?.startsWith('@') ? context.slice(1) : undefined
  const given = file === undefined ? context : await readText(file, '`--context`', input)
  return {
    principal,
    action,
    resource,
    ...(given !== undefined && { context: given }),
    ...(entities !== undefined && { entities: await readText(entities, '`--entities`', input) }),
  }
}

const STYLES: Readonly<Record<Decision['decision'], Style>> = { permit: 'green', deny: 'yellow', forbid: 'red' }

function decisionText(decision: Decision, because: readonly Cause[], paint: Paint): string {
  const failed = new Set(decision.errors.map((error) => error.id))
  const lines = decision.reasons.map((reason) => {
    const cause = because.find((c) => c.id === reason && c.effect === decision.decision && c.outcome === 'satisfied')
    if (cause) return `  by ${cause.kind} ${visible(reason)}${paint('dim', placeOf(cause))}`
    return failed.has(reason) ? `  because ${visible(reason)} failed` : `  by ${visible(reason)}`
  })
  if (decision.reasons.length === 0) lines.push('  nothing permits it')
  const errors = decision.errors.map((error) => {
    return `  ${paint('red', 'failed:')} ${error.kind} ${visible(error.id)}${placeOf(error)}: ${visible(error.message)}`
  })
  return `${[paint(STYLES[decision.decision], decision.decision), ...lines, ...errors].join('\n')}\n`
}

function placeOf({ file, line, column }: { file?: string; line?: number; column?: number }): string {
  return file === undefined ? '' : ` (${visible(file)}:${line}:${column})`
}

function hintOf(rune: Rune): string {
  const count = rune.warnings.length
  return count === 0 ? '' : `; \`rune validate\` has ${plural(count, 'warning')}`
}
