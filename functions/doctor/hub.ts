import { DescribeHubCommand, type SecurityHubClient } from "@aws-sdk/client-securityhub";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { Command } from "./command.ts";
import { type Ask, check, missing, notApplicable, ok, type Result } from "./result.ts";

export interface HubContext {
  /** `off`: the stack does without it. */
  readonly wanted: (ask: Ask) => Promise<string | undefined>;
  readonly command: Command;
}

/** Whether Security Hub takes findings in this Region. */
export function checkHub(hub: Pick<SecurityHubClient, "send">, { wanted, command }: HubContext): Promise<Result> {
  return check("account", "Security Hub", async (ask) => {
    if ((await wanted(ask)) === "off") return notApplicable("The stack does without it.");
    const arn = await ask({ of: "Security Hub", action: "securityhub:DescribeHub" }, hubOf(hub));
    if (arn !== undefined) return ok(`It is on: ${arn}.`);
    return missing(
      "It is off in this Region.",
      command("securityhub", "enable-security-hub", "--no-enable-default-standards"),
    );
  });
}

/** Where it is off the answer is an InvalidAccessException "Account 111122223333 is not subscribed to AWS Security Hub", an error that has other reasons, too. */
async function hubOf(hub: Pick<SecurityHubClient, "send">): Promise<string | undefined> {
  try {
    const { HubArn = "" } = await hub.send(new DescribeHubCommand({}));
    return HubArn;
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : "";
    const off = name === "ResourceNotFoundException" || /not subscribed/i.test(reasonOf(cause));
    if (off) return undefined;
    throw cause;
  }
}
