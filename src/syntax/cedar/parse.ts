/**
 * Policies: text → AST, with spans in the source that the text is part of. Owns statements, annotations, conditions and
 * where parsing goes on after an error; scopes and expressions have their own files. Accepts and rejects what cedar-wasm
 * does, save for `#` comments and the limits of `limits.ts`. Spec: Cedar's grammar.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Source } from '../../text/source.ts'
import { loneSurrogateAt } from '../../values/string-literal.ts'
import { shown } from '../json/json.ts'
import type { Annotation, Condition, Policy } from './ast.ts'
import { refuse } from './lex.ts'
import { EXPR_HEIGHT_MAX, heightOf } from './limits.ts'
import { parseExpr } from './parse-expr.ts'
import { parseScope } from './parse-scope.ts'
import { advance, expect, isWord, openReader, type Reader, spanFrom, stringValue, take, unexpected } from './reader.ts'

/** A text of policies: a whole source, or the range of it that is a `[policies]` section. */
export interface PolicyText {
  readonly source: Source
  readonly start?: number
  readonly end?: number
  /** `#` starts a comment too. */
  readonly hashComments?: boolean
}

/** The statements without mistakes, in their order; a mistake in one does not hide those in the next. Linear. */
export function parsePolicies(text: PolicyText, diagnostics: Diagnostics): Policy[] {
  const { source, start = 0, end = source.text.length, hashComments = false } = text
  const reader = openReader({ source, at: start, end, hashComments, diagnostics, mistakes: 0 })
  const policies: Policy[] = []
  const ill = loneSurrogateAt(source.text.slice(start, end))
  if (ill !== undefined) {
    const at = start + ill
    refuse(reader, { code: 'R101', message: 'the text holds half of a surrogate pair', start: at, end: at + 1 })
    return policies
  }
  while (reader.token.kind !== 'end') {
    const mistakes = reader.mistakes
    reader.brackets = 0
    reader.nesting = 0
    const policy = parsePolicy(reader)
    if (policy === undefined) skipStatement(reader)
    else if (reader.mistakes === mistakes) policies.push(policy)
  }
  return policies
}

function parsePolicy(reader: Reader): Policy | undefined {
  const { start } = reader.token
  const annotations = parseAnnotations(reader)
  if (annotations === undefined) return undefined
  const effect = parseEffect(reader)
  if (effect === undefined || expect(reader, '(') === undefined) return undefined
  const scope = parseScope(reader)
  if (scope === undefined) return undefined
  const conditions = parseConditions(reader)
  if (conditions === undefined) return undefined
  // A `;` that was forgotten between two policies costs neither of them its diagnostics.
  if (reader.token.kind === ';' || !startsStatement(reader)) {
    if (expect(reader, ';', '`;`, `when` or `unless`') === undefined) return undefined
  } else unexpected(reader, '`;`')
  return { annotations, effect, ...scope, conditions, span: spanFrom(reader, start) }
}

/** Moves behind the `;` that ends the statement: one outside of brackets, or one before what starts a statement. */
function skipStatement(reader: Reader): void {
  while (reader.token.kind !== 'end') {
    const { kind } = advance(reader)
    if (kind === ';' && (reader.brackets <= 0 || startsStatement(reader))) return
  }
}

function startsStatement(reader: Reader): boolean {
  return reader.token.kind === '@' || isWord(reader, 'permit') || isWord(reader, 'forbid')
}

function parseAnnotations(reader: Reader): Annotation[] | undefined {
  const annotations: Annotation[] = []
  const keys = new Set<string>()
  while (reader.token.kind === '@') {
    const { start } = advance(reader)
    const key = expect(reader, 'identifier', 'the name of an annotation')
    if (key === undefined) return undefined
    let value = ''
    const bare = !take(reader, '(')
    if (!bare) {
      const string = expect(reader, 'string', 'a string')
      if (string === undefined || expect(reader, ')') === undefined) return undefined
      value = stringValue(reader, string)
    }
    const span = spanFrom(reader, start)
    if (keys.has(key.text)) {
      const message = `the annotation ${shown(`@${key.text}`)} stands twice`
      refuse(reader, { code: 'R225', message, start, end: span.end, help: 'remove one of the two' })
    }
    keys.add(key.text)
    annotations.push({ key: key.text, value, bare, span })
  }
  return annotations
}

function parseEffect(reader: Reader): Policy['effect'] | undefined {
  if (reader.token.kind !== 'identifier') return unexpected(reader, '`permit` or `forbid`')
  const { text, start, end } = advance(reader)
  if (text === 'permit' || text === 'forbid') return text
  const message = `expected \`permit\` or \`forbid\`, found ${shown(text)}`
  refuse(reader, { code: 'R222', message, start, end, help: 'a policy starts with `permit (` or `forbid (`' })
  return 'forbid'
}

function parseConditions(reader: Reader): Condition[] | undefined {
  const conditions: Condition[] = []
  while (reader.token.kind === 'identifier' && !startsStatement(reader)) {
    const word = advance(reader)
    const kind = word.text === 'unless' ? 'unless' : 'when'
    if (word.text !== kind) {
      const message = `expected \`when\`, \`unless\` or \`;\`, found ${shown(word.text)}`
      const help = 'conditions are `when { … }` and `unless { … }`'
      refuse(reader, { code: 'R226', message, start: word.start, end: word.end, help })
    }
    if (expect(reader, '{') === undefined) return undefined
    if (take(reader, '}')) {
      refuse(reader, {
        code: 'R226',
        message: `the \`${kind}\` clause is empty`,
        start: word.start,
        end: reader.lastEnd,
      })
      continue
    }
    const body = parseExpr(reader)
    if (body === undefined || expect(reader, '}', 'an operator or `}`') === undefined) return undefined
    if (heightOf(body) > EXPR_HEIGHT_MAX) {
      const message = `the expression chains more than ${EXPR_HEIGHT_MAX} operators`
      refuse(reader, {
        code: 'R232',
        message,
        start: body.span.start,
        end: body.span.end,
        help: 'write several policies, or a set',
      })
    }
    conditions.push({ kind, body, span: spanFrom(reader, word.start) })
  }
  return conditions
}
