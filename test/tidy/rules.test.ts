/** The tidy rules' own measures, on small texts. */
import { describe, expect, it } from 'vitest'
import { measureFunctions } from './functions.ts'
import { importsOf, rankViolations } from './ranks.ts'

describe('the measure of functions', () => {
  const sizes = (text: string) => measureFunctions(text).map(({ line, lines }) => [line, lines])

  it('finds functions, methods and arrow functions, nested ones too', () => {
    const text = [
      'function f(a: number): void {',
      '  a.map((x) => {',
      '    return x',
      '  })',
      '}',
      'class C {',
      '  m() {',
      '  }',
      '}',
    ]
    expect(sizes(text.join('\n'))).toEqual([
      [1, 5],
      [2, 3],
      [7, 2],
    ])
  })

  it('counts a signature of several lines', () => {
    expect(sizes('export async function f(\n  a: number,\n): Promise<void> {\n  g()\n}')).toEqual([[1, 5]])
  })

  it('takes no control statement for a function', () => {
    expect(
      sizes('if (\n  a &&\n  b\n) {\n}\nfor (const x of y) {\n}\nlabel: while (f(1)) {\n}\n} else if (a(b)) {\n}'),
    ).toEqual([])
  })
})

describe('the ranks', () => {
  const violations = (path: string, ...imports: string[]) =>
    rankViolations({ path, text: imports.map((name) => `import { a } from '${name}'`).join('\n') }).length

  it('see static, dynamic, type-only and bare imports and re-exports', () => {
    const text =
      "import type {\n A,\n} from './a.ts'\nimport './b.ts'\nconst c = import('./c.ts')\nexport { d } from './d.ts'"
    expect(importsOf(text)).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts'])
  })

  it('allow what is lower and forbid what is higher', () => {
    expect(violations('src/program/a.ts', './b.ts', '../syntax/cedar/ast.ts', '../text/span.ts')).toBe(0)
    expect(violations('src/program/a.ts', '../image/arena.ts', '../index.ts', '../../native-layout/a.ts')).toBe(3)
    expect(violations('src/engine.ts', './threads/a.ts', './decide/a.ts')).toBe(0)
  })

  it('let only the image see the layout, and threads that of a batch', () => {
    expect(violations('src/image/a.ts', '../../native-layout/a.ts')).toBe(0)
    expect(violations('src/threads/a.ts', '../../native-layout/batch.ts')).toBe(0)
    expect(violations('src/threads/a.ts', '../../native-layout/a.ts')).toBe(1)
    expect(violations('native-layout/a.ts', '../src/text/a.ts')).toBe(1)
  })

  it('keep deciding apart from the fixpoint', () => {
    expect(violations('src/decide/a.ts', '../fixpoint/a.ts', '../image/a.ts')).toBe(1)
  })

  it('let commands, server and agents see the public API alone', () => {
    expect(violations('src/cli/a.ts', './b.ts', '../index.ts', '../cedar.ts', '../../package.json')).toBe(0)
    expect(violations('src/cli/a.ts', '../engine.ts', '../text/a.ts', '../server/a.ts')).toBe(3)
  })

  it('keep the syntaxes apart but for their trees and json', () => {
    expect(violations('src/syntax/cedar/a.ts', '../json/a.ts', '../datalog/ast.ts', '../lexer.ts')).toBe(0)
    expect(violations('src/syntax/cedar/a.ts', '../datalog/parser.ts')).toBe(1)
  })

  it('let a thread entry call the threads alone', () => {
    expect(violations('workers/a.ts', '../src/threads/a.ts')).toBe(0)
    expect(violations('workers/a.ts', '../src/engine.ts')).toBe(1)
  })
})
