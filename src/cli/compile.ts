/**
 * `rune compile`: a configuration into a snapshot. What was written goes to the standard output; how long it took, and what
 * the configuration could say better, to the standard error. Spec: DESIGN sections 4 and 5.
 */
import { compile, visible } from '../index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { type ConfigOptions, type Configuration, configurationOf, inputOf, refuse } from './input.ts'
import { showLoading } from './progress.ts'
import { duration, jsonDiagnostic, plural, printJson, reportDiagnostics } from './report.ts'
import { painter, type Terminal } from './terminal.ts'

export interface CompileOptions extends ConfigOptions {
  readonly output?: string
}

/** Compiles the configuration `file`, or else the one that the options mean. */
export async function compileFile(
  file: string | undefined,
  options: CompileOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const configuration = await configurationOf(file ?? options.config, terminal.env, inputOf(terminal))
  const output = options.output ?? defaultOutput(configuration)
  if (output === '') throw refuse('R763', 'the name of the snapshot is empty')
  const start = terminal.elapsedMs()
  const { bytes, rows, warnings, counts } = await showLoading(configuration, terminal, (input) =>
    compile(input, output),
  )
  const durationMs = terminal.elapsedMs() - start
  if (options.format === 'json') {
    const diagnostics = warnings.map(jsonDiagnostic)
    printJson({ file: output, bytes, rows, durationMs, diagnostics, counts }, terminal.out)
    return EXIT.ok
  }
  if (warnings.length > 0) reportDiagnostics(warnings, terminal, options.color)
  terminal.out.write(`wrote ${visible(output)}: ${size(bytes)}, ${plural(rows, 'row')}\n`)
  const paint = painter(terminal.err, terminal.env, options.color)
  terminal.err.write(`${paint('dim', `(compiled in ${duration(durationMs)})`)}\n`)
  return EXIT.ok
}

function defaultOutput(configuration: Configuration): string {
  if (!('text' in configuration)) return `${configuration.path.replace(/\.rune$/, '')}.img`
  throw refuse('R763', 'a snapshot of the standard input has no name', { help: 'name it: `--output FILE`' })
}

/** A number of bytes as people read it. */
function size(bytes: number): string {
  if (bytes < 2 ** 20) return `${(bytes / 2 ** 10).toFixed(1)} KiB`
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
