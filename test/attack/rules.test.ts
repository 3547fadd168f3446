/** The rules of the language that close a hole: what would open for somebody who was not meant is refused, or does not open. */
import { describe, expect, test } from 'vitest'
import { attempt, HEAD, OPTIONS, type Outcome, REQUEST } from './attempt.ts'

const DATA = `[data]
user = ["alice", "bob"]
blocked = ["mallory"]
admin = ["root"]
limit = [["alice", 3], ["zero", 0]]
empty = []
[rules]
`
const rules = (text: string) => HEAD + OPTIONS + DATA + text

describe('a permit that is not tied to the request is refused', () => {
  test.each<[string, string[]]>([
    ['permit.', ['R331']],
    ['permit("always").', ['R331']],
    ['permit :- user("alice").', ['R352']],
    ['permit :- user(U), not blocked(U).', ['R352']],
    ['permit :- not blocked("alice").', ['R352']],
    ['permit :- 1 = 1.', ['R352']],
    ['permit :- N = count(X, user(X)), N > 1.', ['R352']],
    ['permit :- entity.type(E, "User").', ['R352']],
    ['permit :- action("read"), user(U), not blocked(U).', ['R353']],
    ['permit :- principal(P, "User"), user(U), not blocked(U).', ['R353']],
    ['permit :- not action("write"), user(U), not blocked(U).', ['R353']],
    ['permit :- action(A), (user(U) ; A = "x").', ['R353']],
    ['permit :- principal(P, "User"), X = 3, limit(U, X).', ['R353']],
    ['permit :- principal(P, "User"), limit(_, N), N > 1.', ['R353']],
    ['allowed :- action("read").\npermit :- allowed, user(U), admin(U).', ['R353']],
    ['helper(U) :- user(U), not blocked(U).\npermit :- helper(U).', ['R352']],
    ['permit :- action("read"), N = count(X, user(X)), N > 1.', ['R353']],
    ['x(P, U) :- principal(P, "User"), user(U).\npermit :- x(_, U), not blocked(U).', ['R353']],
    ['x(P, U) :- principal(P, "User"), user(U).\npermit :- x(P, U), not blocked(U).', ['R353']],
    ['x(U) :- context.any(_), user(U).\npermit :- x(U), not blocked(U).', ['R353']],
    ['permit :- user(U), N = count(X, (principal(U, "User"), limit(U, X))), N = 0.', ['R353']],
    ['permit("for " + U + P) :- principal(P, "User"), user(U), not blocked(U).', ['R353']],
  ])('%s', async (text, codes) => {
    expect(await attempt(rules(text))).toEqual(codes)
  })

  test.each<[string, Outcome]>([
    ['permit :- principal(P, "User"), user(P), not blocked(P).', 'permit'],
    ['permit :- principal(P, "User"), admin(P).', 'deny'],
    ['x(P, U) :- principal(P, "User"), user(U).\npermit :- x(P, _), not blocked(P).', 'permit'],
    ['x(P, U) :- principal(P, "User"), user(U).\npermit :- x(P, "nobody"), not blocked(P).', 'deny'],
    [
      'level(3) :- principal(P, "User"), admin(P).\nlevel(1) :- principal(_, "User").\npermit :- level(N), N > 2.',
      'deny',
    ],
    ['forbid :- user(U), not blocked(U).\npermit :- action("read").', 'forbid'],
  ])('but tied it holds or not: %s', async (text, outcome) => {
    expect(await attempt(rules(text), REQUEST)).toBe(outcome)
  })
})

describe('a permit that depends on an id whose type is open is refused', () => {
  const STORE = `\n[entities]\n'User::"root"' = {}\n'Service::"root"' = {}\n'File::"/a"' = {}\n'Folder::"/a"' = {}\n`
  test.each([
    'permit :- principal("root").',
    'permit :- principal(P), admin(P).',
    'permit :- principal(P), principal(P, _), admin(P).',
    'known(P) :- principal(P), admin(P).\npermit :- action("read"), known(_).',
    'known(P) :- principal(P).\nmore(P) :- known(P), admin(P).\npermit :- more(_).',
    'permit :- resource("/a").',
    'permit :- (principal("root") ; action("none")).',
    'permit :- principal(P), P in ["root"].',
    'permit :- principal(P), P = "root".',
    'permit :- principal(P), request(_, A, _), A = Action::"read", admin(P).',
    'permit :- principal("root"), principal(_, T).',
    'permit :- principal("root", _).',
    'permit :- principal("root"), request(P, _, _).',
    'permit :- request(P, _, _), P.id = "root".',
    'u(I, T) :- principal(I, T).\npermit :- principal("root"), u(_, _).',
    'u(I, T) :- principal(I, T).\npermit :- principal("root"), principal(_, T), u(_, T).',
  ])('%s', async (text) => {
    expect(await attempt(rules(text) + STORE)).toEqual(['R354'])
  })

  test.each<[string, Outcome]>([
    ['permit :- principal(P, "User"), admin(P).', 'deny'],
    ['permit :- request(User::"root", _, _).', 'deny'],
    ['u(I, T) :- principal(I, T).\npermit :- u("root", "User").', 'deny'],
    ['permit :- principal("root"), principal(_, T), T = "Service".', 'permit'],
    ['forbid :- principal(P), admin(P).', 'forbid'],
  ])('with its type it is none: %s', async (text, outcome) => {
    const request = { ...REQUEST, principal: 'Service::"root"' }
    expect(await attempt(rules(text) + STORE, request)).toBe(outcome)
  })
})

describe('a reason that somebody else can choose is refused', () => {
  test.each([
    'permit(U) :- principal(U, "User").',
    'permit(U + " may") :- principal(U, "User").',
    'forbid(K) :- context(K, _).',
    'permit("" + U) :- principal(U, "User").',
    'permit(X.lower()) :- principal(X, "User").',
    'permit(X) :- action("read"), X = "a".',
    'permit(3) :- action("read").',
  ])('%s', async (text) => {
    const outcome = await attempt(rules(text))
    expect(outcome).toEqual([expect.stringMatching(/^R351|^R406/)])
  })
})

describe('permit and forbid stand only in heads of rules', () => {
  test.each<[string, string[]]>([
    [`${OPTIONS}[data]\npermit = ["x"]`, ['R331']],
    [`${OPTIONS}[data]\nforbid = [[]]`, ['R331']],
    [`${OPTIONS}[data]\n[data.permit]\nx = 1`, []],
    [`${OPTIONS}[rules]\np :- permit(_).`, ['R332']],
    [`${OPTIONS}[rules]\np :- not forbid.`, ['R332']],
    [`${OPTIONS}[rules]\np(N) :- N = count(X, permit(X)).`, ['R332']],
    [`${OPTIONS}[rules]\ndecl permit(x).`, ['R331']],
    [
      `${OPTIONS}[policies]\npermit(principal, action, resource) when { context.facts.permit.contains("x") };`,
      ['R451'],
    ],
    [`${OPTIONS}[rules]\npermit(min N) :- action("read"), limit(_, N).`, ['R351', 'R420']],
    [`${OPTIONS}[rules]\npermit(1, 2) :- action("read").`, ['R330']],
  ])('%s', async (text, codes) => {
    const outcome = await attempt(HEAD + text)
    expect(Array.isArray(outcome) ? [...outcome].sort() : []).toEqual([...codes].sort())
  })
})

describe('what comes with the request cannot be written', () => {
  const names = ['principal', 'action', 'resource', 'path', 'request', 'context']
  test.each(names)('%s', async (name) => {
    const arity = name === 'request' ? 3 : name === 'context' ? 2 : 1
    const values = new Array(arity).fill('"x"').join(', ')
    expect(await attempt(`${HEAD}[data]\n${name} = [[${values}]]`)).toEqual(['R331'])
    expect(await attempt(`${HEAD}[data]\n${name} = []`)).toEqual(['R331'])
    expect(await attempt(`${HEAD}[rules]\n${name}(${values}).`)).toEqual(['R331'])
    expect(await attempt(`${HEAD}[rules]\n${name}(${values}) :- action("x").`)).toEqual(['R331'])
    expect(await attempt(`${HEAD}[rules]\ndecl ${name}(${values.replaceAll('"x"', 'x')}).`)).not.toBe('open')
    expect(await attempt(`${HEAD}[data]\ncontext.x = "y"`)).toEqual(['R331'])
    expect(await attempt(`${HEAD}[rules]\ncontext.x("y").`)).toEqual(['R331'])
    const tests = `[[tests.case]]\nname = "t"\nprincipal = "a"\naction = "a"\nresource = "a"\nexpect = "deny"\n`
    const { runTests } = await import('../../src/index.ts')
    const head = `${HEAD}[options]\ndefault_principal_type = "U"\ndefault_resource_type = "R"\n`
    const report = await runTests({ text: `${head}${tests}facts = { ${name} = [[${values}]] }` })
    expect(report.cases[0]?.diagnostics?.map(({ code }) => code)).toEqual(['R331'])
  })
})

describe('what can never be equal is refused, under not most of all', () => {
  test.each([
    'p(U) :- user(U), not limit(_, U).',
    'p(P) :- request(P, _, _), not blocked(P).',
    'forbid("b") :- request(P, _, _), blocked(P).',
    'p(U) :- user(U), not blocked(3).',
    'p(U) :- user(U), U != 3.',
    'p(U) :- user(U), not U in [1, 2].',
    'decl b(u: User).\nb("x").\np(U) :- user(U), not b(U).',
    'decl b(u: User).\nb("x").\nforbid :- principal(P, "User"), b(P).',
    'p(N) :- limit(_, N), N = "3".',
    'p(N) :- limit(_, N), not N = "3".',
    'p(D) :- user(D), D = ip("10.0.0.1").',
    'p(U) :- user(U), N = count(X, limit(X, U)), N = 0.',
  ])('%s', async (text) => {
    const outcome = await attempt(rules(text))
    expect(outcome).toEqual([expect.stringMatching(/^R406|^R269/)])
  })
})

describe('what fails is neither true nor false', () => {
  const permit = 'permit("all") :- action("read").\n'
  test.each<[string, object]>([
    ['forbid :- context.dir(D), not D.under("/tmp").', { dir: 'relative' }],
    ['forbid :- context.dir(D), D.under("/etc").', { dir: 'relative' }],
    ['forbid :- context.dir(D), not D.under("/tmp").', { dir: 3 }],
    ['bad(D) :- context.dir(D), D.under("/etc").\nforbid :- action("read"), context.dir(D), not bad(D).', { dir: 'x' }],
    ['forbid :- context.n(N), N + 9223372036854775807 > 0.', { n: 1 }],
    ['forbid :- context.n(N), N * N < 0.', { n: 2 ** 40 }],
    ['forbid :- context.n(N), 1 / N > 0.', { n: 0 }],
    ['forbid :- context.n(N), 1 % N > 0.', { n: 0 }],
    ['forbid :- context.n(N), -N > 0.', { n: -(2n ** 63n) }],
    ['big(N) :- context.n(N), M = N * 9223372036854775807, M > 0.\nforbid :- context.n(N), not big(N).', { n: 3 }],
    ['forbid :- context.n(N), N > 3.', { n: 'a text' }],
    ['forbid :- context.s(S), S.substring(3, 1) = "x".', { s: 'abc' }],
    ['forbid :- context.s(S), S.replace("", "x") = "x".', { s: 'abc' }],
    ['forbid :- context.g(G), context.s(S), S.matches(G).', { s: 'abc', g: 'a**b' }],
    [
      'total(N) :- N = sum(X, context.n(X)).\nforbid :- action("read"), total(N), N > 5.',
      { n: [2n ** 62n, 2n ** 62n + 1n] },
    ],
    ['fails(X) :- context.n(X), 1 / X > 0.\nforbid :- action("read"), N = count(X, fails(X)), N = 1.', { n: 0 }],
  ])('%s', async (text, context) => {
    expect(await attempt(rules(permit + text), { ...REQUEST, context })).toBe('deny')
    expect(await attempt(rules(`${text}\n${permit}`), { ...REQUEST, context })).toBe('deny')
  })

  test.each([
    'p(N) :- limit(_, M), N = 10 / M.',
    'p(N) :- limit(_, M), N = M + 9223372036854775807.',
    'p(N) :- limit(_, M), N = 10 / M, p(N).',
    'p(M) :- limit(_, M), not limit(_, 10 / M).',
    'p(U) :- user(U), U.under("/tmp").',
    'p(U) :- user(U), not U.under("/tmp").',
    'p(N) :- N = sum(X, big(X)).\nbig(9223372036854775807). big(1).',
    'n(0.0). p(M) :- n(N), M = 1.0 / N.',
    'n(1e308). p(M) :- n(N), M = N * 10.0.',
  ])('%s is refused at load, since it fails for a row', async (text) => {
    expect(await attempt(rules(text))).toEqual(['R401'])
  })
})

describe('globs stand to the right of `in`, and nowhere else', () => {
  const policy = (condition: string) =>
    `${HEAD}${OPTIONS}[policies]\npermit(principal, action, resource) when { ${condition} };`
  test.each([
    'resource == File::"/etc/*"',
    'resource != File::"/etc/*"',
    '[File::"/etc/*"].contains(resource)',
    'context.f == File::"/etc/*"',
    'File::"/etc/*" in resource',
    'File::"/etc/*".owner == principal',
    '{f: File::"/etc/*"} == context',
    'if resource == File::"/*" then true else false',
    'File::"/etc/*" has owner',
    'File::"/etc/*" is File',
  ])('%s is refused', async (condition) => {
    expect(await attempt(policy(condition))).toEqual(['R460'])
  })

  test('in rules, data and stores they are refused or plain', async () => {
    expect(await attempt(rules('p(File::"/etc/*").'))).toEqual(['R460'])
    expect(await attempt(rules('forbid :- request(_, _, File::"/etc/*").'))).toEqual(['R460'])
    expect(await attempt(rules('p(X) :- request(_, _, X), X in [File::"/etc/*"].'))).toEqual(['R460'])
    expect(await attempt(rules('p(X) :- request(_, _, X), X != File::"/etc/*".'))).toEqual(['R460'])
  })

  test.each<[string, string, Outcome]>([
    ['/tmp/*', '/tmp/a.txt', 'permit'],
    ['/tmp/*', '/tmp/a/b', 'deny'],
    ['/tmp/*', '/tmp', 'deny'],
    ['/tmp/*', '/tmp/../etc/passwd', 'deny'],
    ['/tmp/**', '/tmp/a/b', 'permit'],
    ['/tmp/**', '/tmp', 'permit'],
    ['/tmp/**', '/tmpx/a', 'deny'],
    ['/tmp/**/key', '/tmp/key', 'permit'],
    ['/tmp/a*', '/tmp/a', 'deny'],
    ['/tmp/\\\\*', '/tmp/a', 'deny'],
    ['/tmp/../etc/*', '/etc/passwd', 'permit'],
    ['/**', '/etc/passwd', 'permit'],
    ['/*', '/', 'deny'],
  ])('File::"%s" and %s: %s', async (glob, resource, outcome) => {
    const text = `${HEAD}${OPTIONS}[policies]\npermit(principal, action, resource in File::"${glob}");`
    const found = await attempt(text, { ...REQUEST, resource })
    if (glob.includes('\\\\')) expect(found).not.toBe('permit')
    else expect(found).toBe(outcome)
  })

  test('a group holds entities of its type alone', async () => {
    const text = `${HEAD}${OPTIONS}[policies]\npermit(principal in User::"*", action, resource);`
    expect(await attempt(text, REQUEST)).toBe('permit')
    expect(await attempt(text, { ...REQUEST, principal: 'Service::"alice"' })).toBe('deny')
  })
})

describe('a guardrail that cannot be evaluated does not open', () => {
  const allow = `${HEAD}${OPTIONS}[policies]\npermit(principal, action, resource);\n`
  test.each<[string, object]>([
    ['context.missing', {}],
    ['context.n + 1 > 0', { n: 2n ** 63n - 1n }],
    ['context.n * context.n > 0', { n: 2 ** 40 }],
    ['context.s like "a" && context.s > 3', { s: 'a' }],
    ['principal.level > 3', {}],
    ['ip(context.s).isLoopback()', { s: 'nonsense' }],
    ['context.r.a.b.c', { r: { a: 1 } }],
    ['1', {}],
    ['context.s', { s: 'true' }],
  ])('forbid when { %s }', async (condition, context) => {
    const forbid = `forbid(principal, action, resource) when { ${condition} };`
    expect(await attempt(allow + forbid, { ...REQUEST, context })).toBe('deny')
  })
})

describe('facts that fail are no facts to a policy', () => {
  const text = (policies: string) => `${HEAD}${OPTIONS}[rules]
bad(X) :- context.n(N), X = 1 / N.
pair(X, Y) :- context.n(N), X = 1 / N, Y = X.
decl pair(x: Long, y: Long).
down :- context.n(N), 1 / N > 5.
best(X, min D) :- context.n(N), D = 1 / N, X = "x".
decl best(x: String, d: Long).
total(T) :- T = sum(X, bad(X)).
[policies]
${policies}`
  const PERMIT = 'permit(principal, action, resource);'

  test.each([
    'permit(principal, action, resource) when { !context.facts.bad.contains(5) };',
    'permit(principal, action, resource) when { context.facts.bad.isEmpty() };',
    'permit(principal, action, resource) unless { context.facts.bad.containsAny([5, 6]) };',
    'permit(principal, action, resource) when { context.facts.bad != [5] };',
    'permit(principal, action, resource) when { !context.facts.down };',
    'permit(principal, action, resource) unless { context.facts.pair.contains({ x: 5, y: 5 }) };',
    'permit(principal, action, resource) unless { context.facts.best.contains({ x: "x", d: 5 }) };',
    'permit(principal, action, resource) when { context.facts.total.contains(0) };',
    `${PERMIT} forbid(principal, action, resource) when { context.facts.bad.contains(5) };`,
    `${PERMIT} forbid(principal, action, resource) when { context.facts.down };`,
    `${PERMIT} forbid(principal, action, resource) unless { context.facts.bad.isEmpty() };`,
  ])('%s', async (policies) => {
    expect(await attempt(text(policies), { ...REQUEST, context: { n: 0 } })).toBe('deny')
  })

  test('and those that do not are', async () => {
    const policies = `${PERMIT} forbid(principal, action, resource) when { context.facts.bad.contains(5) };`
    expect(await attempt(text(policies), { ...REQUEST, context: { n: 1 } })).toBe('permit')
    expect(await attempt(text(policies), REQUEST)).toBe('permit')
  })
})

describe('recursion without end stops at a limit', () => {
  test.each<[string, string]>([
    ['max_facts = 1000', 'n(0). n(M) :- n(N), M = N + 1.'],
    ['max_iterations = 1000', 'n(0). n(M) :- n(N), M = N + 1.'],
    ['max_facts = 1000', 'n("a"). n(M) :- n(N), M = N + "a".'],
    ['max_eval_ms = 200', 'n(0). n(M) :- n(N), M = N + 1.'],
    ['max_eval_ms = 200', `n("a"). n(M) :- n(N), M = N + N.`],
  ])('%s: %s', async (limit, text) => {
    const outcome = await attempt(`${HEAD}[options]\n${limit}\n[rules]\n${text}`)
    expect(outcome).toEqual([expect.stringMatching(/^R50[123]$|^R401$/)])
  })

  test('of a request too, and the engine goes on', async () => {
    const { Rune } = await import('../../src/index.ts')
    const { decide } = await import('./attempt.ts')
    const rune = await Rune.fromText(
      `${HEAD}${OPTIONS}max_steps = 10000
[rules]
n(N) :- context.n(N).
n(M) :- n(N), M = N + 1.
s(S) :- context.s(S).
s(T) :- s(S), T = S + S.
forbid("n") :- n(N), N < 0.
forbid("s") :- s(S), S = "".
permit("all") :- action("read").`,
      { coordinator: 'inline' },
    )
    expect(decide(rune, REQUEST)).toBe('permit')
    expect(decide(rune, { ...REQUEST, context: { n: 1 } })).toEqual(['R504'])
    expect(['deny', 'R504']).toContain(String(decide(rune, { ...REQUEST, context: { s: 'a' } })))
    expect(decide(rune, REQUEST)).toBe('permit')
  })
})
