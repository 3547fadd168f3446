/**
 * The entry of the command line, bundled into `dist/rune.js`. It owns the process: its streams and its exit code. Commands
 * stand in files of their own, behind `program.ts`. Spec: DESIGN section 5.
 */
import { runCommandLine } from './program.ts'
import { processTerminal } from './terminal.ts'

process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal())
