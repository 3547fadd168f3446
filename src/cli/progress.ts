/**
 * How far a long load is, on a line of the standard error that goes away again; only where a person sees it. Owns no other
 * output, and does not know what is loaded.
 */
import { type LoadProgress, type OnProgress, visible } from '../index.ts'
import type { Terminal } from './terminal.ts'

/** Does `work` with a configuration, and says meanwhile how far the loading of its fact files is. */
export async function showLoading<C extends object, T>(
  configuration: C,
  terminal: Pick<Terminal, 'err' | 'elapsedMs'>,
  work: (configuration: C & { readonly onProgress?: OnProgress }) => Promise<T>,
): Promise<T> {
  if (!terminal.err.isTerminal) return await work(configuration)
  const start = terminal.elapsedMs()
  let shownAt: number | undefined
  const onProgress = (progress: LoadProgress): void => {
    const now = terminal.elapsedMs()
    if (now - start < PATIENCE_MS || (shownAt !== undefined && now - shownAt < PAUSE_MS)) return
    shownAt = now
    terminal.err.write(`${CLEAR}${lineOf(progress)}`)
  }
  try {
    return await work({ ...configuration, onProgress })
  } finally {
    if (shownAt !== undefined) terminal.err.write(CLEAR)
  }
}

/** What takes no longer needs no words. */
const PATIENCE_MS = 1000
const PAUSE_MS = 100
/** Back to the start of the line, and nothing on it. */
const CLEAR = '\r\x1b[K'
/** A line that breaks would not go away. */
const NAME_MAX = 40

function lineOf({ path, bytesRead, bytes }: LoadProgress): string {
  const name = path.length > NAME_MAX ? `…${path.slice(1 - NAME_MAX)}` : path
  const mebibytes = (count: number) => Math.round(count / 2 ** 20)
  return `loading ${visible(name.toWellFormed())}: ${mebibytes(bytesRead)} of ${mebibytes(bytes)} MiB`
}
