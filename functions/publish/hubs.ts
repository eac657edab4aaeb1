import type { SecurityHubClient } from "@aws-sdk/client-securityhub";
import { parseArn } from "../../schemas/arn.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import type { Publisher } from "../../schemas/findings/asff.ts";
import { createSecurityHub } from "../adapters/hub/security-hub.ts";
import type { AccountHub, HubOf } from "./hub.ts";

/** Of one environment and account. With two environments for each of its queues, all of them stay below the ten that Security Hub allows an account and Region. */
const CALLS_PER_SECOND = 2;

/** Account -> ARN of the role that publishes there: BatchImportFindings takes a finding only from the account that it names (aws-plumbing.md §2.2). Throws E_CONFIG. */
export function hubRoles(list = ""): ReadonlyMap<string, string> {
  const roles = new Map<string, string>();
  for (const arn of list.split(",").filter((one) => one !== "")) {
    const { service, account = "", resource = "" } = parseArn(arn) ?? {};
    if (service !== "iam" || !/^\d{12}$/.test(account) || !resource.startsWith("role/"))
      throw misconfigured(`"${arn}" is not the ARN of a role`);
    if (roles.has(account)) throw misconfigured(`two roles are of account ${account}`);
    roles.set(account, arn);
  }
  return roles;
}

const misconfigured = (what: string): CrosstrailError =>
  new CrosstrailError("E_CONFIG", `CROSSTRAIL_HUB_ROLES: ${what}`, { cause: undefined });

/** Security Hub of the account that a finding is of, where a role is named for it, and else of our own. Each has its turns and its circuit breaker to itself: an account that takes no
 * findings holds up no other. `client`: of the account that owns the role, or of our own. */
export function createHubs(
  own: Omit<Publisher, "updatedAt">,
  roles: ReadonlyMap<string, string>,
  client: (role?: string) => SecurityHubClient,
): HubOf {
  const hubOf = (account: string, role?: string): AccountHub => ({
    send: createSecurityHub({ client: client(role), callsPerSecond: CALLS_PER_SECOND }),
    publisher: { ...own, account },
  });
  const ours = hubOf(own.account);
  const theirs = new Map([...roles].map(([account, role]) => [account, hubOf(account, role)]));
  return (account) => theirs.get(account) ?? ours;
}
