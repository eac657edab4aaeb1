import type { SNSClient } from "@aws-sdk/client-sns";
import { describe, expect, it } from "vitest";
import type { Message } from "../../publish/message.ts";
import { createSnsTopic } from "./sns.ts";

const messages = Array.from(
  { length: 25 },
  (_, index): Message => ({
    ...{ id: `m${index}`, subject: "s", body: "b" },
    attributes: { severity: "low", tactic: ["TA0001", "TA0002"] },
  }),
);

type Entry = { readonly Id: string; readonly Message: string; readonly MessageAttributes: unknown };
function topicOf(answer: (call: number, entries: readonly Entry[]) => unknown) {
  const sizes: number[] = [];
  const send = async ({ input }: { input: { PublishBatchRequestEntries: readonly Entry[] } }) => {
    sizes.push(input.PublishBatchRequestEntries.length);
    return answer(sizes.length, input.PublishBatchRequestEntries);
  };
  return { sizes, topic: createSnsTopic({ send } as unknown as SNSClient, "arn") };
}
const error = (name: string): Error => Object.assign(new Error(name), { name });

describe("a topic", () => {
  it("takes ten at a time, and no more than fits into a call", async () => {
    const { topic, sizes } = topicOf(() => ({}));
    expect(await topic(messages)).toEqual([]);
    const large = messages.slice(0, 3).map((one) => ({ ...one, body: "x".repeat(120 * 1_024) }));
    expect(await topic(large)).toEqual([]);
    expect(sizes).toEqual([10, 10, 5, 2, 1]);
  });

  it("that fails at one call keeps what others took", async () => {
    const { topic } = topicOf((call) => {
      if (call === 2) throw error("InternalErrorException");
      return {};
    });
    const failed = await topic(messages);
    expect(failed.map(({ id }) => id)).toEqual(messages.slice(10, 20).map(({ id }) => id));
    expect(failed.every(({ passing }) => passing)).toBe(true);
  });

  it("that takes no call for one message in it takes the others", async () => {
    const { topic } = topicOf((_, entries) => {
      if (entries.some(({ Message: body }) => body === "bad")) throw error("InvalidParameterException");
      return {};
    });
    const failed = await topic(messages.map((one) => (one.id === "m3" ? { ...one, body: "bad" } : one)));
    expect(failed.map(({ id, passing }) => [id, passing])).toEqual([["m3", false]]);
  });

  it("says whether what it did not take may be taken later", async () => {
    const { topic } = topicOf(() => ({
      Failed: [
        { Id: "0", Code: "InternalError", SenderFault: false },
        { Id: "1", Code: "InvalidParameter", SenderFault: true },
        { Id: "2", Code: "KMSThrottling", SenderFault: true },
      ],
    }));
    expect((await topic(messages.slice(0, 4))).map(({ id, passing }) => [id, passing])).toEqual([
      ["m0", true],
      ["m1", false],
      ["m2", true],
    ]);
  });
});
