/**
 * Constants in rules: read as the type that their column declares, uids in normal form, and no glob group, which no value
 * equals. Spec: LANGUAGE sections 2, 5 ("Glob groups") and 7.
 */
import type { Span } from '../text/source.ts'
import { parseGlob } from '../values/glob.ts'
import { entityUid, type Value } from '../values/value.ts'
import { coerceValue } from './coerce.ts'
import type { Column } from './program.ts'
import type { RuleContext } from './rule-draft.ts'
import { isRefusal } from './uids.ts'

/** The value that a constant is where it meets `column`; `undefined` after a mistake. */
export function readConstant(
  value: Value,
  span: Span,
  column: Pick<Column, 'declared'>,
  context: Pick<RuleContext, 'settings' | 'diagnostics'>,
): Value | undefined {
  const { settings, diagnostics } = context
  // A glob is looked for before the id is read as a path, where it would be a mistake of another kind.
  const typed = coerceValue(column, value, NO_TYPES)
  const plain = isRefusal(typed) ? typed : withoutGlob(typed, span, context)
  if (plain === undefined) return undefined
  const read = isRefusal(plain) ? plain : coerceValue({}, plain, settings.pathTypes)
  if (!isRefusal(read)) return read
  diagnostics.error('R340', read.error, span, read.help === undefined ? {} : { help: read.help })
  return undefined
}

const NO_TYPES: ReadonlySet<string> = new Set()

function withoutGlob(
  value: Value,
  span: Span,
  { settings, diagnostics }: Pick<RuleContext, 'settings' | 'diagnostics'>,
): Value | undefined {
  if (!settings.globs || typeof value !== 'object' || value.kind !== 'entity') return value
  const found = parseGlob(value.id)
  if (found.kind === 'plain') return found.id === value.id ? value : entityUid(value.type, found.id)
  if (found.kind === 'error') diagnostics.error('R461', found.message, span, { help: found.help })
  else {
    const help = 'groups stand to the right of `in` in policies; a plain star is written `\\\\*`'
    diagnostics.error('R460', `\`${value.id}\` is a group of entities, which no entity equals`, span, { help })
  }
  return undefined
}
