/** Random requests, right and wrong ones, and the configurations that they are asked of. */
import type { AuthorizeRequest } from '../../src/decide/request.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { createRandom } from './random.ts'

/** Options and entities. */
export const HEAD = `version = "rune/1.0"
[options]
default_principal_type = "User"
path_types = ["File"]
[entities]
'User::"a"' = { in = ['Group::"g"'] }
`
export const POLICIES = `[policies]
permit (principal == User::"a", action, resource);
permit (principal in Group::"g", action == Action::"read", resource in File::"/tmp/**");
permit (principal, action, resource) when { context has n && context.n > 3 };
forbid (principal, action, resource) when { context has s && context.s == "no" };
permit (principal, action, resource) when { context.b };
permit (principal, action, resource) when { context == {n: 1, s: "x"} };
permit (principal == resource, action, resource);
`.replace('principal == resource, action, resource)', 'principal, action, resource) when { principal == resource }')
const SCHEMA = `[schema]
entity Group, File;
entity Kind enum ["x"];
entity User in [Group];
action read appliesTo { principal: [User, Kind], resource: [File, User], context: { n: Long, s?: String, b?: Bool, e?: User, d?: decimal } };
action write appliesTo { principal: User, resource: File };
`

/** The same, without and with a schema. */
export const CONFIGURATIONS: readonly (readonly [string, string])[] = [
  ['without a schema', HEAD + POLICIES],
  [
    'with a schema',
    HEAD + SCHEMA + POLICIES.replaceAll(/\{ context\.b \}|\{ context == .*\}/g, '{ context has b && context.b }'),
  ],
]

/** What `decide` yields, or the diagnostics that it throws. */
export const outcome = (decide: () => unknown): unknown => {
  try {
    return decide()
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return error.diagnostics.map(({ code, message, help }) => [code, message, help])
  }
}

const ENTITIES: readonly unknown[] = [
  'a',
  'User::"a"',
  'User::"b"',
  'Kind::"x"',
  'Kind::"y"',
  'File::"/tmp/./x"',
  'File::"/tmp/x"',
  'File::"x"',
  'User::"',
  '',
  'Group::"g"',
  { type: 'User', id: 'a' },
  { type: 'User', id: 'c' },
  { id: 'a' },
  { type: 'File', id: '/tmp/y' },
  { type: 'File', id: '/..' },
  { type: 'no type', id: 'a' },
  { type: 1, id: 'a' },
  { type: 'User', id: 1 },
  { type: 'User', id: '\ud800' },
  null,
  undefined,
  7,
  [],
]
const ACTIONS: readonly unknown[] = [
  'read',
  'read',
  'write',
  'other',
  'Action::"read"',
  { type: 'Action', id: 'write' },
  { id: 'read' },
]
const VALUES: readonly unknown[] = [
  1,
  4,
  -0,
  2 ** 53,
  2 ** 27,
  -(2 ** 26),
  1.5,
  Number.NaN,
  5n,
  2n ** 63n,
  'x',
  'no',
  '',
  '\ud800',
  'é😀',
  true,
  false,
  null,
  undefined,
  Symbol('s'),
  () => 1,
  [],
  [1, 'x'],
  {},
  { n: 1 },
  { __entity: { type: 'User', id: 'a' } },
  { __extn: { fn: 'decimal', arg: '1.0' } },
  new Map(),
  new Date(0),
  '1.0',
]
const KEYS = ['n', 's', 'b', 'e', 'd', 'facts', '__proto__', 'constructor', '', '\ud800', '__expr', 'other'] as const

/** Makes the same request anew each time. */
export function randomRequest(seed: number): () => AuthorizeRequest {
  const random = createRandom(seed)
  const [principal, action, resource] = [random.pick(ENTITIES), random.pick(ACTIONS), random.pick(ENTITIES)]
  const isPlain = random.chance(0.6)
  const entries = random.some(KEYS, 0.3).map((key): [string, unknown] => {
    const usual = { n: random.pick([1, 4, 9n]), s: random.pick(['x', 'no']), b: random.chance(0.5) }
    return [key, isPlain && key in usual ? usual[key as 'n'] : random.pick(VALUES)]
  })
  const form = random.int(14)
  const throwing = random.chance(0.1)
  return () => {
    const context = Object.fromEntries(entries)
    if (throwing) {
      Object.defineProperty(context, 'z', {
        enumerable: true,
        get: () => {
          throw new Error('no')
        },
      })
    }
    const forms = [
      undefined,
      null,
      'text',
      [],
      new Proxy(context, {}),
      Object.create(null, Object.getOwnPropertyDescriptors(context)),
      Object.setPrototypeOf(['x'], random.pick([Object.prototype, null])),
      new Proxy([], { getPrototypeOf: () => Object.prototype }),
    ]
    const request = { principal, action, resource, context: form < forms.length ? forms[form] : context }
    const brings = random.chance(0.1) ? { entities: random.chance(0.5) ? [] : null } : {}
    return { ...request, ...brings } as unknown as AuthorizeRequest
  }
}
