import type { CloudTrailClient, LookupEventsCommandInput } from "@aws-sdk/client-cloudtrail";
import { afterEach, describe, expect, it, vi } from "vitest";
import { clientOf, serviceError } from "../../../test/support/aws.ts";
import { createLookup } from "./lookup.ts";

const historyOf = (pages: number) =>
  clientOf<CloudTrailClient>({
    LookupEventsCommand({ NextToken = "0" }: LookupEventsCommandInput) {
      const at = Number(NextToken);
      const Events = [{ EventId: String(at), CloudTrailEvent: `{"eventID":"${at}"}` }];
      return { Events, ...(at + 1 < pages && { NextToken: String(at + 1) }) };
    },
  });

async function textsOf(client: CloudTrailClient, start = 1_000, end = 61_000): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const { frames } of createLookup(client, "eu-central-1")(start, end))
    texts.push(...frames.map(({ text }) => text));
  return texts;
}

describe("CloudTrail's event history", () => {
  afterEach(() => void vi.useRealTimers());

  it("is read page by page, with the same question each time, reading events included", async () => {
    const { client, sent } = historyOf(2);
    expect(await textsOf(client)).toEqual(['{"eventID":"0"}', '{"eventID":"1"}']);
    const input = { StartTime: new Date(1_000), EndTime: new Date(60_999), MaxResults: 50 };
    expect(sent.map((one) => one.input)).toEqual([input, { ...input, NextToken: "1" }]);
  });

  it("is asked for twice a second at most", async () => {
    vi.useFakeTimers();
    const { client, sent } = historyOf(7);
    const texts = textsOf(client);
    for (const most of [2, 4, 6]) {
      await vi.advanceTimersByTimeAsync(999);
      expect(sent.length).toBeLessThanOrEqual(most);
      await vi.advanceTimersByTimeAsync(1);
    }
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await texts).toHaveLength(7);
  });

  it("passes an event on that lacks its record, to be set aside", async () => {
    const { client } = clientOf<CloudTrailClient>({ LookupEventsCommand: () => ({ Events: [{ EventId: "1" }] }) });
    expect(await textsOf(client)).toEqual(['{"EventId":"1"}']);
  });

  it("ends in one sentence where it may not be read", async () => {
    const { client } = clientOf<CloudTrailClient>({
      LookupEventsCommand() {
        throw serviceError("AccessDeniedException");
      },
    });
    await expect(textsOf(client)).rejects.toMatchObject({
      ...{ code: "E_AWS_REFUSED", message: expect.stringContaining("cloudtrail:LookupEvents") },
    });
  });
});
