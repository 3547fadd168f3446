/**
 * Builds `dist/`: every module by `tsc`, and the command line and the entries of threads bundled into a few files, because
 * what loads one file starts faster than what loads a hundred. It builds aside and swaps, so that a process which runs from
 * `dist/` meanwhile finds the old build or the new one.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** CommonJS dependencies that are bundled need a `require`. */
const BANNER = `#!/usr/bin/env node
import { createRequire as requireOf } from 'node:module'
const require = requireOf(import.meta.url)`

const BUNDLE = {
  bundle: true,
  metafile: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Half the text takes half the time to compile; names stay, so that stack traces can be read.
  minifyWhitespace: true,
  minifySyntax: true,
  // Megabytes of WebAssembly, loaded only where a schema or a formatter needs it; and threads for those who ask for them.
  external: ['@cedar-policy/cedar-wasm', 'piscina'],
  logLevel: 'warning',
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const started = new Date()
const next = `dist-${process.pid}`
try {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', next], {
    stdio: 'inherit',
  })
  await bundle(next)
  swap(next)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(next, { recursive: true, force: true })
}

/** The command line, and the entries of threads in place of those of `tsc`: a thread starts in a third of the time. */
async function bundle(folder) {
  const outfile = join(folder, 'rune.js')
  // What one command alone needs is a file of its own, which others need not compile.
  const commandLine = await build({
    ...BUNDLE,
    splitting: true,
    entryPoints: { rune: 'src/cli/main.ts' },
    outdir: folder,
    chunkNames: 'commands/[name]-[hash]',
    banner: { js: BANNER },
  })
  const threads = await build({
    ...BUNDLE,
    entryPoints: readdirSync('workers').map((name) => join('workers', name)),
    outdir: join(folder, 'workers'),
    banner: { js: BANNER.slice(BANNER.indexOf('\n') + 1) },
  })
  const inputs = [commandLine, threads].flatMap(({ metafile }) => Object.keys(metafile.inputs))
  writeFileSync(join(folder, 'rune.licenses.txt'), licenses(inputs))
  chmodSync(outfile, 0o755)
  // The build is as old as its start: what is saved while it runs is newer than it (see `test/global-setup.ts`).
  utimesSync(outfile, started, started)
}

/** The licence of every package that a bundle holds a copy of. */
function licenses(inputs) {
  const packages = new Set(inputs.flatMap((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []))
  const texts = [...packages].sort().map((name) => {
    const folder = join('node_modules', name)
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    if (file === undefined) throw new Error(`${name} ships no licence`)
    return `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return `rune.js and the files of workers/ contain copies of these packages.\n\n${texts.join('\n')}`
}

function swap(folder) {
  const old = `${folder}-old`
  if (existsSync('dist')) renameSync('dist', old)
  renameSync(folder, 'dist')
  rmSync(old, { recursive: true, force: true })
}
