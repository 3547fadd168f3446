/**
 * Fixtures: each folder below `test/fixtures/` that holds a `main.rune` is one mistake, or one correct file with warnings,
 * and `expected.txt` is all that is said about it. `request.json` is decided and `query.txt` asked once the file is open.
 * `npx vitest run test/fixtures.test.ts -u` writes what is expected anew: read the difference.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { Rune } from '../src/engine.ts'
import { type Diagnostic, RuneError } from '../src/text/diagnostic.ts'
import { renderDiagnostics } from '../src/text/render.ts'

const ROOT = 'test/fixtures'
const CASES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('main.rune'))
  .map((path) => join(ROOT, dirname(path)))
  .sort()

test.each(CASES)('%s', async (folder) => {
  const diagnostics = await diagnosticsOf(folder)
  const text = renderDiagnostics(diagnostics, { color: false })
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '..', folder, 'expected.txt'))
})

async function diagnosticsOf(folder: string): Promise<readonly Diagnostic[]> {
  const [request, query] = [join(folder, 'request.json'), join(folder, 'query.txt')]
  try {
    const rune = await Rune.open(join(folder, 'main.rune'))
    if (existsSync(request)) rune.authorize(JSON.parse(readFileSync(request, 'utf8')))
    if (existsSync(query)) rune.query(readFileSync(query, 'utf8'))
    return rune.warnings
  } catch (error) {
    if (error instanceof RuneError) return error.diagnostics
    throw error
  }
}
