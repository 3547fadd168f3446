/** Tests of paths: their normal form, what is refused, `under`, and groups of paths. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesGlob, parseGlob, printGlob } from '../../src/values/glob.ts'
import { isUnder, normaliseGlobPath, normalisePath } from '../../src/values/path.ts'
import { runs, strings } from './arbitrary.ts'

/** Paths of few segments, many of which are special. */
const paths = fc
  .array(fc.constantFrom('.', '..', '', 'a', 'b', '...', ' ', '%2e%2e', 'é', '😀'), { maxLength: 8 })
  .map((segments) => `/${segments.join('/')}`)

describe('normal form of a path', () => {
  test.each([
    ['/', '/'],
    ['//', '/'],
    ['/a/', '/a'],
    ['/a//b', '/a/b'],
    ['/./a/./b/.', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/..', '/'],
    ['/tmp/../etc/passwd', '/etc/passwd'],
    ['/.../..a/b..', '/.../..a/b..'],
    ['/A/É', '/A/É'],
    ['/%2e%2e/a', '/%2e%2e/a'],
    ['/__proto__', '/__proto__'],
    ['/ /a b', '/ /a b'],
    ['/a*b', '/a*b'],
  ])('%j is %j', (id, path) => {
    expect(normalisePath(id)).toEqual({ path })
  })

  test.each([
    ['', '`` is an empty path'],
    ['a/b', '`a/b` is not an absolute path'],
    ['./a', '`./a` is not an absolute path'],
    ['~/a', '`~/a` is not an absolute path'],
    ['C:/a', '`C:/a` is not an absolute path'],
    ['/..', '`/..` climbs above `/`'],
    ['/a/../../b', '`/a/../../b` climbs above `/`'],
    ['/a/../../../a', '`/a/../../../a` climbs above `/`'],
    ['/a\\..\\b', '`/a\\\\..\\\\b` has a backslash, which no path may have'],
    ['/a\0', '`/a\\0` has a control character, which no path may have'],
    ['/a\n', '`/a\\n` has a control character, which no path may have'],
    ['/a\x7f', '`/a\\u{7f}` has a control character, which no path may have'],
    ['/a\x85', '`/a\\u{85}` has a control character, which no path may have'],
  ])('%j is refused', (id, error) => {
    expect(normalisePath(id)).toEqual({ error })
  })

  test('the message about a huge path is short', () => {
    expect(normalisePath(`/\\${'😀'.repeat(1_000_000)}`)).toEqual({
      error: `\`/\\\\${'😀'.repeat(59)}…\` has a backslash, which no path may have`,
    })
    expect(normalisePath('/a/..'.repeat(100_000))).toEqual({ path: '/' })
  })

  test('has no special segment and is its own normal form', () => {
    fc.assert(
      fc.property(fc.oneof(paths, strings), (id) => {
        const result = normalisePath(id)
        if ('error' in result) return
        expect(result.path).toMatch(/^\//)
        if (result.path !== '/') {
          const segments = result.path.split('/').slice(1)
          expect(segments.filter((s) => s === '' || s === '.' || s === '..')).toEqual([])
        }
        expect(normalisePath(result.path)).toEqual(result)
      }),
      runs(1000),
    )
  })
})

describe('under', () => {
  test.each([
    ['/a/b', '/a', true],
    ['/a', '/a', true],
    ['/ab', '/a', false],
    ['/a/../b', '/a', false],
    ['/a/b/..', '/a', true],
    ['/a', '/a/b', false],
    ['/a/b', '/a/', true],
    ['/a/b', '/x/../a', true],
    ['/anything', '/', true],
    ['/', '/', true],
    ['/', '/a', false],
  ])('%s under %s: %s', (path, dir, expected) => {
    expect(isUnder(path, dir)).toBe(expected)
  })

  test('an invalid path on either side is an error, not false', () => {
    expect(isUnder('a', '/')).toEqual({ error: '`a` is not an absolute path' })
    expect(isUnder('/a', '')).toEqual({ error: '`` is an empty path' })
    expect(isUnder('/a/../../b', '/')).toEqual({ error: '`/a/../../b` climbs above `/`' })
  })
})

describe('normal form of a group of paths', () => {
  function normalise(id: string): string {
    const glob = parseGlob(id)
    if (glob.kind !== 'glob') throw new Error('not a glob')
    const result = normaliseGlobPath(glob)
    return 'error' in result ? result.error : printGlob(result.glob)
  }

  test.each([
    ['/tmp/*', '/tmp/*'],
    ['/tmp//./x/../*/', '/tmp/*'],
    ['/**/', '/**'],
    ['/a/**/./b/../*.txt', '/a/**/*.txt'],
    ['/\\*/*', '/\\*/*'],
    ['*', '`*` is not an absolute path'],
    ['**/a', '`**/a` is not an absolute path'],
    ['tmp/*', '`tmp/*` is not an absolute path'],
    ['/../*', '`/../*` climbs above `/`'],
    ['/a/*/../b', '`/a/*/../b` has a `..` after a wildcard'],
    ['/a/**/..', '`/a/**/..` has a `..` after a wildcard'],
    ['/a\\b/*', '`/a\\\\b/*` has a backslash, which no path may have'],
    ['/a\0/*', '`/a\\0/*` has a control character, which no path may have'],
  ])('%j becomes %j', (id, expected) => {
    expect(normalise(id)).toBe(expected)
  })

  test('a normal path under a directory belongs to the group of all below it', () => {
    fc.assert(
      fc.property(paths, paths, (path, dir) => {
        const normal = normalisePath(path)
        const group = parseGlob(`${dir}/**`)
        if ('error' in normal || group.kind !== 'glob') return
        const glob = normaliseGlobPath(group)
        if ('error' in glob) expect(isUnder(path, dir)).toHaveProperty('error')
        else if (printGlob(glob.glob) !== '/**') expect(matchesGlob(glob.glob, normal.path)).toBe(isUnder(path, dir))
        else expect(matchesGlob(glob.glob, normal.path)).toBe(true)
      }),
      runs(1000),
    )
  })
})
