/**
 * Cedar policies and values as text and JSON, for the reference engine and for reading a failed case: every operator in
 * parentheses, every odd character escaped. Apart from the printer in `src`, which it helps to test.
 */
import type { ActionConstraint, Expr, Policy, ScopeConstraint, ScopeEntity } from '../../src/syntax/cedar/ast.ts'
import type { EntityUid, Value } from '../../src/values/value.ts'
import type { Entity } from '../oracle/cedar.ts'

/** The policy as Cedar text. */
export function policyText(policy: Policy): string {
  const annotations = policy.annotations.map(({ key, value }) => `@${key}(${stringText(value)})\n`).join('')
  const scope = [
    scopeText('principal', policy.principal),
    actionText(policy.action),
    scopeText('resource', policy.resource),
  ].join(', ')
  const conditions = policy.conditions.map(({ kind, body }) => `\n  ${kind} { ${exprText(body)} }`).join('')
  return `${annotations}${policy.effect} (${scope})${conditions};`
}

/** The entity literal as text. */
export function uidText(uid: EntityUid): string {
  return `${uid.type}::${stringText(uid.id)}`
}

/** A string literal; all but printable characters are escaped. */
export function stringText(text: string): string {
  return `"${escaped(text)}"`
}

function escaped(text: string): string {
  return text.replace(/["\\]|[^ -~é😀]/gu, (c) =>
    /["\\]/u.test(c) ? `\\${c}` : `\\u{${c.codePointAt(0)?.toString(16)}}`,
  )
}

function scopeText(name: string, scope: ScopeConstraint): string {
  const entity = (e: ScopeEntity): string => (e.kind === 'slot' ? e.slot : uidText(e.uid))
  switch (scope.kind) {
    case 'any':
      return name
    case 'eq':
      return `${name} == ${entity(scope.entity)}`
    case 'in':
      return `${name} in ${entity(scope.entity)}`
    case 'is':
      return `${name} is ${scope.type}${scope.in === undefined ? '' : ` in ${entity(scope.in)}`}`
  }
}

function actionText(scope: ActionConstraint): string {
  switch (scope.kind) {
    case 'any':
      return 'action'
    case 'eq':
      return `action == ${uidText(scope.entity.uid)}`
    case 'in': {
      const entities = scope.entities.map((entity) => uidText(entity.uid)).join(', ')
      return `action in ${scope.list ? `[${entities}]` : entities}`
    }
  }
}

/** The expression as text, in parentheses where it is an operator's. */
export function exprText(expr: Expr): string {
  switch (expr.kind) {
    case 'literal':
      if (typeof expr.value === 'string') return stringText(expr.value)
      return typeof expr.value === 'bigint' && expr.value < 0n ? `(${expr.value})` : `${expr.value}`
    case 'entity':
      return uidText(expr.uid)
    case 'variable':
      return expr.name
    case 'not':
      return `(!${exprText(expr.operand)})`
    case 'negate':
      return `(-(${exprText(expr.operand)}))`
    case 'binary':
      return `(${exprText(expr.left)} ${expr.operator} ${exprText(expr.right)})`
    case 'if':
      return `(if ${exprText(expr.test)} then ${exprText(expr.then)} else ${exprText(expr.else)})`
    case 'is':
      return `(${exprText(expr.operand)} is ${expr.type}${expr.in === undefined ? '' : ` in ${exprText(expr.in)}`})`
    case 'has': {
      const path = expr.attributes.length > 1 ? expr.attributes.join('.') : stringText(expr.attributes[0] ?? '')
      return `(${exprText(expr.operand)} has ${path})`
    }
    case 'like': {
      const runs = expr.pattern.map((run) => (run === null ? '*' : escaped(run).replaceAll('*', '\\*')))
      return `(${exprText(expr.operand)} like "${runs.join('')}")`
    }
    case 'get':
      return `${exprText(expr.operand)}[${stringText(expr.attribute)}]`
    case 'set':
      return `[${expr.elements.map(exprText).join(', ')}]`
    case 'record':
      return `{${expr.entries.map((entry) => `${stringText(entry.key)}: ${exprText(entry.value)}`).join(', ')}}`
    case 'method':
      return `${exprText(expr.receiver)}.${expr.method}(${expr.args.map(exprText).join(', ')})`
    case 'extension': {
      const [receiver, ...args] = expr.args.map(exprText)
      const constructs = ['ip', 'decimal', 'datetime', 'duration'].includes(expr.name)
      if (constructs) return `${expr.name}(${[...(receiver === undefined ? [] : [receiver]), ...args].join(', ')})`
      return `${receiver}.${expr.name}(${args.join(', ')})`
    }
  }
}

/** A value in Cedar's JSON form, with its escapes; integers that no number holds exactly stay `bigint`. */
export function valueJson(value: Value): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value !== 'object') return value
  switch (value.kind) {
    case 'entity':
      return { __entity: { type: value.type, id: value.id } }
    case 'set':
      return value.elements.map(valueJson)
    case 'record':
      return fieldsJson(value.fields)
    case 'ipaddr':
      return { __extn: { fn: 'ip', arg: addressText(value) } }
    case 'decimal': {
      const digits = `${value.value < 0n ? -value.value : value.value}`.padStart(5, '0')
      const sign = value.value < 0n ? '-' : ''
      return { __extn: { fn: 'decimal', arg: `${sign}${digits.slice(0, -4)}.${digits.slice(-4)}` } }
    }
    case 'duration':
      return { __extn: { fn: 'duration', arg: `${value.value}ms` } }
    case 'datetime':
      return { __extn: { fn: 'offset', args: [EPOCH, valueJson({ kind: 'duration', value: value.value })] } }
  }
}

const EPOCH = { __extn: { fn: 'datetime', arg: '1970-01-01' } }

function addressText({ version, bits, prefix }: { version: 4 | 6; bits: bigint; prefix: number }): string {
  const { count, width, base, separator } =
    version === 4
      ? { count: 4, width: 8n, base: 10, separator: '.' }
      : { count: 8, width: 16n, base: 16, separator: ':' }
  const parts = Array.from({ length: count }, (_, i) => {
    const part = (bits >> (width * BigInt(count - 1 - i))) & (2n ** width - 1n)
    return part.toString(base)
  })
  return `${parts.join(separator)}/${prefix}`
}

/** Attributes, tags or a context in Cedar's JSON form. */
export function fieldsJson(fields: ReadonlyMap<string, Value>): Record<string, unknown> {
  return Object.fromEntries([...fields].map(([name, value]) => [name, valueJson(value)]))
}

/** An entity in Cedar's JSON form. */
export function entityJson({ uid, attrs, parents, tags }: Entity): unknown {
  const plain = ({ type, id }: EntityUid): unknown => ({ type, id })
  return { uid: plain(uid), attrs: fieldsJson(attrs), parents: parents.map(plain), tags: fieldsJson(tags) }
}
