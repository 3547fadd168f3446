/**
 * The entry of the command line, bundled into `dist/rune.js`. It owns the program's name and version and nothing else;
 * every command stands in a file of its own. Spec: DESIGN section 5.
 */
import { Command } from 'commander'
import pkg from '../../package.json' with { type: 'json' }

const program = new Command('rune').description(pkg.description).version(pkg.version)
await program.parseAsync()
