/**
 * The house keeps its own rules (STYLE, DESIGN section 3): what neither the compiler nor the linter checks, over every
 * file that git tracks or would track. Each test collects all violations, so that one run shows them all.
 */
import { describe, expect, it } from 'vitest'
import { CODES } from '../src/text/codes.ts'
import { repositoryFiles } from './tidy/files.ts'
import { measureFunctions } from './tidy/functions.ts'
import { importsOf, rankViolations } from './tidy/ranks.ts'

const FILE_LINES_MAX = 400
const FUNCTION_LINES_MAX = 70

const files = repositoryFiles()
const code = files.filter((file) => /\.[jt]s$/.test(file.path) && !file.path.startsWith('test/fixtures/'))
const source = code.filter((file) => /^(src|workers|native-layout)\//.test(file.path))
/** The rules name what they forbid. */
const notTheRules = code.filter((file) => !file.path.startsWith('test/tidy'))

/** `path:line: text` for each line of `among` that matches. */
function linesThatMatch(among: readonly { path: string; text: string }[], pattern: RegExp): string[] {
  return among.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
  )
}

describe('the house', () => {
  it('imports only from a lower rank or the same folder', () => {
    expect(source.flatMap(rankViolations)).toEqual([])
  })

  it('loads cedar-wasm only where it is needed, never with the module', () => {
    expect(linesThatMatch(source, /^(import (?!type\b).*from |import |export .* from )'@cedar-policy\//)).toEqual([])
  })

  it('has thread entries of at most 15 lines', () => {
    const entries = source.filter((file) => file.path.startsWith('workers/'))
    expect(entries.filter((file) => file.text.trimEnd().split('\n').length > 15).map((file) => file.path)).toEqual([])
  })

  it('has no default exports', () => {
    const own = notTheRules.filter((file) => file.path !== 'vitest.config.ts')
    expect(linesThatMatch(own, /^export default\b|\bas default\b/)).toEqual([])
  })

  it('imports with the extension `.ts`', () => {
    const relative = (path: string) => /^\.\.?\//.test(path) && !/\.(ts|json)$/.test(path)
    const sloppy = notTheRules.filter((file) => file.path.endsWith('.ts') && importsOf(file.text).some(relative))
    expect(sloppy.map((file) => file.path)).toEqual([])
  })
})

describe('a file', () => {
  it('starts with a comment that says what it owns', () => {
    expect(code.filter((file) => !/^(#!.*\n)?\/\*\*/.test(file.text)).map((file) => file.path)).toEqual([])
  })

  it(`has at most ${FILE_LINES_MAX} lines`, () => {
    const long = code.map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    expect(long.filter(({ lines }) => lines > FILE_LINES_MAX)).toEqual([])
  })

  it(`has functions of at most ${FUNCTION_LINES_MAX} lines`, () => {
    const long = code.flatMap(({ path, text }) =>
      measureFunctions(text)
        .filter(({ header, lines }) => lines > FUNCTION_LINES_MAX && !header.startsWith('describe('))
        .map(({ line, lines }) => `${path}:${line}: ${lines} lines`),
    )
    expect(long).toEqual([])
  })

  it('has a name that says what it owns', () => {
    const vague = /(^|\/)(utils?|helpers?|common|misc|types)(\.|\/|-)/
    expect(code.map((file) => file.path).filter((path) => vague.test(path))).toEqual([])
  })
})

describe('a word', () => {
  it('of the style page has one meaning', () => {
    expect(linesThatMatch(source, /\b(master|manager|utils|helpers?|whitelist|blacklist)\b/i)).toEqual([])
  })

  it('does not announce work that was left', () => {
    expect(linesThatMatch(notTheRules, /\b(TODO|FIXME|XXX)\b|not implemented/)).toEqual([])
  })

  it('does not switch tests off', () => {
    expect(linesThatMatch(notTheRules, /\.(only|skip|todo)\(|\b(xit|xdescribe|fit|fdescribe)\(/)).toEqual([])
  })

  it('does not name a package registry', () => {
    const hosts = ['npmjs', 'yarnpkg', 'npmmirror', 'jsr'].map((name) => `${name}\\.(org|com|io)`)
    expect(linesThatMatch(files, new RegExp(`${hosts.join('|')}|npm\\.pkg\\.github`, 'i'))).toEqual([])
  })
})

describe('a diagnostic code', () => {
  const declared = Object.keys(CODES)
  const codesIn = (among: readonly { text: string }[]) =>
    new Set(among.flatMap(({ text }) => text.match(/\bR[1-9]\d\d\b/g) ?? []))

  it('that is declared is used', () => {
    const used = codesIn(source.filter((file) => file.path !== 'src/text/codes.ts'))
    expect(declared.filter((name) => !used.has(name))).toEqual([])
  })

  it('that is named anywhere in code is declared', () => {
    expect([...codesIn(notTheRules)].filter((name) => !declared.includes(name))).toEqual([])
  })

  it('has a fixture', () => {
    const shown = codesIn(files.filter((file) => file.path.startsWith('test/fixtures/')))
    expect(declared.filter((name) => !shown.has(name))).toEqual([])
  })
})
