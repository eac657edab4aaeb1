import { isPublic, networkOf } from "../../schemas/address.ts";
import { idOf } from "./facts.ts";

/** An address by which traffic leaves a VPC, shared by what is in it. Through an endpoint it does not leave; an IPv6 address is a pod's own,
 * and tells nothing about others. */
export const wayOut = (ip: string, endpoint: string): boolean => endpoint === "" && !ip.includes(":") && isPublic(ip);

/** A cluster's ways out, on the day of `time` (ISO 8601). */
export const egressId = (
  { account, region, cluster }: { readonly account: string; readonly region: string; readonly cluster: string },
  { time }: { readonly time: string },
): string => idOf("egress", [account, region, cluster, time.slice(0, 10)]);

/** The block that Amazon gives to a VPC (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html). */
const VPC_BITS = 56;

/** What a VPC's traffic has in common where it leaves: the address of a gateway, or of IPv6 the VPC's own block. Undefined where it does not leave. */
export const outletOf = (ip: string, endpoint: string): string | undefined =>
  endpoint === "" && isPublic(ip) ? networkOf(ip, VPC_BITS) : undefined;
