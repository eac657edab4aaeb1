import { GetKeyPolicyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { parseArn } from "../../schemas/arn.ts";
import { list, text, texts } from "../../schemas/json.ts";
import type { Command } from "./command.ts";
import { check, missing, notApplicable, ok, type Result, type Verdict } from "./result.ts";
import type { Stack } from "./stack.ts";
import { listOf } from "./when.ts";

interface Grant {
  readonly service: string;
  readonly actions: readonly string[];
  readonly condition: object;
}

/** What encrypts for the stack without a role of its own: its log groups, the rule's undelivered events, and alarms that ring on its topic. */
export function grantsOf(region: string, account: string, partition = "aws"): readonly Grant[] {
  const inAccount = { StringEquals: { "aws:SourceAccount": account } };
  const logGroups = `arn:${partition}:logs:${region}:${account}:log-group:*`;
  return [
    {
      service: `logs.${region}.amazonaws.com`,
      actions: [
        ...["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
        ...["kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
      ],
      condition: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": logGroups } },
    },
    { service: "events.amazonaws.com", actions: ["kms:Decrypt", "kms:GenerateDataKey"], condition: inAccount },
    { service: "cloudwatch.amazonaws.com", actions: ["kms:Decrypt", "kms:GenerateDataKey"], condition: inAccount },
  ];
}

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
    // The key may be another account's.
    const { account, partition } = parseArn((await stack.output(ask, "StreamArn")) ?? key) ?? {
      account: "ACCOUNT",
      partition: "aws",
    };
    return keyVerdict(Policy ?? "", { key, grants: grantsOf(region, account, partition), command });
  });
}

/** By the names of services in what is allowed; conditions are not looked at. */
export function keyVerdict(
  policy: string,
  { key, grants, command }: { readonly key: string; readonly grants: readonly Grant[]; readonly command: Command },
): Verdict {
  const allowed = new Set(
    list(JSON.parse(policy), "Statement")
      .filter((one) => text(one, "Effect") === "Allow")
      .flatMap((one) => [...texts(one, "Principal", "Service"), text(one, "Principal") ?? ""]),
  );
  const lacking = grants.filter(({ service }) => !allowed.has(service) && !allowed.has("*"));
  if (lacking.length === 0) return ok("The key's policy lets in the services that encrypt for the stack.");
  return missing(
    `The key's policy does not name ${listOf(lacking.map(({ service }) => service))}: add these statements.`,
    ...lacking.map(({ service, actions, condition }) =>
      JSON.stringify({
        Effect: "Allow",
        Principal: { Service: service },
        Action: actions,
        Resource: "*",
        Condition: condition,
      }),
    ),
    command("kms", "put-key-policy", "--key-id", key, "--policy", "file://key-policy.json"),
  );
}
