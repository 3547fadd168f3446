/** Tests of addresses and ranges: reading, printing and tests, as cedar-wasm 4.13 has them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isInRange, isLoopback, isMulticast, parseIpAddr, printIpAddr } from '../../src/values/ipaddr.ts'
import type { IpAddr } from '../../src/values/value.ts'
import { extensions, runs } from './arbitrary.ts'

function ip(text: string): IpAddr {
  const value = parseIpAddr(text)
  if (typeof value === 'string') throw new Error(value)
  return value
}

const addresses = extensions.filter((value) => value.kind === 'ipaddr')

describe('reading an address', () => {
  test.each([
    ['10.0.0.1', 4, 0x0a000001n, 32],
    ['10.0.0.1/8', 4, 0x0a000001n, 8],
    ['0.0.0.0/0', 4, 0n, 0],
    ['255.255.255.255', 4, 0xffffffffn, 32],
    ['::', 6, 0n, 128],
    ['::1', 6, 1n, 128],
    ['1::', 6, 1n << 112n, 128],
    ['1:2:3:4:5:6:7::', 6, 0x10002000300040005000600070000n, 128],
    ['::2:3:4:5:6:7:8', 6, 0x2000300040005000600070008n, 128],
    ['::ffff:7f00:1', 6, 0xffff7f000001n, 128],
    ['ABCD:EF01:2345:6789:ABCD:EF01:2345:6789/128', 6, 0xabcdef0123456789abcdef0123456789n, 128],
  ] as const)('%s is read', (text, version, bits, prefix) => {
    expect(parseIpAddr(text)).toEqual({ kind: 'ipaddr', version, bits, prefix })
  })

  test.each([
    '',
    '127.0.0.01',
    '1.2.3',
    '1.2.3.4.',
    '256.0.0.1',
    '1.2.3.0004',
    '[::1]',
    '::1%eth0',
    ' 1.2.3.4',
    '1.2.3.4\n',
    ':::',
    ':1',
    '1:',
    '1:2.3',
    '1::2::3',
    '00001::',
    '1:2:3:4:5:6:7:8::',
    '1::2:3:4:5:6:7:8',
    '1:2:3:4::5:6:7:8',
    '1:2:3:4:5:6:7',
    '١.1.1.1',
  ])('%j is no address', (text) => {
    expect(parseIpAddr(text)).toBe(`invalid IP address: ${text}`)
  })

  test.each([
    ['10.0.0.0/08', 'error parsing prefix `08`: leading zero(s)'],
    ['10.0.0.0/00', 'error parsing prefix `00`: leading zero(s)'],
    ['10.0.0.0/033', 'error parsing prefix: string length 3 is too large'],
    ['10.0.0.0/٣٣', 'error parsing prefix: string length 4 is too large'],
    ['1.2.3.4/8/8', 'error parsing prefix: string length 3 is too large'],
    ['10.0.0.0/33', 'error parsing prefix: 33 is larger than the limit 32'],
    ['::/129', 'error parsing prefix: 129 is larger than the limit 128'],
    ['::/928', 'error parsing prefix from the string `928`: number too large to fit in target type'],
    ['10.0.0.0/', 'error parsing prefix from the string ``: cannot parse integer from empty string'],
    ['10.0.0.0/0a', 'error parsing prefix `0a`: encountered non-digit'],
    ['10.0.0.0/+8', 'error parsing prefix `+8`: encountered non-digit'],
    ['/8', 'error parsing IP address from the string ``: invalid IP address syntax'],
    ['x/999', 'error parsing IP address from the string `x`: invalid IP address syntax'],
    [
      '::ffff:127.0.0.1',
      'error parsing IP address from string: We do not accept IPv4 embedded in IPv6 (e.g., ::ffff:127.0.0.1). Found: `::ffff:127.0.0.1`',
    ],
    ['é'.repeat(22), `error parsing IP address from string \`${'é'.repeat(22)}\`: string length is too large`],
  ])('%s is refused', (text, message) => {
    expect(parseIpAddr(text)).toBe(message)
  })
})

describe('printing an address', () => {
  test.each([
    '10.0.0.1',
    '10.0.0.1/8',
    '::',
    '::1',
    '1::',
    'fe80::1/64',
    '1:0:0:2::',
    '1::2:0:0:3:4',
    '1:2:3:4:5:6:7:8',
    '0:1:2:3:4:5:6:7',
  ])('%s is canonical', (text) => {
    expect(printIpAddr(ip(text))).toBe(text)
  })

  test('equal addresses print alike', () => {
    expect(['0:0:0:0:0:0:0:1', '0::1', '::0001/128', '::1'].map((text) => printIpAddr(ip(text)))).toEqual(
      new Array(4).fill('::1'),
    )
  })

  test('reading what was printed gives the same address', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        expect(parseIpAddr(printIpAddr(address))).toEqual(address)
      }),
      runs(1000),
    )
  })
})

describe('ranges of addresses', () => {
  test.each([
    ['127.0.0.1', true],
    ['127.0.0.1/8', true],
    ['127.0.0.1/7', false],
    ['128.0.0.1', false],
    ['::1', true],
    ['::1/127', false],
    ['::ffff:7f00:1', false],
  ])('%s loopback: %s', (text, expected) => {
    expect(isLoopback(ip(text))).toBe(expected)
  })

  test.each([
    ['224.0.0.0/4', true],
    ['239.1.2.3', true],
    ['224.0.0.0/3', false],
    ['240.0.0.0', false],
    ['ff00::/8', true],
    ['ff00::/7', false],
    ['fe00::', false],
  ])('%s multicast: %s', (text, expected) => {
    expect(isMulticast(ip(text))).toBe(expected)
  })

  test.each([
    ['10.0.0.0/24', '10.0.0.0/16', true],
    ['10.0.0.0/8', '10.0.0.0/16', false],
    ['10.0.0.9/16', '10.0.7.0/16', true],
    ['10.1.0.0', '10.0.0.0/16', false],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['::1', '0.0.0.0/0', false],
    ['0.0.0.1', '::/0', false],
    ['ffff::', '::/0', true],
    ['ffff::', '::/1', false],
  ])('%s in range of %s: %s', (address, range, expected) => {
    expect(isInRange(ip(address), ip(range))).toBe(expected)
  })

  test('a range is in range exactly if its first and its last address are', () => {
    const hosts = (a: IpAddr) => (1n << BigInt((a.version === 4 ? 32 : 128) - a.prefix)) - 1n
    fc.assert(
      fc.property(addresses, addresses, (a, b) => {
        const first = (x: IpAddr) => x.bits & ~hosts(x)
        const last = (x: IpAddr) => x.bits | hosts(x)
        const expected = a.version === b.version && first(b) <= first(a) && last(a) <= last(b)
        expect(isInRange(a, b)).toBe(expected)
        expect(isInRange(a, a)).toBe(true)
      }),
      runs(1000),
    )
  })
})
