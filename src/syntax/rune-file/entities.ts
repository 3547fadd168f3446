/**
 * `[entities]`, the `entities` of a test case, and the JSON file of `[options] entities` → entities. What they mean
 * together (the same uid in two files, globs, paths) belongs to `src/program`. Spec: LANGUAGE section 5.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Source } from '../../text/source.ts'
import { canonicalKey } from '../../values/equality.ts'
import type { EntityUid } from '../../values/value.ts'
import { entitiesFromText } from '../json/entities.ts'
import { shown } from '../json/json.ts'
import { jsonLocator } from '../json/locate.ts'
import type { EntityEntry } from './ast.ts'
import { child, entries, keySpan, type TomlNode, type TomlTable } from './toml.ts'
import { arrayAt, checkKeys, tableAt } from './toml-fields.ts'
import { cedarFields, entityKey, entityLiteral } from './toml-value.ts'

/** The entities of a table whose keys are entity literals. */
export function readEntities(node: TomlNode<TomlTable>, diagnostics: Diagnostics): EntityEntry[] {
  const found = new Map<string, EntityEntry>()
  for (const [key, entry] of entries(node)) {
    const uid = entityKey(entry, diagnostics)
    const table = tableAt(entry, diagnostics)
    if (uid === undefined || table === undefined) continue
    const identity = canonicalKey(uid)
    const earlier = found.get(identity)
    if (earlier === undefined) found.set(identity, readEntity(uid, table, diagnostics))
    else {
      const related = [{ message: 'it stands here first', span: earlier.span }]
      diagnostics.error('R304', `entity ${shown(key)} stands twice`, keySpan(entry), { related })
    }
  }
  return [...found.values()]
}

/** The entities of a file in Cedar's JSON format. */
export function entitiesOfJson(source: Source, diagnostics: Diagnostics): EntityEntry[] {
  const read = entitiesFromText(source, { diagnostics })
  if (read === undefined) return []
  const { entities, listed } = read
  const locate = jsonLocator({ source })
  // Repetitions of an entity are left out; then places are no longer known one by one.
  const isComplete = listed === entities.length
  return entities.map((entity, i) => ({
    ...entity,
    get span() {
      return locate(isComplete ? [i] : []) ?? { source, start: 0, end: 0 }
    },
  }))
}

function readEntity(uid: EntityUid, node: TomlNode<TomlTable>, diagnostics: Diagnostics): EntityEntry {
  checkKeys(node, ['in', 'attrs', 'tags'], 'an entity', diagnostics)
  const parents = arrayAt(child(node, 'in'), diagnostics)?.map((parent) => entityLiteral(parent, diagnostics))
  const attrs = tableAt(child(node, 'attrs'), diagnostics)
  const tags = tableAt(child(node, 'tags'), diagnostics)
  return {
    uid,
    attrs: attrs ? cedarFields(attrs, diagnostics) : new Map(),
    tags: tags ? cedarFields(tags, diagnostics) : new Map(),
    parents: (parents ?? []).filter((parent) => parent !== undefined),
    // Found when it is asked for: places cost a second reading of the section.
    get span() {
      return keySpan(node)
    },
  }
}
