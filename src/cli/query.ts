/**
 * `rune query`: the rows for which a body holds. Rows go to the standard output; how many and how long, to the standard
 * error. Spec: DESIGN section 5.
 */
import { EXIT, type ExitCode } from './exit-code.ts'
import { type ConfigOptions, configurationOf, inputOf, openConfiguration } from './input.ts'
import { duration, plural } from './report.ts'
import { painter, type Terminal, visibleJson } from './terminal.ts'

/** Prints the rows of `body`: literals with tabs between, or JSON. */
export async function query(body: string, options: ConfigOptions, terminal: Terminal): Promise<ExitCode> {
  const configuration = await configurationOf(options.config, terminal.env, inputOf(terminal))
  const start = terminal.elapsedMs()
  const rune = await openConfiguration(configuration, terminal, [body])
  const opened = terminal.elapsedMs()
  const result = rune.query(body)
  const answered = terminal.elapsedMs()
  if (options.format === 'json') {
    terminal.out.write(`${visibleJson(result.toJson())}\n`)
    return EXIT.ok
  }
  const isQuestion = result.columns.length === 0
  if (!isQuestion) terminal.out.write(result.toText())
  else terminal.out.write(result.rows.length > 0 ? 'true\n' : 'false\n')
  const rows = isQuestion ? '' : `${plural(result.rows.length, 'row')} of ${result.columns.join(', ')}; `
  const times = `opened in ${duration(opened - start)}, answered in ${duration(answered - opened)}`
  terminal.err.write(`${painter(terminal.err, terminal.env, options.color)('dim', `(${rows}${times})`)}\n`)
  return EXIT.ok
}
