/** The scenarios by name. */
import type { ScenarioMaker } from './scenario.ts'
import { abac } from './scenarios/abac.ts'
import { agent } from './scenarios/agent.ts'
import { policies10k } from './scenarios/policies-10k.ts'
import { rbac } from './scenarios/rbac.ts'
import { rebac } from './scenarios/rebac.ts'

export const SCENARIOS: ReadonlyMap<string, ScenarioMaker> = new Map([
  ['rbac', rbac],
  ['rebac', rebac],
  ['abac', abac],
  ['agent', agent],
  ['policies-10k', policies10k],
])
