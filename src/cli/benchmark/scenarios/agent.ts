/**
 * Guardrails of coding agents: paths below a workspace, commands with their whole line, secrets that stay closed, and
 * exceptions that a human approved. Rules work on the request itself.
 */
import type { Draw } from '../random.ts'
import { names, type Scenario, scaled, toggle, tsv } from '../scenario.ts'

const LINES = [
  'ls',
  'git status',
  'git diff',
  'npm test',
  'make',
  'cargo build',
  'git push',
  'git push --force',
  'rm -rf /',
]
const TOOLS = ['shell', 'git', 'npm', 'cargo', 'deploy']

const MAIN = `version = "rune/1.0"

[options]
default_principal_type = "Agent"
default_resource_type = "File"
path_types = ["File"]

[data]
harmless = ["ls", "git status", "git diff", "npm test", "make"]
dangerous_pattern = ["*rm -rf*", "*--force*", "*| sh*", "*sudo *"]
approved = { file = "approved.tsv" }
in_group = { file = "in_group.tsv" }
writes_below = { file = "writes_below.tsv" }

[rules]
decl approved(agent: String, command: String, ticket: String).
decl in_group(agent: Agent, group: Group).
decl writes_below(agent: String, folder: String).

runs(Program, Line) :- action("run"), resource(Program, "Command"), context.line(Line), context.environment(_).
in_production :- context.environment("production").
entity.parent(Agent, Group) :- in_group(Agent, Group).

permit("a harmless command") :- runs(_, Line), harmless(Line).
permit("any command of a development machine") :- runs(_, _), context.environment("development").
permit("approved in " + Ticket) :- runs(Program, _), principal(Who, "Agent"), approved(Who, Program, Ticket).
permit("writes its part") :-
  action("write"), principal(Who, "Agent"), writes_below(Who, Folder), path(Path), Path.under(Folder).
forbid("a dangerous command") :- runs(_, Line), dangerous_pattern(P), Line.like(P).
forbid("production is read only") :- in_production, action("write").

[policies]
@id("read the workspace")
permit(principal in Group::"agents", action in [Action::"read", Action::"list"], resource in File::"/workspace/**");

@id("secrets stay closed")
forbid(principal, action, resource)
when { resource in [File::"/workspace/**/.env*/**", File::"/workspace/secrets/**"] };

@id("large writes need a human")
forbid(principal, action == Action::"write", resource)
when { context has bytes && context.bytes > 100000 }
unless { context has approved_by && context.approved_by like "human:*" };
`

export function agent({ chance, pick }: Draw, scale: number): Scenario {
  const agents = names('agent-', scaled(200, scale))
  const projects = names('/workspace/project-', scaled(100, scale))
  const projectOf = new Map(agents.map((name) => [name, pick(projects)]))
  const approved = agents.flatMap((name, i) => (chance(0.3) ? [[name, pick(TOOLS), `OPS-${i}`]] : []))
  return {
    files: {
      'main.rune': MAIN,
      'approved.tsv': tsv(approved),
      'in_group.tsv': tsv(agents.filter((_, i) => i % 10 !== 9).map((name) => [name, 'agents'])),
      'writes_below.tsv': tsv([...projectOf].map(([name, project]) => [name, `${project}/src`])),
    },
    request: (draw) => {
      const principal = draw.pick(agents)
      const environment = draw.pick(['development', 'staging', 'production'])
      if (draw.chance(0.3)) {
        const context = { line: draw.pick(LINES), environment }
        return { principal, action: 'run', resource: { type: 'Command', id: draw.pick(TOOLS) }, context }
      }
      const project = draw.chance(0.7) ? (projectOf.get(principal) ?? '') : draw.pick(projects)
      const resource = pathOf(draw, project)
      if (draw.chance(0.6)) return { principal, action: draw.chance(0.8) ? 'read' : 'list', resource }
      const bytes = draw.below(40) * 1000 * (draw.chance(0.2) ? 10 : 1)
      return { principal, action: 'write', resource, context: { environment, bytes } }
    },
    update: (i) => toggle('approved', [`guest-${i >> 1}`, 'deploy', 'OPS-0'], i),
    outcomes: ['permit', 'deny', 'forbid'],
  }
}

function pathOf({ chance, below }: Draw, project: string): string {
  if (chance(0.05)) return '/workspace/secrets/key.pem'
  if (chance(0.05)) return `${project}/.env.local`
  if (chance(0.1)) return `${project}/../../etc/passwd-${below(9)}`
  const folder = chance(0.7) ? 'src' : 'docs'
  return `${project}/${folder}/part-${below(20)}/file-${below(200)}.ts`
}
