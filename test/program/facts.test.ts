/**
 * Facts and declarations: how values are read for their columns, and what is refused where.
 */
import { describe, expect, test } from 'vitest'
import { analyseText, codesOf, messageOf, predicateOf, programOf, rowsOf, underlined } from './programs.ts'

describe('facts', () => {
  test('a string that meets a declared entity column is an entity: its id, or its literal', () => {
    const text = `[data]
member = [["alice", 'Group::"admins"']]
[rules]
decl member(user: User, group: Group).
member(bob, "devs"). member(User::"eve", Group::"devs").`
    expect(rowsOf(text, 'member')).toEqual([
      'User::"alice", Group::"admins"',
      'User::"bob", Group::"devs"',
      'User::"eve", Group::"devs"',
    ])
  })

  test('a string that meets a declared extension column is read as that', () => {
    const text =
      '[data]\nnet = ["10.0.0.0/8"]\nsince = ["2026-01-01"]\n[rules]\ndecl net(n: ipaddr). decl since(t: datetime).'
    expect(rowsOf(text, 'net')).toEqual(['ip("10.0.0.0/8")'])
    expect(rowsOf(text, 'since')).toEqual(['datetime("2026-01-01")'])
    expect(messageOf('[data]\nnet = ["10.0.0"]\n[rules]\ndecl net(n: ipaddr).', 'R340')).toMatch(/is no ipaddr/)
  })

  test('a literal of another type is an error at its place', () => {
    const text = `[data]\nmember = [["alice", 'User::"x"']]\n[rules]\ndecl member(user: User, group: Group).`
    expect(messageOf(text, 'R340')).toBe('a User stands where Group is declared')
    expect(underlined(text, 'R340')).toBe(`'User::"x"'`)
    expect(codesOf('[data]\nn = [1]\n[rules]\ndecl n(x: String).')).toEqual(['R340'])
    expect(messageOf('[data]\nn = [1]\n[rules]\ndecl n(x: Float).', 'R340')).toMatch(/write `1.0`/)
    expect(codesOf('[rules]\ndecl n(x: Long).\nn("a").')).toEqual(['R340'])
    expect(codesOf('[rules]\ndecl n(x: Long).\nm(X) :- n(X), n("a").')).toContain('R340')
  })

  test('what looks like an entity literal and is none is refused, never read as an id', () => {
    for (const id of ['User::"a', 'User::"a"b"', 'a::"', 'User ::"a" x']) {
      expect(codesOf(`[data]\nu = ['${id}']\n[rules]\ndecl u(user: User).`)).toEqual(['R340'])
    }
  })

  test('a bare id is refused where several entity types are declared', () => {
    const declare = '[rules]\ndecl m(x: User | Group).'
    expect(codesOf(`[data]\nm = ["a"]\n${declare}`)).toEqual(['R340'])
    expect(rowsOf(`[data]\nm = ['Group::"a"']\n${declare}`, 'm')).toEqual(['Group::"a"'])
    expect(rowsOf('[data]\nm = ["a", \'User::"b"\']\n[rules]\ndecl m(x: User | String).', 'm')).toEqual([
      '"a"',
      'User::"b"',
    ])
  })

  test('ids of path types are normalised, and refused where they are no path', () => {
    const options = '[options]\npath_types = ["File"]\n'
    const declare = '[rules]\ndecl f(x: File).'
    expect(rowsOf(`${options}[data]\nf = ["/a/./b/"]\n${declare}`, 'f')).toEqual(['File::"/a/b"'])
    expect(codesOf(`${options}[data]\nf = ["/a/../../b"]\n${declare}`)).toEqual(['R340'])
    const entity = `${options}[data]\nf = [{ entity = 'File::"/a//b"' }]`
    expect(rowsOf(entity, 'f')).toEqual(['File::"/a/b"'])
  })

  test('rows given as tables name their columns, in whatever order they are declared', () => {
    const data = '[data]\nrole = [{ user = "alice", role = "admin" }]'
    expect(predicateOf(programOf(data), 'role').columns.map(({ name }) => name)).toEqual(['user', 'role'])
    expect(rowsOf(`${data}\n[rules]\ndecl role(role, user).`, 'role')).toEqual(['"admin", "alice"'])
    expect(codesOf(`${data}\n[rules]\ndecl role(user, group).`)).toEqual(['R339'])
  })

  test('many mistakes of one predicate are reported, not all', () => {
    const rows = Array.from({ length: 100 }, (_, i) => i).join(', ')
    expect(codesOf(`[data]\nn = [${rows}]\n[rules]\ndecl n(x: User).`)).toHaveLength(20)
  })

  test('rows that stay as they are are not copied', () => {
    const program = programOf('[data]\nn = [[1, "a"], [2, "b"]]')
    expect(program.facts).toHaveLength(1)
  })

  const withFile = (rest: string, file = 'a\tb\n') => analyseText(`[data]\n${rest}`, new Map([['e.tsv', file]]))

  test('the types of a fact file are what is declared, or given, or String', () => {
    const types = (rest: string, file?: string) => {
      const [source] = withFile(rest, file).program?.facts ?? []
      return source?.kind === 'file' ? source.types : undefined
    }
    const codes = (rest: string, file?: string) => withFile(rest, file).diagnostics.map(({ code }) => code)
    expect(types('e = { file = "e.tsv", types = ["String", "Long"] }')).toEqual(['String', 'Long'])
    expect(types('e = { file = "e.tsv" }')).toEqual(['String', 'String'])
    expect(types('e = { file = "e.tsv" }\n[rules]\ndecl e(a: User, b: Long).')).toEqual(['entity:User', 'Long'])
    expect(types('e = { file = "e.tsv", types = ["String"] }\n[rules]\ndecl e(a: User, b).')).toEqual([
      'entity:User',
      'String',
    ])
    expect(types('e = { file = "e.tsv" }\n[rules]\np(X) :- e(X, _).', '')).toEqual(['String', 'String'])
    expect(codes('e = { file = "e.tsv", types = ["Long"] }\n[rules]\ndecl e(a: User, b).')).toEqual(['R340'])
    expect(codes('e = { file = "e.tsv" }\n[rules]\ndecl e(a: User | Group, b).')).toEqual(['R340'])
    expect(codes('e = { file = "e.tsv" }', '')).toEqual(['R338'])
    expect(codes('e = { file = "e.tsv" }\n[rules]\np(X) :- e(X).')).toEqual(['R330'])
  })

  test('given `types` declare a column: literals that meet it are read as them', () => {
    const { program } = withFile('e = { file = "e.tsv", types = ["User", "Long"] }\n[rules]\np(N) :- e("alice", N).')
    const rule = program?.rules.find(({ name }) => name.startsWith('p:'))
    expect(rule?.body[0]).toMatchObject({ args: [{ value: { kind: 'entity', type: 'User', id: 'alice' } }, {}] })
  })
})

describe('declarations', () => {
  test('one a predicate, one name a column', () => {
    expect(codesOf('[rules]\ndecl p(a). decl p(a).')).toContain('R335')
    expect(codesOf('[rules]\ndecl p(a, a).')).toContain('R335')
  })

  test('what nearly is a type is an error with the type that was meant', () => {
    expect(messageOf('[rules]\ndecl p(a: string).', 'R336')).toBe('`string` is no type | did you mean `String`?')
    expect(messageOf('[rules]\ndecl p(a: int).', 'R336')).toBe('`int` is no type | did you mean `Long`?')
    expect(codesOf('[rules]\ndecl p(a: Ns::string). p(x).')).toEqual([])
  })
})
