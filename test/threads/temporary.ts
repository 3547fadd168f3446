/** A folder for one test, and how to wait for what a watcher says. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** The real path of an empty folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rune-threads-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Counts calls, and waits for one more than there were when the last wait ended. */
export class Calls {
  count = 0
  #taken = 0
  #wake = () => {}

  readonly add = (): void => {
    this.count++
    this.#wake()
  }

  /** The next call that was not waited for. Fails by the test's time limit alone. */
  async next(): Promise<void> {
    if (this.count === this.#taken) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#taken++
  }

  /** The calls so far need not be waited for. */
  forget(): void {
    this.#taken = this.count
  }
}
