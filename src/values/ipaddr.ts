/**
 * Cedar's `ipaddr`: an IPv4 or IPv6 address with a prefix length. The bits behind the prefix are kept, so `10.0.0.1/8` and
 * `10.0.0.2/8` differ. Error messages are those of cedar-wasm. Spec: Cedar's "ipaddr", RFC 4291 and 5952.
 */
import type { IpAddr } from './value.ts'

const BYTES_MAX = 43

/** The address that `text` writes, or a message that says why it is none. */
export function parseIpAddr(text: string): IpAddr | string {
  if (text.length > BYTES_MAX || Buffer.byteLength(text) > BYTES_MAX) {
    return `error parsing IP address from string \`${text}\`: string length is too large`
  }
  if (/:.*:/s.test(text) && /\..*\./s.test(text)) {
    return `error parsing IP address from string: We do not accept IPv4 embedded in IPv6 (e.g., ::ffff:127.0.0.1). Found: \`${text}\``
  }
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const v4 = parseV4(address)
  const bits = v4 ?? parseV6(address)
  if (bits === undefined) {
    if (slash < 0) return `invalid IP address: ${text}`
    return `error parsing IP address from the string \`${address}\`: invalid IP address syntax`
  }
  const version = v4 === undefined ? 6 : 4
  const prefix = slash < 0 ? widthOf(version) : parsePrefix(text.slice(slash + 1), version)
  return typeof prefix === 'string' ? prefix : { kind: 'ipaddr', version, bits, prefix }
}

function parseV4(text: string): bigint | undefined {
  const octets = text.split('.')
  // No leading zeros: they mean octal elsewhere.
  if (octets.length !== 4 || !octets.every((o) => /^(?:0|[1-9][0-9]{0,2})$/.test(o) && Number(o) <= 255))
    return undefined
  return octets.reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n)
}

function parseV6(text: string): bigint | undefined {
  const [before = '', after, more] = text.split('::')
  const head = parseGroups(before)
  if (after === undefined) return head?.length === 8 ? joinGroups(head) : undefined
  const tail = parseGroups(after)
  // `::` stands for at least one group.
  if (more !== undefined || !head || !tail || head.length + tail.length > 7) return undefined
  return joinGroups([...head, ...new Array<bigint>(8 - head.length - tail.length).fill(0n), ...tail])
}

function parseGroups(text: string): bigint[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  return groups.every((g) => /^[0-9a-fA-F]{1,4}$/.test(g)) ? groups.map((g) => BigInt(`0x${g}`)) : undefined
}

function joinGroups(groups: readonly bigint[]): bigint {
  return groups.reduce((bits, group) => (bits << 16n) | group, 0n)
}

function parsePrefix(text: string, version: 4 | 6): number | string {
  const length = Buffer.byteLength(text)
  if (length === 0) return 'error parsing prefix from the string ``: cannot parse integer from empty string'
  if (length > (version === 4 ? 2 : 3)) return `error parsing prefix: string length ${length} is too large`
  if (!/^[0-9]+$/.test(text)) return `error parsing prefix \`${text}\`: encountered non-digit`
  if (length > 1 && text.startsWith('0')) return `error parsing prefix \`${text}\`: leading zero(s)`
  const prefix = Number(text)
  if (prefix > 255) return `error parsing prefix from the string \`${text}\`: number too large to fit in target type`
  const limit = widthOf(version)
  return prefix <= limit ? prefix : `error parsing prefix: ${prefix} is larger than the limit ${limit}`
}

function widthOf(version: 4 | 6): 32 | 128 {
  return version === 4 ? 32 : 128
}

/** The canonical text that `parseIpAddr` reads as `ip`; the prefix is left out where it is the whole address. */
export function printIpAddr(ip: IpAddr): string {
  const address = ip.version === 4 ? printV4(ip.bits) : printV6(ip.bits)
  return ip.prefix === widthOf(ip.version) ? address : `${address}/${ip.prefix}`
}

function printV4(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.')
}

/** RFC 5952: lower case, and `::` for the first of the longest runs of two or more zero groups. */
function printV6(bits: bigint): string {
  const groups = [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n].map((i) => (bits >> (16n * i)) & 0xffffn)
  let [start, length] = [0, 1]
  for (let from = 0, i = 0; i < 8; i++) {
    if (groups[i] !== 0n) from = i + 1
    else if (i + 1 - from > length) [start, length] = [from, i + 1 - from]
  }
  const hex = groups.map((g) => g.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** Whether all addresses of `ip` are loopback addresses. */
export function isLoopback(ip: IpAddr): boolean {
  return ip.version === 4 ? ip.bits >> 24n === 127n && ip.prefix >= 8 : ip.bits === 1n && ip.prefix === 128
}

/** Whether all addresses of `ip` are multicast addresses. */
export function isMulticast(ip: IpAddr): boolean {
  return ip.version === 4 ? ip.bits >> 28n === 0xen && ip.prefix >= 4 : ip.bits >> 120n === 0xffn && ip.prefix >= 8
}

/** Whether all addresses of `ip` are addresses of `range`; never across versions. */
export function isInRange(ip: IpAddr, range: IpAddr): boolean {
  if (ip.version !== range.version || ip.prefix < range.prefix) return false
  const hostBits = BigInt(widthOf(ip.version) - range.prefix)
  return ip.bits >> hostBits === range.bits >> hostBits
}
