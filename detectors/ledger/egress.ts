import { isPublic, networkOf } from "../../schemas/address.ts";
import { idOf } from "./facts.ts";

/** The block that Amazon gives to a VPC (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html). */
const VPC_BITS = 56;

/** By what traffic leaves a VPC, shared by what is in it: the address of a gateway; of IPv6, where every pod has its own, the VPC's block. Through an endpoint it does
 * not leave, nor from a private address: undefined. */
export const outletOf = (ip: string, endpoint: string): string | undefined =>
  endpoint === "" && isPublic(ip) ? networkOf(ip, VPC_BITS) : undefined;

/** A cluster's ways out, on the day of `time` (ISO 8601). */
export const egressId = (
  { account, region, cluster }: { readonly account: string; readonly region: string; readonly cluster: string },
  { time }: { readonly time: string },
): string => idOf("egress", [account, region, cluster, time.slice(0, 10)]);
