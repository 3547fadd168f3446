/**
 * What helps with an evaluation that failed, in cedar-wasm's words: which attributes or tags there are, and how the texts of
 * extension values look. Made for who asks, while the frame still holds the request.
 */
import type { ListedEntities } from '../../image/entity-view.ts'
import { kindOfId } from '../../image/value-ids.ts'
import { printEntityUid } from '../../values/entity-uid.ts'
import { compareScalars } from '../../values/order.ts'
import { quote } from '../../values/string-literal.ts'
import type { Cause, Frame } from './frame.ts'

/** So many names are listed. */
const LISTED_MAX = 5

/** The help for a failure of the request in `frame`, which is about `entities`. */
export function helpOf(cause: Cause, frame: Frame, entities: ListedEntities): string {
  if (cause.kind === 'advised') return cause.help
  const { owner, of, name } = cause
  const { values } = frame
  const isRecord = kindOfId(owner) === 'record'
  const ids = isRecord ? values.entriesOf(owner).filter((_, i) => i % 2 === 0) : entities.keys(owner, of)
  const names = Array.from(ids, (id) => values.textOf(id)).sort(compareScalars)
  const whose = isRecord ? 'record' : `\`${printEntityUid(values.uidOf(owner))}\``
  const list = names.length === 0 ? `${whose} does not have any ${of}s` : `available ${of}s: ${listOf(names, isRecord)}`
  if (isRecord) return list
  const key = values.string(name)
  const [other, found] =
    of === 'tag' ? ['attribute', entities.attribute(owner, key)] : ['tag', entities.tag(owner, key)]
  if (found < 0) return list
  const article = other === 'tag' ? 'a' : 'an'
  return `${list}; note that ${article} ${other} (not ${of === 'tag' ? 'a' : 'an'} ${of}) named \`${name}\` does exist`
}

function listOf(names: readonly string[], isRecord: boolean): string {
  const more = names.length - LISTED_MAX
  if (more > 0) return `[${names.slice(0, LISTED_MAX).join()}, ... (${more} more attributes) ]`
  return isRecord ? `[${names.map(quote).join(', ')}]` : `[${names.join()}]`
}
