import ipaddr from "ipaddr.js";

/** Parses an address in any spelling that the WHATWG URL host parser knows: decimal, hexadecimal, octal, one to four parts, every form of
 * IPv6; IPv4-mapped, -compatible and NAT64 addresses come out as the IPv4 address they reach. Undefined for names and for anything else. */
export function canonicalAddress(input: string): string | undefined {
  const bare = input.startsWith("[") && input.endsWith("]") ? input.slice(1, -1) : input;
  const host = bare.includes(":") ? `[${bare.replace(/%.*$/s, "")}]` : bare;
  if (host === "" || /[\s/?#@\\]/.test(host)) return undefined;
  const parsed = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).hostname : "";
  if (/^\d+\.\d+\.\d+\.\d+$/.test(parsed)) return parsed;
  if (!parsed.startsWith("[")) return undefined;
  const address = ipaddr.IPv6.parse(parsed.slice(1, -1));
  const parts = address.parts;
  const embedded =
    address.isIPv4MappedAddress() ||
    (parts[0] === 0x64 && parts[1] === 0xff9b && parts.slice(2, 6).every((part) => part === 0)) ||
    (parts.slice(0, 6).every((part) => part === 0) && (parts[6] ?? 0) > 0);
  if (!embedded) return address.toString();
  const [high = 0, low = 0] = parts.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** True for an address and for a CIDR range. */
export const isRange = (range: string): boolean =>
  range.includes("/") ? ipaddr.isValidCIDR(range) : canonicalAddress(range) !== undefined;

/** True when `address` is one of `ranges` (addresses or CIDR). Ranges that are not valid match nothing. */
export function inRanges(address: string | undefined, ranges: readonly string[]): boolean {
  const plain = address === undefined ? undefined : canonicalAddress(address);
  if (plain === undefined) return false;
  const parsed = ipaddr.parse(plain);
  return ranges.some((range) => {
    if (!range.includes("/")) return canonicalAddress(range) === plain;
    if (!ipaddr.isValidCIDR(range)) return false;
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}

const PRIVATE = (
  [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
  ] as const
).map((range) => ipaddr.parseCIDR(range));

/** True for an address that the internet can reach. Documentation ranges count as public: address libraries call them reserved, and then
 * every rule on public addresses would die in every test (audit-recorded.md, corrections). */
export function isPublic(address: string | undefined): boolean {
  const plain = address === undefined ? undefined : canonicalAddress(address);
  if (plain === undefined) return false;
  const parsed = ipaddr.parse(plain);
  return !PRIVATE.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits));
}

/** The first address of the network of `bits` that an IPv6 address is in; an IPv4 address, and whatever is none, as it stands. */
export function networkOf(address: string, bits: number): string {
  const plain = canonicalAddress(address);
  return plain?.includes(":") ? ipaddr.IPv6.networkAddressFromCIDR(`${plain}/${bits}`).toString() : address;
}
