import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Sink } from "../runtime/meter.ts";
import { ageOf } from "./ages.ts";
import type { Command } from "./command.ts";
import type { Functions } from "./functions.ts";
import { type Ask, check, missing, notApplicable, ok, type Result, unknown, type Verdict } from "./result.ts";
import type { OutputName, Stack } from "./stack.ts";
import { spanOf } from "./when.ts";

export interface QueueClients {
  readonly sqs: Pick<SQSClient, "send">;
  readonly cloudwatch: Pick<CloudWatchClient, "send">;
}

interface QueueContext {
  readonly stack: Stack;
  readonly tail: Functions["tail"];
  readonly command: Command;
  readonly now: number;
}

const ENDS = [
  { title: "refused findings", output: "RefusedQueueUrl", what: "findings that a sink has refused" },
  { title: "dead letters", output: "DeadLetterQueueUrl", what: "messages that were given up" },
] as const satisfies readonly { title: string; output: OutputName; what: string }[];

const OUTBOX = [
  { title: "outbox, urgent", output: "HubUrgentQueueUrl", sink: "security-hub" },
  { title: "outbox, Security Hub", output: "HubQueueUrl", sink: "security-hub" },
  { title: "outbox, people", output: "NotifyQueueUrl", sink: "topic" },
] as const satisfies readonly { title: string; output: OutputName; sink: Sink }[];

/** A minute or so is usual; from here on somebody waits for findings. */
const OLD_MS = 15 * 60_000;

/** Where findings end that did not get out, and how long others have been waiting. */
export function checkQueues({ sqs, cloudwatch }: QueueClients, context: QueueContext): readonly Promise<Result>[] {
  const { stack, tail, command, now } = context;
  const of = `stack ${stack.name}`;
  const count = async (ask: Ask, url: string): Promise<number> => {
    const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
    const asked = sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...AttributeNames] }));
    const { Attributes } = await ask({ of: `queue ${nameOf(url)}`, action: "sqs:GetQueueAttributes" }, asked);
    return AttributeNames.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0);
  };
  const ends = ENDS.map(({ title, output, what }) =>
    check(of, title, async (ask) => {
      const url = await stack.output(ask, output);
      if (url === undefined) return notApplicable("The stack tells of no such queue.");
      return emptyVerdict(await count(ask, url), { url, what, command });
    }),
  );
  const outbox = OUTBOX.map(({ title, output, sink }) =>
    check(of, title, async (ask) => {
      const url = await stack.output(ask, output);
      if (url === undefined) return notApplicable("The stack tells of no such queue.");
      if (sink === "security-hub" && (await stack.output(ask, "SecurityHub")) === "off")
        return notApplicable("The stack does without Security Hub.");
      const waiting = await count(ask, url);
      if (waiting === 0) return outboxVerdict(waiting, undefined, "");
      const name = nameOf(url);
      const asked = { of: `the age of queue ${name}`, action: "cloudwatch:GetMetricData" };
      const publisher = await stack.output(ask, "PublishFunction");
      const age = await ask(asked, ageOf(cloudwatch, { queue: name, sink, publisher }, now));
      return outboxVerdict(waiting, age, await tail("PublishFunction"));
    }),
  );
  return [...ends, ...outbox];
}

const nameOf = (url: string): string => url.split("/").at(-1) ?? url;

interface End {
  readonly url: string;
  readonly what: string;
  readonly command: Command;
}

export function emptyVerdict(count: number, { url, what, command }: End): Verdict {
  if (count === 0) return ok("It is empty.");
  return missing(
    `It holds ${count} ${what}.`,
    command(
      "sqs",
      "receive-message",
      "--queue-url",
      url,
      "--max-number-of-messages",
      "10",
      "--visibility-timeout",
      "0",
    ),
  );
}

/** `ageMs`: of the oldest message; undefined where nobody has told it. `logs`: the command that shows what the publisher says. */
export function outboxVerdict(waiting: number, ageMs: number | undefined, logs: string): Verdict {
  if (waiting === 0) return ok("Nothing waits.");
  if (ageMs === undefined)
    return unknown(`Waiting: ${waiting}. CloudWatch does not say for how long: ask again in some minutes.`);
  const said = `Waiting: ${waiting}, the oldest for ${spanOf(ageMs)}`;
  if (ageMs < OLD_MS) return ok(`${said}.`);
  return missing(`${said}.`, logs);
}
