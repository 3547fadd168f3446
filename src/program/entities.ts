/**
 * The entity store as written: all `[entities]` united, uids in normal form. What rules add to it, and cycles of parents,
 * are looked at when the image is complete. Spec: LANGUAGE sections 5 and 7.
 */
import type { EntityEntry } from '../syntax/rune-file/ast.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import { printEntityUid } from '../values/entity-uid.ts'
import { canonicalKey } from '../values/equality.ts'
import type { EntityUid, Value } from '../values/value.ts'
import type { EntityRecord } from './program.ts'
import { isRefusal, normaliseUid, normaliseValue, type Refusal } from './uids.ts'

/** The entities of all files; one that is given twice must be given alike. */
export function uniteEntities(
  entries: readonly EntityEntry[],
  pathTypes: ReadonlySet<string>,
  diagnostics: Diagnostics,
): EntityRecord[] {
  const united = new Map<string, EntityRecord & { readonly entry: EntityEntry }>()
  for (const entry of entries) {
    const record = normaliseEntity(entry, pathTypes, diagnostics)
    if (!record) continue
    const key = printEntityUid(record.uid)
    const first = united.get(key)
    if (!first) united.set(key, { ...record, entry })
    else if (contentKey(first) !== contentKey(record)) {
      const related = [{ message: 'the first one stands here', span: first.entry.span }]
      diagnostics.error('R290', `\`${key}\` is given twice, with different content`, entry.span, { related })
    }
  }
  return [...united.values()].map(({ uid, attrs, tags, parents, entry }) => ({
    uid,
    attrs,
    tags,
    parents,
    // Found when it is asked for: places cost a second reading of the section.
    get span() {
      return entry.span
    },
  }))
}

function normaliseEntity(
  entry: EntityEntry,
  pathTypes: ReadonlySet<string>,
  diagnostics: Diagnostics,
): Omit<EntityRecord, 'span'> | undefined {
  const { attrs, tags, parents } = entry
  if (pathTypes.size === 0) return { uid: entry.uid, attrs, tags, parents }
  const refused: Refusal[] = []
  const read = <T extends Value>(value: T | Refusal, otherwise: T): T => {
    if (!isRefusal(value)) return value
    refused.push(value)
    return otherwise
  }
  const uidOf = (uid: EntityUid) => read<EntityUid>(normaliseUid(uid, pathTypes), uid)
  const fieldsOf = (fields: ReadonlyMap<string, Value>) =>
    new Map([...fields].map(([key, value]) => [key, read<Value>(normaliseValue(value, pathTypes), value)]))
  const record = { uid: uidOf(entry.uid), attrs: fieldsOf(attrs), tags: fieldsOf(tags), parents: parents.map(uidOf) }
  for (const { error } of refused) {
    const help = 'ids of `path_types` are absolute paths'
    diagnostics.error('R340', `in entity \`${printEntityUid(entry.uid)}\`, ${error}`, entry.span, { help })
  }
  return refused.length === 0 ? record : undefined
}

function contentKey({ attrs, tags, parents }: Omit<EntityRecord, 'span'>): string {
  return canonicalKey({
    kind: 'set',
    elements: [
      { kind: 'record', fields: attrs },
      { kind: 'set', elements: [{ kind: 'record', fields: tags }] },
      { kind: 'set', elements: [{ kind: 'set', elements: parents }] },
    ],
  })
}
