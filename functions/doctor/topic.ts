import { ListSubscriptionsByTopicCommand, type SNSClient, type Subscription } from "@aws-sdk/client-sns";
import type { Command } from "./command.ts";
import { check, missing, notApplicable, ok, pages, type Result, type Verdict } from "./result.ts";
import type { OutputName, Stack } from "./stack.ts";
import { listOf } from "./when.ts";

/** Whether findings and alarms reach anybody. */
export const checkTopics = (
  sns: Pick<SNSClient, "send">,
  stack: Stack,
  command: Command,
): readonly Promise<Result>[] => [
  checkTopic(sns, stack, { title: "told of findings", output: "TopicArn", command }),
  checkTopic(sns, stack, { title: "told of alarms", output: "AlarmTopicArn", command }),
];

interface Topic {
  readonly title: string;
  readonly output: OutputName;
  readonly command: Command;
}

function checkTopic(sns: Pick<SNSClient, "send">, stack: Stack, { title, output, command }: Topic): Promise<Result> {
  return check(`stack ${stack.name}`, title, async (ask) => {
    const topic = await stack.output(ask, output);
    if (topic === undefined) return notApplicable("The stack tells of no topic.");
    const subscriptions = pages(async (NextToken) => {
      const asked = new ListSubscriptionsByTopicCommand({ TopicArn: topic, ...(NextToken && { NextToken }) });
      const { Subscriptions: items, NextToken: next } = await sns.send(asked);
      return { items, next };
    });
    const found = await ask({ of: `topic ${topic}`, action: "sns:ListSubscriptionsByTopic" }, subscriptions);
    return topicVerdict(found, topic, command);
  });
}

/** The ARN of a subscription that nobody has confirmed is the word PendingConfirmation; of one that was taken back, Deleted. */
export function topicVerdict(
  subscriptions: readonly Pick<Subscription, "SubscriptionArn" | "Protocol" | "Endpoint">[],
  topic: string,
  command: Command,
): Verdict {
  const live = subscriptions.filter(({ SubscriptionArn }) => SubscriptionArn !== "Deleted");
  const pending = live.filter(({ SubscriptionArn }) => SubscriptionArn === "PendingConfirmation");
  const names = (some: typeof live): string =>
    listOf(some.map(({ Protocol = "", Endpoint = "" }) => `${Protocol} ${Endpoint}`.trim()));
  const subscribe = (protocol: string, endpoint: string): string =>
    command("sns", "subscribe", "--topic-arn", topic, "--protocol", protocol, "--notification-endpoint", endpoint);
  if (live.length === 0) return missing("Nobody subscribes to the topic.", subscribe("email", "you@example.com"));
  if (pending.length > 0)
    return missing(
      `${names(pending)} did not confirm: the link in the mail, which can be sent again.`,
      ...pending.map(({ Protocol = "", Endpoint = "" }) => subscribe(Protocol, Endpoint)),
    );
  return ok(`${names(live)} ${live.length === 1 ? "is" : "are"} told.`);
}
