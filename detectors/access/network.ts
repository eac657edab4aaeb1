import { canonicalAddress } from "../../schemas/address.ts";

/** The network of an address, as a site or a provider hands them out: /24 of IPv4, /48 of IPv6. */
export function networkOf(ip: string): { readonly family: 4 | 6; readonly network: string } | undefined {
  const address = canonicalAddress(ip);
  if (address === undefined) return undefined;
  if (!address.includes(":")) return { family: 4, network: `${address.split(".").slice(0, 3).join(".")}.0/24` };
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  const all = [...groups, ...Array.from({ length: zeros }, () => "0"), ...rest];
  return { family: 6, network: `${all.slice(0, 3).join(":")}::/48` };
}
