import { BlockList, isIP } from 'node:net';

const inside = new BlockList();
// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry
for (const [net, bits] of [
  ...[['0.0.0.0', 8] as const, ['10.0.0.0', 8] as const, ['100.64.0.0', 10] as const],
  ...[['127.0.0.0', 8] as const, ['169.254.0.0', 16] as const, ['172.16.0.0', 12] as const],
  ...[['192.0.0.0', 24] as const, ['192.168.0.0', 16] as const, ['198.18.0.0', 15] as const],
  ...[['224.0.0.0', 4] as const, ['240.0.0.0', 4] as const],
])
  inside.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ...[['fc00::', 7] as const, ['fe80::', 10] as const, ['fec0::', 10] as const, ['ff00::', 8] as const],
  // They contain an IPv4 address: compatible addresses (and ::1), Teredo, 6to4.
  ...[['::', 96] as const, ['2001::', 32] as const, ['2002::', 16] as const],
])
  inside.addSubnet(net, bits, 'ipv6');

/** True for an address of this machine, or of a network that cannot be reached from outside. */
export function isInside(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isInside(mapped);
  // An IPv4 address in hexadecimal, or IPv4 through a translator.
  if (family === 6 && /^(::ffff:|64:ff9b:)/i.test(address)) return true;
  return inside.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** True for this machine, by name or address. */
export function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

/** The addresses that the configuration may contain: https, and http on this machine. */
export function feedAddress(text: string): URL | null {
  const url = URL.parse(text.replace(/^webcals?:\/\//i, 'https://'));
  if (url === null) return null;
  if (url.protocol === 'https:') return url;
  return url.protocol === 'http:' && isLoopback(url) ? url : null;
}
