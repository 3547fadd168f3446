/**
 * `rune test`: the expected decisions of configurations, compared with what is decided. Spec: LANGUAGE section 8.
 */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  type CaseResult,
  type Decision,
  type Diagnostic,
  RuneError,
  runTests,
  type TestReport,
  visible,
} from '../index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { type ConfigOptions, type Configuration, configurationOf, inputOf } from './input.ts'
import { showLoading } from './progress.ts'
import { duration, exitCodeOf, jsonDiagnostic, plural, printJson, reportDiagnostics } from './report.ts'
import { type Paint, painter, type Terminal } from './terminal.ts'

/** Runs the cases of `files`, or of the configuration that the options mean and of the `*_test.rune` files beside it. */
export async function test(files: readonly string[], options: ConfigOptions, terminal: Terminal): Promise<ExitCode> {
  const start = terminal.elapsedMs()
  const paint = painter(terminal.out, terminal.env, options.color)
  const reports: FileReport[] = []
  let broken: ExitCode = EXIT.ok
  for (const configuration of await configurationsOf(files, options, terminal)) {
    const report = await reportOf(configuration, terminal)
    reports.push(report)
    if (report.diagnostics) broken = exitCodeOf(report.diagnostics)
    if (options.format === 'text') printReport(report, paint, terminal, options.color)
  }
  const [passed, failed] = [sum(reports.map((r) => r.passed)), sum(reports.map((r) => r.failed))]
  if (options.format === 'json') printJson({ passed, failed, files: reports.map(jsonReport) }, terminal.out)
  else {
    const counts = `${passed} passed, ${failed} failed`
    terminal.out.write(`${failed > 0 ? paint('red', counts) : paint(passed > 0 ? 'green' : 'yellow', counts)}\n`)
    const times = painter(terminal.err, terminal.env, options.color)
    terminal.err.write(
      `${times('dim', `(${plural(reports.length, 'file')} in ${duration(terminal.elapsedMs() - start)})`)}\n`,
    )
  }
  if (broken !== EXIT.ok) return broken
  // Without a case nothing was shown: that is no success.
  return failed > 0 || passed === 0 ? EXIT.testsFailed : EXIT.ok
}

interface FileReport extends TestReport {
  readonly file: string
  /** Why no case of it could be run. */
  readonly diagnostics?: readonly Diagnostic[]
}

async function reportOf(configuration: Configuration, terminal: Terminal): Promise<FileReport> {
  const file = configuration.path
  try {
    return { file, ...(await showLoading(configuration, terminal, runTests)) }
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return { file, cases: [], passed: 0, failed: 0, diagnostics: error.diagnostics }
  }
}

async function configurationsOf(
  files: readonly string[],
  options: ConfigOptions,
  terminal: Terminal,
): Promise<Configuration[]> {
  const input = inputOf(terminal)
  const configurations: Configuration[] = []
  for (const file of files) configurations.push(await configurationOf(file, terminal.env, input))
  if (configurations.length > 0) return configurations
  const configuration = await configurationOf(options.config, terminal.env, input)
  if ('text' in configuration) return [configuration]
  return [configuration, ...testFilesBeside(configuration.path).map((path) => ({ path }))]
}

function testFilesBeside(path: string): string[] {
  const folder = dirname(path)
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith('_test.rune'))
    .map((entry) => entry.name)
  return names
    .sort()
    .map((name) => join(folder, name))
    .filter((file) => file !== join(path))
}

function printReport(report: FileReport, paint: Paint, terminal: Terminal, color: boolean | undefined): void {
  const { out } = terminal
  const note = report.diagnostics ? ' cannot be opened' : report.cases.length === 0 ? ' has no test cases' : ''
  out.write(`${paint('bold', visible(report.file))}${note}\n`)
  if (report.diagnostics) reportDiagnostics(report.diagnostics, terminal, color)
  for (const result of report.cases) {
    const name = visible(result.name)
    if (result.passed) out.write(`  ${paint('green', 'ok')}    ${name}\n`)
    else {
      out.write(`  ${paint('red', 'FAIL')}  ${name}  ${paint('dim', `${visible(result.file)}:${result.line}`)}\n`)
      out.write(`        expected ${expectedText(result.expected)}\n`)
      out.write(`        got      ${result.got ? decisionText(result.got) : 'an error'}\n`)
      if (result.diagnostics) reportDiagnostics(result.diagnostics, terminal, color)
    }
  }
}

function expectedText({ decision, reasons }: CaseResult['expected']): string {
  return reasons ? `${decision} by ${list(reasons)}` : decision
}

function decisionText({ decision, reasons, errors }: Decision): string {
  const failures = errors.map(({ kind, id, message }) => `; ${kind} ${visible(id)} failed: ${visible(message)}`)
  return `${decision}${reasons.length > 0 ? ` by ${list(reasons)}` : ''}${failures.join('')}`
}

function list(reasons: readonly string[]): string {
  return reasons.length === 0 ? 'nothing' : reasons.map(visible).join(', ')
}

function jsonReport(report: FileReport): unknown {
  return { ...report, ...jsonDiagnostics(report), cases: report.cases.map((c) => ({ ...c, ...jsonDiagnostics(c) })) }
}

function jsonDiagnostics({ diagnostics }: { readonly diagnostics?: readonly Diagnostic[] }): object {
  return diagnostics ? { diagnostics: diagnostics.map(jsonDiagnostic) } : {}
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}
