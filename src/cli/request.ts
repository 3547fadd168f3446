/**
 * The request that the options of `rune eval` and `rune explain` make, and how both name a decision and a place. What a
 * request means belongs to the engine.
 */
import { type AuthorizeRequest, type Decision, visible } from '../index.ts'
import { type ConfigOptions, type Input, readText } from './input.ts'
import type { Paint, Style } from './terminal.ts'

export interface RequestOptions extends ConfigOptions {
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly context?: string
  readonly entities?: string
}

/** Reads what the options name. */
export async function requestOf(options: RequestOptions, input: Input): Promise<AuthorizeRequest> {
  const { principal, action, resource, context, entities } = options
  const file = context === '-' ? '-' : context?.startsWith('@') ? context.slice(1) : undefined
  const given = file === undefined ? context : await readText(file, '`--context`', input)
  return {
    principal,
    action,
    resource,
    ...(given !== undefined && { context: given }),
    ...(entities !== undefined && { entities: await readText(entities, '`--entities`', input) }),
  }
}

/** `permit`, `deny` or `forbid`. */
export function outcomeText({ decision }: Decision, paint: Paint): string {
  return paint(STYLES[decision], decision)
}

const STYLES: Readonly<Record<Decision['decision'], Style>> = { permit: 'green', deny: 'yellow', forbid: 'red' }

/** ` (FILE:LINE:COLUMN)`, or nothing. */
export function placeText({ file, line, column }: { file?: string; line?: number; column?: number }): string {
  return file === undefined ? '' : ` (${visible(file)}:${line}:${column})`
}
