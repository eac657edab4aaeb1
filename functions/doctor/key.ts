import { GetKeyPolicyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { list, text, texts } from "../../schemas/json.ts";
import type { Command } from "./command.ts";
import { check, missing, notApplicable, ok, type Result, type Verdict } from "./result.ts";
import type { Stack } from "./stack.ts";
import { listOf } from "./when.ts";

/** What encrypts for the stack without a role of its own: its log groups, and the alarms that ring on its topic. */
const principalsOf = (region: string): readonly string[] => [
  `logs.${region}.amazonaws.com`,
  "cloudwatch.amazonaws.com",
];

/** Whether a key that was brought along lets the services in that the stack's own would. */
export function checkKey(
  kms: Pick<KMSClient, "send">,
  stack: Stack,
  { region, command }: { readonly region: string; readonly command: Command },
): Promise<Result> {
  return check(`stack ${stack.name}`, "key", async (ask) => {
    const key = await stack.output(ask, "KeyArn");
    if (key === undefined) return notApplicable("The stack tells of no key.");
    const id = key.split("/").at(-1) ?? key;
    if (await stack.made(ask, "AWS::KMS::Key", id)) return ok("The key is the stack's own.");
    const { Policy } = await ask(
      { of: `key ${key}`, action: "kms:GetKeyPolicy" },
      kms.send(new GetKeyPolicyCommand({ KeyId: key, PolicyName: "default" })),
    );
    return keyVerdict(Policy ?? "", { key, region, command });
  });
}

/** By the names of services in what is allowed; conditions are not looked at. */
export function keyVerdict(
  policy: string,
  { key, region, command }: { readonly key: string; readonly region: string; readonly command: Command },
): Verdict {
  const allowed = new Set(
    list(JSON.parse(policy), "Statement")
      .filter((one) => text(one, "Effect") === "Allow")
      .flatMap((one) => [...texts(one, "Principal", "Service"), text(one, "Principal") ?? ""]),
  );
  const lacking = principalsOf(region).filter((principal) => !allowed.has(principal) && !allowed.has("*"));
  if (lacking.length === 0) return ok("The key's policy lets in the services that encrypt for the stack.");
  const statement = {
    ...{ Sid: "crosstrail", Effect: "Allow", Principal: { Service: lacking } },
    ...{
      Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
      Resource: "*",
    },
  };
  return missing(
    `The key's policy does not name ${listOf(lacking)}: add this statement.`,
    JSON.stringify(statement),
    command("kms", "put-key-policy", "--key-id", key, "--policy", "file://key-policy.json"),
  );
}
