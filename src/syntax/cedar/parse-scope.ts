/**
 * The scope of a policy: `(principal …, action …, resource …)`. Entities may stand in parentheses, as Cedar allows; all
 * else that is no entity, list of actions or matching slot is refused here. Spec: Cedar's grammar, "Scope".
 */
import { shown } from '../json/json.ts'
import type { ActionConstraint, EntityLiteral, Scope, ScopeConstraint, ScopeEntity, Slot } from './ast.ts'
import { refuse, type Token } from './lex.ts'
import { EXPR_NESTING_MAX } from './limits.ts'
import { isActionType } from './names.ts'
import {
  advance,
  expect,
  isWord,
  parseList,
  parseNameOrEntity,
  parseTypeName,
  type Reader,
  spanFrom,
  take,
  unexpected,
} from './reader.ts'

/** The scope, from behind its `(` to behind its `)`. */
export function parseScope(reader: Reader): Scope | undefined {
  const principal = expectVariable(reader, 'principal') ? parseEntityConstraint(reader, 'principal') : undefined
  if (principal === undefined || !expectComma(reader)) return undefined
  const action = expectVariable(reader, 'action') ? parseAction(reader) : undefined
  if (action === undefined || !expectComma(reader)) return undefined
  const resource = expectVariable(reader, 'resource') ? parseEntityConstraint(reader, 'resource') : undefined
  if (resource === undefined) return undefined
  if (take(reader, ',') && reader.token.kind === 'identifier') {
    const { text, start, end } = reader.token
    const message = `the scope has one element too many: ${shown(text)}`
    return refuse(reader, { code: 'R223', message, start, end, help: SCOPE_HELP })
  }
  return expect(reader, ')') && { principal, action, resource }
}

type Variable = 'principal' | 'action' | 'resource'

const SCOPE_HELP = 'a scope is `(principal, action, resource)`, in this order'

/** A comma, unless the scope ends here, which `expectVariable` reports. */
function expectComma(reader: Reader): boolean {
  return reader.token.kind === ')' || expect(reader, ',') !== undefined
}

/** Moves over `variable`; another identifier is reported and stands for it. A `: Type` behind it is reported. */
function expectVariable(reader: Reader, variable: Variable): boolean {
  const { kind, text, start, end } = reader.token
  if (kind === ')') {
    refuse(reader, { code: 'R223', message: `the scope lacks \`${variable}\``, start, end, help: SCOPE_HELP })
    return false
  }
  if (expect(reader, 'identifier', `\`${variable}\``) === undefined) return false
  if (text !== variable) {
    const message = `expected \`${variable}\` here, found ${shown(text)}`
    refuse(reader, { code: 'R223', message, start, end, help: SCOPE_HELP })
  }
  if (reader.token.kind !== ':') return true
  const colon = advance(reader)
  const help = 'write `is` before a type'
  refuse(reader, { code: 'R223', message: 'the scope has no `:`', start: colon.start, end: colon.end, help })
  return parseTypeName(reader) !== undefined
}

function parseEntityConstraint(reader: Reader, variable: 'principal' | 'resource'): ScopeConstraint | undefined {
  const start = reader.lastEnd - variable.length
  let type: string | undefined
  if (isWord(reader, 'is')) {
    advance(reader)
    type = parseTypeName(reader)
    if (type === undefined) return undefined
  }
  const operator = parseOperator(reader)
  if (operator === undefined)
    return type === undefined
      ? { kind: 'any', span: spanFrom(reader, start) }
      : { kind: 'is', type, span: spanFrom(reader, start) }
  if (type !== undefined && operator.kind === '==') {
    const message = '`is` and `==` stand together'
    refuse(reader, {
      code: 'R223',
      message,
      start: operator.start,
      end: operator.end,
      help: 'write one of the two, or `in`',
    })
  }
  const target = parseTarget(reader)
  if (target === undefined) return undefined
  const entity = scopeEntity(reader, target, variable)
  const span = spanFrom(reader, start)
  if (entity === undefined) return { kind: 'any', span }
  if (type !== undefined) return { kind: 'is', type, in: entity, span }
  return { kind: operator.kind === '==' ? 'eq' : 'in', entity, span }
}

function parseAction(reader: Reader): ActionConstraint | undefined {
  const start = reader.lastEnd - 'action'.length
  if (isWord(reader, 'is')) {
    const { start, end } = advance(reader)
    const message = '`is` cannot constrain `action`'
    refuse(reader, { code: 'R223', message, start, end, help: 'write `action is …` in a `when` clause' })
    if (parseTypeName(reader) === undefined) return undefined
  }
  const operator = parseOperator(reader)
  if (operator === undefined) return { kind: 'any', span: spanFrom(reader, start) }
  const target = parseTarget(reader)
  if (target === undefined) return undefined
  const entities = actions(reader, target)
  const span = spanFrom(reader, start)
  const [first] = entities
  if (operator.kind !== '==') return { kind: 'in', entities, list: target.kind === 'list', span }
  if (target.kind === 'list') {
    refuse(reader, { code: 'R224', message: 'an action does not equal a list', ...offsets(target), help: 'write `in`' })
  }
  return first === undefined ? { kind: 'any', span } : { kind: 'eq', entity: first, span }
}

/** `==` or `in`, with the token's place; another operator is reported and stands for `==`. */
function parseOperator(
  reader: Reader,
): { readonly kind: '==' | 'in'; readonly start: number; readonly end: number } | undefined {
  const { kind, start, end } = reader.token
  if (isWord(reader, 'in')) return { ...advance(reader), kind: 'in' }
  if (kind === '==') return { ...advance(reader), kind }
  if (!REFUSED.has(kind)) return undefined
  const message = `\`${kind}\` cannot stand in the scope`
  const help =
    kind === '=' ? 'write `==`' : 'the scope knows `==`, `in` and `is`; other conditions stand in a `when` clause'
  refuse(reader, { code: kind === '=' ? 'R230' : 'R223', message, start, end, help })
  advance(reader)
  return { kind: '==', start, end }
}

const REFUSED: ReadonlySet<string> = new Set(['!=', '<', '<=', '>', '>=', '='])

/** What stands to the right of an operator. */
type Target = EntityLiteral | { readonly kind: 'slot'; readonly token: Token } | List

interface List {
  readonly kind: 'list'
  readonly elements: readonly Target[]
  readonly start: number
  readonly end: number
}

function parseTarget(reader: Reader): Target | undefined {
  const { kind, start } = reader.token
  if (kind === 'slot') return { kind: 'slot', token: advance(reader) }
  if (kind === 'identifier' && !isWord(reader, 'if')) {
    const name = parseNameOrEntity(reader)
    if (name?.kind !== 'name') return name
    const message = `expected an entity, found the name \`${name.text}\``
    return refuse(reader, {
      code: 'R224',
      message,
      ...offsets(name.span),
      help: `write \`${name.text}::"id"\`, or test the type by \`is\``,
    })
  }
  if (kind !== '(' && kind !== '[') {
    return unexpected(reader, 'an entity', kind === 'string' ? 'write its type, too: `User::"alice"`' : undefined)
  }
  if (reader.nesting === EXPR_NESTING_MAX) return unexpected(reader, 'an entity', 'remove the parentheses')
  reader.nesting++
  advance(reader)
  const inner = kind === '(' ? parseTarget(reader) : parseList(reader, ']', () => parseTarget(reader))
  reader.nesting--
  if (inner === undefined) return undefined
  if (!Array.isArray(inner)) return expect(reader, ')') && inner
  return { kind: 'list', elements: inner, start, end: reader.lastEnd }
}

function scopeEntity(reader: Reader, target: Target, variable: 'principal' | 'resource'): ScopeEntity | undefined {
  if (target.kind === 'entity') return target
  const slot: Slot = `?${variable}`
  if (target.kind === 'list') {
    const message = 'expected one entity, found a list'
    return refuse(reader, {
      code: 'R224',
      message,
      ...offsets(target),
      help: 'write a policy for each, or a `when` clause',
    })
  }
  const { text, start, end } = target.token
  if (text === slot) return { kind: 'slot', slot, span: { source: reader.source, start, end } }
  return refuse(reader, {
    code: 'R227',
    message: `the slot \`${text}\` cannot stand here`,
    start,
    end,
    help: `write \`${slot}\``,
  })
}

function actions(reader: Reader, target: Target): EntityLiteral[] {
  const entities: EntityLiteral[] = []
  for (const element of target.kind === 'list' ? target.elements : [target]) {
    if (element.kind === 'entity') {
      entities.push(element)
      if (isActionType(element.uid.type)) continue
      const message = `expected an action, found an entity of type \`${element.uid.type}\``
      refuse(reader, {
        code: 'R224',
        message,
        ...offsets(element.span),
        help: 'the type of an action is `Action`, or ends with `::Action`',
      })
    } else {
      const message = `expected an action, found ${element.kind === 'slot' ? 'a slot' : 'a list'}`
      refuse(reader, { code: 'R224', message, ...offsets(element.kind === 'slot' ? element.token : element) })
    }
  }
  return entities
}

function offsets({ start, end }: { readonly start: number; readonly end: number }): { start: number; end: number } {
  return { start, end }
}
