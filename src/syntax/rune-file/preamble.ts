/**
 * What stands before the first section: `version` and `include`. Spec: LANGUAGE section 1.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import { didYouMean } from '../../text/suggest.ts'
import { shown } from '../json/json.ts'
import { SECTION_TITLES } from './sections.ts'
import { child, keySpan, parseToml, type TomlNode, type TomlTable, valueSpan } from './toml.ts'
import { arrayAt, stringAt } from './toml-fields.ts'

/** A name in `include`, with its place. */
export interface Include {
  readonly name: string
  readonly span: Span
}

/** The one version of the language. */
export const VERSION = 'rune/1.0'

/** The includes of a file; `undefined` if it says that it is of another version, so that nothing in it is known to mean what it seems to. */
export function readPreamble(preamble: Span, diagnostics: Diagnostics): readonly Include[] | undefined {
  const root = parseToml(preamble, diagnostics)
  if (root === undefined) return []
  for (const key of Object.keys(root.value)) {
    if (key === 'version' || key === 'include') continue
    const isSection = SECTION_TITLES.includes(key)
    const help = isSection
      ? { help: `open a section: \`[${key}]\`` }
      : didYouMean(key, ['version', 'include'], ELSEWHERE)
    diagnostics.error('R300', `unknown key ${shown(key)} before the first section`, keySpan(root, key), help)
  }
  const isKnown = checkVersion(root, preamble, diagnostics)
  return isKnown ? readIncludes(root, diagnostics) : undefined
}

const ELSEWHERE = 'only `version` and `include` stand before the first section'

function checkVersion(root: TomlNode<TomlTable>, preamble: Span, diagnostics: Diagnostics): boolean {
  const version = child(root, 'version')
  const help = `write \`version = "${VERSION}"\` as the first line`
  if (version === undefined) {
    diagnostics.error('R204', 'the version is missing', { ...preamble, end: preamble.start }, { help })
    return true
  }
  if (Object.keys(root.value)[0] !== 'version') {
    diagnostics.error('R204', 'the version does not come first', keySpan(version), { help })
  }
  if (version.value === VERSION) return true
  const said = typeof version.value === 'string' ? shown(version.value) : 'this'
  diagnostics.error('R204', `${said} is no version that is known`, valueSpan(version), { help })
  return false
}

function readIncludes(root: TomlNode<TomlTable>, diagnostics: Diagnostics): Include[] {
  const includes: Include[] = []
  for (const node of arrayAt(child(root, 'include'), diagnostics) ?? []) {
    const name = stringAt(node, diagnostics)
    if (name !== undefined) includes.push({ name, span: valueSpan(node) })
  }
  return includes
}
