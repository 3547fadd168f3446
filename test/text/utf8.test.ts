/** Tests of decoding: what UTF-8 is, and where the first invalid byte stands. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createByteOffsets, decodeUtf8 } from '../../src/text/utf8.ts'

const numRuns = 500 * Number(process.env['RUNE_FUZZ'] ?? 1)

describe('decoding', () => {
  test('well-formed text comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const decoded = decodeUtf8(new TextEncoder().encode(text))
        expect(decoded).toEqual({ ok: true, text: text.startsWith('\ufeff') ? text.slice(1) : text })
      }),
      { numRuns },
    )
  })

  test('one byte order mark at the start is dropped', () => {
    const mark = [0xef, 0xbb, 0xbf]
    expect(decodeUtf8(Uint8Array.from([...mark, 0x61]))).toEqual({ ok: true, text: 'a' })
    expect(decodeUtf8(Uint8Array.from([...mark, ...mark]))).toEqual({ ok: true, text: '\ufeff' })
  })

  test.each([
    ['a byte that starts nothing', [0x61, 0xff], 1, 1],
    ['a tail without a start', [0xc3, 0xa9, 0x80], 2, 1],
    ['an overlong form', [0xc0, 0x80], 0, 0],
    ['an overlong form of three', [0xe0, 0x80, 0x80], 0, 0],
    ['a surrogate', [0x61, 0xed, 0xa0, 0x80], 1, 1],
    ['above the last code point', [0xf4, 0x90, 0x80, 0x80], 0, 0],
    ['cut short', [0xf0, 0x9f, 0x98, 0x80, 0xf0, 0x9f, 0x98], 4, 2],
    ['UTF-16', [0xff, 0xfe, 0x61, 0x00], 0, 0],
  ])('%s is invalid, and its place is known', (_, bytes, byte, offset) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toMatchObject({ ok: false, byte, offset })
  })

  test('any bytes are text, or have a first invalid byte before which all is text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const decoded = decodeUtf8(bytes)
        if (decoded.ok) return
        const before = decodeUtf8(bytes.subarray(0, decoded.byte))
        expect(before).toEqual({ ok: true, text: decoded.text.slice(0, decoded.offset) })
        expect(decodeUtf8(bytes.subarray(0, decoded.byte + 1)).ok && decoded.byte + 4 < bytes.length).toBe(false)
      }),
      { numRuns },
    )
  })
})

test('a place in a text has the number of bytes before it', () => {
  const text = 'aé߿ࠀ€😀'.repeat(1000)
  const source = { path: 'x', text }
  const byteAt = createByteOffsets()
  for (const at of [7000, 0, 1, 2, 1024, 1023, 6, 5, 3071, 2048]) {
    const isHalf = /[\udc00-\udfff]/.test(text[at] ?? '')
    const whole = isHalf ? at + 1 : at
    expect(byteAt(source, whole)).toBe(Buffer.byteLength(text.slice(0, whole)))
  }
  expect(byteAt({ path: 'y', text: 'abc' }, 3)).toBe(3)
  expect(byteAt(source, text.length)).toBe(Buffer.byteLength(text))
})
