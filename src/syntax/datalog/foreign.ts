/**
 * How Prolog, Soufflé and SQL write what rules write otherwise, each with what to write instead. Read by the lexer (which
 * operators are one token) and by `reader.ts`, which says so where such a token stands in the way.
 */

/** Operator → help. None of them could stand in a correct rule without white space inside. */
export const FOREIGN_OPERATORS: ReadonlyMap<string, string> = new Map([
  [':=', 'write `:-` between head and body, and `=` in a body'],
  ['->', 'write `:-` between head and body: `head :- body.`'],
  ['=>', 'write `>=` to compare, and `head :- body.` for a rule'],
  ['=<', 'write `<=`'],
  ['<>', 'write `!=`'],
  ['\\=', 'write `!=`'],
  ['=\\=', 'write `!=`'],
  ['!==', 'write `!=`'],
  ['===', 'write `=`'],
  ['=:=', 'write `=`'],
  ['\\+', 'write `not`'],
  ['&&', 'write `,` between literals'],
  ['||', 'write `;` between alternatives, in parentheses: `(a ; b)`'],
  ['?-', 'a query is written without `?-`'],
])

/** Word in lower case → help; only for words that stand where no word can. */
export const FOREIGN_WORDS: ReadonlyMap<string, string> = new Map([
  ['and', 'write `,` between literals'],
  ['or', 'write `;` between alternatives, in parentheses: `(a ; b)`'],
  ['not', 'write `not` before a literal, in lower case'],
  ['in', 'write `in` in lower case'],
  ['is', 'write `=`'],
  ['if', 'write `:-` between head and body'],
  ['where', 'write `:-` between head and body'],
  ['mod', 'write `%`'],
  ['div', 'write `/`'],
  ['like', 'write `X.like("a*")`'],
])

/** Directives of Soufflé that start with a dot → help. */
export const DIRECTIVES: ReadonlyMap<string, string> = new Map([
  ['decl', 'write `decl` without a dot before it: `decl p(user: User, n: Long).`'],
  ['input', 'facts from files stand in `[data]`: `p = { file = "p.tsv" }`'],
  ['output', 'nothing needs to be marked as output'],
  ['type', 'types of RUNE are `String`, `Long`, …, and entity types'],
])
