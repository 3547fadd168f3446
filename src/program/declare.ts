/**
 * Declarations: what a `decl` says about a predicate and its columns. Spec: LANGUAGE sections 2 ("Types") and 4.
 */
import type { Declaration, DeclaredColumn } from '../syntax/datalog/ast.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import type { Span } from '../text/source.ts'
import { typeOfName } from './column-types.ts'
import { definePredicate, type PredicateTable } from './predicate-table.ts'
import type { ColumnType, TypeName } from './program.ts'

/** Takes a declaration; mistakes are reported. */
export function declarePredicate(table: PredicateTable, decl: Declaration): void {
  const { diagnostics } = table
  const { text: name, span } = decl.predicate
  const earlier = table.byName.get(name)?.declaration
  if (earlier) {
    const related = [{ message: 'the first declaration stands here', span: earlier }]
    diagnostics.error('R335', `\`${name}\` is declared twice`, span, { related })
    return
  }
  const draft = definePredicate(table, { name, arity: decl.columns.length, place: () => span }, 'decl')
  if (!draft) return
  draft.declaration = span
  draft.hasFacts = true
  if (decl.option) draft.option = decl.option
  const names = new Set<string>()
  for (const [i, column] of decl.columns.entries()) {
    if (names.has(column.name)) diagnostics.error('R335', `column \`${column.name}\` stands twice`, column.span)
    names.add(column.name)
    const types = typesOf(column, diagnostics)
    const target = draft.columns[i]
    if (!target) continue
    target.name = column.name
    if (types) target.declared = types
  }
  // That both are of one type is checked where the types of facts are known, too.
  if (decl.option === 'equivalence' && draft.arity !== 2) {
    const message = `an equivalence has two columns, and \`${name}\` has ${draft.arity}`
    diagnostics.error('R337', message, decl.span)
  }
}

/** The type that a name in `types` or in a declaration means; `undefined`, and a report, if it is none. */
export function resolveTypeName(name: string, span: Span, diagnostics: Diagnostics): TypeName | undefined {
  const type = typeOfName(name)
  if (typeof type === 'string') return type
  const help =
    type.help ??
    'types are `String`, `Long`, `Bool`, `Float`, `ipaddr`, `decimal`, `datetime`, `duration` and entity types'
  diagnostics.error('R336', `\`${name}\` is no type`, span, { help })
  return undefined
}

function typesOf(column: DeclaredColumn, diagnostics: Diagnostics): ColumnType | undefined {
  if (column.types.length === 0) return undefined
  const types = column.types.map((name) => resolveTypeName(name, column.span, diagnostics))
  const known = types.filter((type) => type !== undefined)
  return known.length === types.length ? new Set(known) : undefined
}
