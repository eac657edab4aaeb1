import type { SendMessageBatchCommandOutput, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import type { Letter } from "../../../schemas/findings/letter.ts";
import { clientOf, serviceError } from "../../../test/support/aws.ts";
import { createSqsOutbox } from "./outbox.ts";

const urlOf = (name: string): string => `https://sqs.eu-central-1.amazonaws.com/111122223333/${name}`;
const queues = { notify: urlOf("notify"), hub: urlOf("hub"), hubUrgent: urlOf("hub-urgent") };
const letter = (id: string, rest: Partial<Letter> = {}): Letter => ({ id, severity: "low", notify: false, ...rest });

type Failed = NonNullable<SendMessageBatchCommandOutput["Failed"]>[number];

/** An outbox whose queues answer so, and the ids that each was sent. */
function outboxOf(answer: () => readonly Partial<Failed>[] = () => [], given: object = queues) {
  const sent: Record<string, string[]> = {};
  const { client } = clientOf<SQSClient>({
    SendMessageBatchCommand({ QueueUrl, Entries }: { QueueUrl: string; Entries: readonly { MessageBody: string }[] }) {
      const ids = Entries.map(({ MessageBody }) => (JSON.parse(MessageBody) as Letter).id);
      const queue = QueueUrl.split("/").at(-1) ?? "";
      sent[queue] = [...(sent[queue] ?? []), ...ids];
      return { Failed: answer() };
    },
  });
  return { outbox: createSqsOutbox(client, given), sent };
}

describe("an outbox of queues", () => {
  it("puts what is urgent apart, and what people are told of into a queue of its own", async () => {
    const { outbox, sent } = outboxOf();
    await outbox([letter("a"), letter("b", { severity: "critical" }), letter("c", { severity: "high", notify: true })]);
    expect(sent).toEqual({ notify: ["c"], "hub-urgent": ["b", "c"], hub: ["a"] });
  });

  it("gives one queue all, and nobody what is switched off", async () => {
    const { outbox, sent } = outboxOf(undefined, { hub: queues.hub });
    await outbox([letter("a", { notify: true }), letter("b", { severity: "critical" })]);
    expect(sent).toEqual({ hub: ["b", "a"] });
  });

  it.each<[string, string, string]>([
    ["no access", "AccessDenied", "E_OUTBOX_REFUSED"],
    ["no access to its key", "KmsAccessDenied", "E_OUTBOX_REFUSED"],
    ["no such queue", "QueueDoesNotExist", "E_OUTBOX_REFUSED"],
    ["a rate that is too high", "RequestThrottled", "E_OUTBOX"],
    ["something new", "InternalFailure", "E_OUTBOX"],
  ])("of which one answers with %s says whether it may pass, and which right is asked for", async (_, name, code) => {
    const { outbox } = outboxOf(() => {
      throw serviceError(name);
    });
    const failure = outbox([letter("a")]);
    await expect(failure).rejects.toMatchObject({ code, cause: { name } });
    await expect(failure).rejects.toThrow(/queue hub/);
    if (name === "AccessDenied") await expect(failure).rejects.toThrow(/the identity needs sqs:SendMessage on it/);
  });

  const fault = { Id: "0", Code: "InvalidMessageContents", SenderFault: true };
  const busy = { Id: "1", Code: "InternalError", SenderFault: false };
  it.each<[string, readonly Partial<Failed>[], string]>([
    ["is at fault itself", [fault], "E_OUTBOX_REFUSED"],
    ["the queue failed on", [busy], "E_OUTBOX"],
    ["comes too fast", [{ ...fault, Code: "RequestThrottled" }], "E_OUTBOX"],
    ["is at fault, beside one that may pass", [fault, busy], "E_OUTBOX"],
  ])("that does not take one message which %s rejects with its code", async (_, failed, code) => {
    await expect(outboxOf(() => failed).outbox([letter("a"), letter("b")])).rejects.toMatchObject({ code });
  });
});
