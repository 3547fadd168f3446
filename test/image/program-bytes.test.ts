/** The bytes of a program: what a unit takes along of its text. */
import { expect, it } from 'vitest'
import { decodeProgram, encodeProgram } from '../../src/image/program-bytes.ts'
import { positionOf } from '../../src/text/source.ts'
import { build } from '../../src/threads/build.ts'

/** A link, and its template after `between`. */
function programOf(between: string) {
  return build({
    text: `version = "rune/1.0"
[[options.links]]
template = "t"
id = "link"
values = { "?principal" = 'User::"ana"' }
[data]
${between}
[policies]
@id("t") permit(principal == ?principal, action, resource) when { context.n > 1 };
`,
  }).program
}

it('a link takes along its own text and that of its template, and nothing between them', () => {
  const [near, far] = ['', '# nothing\n'.repeat(10_000)].map((between) => encodeProgram(programOf(between)).length)
  expect(far).toBeLessThan(near! + 1000)
})

it('what a link is made of stands where it stood', () => {
  const bytes = Uint8Array.from(encodeProgram(programOf('# nothing\n'.repeat(1000))))
  const [link] = decodeProgram((from, to) => bytes.slice(from, to)).policies
  const places = [link!.span, link!.condition.span].map(({ source, start }) => positionOf(source, start))
  expect(places).toMatchObject([{ line: 2 }, { line: 1009 }])
})
