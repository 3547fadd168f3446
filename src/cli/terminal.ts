/**
 * What commands know of the process that they run in: two streams, the standard input, the environment and the clock. Tests
 * bring their own. Owns colours and what is invisible in output; owns no words.
 */
import { isatty } from 'node:tty'
import { EXIT } from './exit-code.ts'

export interface Terminal {
  readonly out: Stream
  readonly err: Stream
  readonly env: Readonly<Record<string, string | undefined>>
  /** All bytes of the standard input; `undefined` if there are more than `maxBytes`. */
  readInput(maxBytes: number): Promise<Uint8Array | undefined>
  /** Milliseconds since the process started. */
  elapsedMs(): number
}

export interface Stream {
  /** Whether a person sees it. */
  readonly isTerminal: boolean
  write(text: string): void
}

export type Style = 'green' | 'yellow' | 'red' | 'bold' | 'dim'

/** Paints text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

/** Whether to paint on `stream`: `--color` and `--no-color` (`color`) outweigh `NO_COLOR`, which outweighs what the stream is. */
export function isPainted(stream: Stream, env: Terminal['env'], color: boolean | undefined): boolean {
  return color ?? (stream.isTerminal && !env['NO_COLOR'])
}

/** How to paint on `stream`. */
export function painter(stream: Stream, env: Terminal['env'], color: boolean | undefined): Paint {
  if (!isPainted(stream, env, color)) return (_style, text) => text
  return (style, text) => `\x1b[${STYLES[style]}m${text}\x1b[0m`
}

/** JSON text in which what is invisible or moves the cursor is escaped; it means the same. */
export function visibleJson(json: string): string {
  return json.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
  })
}

/** The terminal of this process. A reader that has gone away is no failure. */
export function processTerminal(): Terminal {
  return {
    out: streamOf(process.stdout, 1),
    err: streamOf(process.stderr, 2),
    env: process.env,
    readInput: async (maxBytes) => {
      const chunks: Uint8Array[] = []
      let bytes = 0
      for await (const chunk of process.stdin) {
        bytes += chunk.length
        if (bytes > maxBytes) return undefined
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    },
    elapsedMs: () => performance.now(),
  }
}

const STYLES: Readonly<Record<Style, string>> = { green: '32', yellow: '33', red: '31', bold: '1', dim: '2' }

function streamOf(stream: NodeJS.WriteStream, descriptor: number): Stream {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    if (descriptor !== 2) process.stderr.write(`error: ${error.message}\n`)
    process.exit(EXIT.failure)
  })
  return { isTerminal: isatty(descriptor), write: (text) => void stream.write(text) }
}
