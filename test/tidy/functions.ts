/**
 * Measures functions without a parser: it relies on the formatter (checked by CI), which puts a block's opening brace at
 * the end of a line and the closing one first on a line of the same indentation.
 */

export interface MeasuredFunction {
  /** Its first line, trimmed. */
  readonly header: string
  readonly line: number
  readonly lines: number
}

/** A line that opens a function's body: `… => {` or `…) {` or `…): Type {`. */
const OPENS = /(=>|\)|\): .+) \{$/
const CONTROL = /^(\} )?(if|else|for|while|switch|catch|with|do|try|class|interface|namespace)\b/

/** All functions of `text`, methods and arrow functions with a block included, nested ones too. */
export function measureFunctions(text: string): MeasuredFunction[] {
  const lines = text.split('\n')
  return lines.flatMap((line, last) => {
    if (!OPENS.test(line)) return []
    const indent = indentOf(line)
    const first =
      line[indent] === ')' ? lines.findLastIndex((l, i) => i < last && l !== '' && indentOf(l) === indent) : last
    const header = lines[first]!.trim().replace(/^([\w$]+: )?(async )?/, '')
    if (CONTROL.test(header)) return []
    const end = lines.findIndex((l, i) => i > last && l[indent] === '}' && indentOf(l) === indent)
    return [{ header: lines[first]!.trim(), line: first + 1, lines: end < 0 ? lines.length - first : end - first + 1 }]
  })
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
