/** Each folder of `test/fixtures/datalog-syntax` holds rules with mistakes, and what is said about them. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from './parsed.ts'

const FIXTURES = new URL('../../fixtures/datalog-syntax/', import.meta.url)

test.each(readdirSync(FIXTURES))('mistakes are explained: %s', async (name) => {
  const text = readFileSync(new URL(`${name}/rules.txt`, FIXTURES), 'utf8')
  const { problems } = parse(text)
  await expect(`${problems.join('\n')}\n`).toMatchFileSnapshot(new URL(`${name}/expected.txt`, FIXTURES).pathname)
})
