import {
  type CloudFormationClient,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from "@aws-sdk/client-cloudformation";
import { CrosstrailError } from "../../schemas/errors.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { Command } from "./command.ts";
import { type Ask, check, missing, ok, once, pages, type Result, type Verdict } from "./result.ts";

/** The outputs of the deployed stack. One that is missing is something that this deployment does without. */
export type OutputName =
  | "StreamArn"
  | "TableName"
  | "TopicArn"
  | "AlarmTopicArn"
  | "QuarantineBucket"
  | "ConfigBucket"
  | "ConfigKey"
  | "DetectFunction"
  | "PublishFunction"
  | "SweepFunction"
  | "PublishRoleArn"
  | "HubUrgentQueueUrl"
  | "HubQueueUrl"
  | "NotifyQueueUrl"
  | "RefusedQueueUrl"
  | "DeadLetterQueueUrl"
  | "DestinationArn"
  | "LogsRoleArn"
  | "TrailRuleName"
  | "KeyArn"
  | "Clusters"
  | "TrailLogGroup"
  | "SecurityHub";

export interface Stack {
  readonly name: string;
  /** Rejects where the stack could not be read. */
  readonly output: (ask: Ask, name: OutputName) => Promise<string | undefined>;
  /** Whether it made the resource of this type and physical id. */
  readonly made: (ask: Ask, type: string, id: string) => Promise<boolean>;
  readonly health: (command: Command) => Promise<Result>;
}

type Client = Pick<CloudFormationClient, "send">;

/** A stack by its name. Rejects with E_AWS_REFUSED when there is none; when it may not be read, every question about it does. */
export async function openStack(client: Client, name: string): Promise<Stack> {
  const described = once(() => client.send(new DescribeStacksCommand({ StackName: name })));
  const resources = once(() =>
    pages(async (NextToken) => {
      const command = new ListStackResourcesCommand({ StackName: name, ...(NextToken && { NextToken }) });
      const { StackResourceSummaries: items, NextToken: next } = await client.send(command);
      return { items, next };
    }),
  );
  const about = `stack ${name}`;
  const stackOf = async (ask: Ask) => {
    const { Stacks: [stack] = [] } = await ask({ of: about, action: "cloudformation:DescribeStacks" }, described());
    return stack;
  };
  await described().catch((cause: unknown) => {
    // CloudFormation has no error of its own for it: ValidationError, "Stack with id NAME does not exist" (API reference, DescribeStacks).
    const reason = reasonOf(cause);
    if (!/does not exist/.test(reason)) return;
    const message = `there is no ${about} in this account and Region: check its name, --region and --profile (${reason})`;
    throw new CrosstrailError("E_AWS_REFUSED", message, { cause });
  });
  return {
    name,
    async output(ask, key) {
      const stack = await stackOf(ask);
      return stack?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue || undefined;
    },
    async made(ask, type, id) {
      const all = await ask({ of: about, action: "cloudformation:ListStackResources" }, resources());
      return all.some(({ ResourceType, PhysicalResourceId }) => ResourceType === type && PhysicalResourceId === id);
    },
    health: (command) =>
      check(about, "deployment", async (ask) => {
        const { StackStatus, StackStatusReason } = (await stackOf(ask)) ?? {};
        return stackVerdict(name, command, { status: StackStatus, reason: StackStatusReason });
      }),
  };
}

/** Whether the stack stands as its template says. A rolled back update does, as the template before. */
export function stackVerdict(
  name: string,
  command: Command,
  { status = "of no status", reason }: { readonly status?: string | undefined; readonly reason?: string | undefined },
): Verdict {
  const why = reason === undefined ? "" : ` (${reason})`;
  if (/^(?:CREATE|UPDATE|IMPORT)_COMPLETE/.test(status)) return ok(`The stack is ${status}.`);
  if (/_IN_PROGRESS$/.test(status)) return ok(`The stack is ${status}: what follows may change.`);
  const events = command("cloudformation", "describe-stack-events", "--stack-name", name, "--max-items", "20");
  if (status === "UPDATE_ROLLBACK_COMPLETE")
    return missing(`The last update was taken back; the version before it is in place${why}.`, events);
  return missing(`The stack is ${status}${why}.`, events);
}
