/** Tests of entity literals and type names: what is read, what is refused, what is printed. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTypeName, looksLikeEntityLiteral, parseEntityUid, printEntityUid } from '../../src/values/entity-uid.ts'
import { entityUid } from '../../src/values/value.ts'
import { runs, strings } from './arbitrary.ts'

describe('entity literals', () => {
  test.each([
    ['User::"alice"', 'User', 'alice'],
    ['Ns::T::"x"', 'Ns::T', 'x'],
    ['U::""', 'U', ''],
    ['U::"a\\"b\\\\"', 'U', 'a"b\\'],
    ['U::"V::\\"x\\""', 'U', 'V::"x"'],
    ['U::"\\u{1F600}\\0"', 'U', '😀\0'],
    ['permit::"__proto__"', 'permit', '__proto__'],
    ['__proto__::"a\nb"', '__proto__', 'a\nb'],
  ])('%j is read', (text, type, id) => {
    expect(parseEntityUid(text)).toEqual(entityUid(type, id))
  })

  test.each([
    'alice',
    'User::alice',
    "User::'alice'",
    '::"a"',
    '"a"',
    'User:"a"',
    'User ::"a"',
    'User:: "a"',
    ' User::"a"',
    'User::"a" ',
    'User::"a',
    'User::"',
    'User::"\\"',
    'User::"a"b"',
    'User::"a"::"b"',
    'User::"a\\\\"b"',
    'User::"\\*"',
    'User::"\\\n"',
    'User::"\r"',
    'User::"\\q"',
    'User::"\ud800"',
    'in::"a"',
    'A::true::"a"',
    '__cedar::U::"a"',
    'É::"a"',
    '1a::"a"',
    'A::::"a"',
    'User::"a"\0',
    '',
  ])('%j is no entity literal', (text) => {
    expect(parseEntityUid(text)).toBeUndefined()
  })

  test('reading what was printed gives the same uid', () => {
    fc.assert(
      fc.property(strings, (id) => {
        const text = printEntityUid(entityUid('Ns::T', id))
        expect(parseEntityUid(text)).toEqual(entityUid('Ns::T', id))
        expect(looksLikeEntityLiteral(text)).toBe(true)
      }),
      runs(1000),
    )
  })

  test('a text that holds a literal looks like one, whether it is one or not', () => {
    expect(['U::"a"', 'x U::"a" y', '::"', 'U::a', "U::'a'", 'a"b'].map(looksLikeEntityLiteral)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
  })

  test('literals of megabytes are read or refused in linear time', () => {
    expect(parseEntityUid(`U::"${'\\n'.repeat(500_000)}"`)?.id.length).toBe(500_000)
    expect(parseEntityUid(`U::"${'a"'.repeat(500_000)}"`)).toBeUndefined()
    expect(parseEntityUid(`${'A::'.repeat(300_000)}1::"a"`) === undefined).toBe(true)
  })
})

describe('type names', () => {
  test.each([
    'U',
    'A::B::C',
    '_',
    '__',
    'permit',
    'principal',
    'Set',
    'when',
    '__cedarx',
    'x__cedar',
    '__proto__',
    'a1',
  ])('%s is one', (text) => {
    expect(isTypeName(text)).toBe(true)
  })

  test.each([
    '',
    '::',
    'A::',
    '::A',
    'A:: B',
    'A :: B',
    ' A',
    'A\n',
    'A:B',
    'A.B',
    'a-b',
    '1a',
    'É',
    'true',
    'false',
    'if',
    'then',
    'else',
    'in',
    'is',
    'like',
    'has',
    '__cedar',
    'U::__cedar',
    '__cedar::U',
    'in::U',
  ])('%j is none', (text) => {
    expect(isTypeName(text)).toBe(false)
  })
})
