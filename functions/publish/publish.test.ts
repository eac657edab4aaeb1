import type { SecurityHubClient } from "@aws-sdk/client-securityhub";
import type { SNSClient } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { SQSRecord } from "aws-lambda";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { clientOf } from "../../test/support/aws.ts";
import { draftOf } from "../../test/support/drafts.ts";
import { silentMeter } from "../../test/support/silent-meter.ts";
import { contextOf } from "../../test/support/stream.ts";
import { createMemoryFindings } from "../adapters/findings/memory.ts";
import { createPublish } from "./publish.ts";

const url = (name: string): string => `https://sqs.eu-central-1.amazonaws.com/111122223333/${name}`;
const base = { CROSSTRAIL_DEAD_LETTER_QUEUE: url("refused") };
const people = { CROSSTRAIL_NOTIFY_QUEUE: url("notify"), CROSSTRAIL_TOPIC: "arn:aws:sns:eu-central-1:1:findings" };
const hub = {
  ...{ CROSSTRAIL_HUB_QUEUE: url("hub"), CROSSTRAIL_HUB_URGENT_QUEUE: url("hub-urgent") },
  CROSSTRAIL_ACCOUNT: "111122223333",
};

async function start(env: object) {
  const findings = createMemoryFindings();
  const { id } = (await findings.merge(draftOf(), Date.UTC(2030, 0))).draft.finding;
  const sent: string[] = [];
  const of = <C>(name: string): C =>
    clientOf<C>({
      [name]: () => {
        sent.push(name);
        return {};
      },
    }).client;
  const made: string[] = [];
  const publish = createPublish(
    { ...base, ...env },
    {
      ...{ findings, sqs: of<SQSClient>("none"), region: "eu-central-1", now: () => Date.UTC(2026, 10, 24) },
      ...{ log: pino({ level: "silent" }), meter: silentMeter },
    },
    {
      securityHub() {
        made.push("hub");
        return of<SecurityHubClient>("BatchImportFindingsCommand");
      },
      sns() {
        made.push("topic");
        return of<SNSClient>("PublishBatchCommand");
      },
    },
  );
  const record = (queue: string): SQSRecord => ({
    ...{ messageId: "m", receiptHandle: "h", messageAttributes: {}, md5OfBody: "", awsRegion: "eu-central-1" },
    ...{ eventSource: "aws:sqs", eventSourceARN: `arn:aws:sqs:eu-central-1:111122223333:${queue}` },
    body: JSON.stringify({ id, notify: true, severity: "low" }),
    attributes: {
      ...{ ApproximateReceiveCount: "1", SentTimestamp: "0", SenderId: "s", ApproximateFirstReceiveTimestamp: "0" },
    },
  });
  return { made, sent, bring: (queue: string) => publish({ Records: [record(queue)] }, contextOf()) };
}

const NOTHING_LEFT = { batchItemFailures: [] };

describe("the publisher", () => {
  it("brings each queue's messages to its sink", async () => {
    const { sent, bring } = await start({ ...people, ...hub });
    for (const queue of ["notify", "hub", "hub-urgent"]) expect(await bring(queue)).toEqual(NOTHING_LEFT);
    expect(sent).toEqual(["PublishBatchCommand", "BatchImportFindingsCommand", "BatchImportFindingsCommand"]);
  });

  it("without Security Hub tells people, and asks for nothing of the other", async () => {
    const { made, sent, bring } = await start(people);
    expect(await bring("notify")).toEqual(NOTHING_LEFT);
    expect(made).toEqual(["topic"]);
    expect(sent).toEqual(["PublishBatchCommand"]);
    await expect(bring("hub")).rejects.toMatchObject({ code: "E_CONFIG" });
  });

  it("without a topic tells Security Hub, and asks for nothing of the other", async () => {
    const { CROSSTRAIL_HUB_URGENT_QUEUE: _, ...one } = hub;
    const { made, sent, bring } = await start(one);
    expect(await bring("hub")).toEqual(NOTHING_LEFT);
    expect(made).toEqual(["hub"]);
    expect(sent).toEqual(["BatchImportFindingsCommand"]);
  });

  it.each<[string, object, string]>([
    ["Security Hub without the account that publishes", { ...people, ...hub, CROSSTRAIL_ACCOUNT: "" }, "ACCOUNT"],
    ["a queue for people without a topic", { ...people, CROSSTRAIL_TOPIC: "" }, "TOPIC"],
    ["no queue for what is refused", { ...hub, CROSSTRAIL_DEAD_LETTER_QUEUE: "" }, "DEAD_LETTER_QUEUE"],
  ])("does not start with %s, and says what is missing", async (_, env, name) => {
    await expect(start(env)).rejects.toThrow(new RegExp(`missing: CROSSTRAIL_${name} \\([^,]*$`));
  });
});
