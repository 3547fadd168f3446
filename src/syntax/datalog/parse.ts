/**
 * Clauses of rules: text → declarations, facts and rules. After a mistake the rest of its run is skipped, so that one
 * reading reports many; a forgotten dot costs nothing. Literals and expressions have files of their own; names, types and
 * safety are the business of `src/program`. Spec: LANGUAGE section 4.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import { didYouMean } from '../../text/suggest.ts'
import { shown } from '../json/json.ts'
import type { Clause, Declaration, DeclaredColumn, Head, HeadArgument, Literal, Rule } from './ast.ts'
import { DIRECTIVES } from './foreign.ts'
import { lexRun, type Run } from './lex.ts'
import { collectMistakes, MISTAKES_MAX, type Mistakes, refuse, warn } from './mistakes.ts'
import { parseExpr, parseTypeName } from './parse-expr.ts'
import { parseConjunction } from './parse-literal.ts'
import {
  atAggregate,
  atClauseEnd,
  endOf,
  foreignHelp,
  isWord,
  nested,
  parseList,
  parseName,
  peek,
  type Reader,
  refuseAt,
  refuseHere,
  refuseUpperCase,
  spanFrom,
  startOf,
  take,
  textOf,
  unexpected,
} from './reader.ts'

/** The clauses of `range`, in the order of the text; those with mistakes are missing. */
export function parseClauses(range: Span, diagnostics: Diagnostics): Clause[] {
  const mistakes = collectMistakes(range.source, diagnostics)
  const text = range.source.text.slice(0, range.end)
  const clauses: Clause[] = []
  let at = range.start
  while (at < range.end && mistakes.count < MISTAKES_MAX) {
    const run = lexRun(text, at, mistakes)
    parseRun(open(run, mistakes), clauses)
    at = run.next
  }
  return clauses
}

/** The literals of `range`, as in the body of a rule; the text of a query. A final dot is allowed. Empty after a mistake. */
export function parseBody(range: Span, diagnostics: Diagnostics): Literal[] {
  const mistakes = collectMistakes(range.source, diagnostics)
  const text = range.source.text.slice(0, range.end)
  const run = lexRun(text, range.start, mistakes)
  const reader = open(run, mistakes)
  const body = parseConjunction(reader)
  if (body === undefined) return []
  if (take(reader, '.')) {
    // A run ends with its first dot: what follows is one of its own.
    const rest = lexRun(text, run.next, mistakes)
    if (rest.kinds[0] === 'end') return body
    unexpected(open(rest, mistakes), 'nothing behind the `.`')
    return []
  }
  if (peek(reader) === 'end') return body
  if (peek(reader) === ';') refuseSemicolon(reader)
  else unexpected(reader, '`,` or the end')
  return []
}

function open(run: Run, mistakes: Mistakes): Reader {
  return { run, mistakes, at: 0, nesting: 0, height: 0, variables: new Set(), lookalikes: [] }
}

/** Reads all clauses of a run. INVARIANT: each turn takes at least one token. */
function parseRun(reader: Reader, clauses: Clause[]): void {
  while (peek(reader) !== 'end' && reader.mistakes.count < MISTAKES_MAX) {
    const clause = parseClause(reader)
    if (clause === undefined) return
    clauses.push(clause)
    warnOfLookalikes(reader)
  }
}

function parseClause(reader: Reader): Clause | undefined {
  if (peek(reader) === '.') return refuseLoneDot(reader)
  if (peek(reader) === 'variable' && peek(reader, 1) === '(') return refuseUpperCase(reader)
  if (peek(reader) === '!' || isWord(reader, 'not')) {
    return refuseHere(reader, 'R269', 'a head cannot be negated', 'what no fact and no rule says is not true')
  }
  if (peek(reader) !== 'name') return unexpected(reader, 'a clause')
  const clause = isWord(reader, 'decl') && peek(reader, 1) === 'name' ? parseDeclaration(reader) : parseRule(reader)
  if (clause === undefined || !endClause(reader, clause)) return
  return { ...clause, span: spanFrom(reader, clause.span.start) }
}

/** A dot where a clause should start: stray, or that of a directive of Soufflé. */
function refuseLoneDot(reader: Reader): undefined {
  const { source } = reader.mistakes
  const word = /[a-z]*/y
  word.lastIndex = endOf(reader)
  const name = word.exec(source.text)?.[0] ?? ''
  const help = DIRECTIVES.get(name)
  if (help === undefined) return unexpected(reader, 'a clause')
  return refuseHere(reader, 'R263', `rules have no directive \`.${name}\``, help)
}

/** Takes the dot of a clause, or says that it is missing: then the next clause starts at once. */
function endClause(reader: Reader, clause: Clause): boolean {
  if (atClauseEnd(reader)) {
    reader.at++
    return true
  }
  if (peek(reader) === 'bad' || foreignHelp(reader) !== undefined) unexpected(reader, '`.`')
  else if (peek(reader) === ';') refuseSemicolon(reader)
  else if (peek(reader) === ':-') refuseNeck(reader, clause)
  else if (peek(reader) === 'end' || startsLine(reader)) return refuseMissingDot(reader)
  else if (clause.kind === 'decl') unexpected(reader, '`.`')
  else if (clause.body.length > 0) unexpected(reader, '`,` or `.`')
  else refuseAfterHead(reader)
  return false
}

function refuseMissingDot(reader: Reader): true {
  const at = endOf(reader, -1)
  const help = 'write a `.` here'
  refuse(reader.mistakes, { code: 'R261', message: 'the clause has no `.` at its end', start: at, end: at, help })
  return true
}

/** A second `:-`: what stands before it was to be the head of the next rule. */
function refuseNeck(reader: Reader, clause: Clause): undefined {
  const last = clause.kind === 'rule' ? clause.body.at(-1) : undefined
  if (last === undefined) return unexpected(reader, '`.`')
  refuseAt(
    reader,
    'R261',
    'the rule before this head has no `.` at its end',
    last.span,
    'write a `.` before it, not a `,`',
  )
}

function refuseSemicolon(reader: Reader): undefined {
  const help = 'write `(a ; b)`, or a rule for each alternative'
  return refuseHere(reader, 'R270', '`;` stands only inside of parentheses', help)
}

/** Whether the current token is a word with which a line starts. */
function startsLine(reader: Reader): boolean {
  if (peek(reader) !== 'name' && peek(reader) !== 'variable') return false
  return reader.mistakes.source.text.slice(endOf(reader, -1), startOf(reader)).includes('\n')
}

/** Says that something else than a body or the end follows a head, such as in `p(X) <- q(X)` and `can-write(X)`. */
function refuseAfterHead(reader: Reader): undefined {
  if (peek(reader) === '<' && peek(reader, 1) === '-') {
    return refuseHere(reader, 'R263', 'rules do not write `<-` here', 'write `:-` between head and body')
  }
  return unexpected(reader, '`:-` or `.`', peek(reader) === '-' ? 'names have no `-`: write `can_write`' : undefined)
}

/** `head :- body`, or a head alone. */
function parseRule(reader: Reader): Rule | undefined {
  const start = startOf(reader)
  const head = parseHead(reader)
  if (head === undefined) return
  const body = take(reader, ':-') ? parseConjunction(reader) : []
  return body && { kind: 'rule', head, body, span: spanFrom(reader, start) }
}

function parseHead(reader: Reader): Head | undefined {
  const start = startOf(reader)
  const predicate = parseName(reader)
  if (predicate === undefined) return
  const args = take(reader, '(') ? parseList(reader, ')', () => nested(reader, () => parseHeadArgument(reader))) : []
  return args && { predicate, args, span: spanFrom(reader, start) }
}

function parseHeadArgument(reader: Reader): HeadArgument | undefined {
  const best = bestHere(reader)
  if (best !== undefined) reader.at++
  else if (atAggregate(reader)) {
    const help = 'aggregate in the body: `total(U, N) :- user(U), N = count(X, p(U, X)).`'
    return refuseHere(reader, 'R266', 'an aggregate stands only in a body', help)
  }
  const expr = parseExpr(reader)
  return expr && { ...(best && { best }), expr }
}

/** `min` or `max`, where it marks an argument and is no value of its own. */
function bestHere(reader: Reader): 'min' | 'max' | undefined {
  const word = isWord(reader, 'min') ? 'min' : isWord(reader, 'max') ? 'max' : undefined
  const next = peek(reader, 1)
  if (word === undefined || NO_OPERAND.has(next)) return
  const isAggregate = next === '(' && (reader.run.closers[reader.at + 1] ?? 0) < 0
  return isAggregate ? undefined : word
}

const NO_OPERAND: ReadonlySet<string> = new Set([',', ')', '+', '*', '/', '%', '{', ':', '::', 'glued'])

/** `decl p(a: T, b: U | V, c) option`; the current token is `decl`. */
function parseDeclaration(reader: Reader): Declaration | undefined {
  const start = startOf(reader)
  reader.at++
  const predicate = parseName(reader)
  if (predicate === undefined) return
  const columns = take(reader, '(') ? parseList(reader, ')', () => parseColumn(reader)) : []
  if (columns === undefined) return
  if (peek(reader) !== 'name' || startsLine(reader)) {
    return { kind: 'decl', predicate, columns, span: spanFrom(reader, start) }
  }
  const word = textOf(reader)
  const option = OPTIONS.find((name) => name === word)
  if (option === undefined) {
    const list = `the options are \`${OPTIONS.join('`, `')}\``
    return refuseHere(
      reader,
      'R271',
      `${shown(word)} is no option of a declaration`,
      didYouMean(word, OPTIONS, list).help,
    )
  }
  reader.at++
  if (OPTIONS.some((name) => name === textOf(reader)) && !startsLine(reader)) {
    return refuseHere(reader, 'R271', `a declaration has one option, and this one is ${shown(option)} already`)
  }
  return { kind: 'decl', predicate, columns, option, span: spanFrom(reader, start) }
}

const OPTIONS = ['equivalence', 'materialize', 'on_demand'] as const

/** `name`, `name: T` or `name: T | U`. */
function parseColumn(reader: Reader): DeclaredColumn | undefined {
  const start = startOf(reader)
  const kind = peek(reader)
  if (kind !== 'name' && kind !== 'variable') {
    return unexpected(reader, 'the name of a column', 'write a name for each column: `decl p(user: User, n: Long).`')
  }
  const name = textOf(reader)
  reader.at++
  const types: string[] = []
  if (kind === 'variable' && peek(reader) !== ':') {
    const help = `write \`${name.toLowerCase()}: ${name}\``
    return refuseAt(reader, 'R271', `the column of type ${shown(name)} has no name`, spanFrom(reader, start), help)
  }
  if (take(reader, ':')) {
    do {
      const type = parseTypeName(reader)
      if (type === undefined) return
      types.push(type)
    } while (take(reader, '|'))
  }
  return { name, types, span: spanFrom(reader, start) }
}

/** Warns of strings of the last clause that are called as its variables. */
function warnOfLookalikes({ lookalikes, variables, mistakes }: Reader): void {
  for (const span of lookalikes) {
    const name = span.source.text.slice(span.start, span.end)
    if (!variables.has(name)) continue
    const message = `the string ${shown(`"${name}"`)} is no variable`
    const help = `remove the quotes if you mean the variable ${shown(name)}`
    warn(mistakes, { code: 'R272', message, start: span.start, end: span.end, help })
  }
  lookalikes.length = 0
  variables.clear()
}
