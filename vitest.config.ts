/**
 * The test runner: projects, so that the tests of one folder start at once. `source` runs what the tests import from
 * `src/`, which is loaded once for all of them, and `alone` those for which it is loaded anew. `built` runs what needs `dist/`
 * (another process, another thread, the packed package), which a global setup builds once, only where such a test was asked
 * for and only if a source is newer than the build.
 */
import { defineConfig } from 'vitest/config'

/** They replace modules, or look at what modules remember. */
const alone = ['test/fixpoint/inspect.test.ts', 'test/cedar.test.ts', 'test/attack/cedar-api.test.ts']
const needsBuild = [
  'test/pack.test.ts',
  'test/attack/arguments.test.ts',
  'test/{cli,threads,server,agents}/**/*.test.ts',
]
const report = process.env['RUNE_TEST_REPORT']

export default defineConfig({
  test: {
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: '100%',
    sequence: { shuffle: true },
    unstubEnvs: true,
    ...(report && { reporters: ['default', 'json'], outputFile: { json: report } }),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 90 },
    },
    projects: [
      {
        extends: true,
        test: { name: 'source', include: ['test/**/*.test.ts'], exclude: [...needsBuild, ...alone], isolate: false },
      },
      { extends: true, test: { name: 'alone', include: alone } },
      { extends: true, test: { name: 'built', include: needsBuild, globalSetup: 'test/global-setup.ts' } },
    ],
  },
})
