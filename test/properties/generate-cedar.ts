/**
 * Random Cedar cases: policies, templates and links over a random world, with a request. Reproduced by their seed; decisions
 * vary, and a good share of the policies fails. What the values and expressions are is said next door.
 */
import type {
  ActionConstraint,
  Condition,
  Policy,
  ScopeConstraint,
  ScopeEntity,
  Slot,
} from '../../src/syntax/cedar/ast.ts'
import type { EntityUid } from '../../src/values/value.ts'
import { isTemplate, type NamedPolicy, type Request } from '../oracle/cedar.ts'
import { createExpressions, span } from './cedar-expressions.ts'
import { ACTION_TYPES, ENTITY_TYPES, randomContext, randomWorld, type World } from './cedar-world.ts'
import { createRandom, type Random } from './random.ts'

export interface CedarCase {
  readonly world: World
  readonly statics: readonly NamedPolicy[]
  readonly templates: readonly NamedPolicy[]
  readonly links: readonly Link[]
  readonly request: Request
}

export interface Link {
  readonly id: string
  readonly template: string
  readonly slots: ReadonlyMap<Slot, EntityUid>
}

/** The case of a seed, with at most so many policies and templates. */
export function generateCedar(seed: number, most = 9): CedarCase {
  const random = createRandom(seed)
  const world = randomWorld(random)
  const statics: NamedPolicy[] = []
  const templates: NamedPolicy[] = []
  random.list(1, most, (i) => {
    const policy = randomPolicy(random, world)
    if (isTemplate(policy)) templates.push({ id: `t${i}`, policy })
    else statics.push({ id: `p${i}`, policy })
  })
  const links = templates.flatMap(({ id, policy }) =>
    random.list(0, 2, (i) => ({ id: `${id}-${i}`, template: id, slots: randomSlots(random, world, policy) })),
  )
  return { world, statics, templates, links, request: randomRequest(random, world) }
}

/** Any request over a world. */
export function randomRequest(random: Random, world: World): Request {
  return {
    principal: randomUid(random, world, random.chance(0.8) ? 'User' : random.pick(ENTITY_TYPES)),
    action: randomUid(random, world, random.pick(ACTION_TYPES)),
    resource: randomUid(random, world, random.chance(0.8) ? 'Doc' : random.pick(ENTITY_TYPES)),
    context: randomContext(random, world),
  }
}

/** All policies as the oracle takes them: static ones, templates and links. */
export function policiesOf({ statics, templates, links }: CedarCase): NamedPolicy[] {
  const linked = links.flatMap(({ id, template, slots }) =>
    templates.filter((one) => one.id === template).map(({ policy }) => ({ id, policy, slots })),
  )
  return [...statics, ...templates, ...linked]
}

function randomPolicy(random: Random, world: World): Policy {
  const expression = createExpressions({ random, world, illTyped: random.chance(0.5) ? 0 : 0.08 })
  const depth = 1 + random.int(5)
  const conditions = random.list(0, 2, (): Condition => {
    const kind = random.chance(0.7) ? 'when' : 'unless'
    return { kind, body: expression({ kind: 'bool' }, depth), span }
  })
  const template = random.chance(0.2)
  return {
    annotations: random.chance(0.1) ? [{ key: 'id', value: random.pick(['', 'p0', 'é"']), bare: false, span }] : [],
    effect: random.chance(0.75) ? 'permit' : 'forbid',
    principal: randomScope(random, world, 'User', template ? '?principal' : undefined),
    action: randomAction(random, world),
    resource: randomScope(random, world, 'Doc', template && random.chance(0.5) ? '?resource' : undefined),
    conditions,
    span,
  }
}

function randomScope(random: Random, world: World, usual: string, slot: Slot | undefined): ScopeConstraint {
  const type = random.chance(0.8) ? usual : random.pick(ENTITY_TYPES)
  const entity = (of: string): ScopeEntity =>
    slot !== undefined ? { kind: 'slot', slot, span } : { kind: 'entity', uid: randomUid(random, world, of), span }
  const group = (): ScopeEntity => entity(random.pick([type, 'Group', 'Ns::Folder']))
  const kind = random.pick(
    slot === undefined ? (['any', 'any', 'any', 'eq', 'in', 'is', 'is in'] as const) : (['eq', 'in', 'is in'] as const),
  )
  switch (kind) {
    case 'any':
      return { kind, span }
    case 'eq':
      return { kind, entity: entity(type), span }
    case 'in':
      return { kind, entity: group(), span }
    case 'is':
      return { kind, type, span }
    case 'is in':
      return { kind: 'is', type, in: group(), span }
  }
}

function randomAction(random: Random, world: World): ActionConstraint {
  const action = () => ({ kind: 'entity', uid: randomUid(random, world, random.pick(ACTION_TYPES)), span }) as const
  switch (random.pick(['any', 'any', 'any', 'eq', 'in', 'list'] as const)) {
    case 'any':
      return { kind: 'any', span }
    case 'eq':
      return { kind: 'eq', entity: action(), span }
    case 'in':
      return { kind: 'in', entities: [action()], list: false, span }
    case 'list':
      return { kind: 'in', entities: random.list(0, 3, action), list: true, span }
  }
}

function randomSlots(random: Random, world: World, policy: Policy): Map<Slot, EntityUid> {
  const slots = new Map<Slot, EntityUid>()
  for (const scope of [policy.principal, policy.resource]) {
    const entity = scope.kind === 'any' ? undefined : scope.kind === 'is' ? scope.in : scope.entity
    if (entity?.kind !== 'slot') continue
    const usual = entity.slot === '?principal' ? 'User' : 'Doc'
    slots.set(entity.slot, randomUid(random, world, random.pick([usual, usual, 'Group', 'Ns::Folder'])))
  }
  return slots
}

function randomUid(random: Random, world: World, type: string): EntityUid {
  return random.pick(world.uids.filter((uid) => uid.type === type))
}
