/**
 * A terminal that remembers what was written to it, for commands that run in the test's own process.
 */
import { runCommandLine } from '../../src/cli/program.ts'

export interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
  /** Whether a person looks on. */
  readonly isTerminal?: boolean
}

/** Runs a command line, and says how it ended and what it wrote. */
export async function rune(args: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  const { env = {}, input = '', isTerminal = false } = surroundings
  const written = { out: '', err: '' }
  const stream = (name: 'out' | 'err') => ({
    isTerminal,
    write: (text: string) => {
      written[name] += text
    },
  })
  let clock = 0
  const exit = await runCommandLine(args, {
    out: stream('out'),
    err: stream('err'),
    env,
    readInput: async () => (typeof input === 'string' ? new TextEncoder().encode(input) : input),
    elapsedMs: () => clock++,
  })
  return { exit, ...written }
}
