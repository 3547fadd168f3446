/**
 * Entity literals of policies: ids of path types in normal form, and glob groups, which stand only to the right of `in`.
 * What an id means is in `src/values/glob.ts` and `path.ts`. Spec: LANGUAGE section 5, "Glob groups", and section 7.
 */
import type { EntityLiteral, Expr } from '../syntax/cedar/ast.ts'
import { isActionType } from '../syntax/cedar/names.ts'
import { type Glob, matchesGlob, parseGlob, printGlob } from '../values/glob.ts'
import { normaliseGlobPath, normalisePath } from '../values/path.ts'
import { entityUid } from '../values/value.ts'
import { constant, setOf } from './constant.ts'
import type { GlobGroup, Group, LoweredExpr } from './lowered.ts'
import type { PolicyLowering } from './lowering.ts'

/** A literal anywhere but to the right of `in`: one entity. */
export function lowerLiteral(literal: EntityLiteral, lowering: PolicyLowering): LoweredExpr {
  const { uid, span } = literal
  const id = idOf(literal, lowering)
  if (typeof id === 'string') return constant(entityUid(uid.type, id), span)
  if (id !== undefined) {
    lowering.diagnostics.error('R460', `\`${uid.id}\` is a group of entities, which no entity equals`, span, {
      help: 'groups stand to the right of `in`; a plain star is written `\\\\*`',
    })
  }
  return constant(uid, span)
}

/** The right side of `in`; `lower` lowers what is no literal. */
export function lowerGroup(right: Expr, lowering: PolicyLowering, lower: (expr: Expr) => LoweredExpr): Group {
  const globs: GlobGroup[] = []
  const member = (expr: Expr): LoweredExpr[] => {
    if (expr.kind !== 'entity') return [lower(expr)]
    const id = idOf(expr, lowering)
    if (id === undefined) return [constant(expr.uid, expr.span)]
    if (typeof id === 'string') return [constant(entityUid(expr.uid.type, id), expr.span)]
    if (isActionType(expr.uid.type)) return matchingActions(expr, id, lowering)
    checkGroup(expr, id, lowering)
    globs.push({ type: expr.uid.type, glob: id })
    return [constant(entityUid(expr.uid.type, printGlob(id)), expr.span)]
  }
  if (right.kind === 'set') return { right: setOf(right.elements.flatMap(member), right.span), globs }
  const members = member(right)
  const [only] = members
  return { right: members.length === 1 && only ? only : setOf(members, right.span), globs }
}

/** The id that a literal has, or the group that it names; `undefined` after an error. */
function idOf({ uid, span }: EntityLiteral, lowering: PolicyLowering): string | Glob | undefined {
  const { settings, diagnostics } = lowering
  const isPath = settings.pathTypes.has(uid.type)
  const found = settings.globs ? parseGlob(uid.id) : ({ kind: 'plain', id: uid.id } as const)
  if (found.kind === 'error') {
    diagnostics.error('R461', found.message, span, { help: found.help })
    return undefined
  }
  if (!isPath) return found.kind === 'plain' ? found.id : found
  const normal = found.kind === 'plain' ? normalisePath(found.id) : normaliseGlobPath(found)
  if ('error' in normal) {
    diagnostics.error('R464', `the id of this \`${uid.type}\` ${normal.error}`, span, {
      help: `\`${uid.type}\` is one of the \`path_types\`, whose ids are absolute paths`,
    })
    return undefined
  }
  return 'path' in normal ? normal.path : normal.glob
}

/** The declared actions of a group; one that is declared later belongs to it after the next load. */
function matchingActions({ uid, span }: EntityLiteral, glob: Glob, lowering: PolicyLowering): LoweredExpr[] {
  const found = lowering.declaredActions.filter(({ type, id }) => type === uid.type && matchesGlob(glob, id))
  if (found.length === 0) {
    lowering.diagnostics.error('R463', `no declared action matches \`${uid.type}::"${uid.id}"\``, span, {
      help: 'actions are declared in `[schema]` or `[entities]`; or name them one by one',
    })
    return [constant(uid, span)]
  }
  return found.map((action) => constant(action, span))
}

function checkGroup({ uid, span }: EntityLiteral, glob: Glob, lowering: PolicyLowering): void {
  if (lowering.enumTypes.has(uid.type)) {
    lowering.diagnostics.error('R462', `\`${uid.type}\` is an enumerated type, whose ids cannot be matched`, span, {
      help: 'name its entities one by one',
    })
  }
  const last = glob.segments.at(-1)
  if (lowering.effect === 'forbid' && glob.segments.length > 1 && last !== '**' && last?.includes(null)) {
    const deeper = printGlob({ kind: 'glob', segments: [...glob.segments.slice(0, -1), '**'] })
    lowering.diagnostics.warning('R472', `\`*\` ends at the next \`/\`, so deeper paths escape this \`forbid\``, span, {
      help: `\`${deeper}\` holds what is below, at any depth`,
    })
  }
}
