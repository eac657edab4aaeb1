import type {
  CloudWatchLogsClient,
  FilteredLogEvent,
  FilterLogEventsCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { registry } from "../../../detectors/registry.ts";
import { clientOf, serviceError } from "../../../test/support/aws.ts";
import { impersonation } from "../../../test/support/one-event.ts";
import { programOf } from "../../../test/support/program.ts";
import { scenario } from "../../../test/support/scenario.ts";
import { AUDIT_STREAMS } from "../../pipeline/decode/log-group.ts";
import { judgeChunk } from "../../pipeline/judge.ts";
import { createTally } from "../../pipeline/tally.ts";
import { createMemoryStore } from "../ledger/memory.ts";
import { chunkOf, createLogReader, type LogGroup, type LogReader } from "./log-group.ts";

const GROUP: LogGroup = { identifier: "/aws/eks/prod/cluster", name: "/aws/eks/prod/cluster", account: "111122223333" };
const ARN = "arn:aws:logs:eu-central-1:444455556666:log-group:/aws/eks/prod/cluster";

/** A log group whose pages are these. */
const pagesOf = (pages: readonly (readonly FilteredLogEvent[])[]) =>
  clientOf<CloudWatchLogsClient>({
    FilterLogEventsCommand({ nextToken = "0" }: FilterLogEventsCommandInput) {
      const at = Number(nextToken);
      return { events: pages[at], ...(at + 1 < pages.length && { nextToken: String(at + 1) }) };
    },
  });

const eventOf = (id: number, message = "{}"): FilteredLogEvent => ({
  ...{ eventId: String(id), message, timestamp: id },
  logStreamName: `${AUDIT_STREAMS}0`,
});

async function allOf(
  reader: LogReader,
  window: Parameters<LogReader["pages"]>[1],
): Promise<readonly FilteredLogEvent[][]> {
  const pages: FilteredLogEvent[][] = [];
  for await (const events of reader.pages(GROUP, window)) pages.push([...events]);
  return pages;
}

describe("pages of a log group", () => {
  it("are asked for until there is no token, the empty ones in the middle as well", async () => {
    const pages = [[eventOf(1)], [], [eventOf(2), eventOf(3)]];
    const { client, sent } = pagesOf(pages);
    expect(await allOf(createLogReader(client), { start: 5, end: 10, prefix: AUDIT_STREAMS })).toEqual(pages);
    const input = { logGroupName: GROUP.name, startTime: 5, logStreamNamePrefix: "kube-apiserver-audit-" };
    // The service counts the end in, we do not.
    expect(sent.map((one) => one.input)).toEqual([
      { ...input, endTime: 9 },
      { ...input, endTime: 9, nextToken: "1" },
      { ...input, endTime: 9, nextToken: "2" },
    ]);
  });

  it("reach to the present when no end is named, over all streams when no prefix is", async () => {
    const { client, sent } = pagesOf([[]]);
    await allOf(createLogReader(client), { start: 5 });
    expect(sent[0]?.input).toEqual({ logGroupName: GROUP.name, startTime: 5 });
  });

  it("are asked for by ARN when the group was named so", async () => {
    const { client, sent } = pagesOf([[]]);
    const identifier = `arn:aws:logs:eu-central-1:111122223333:log-group:${GROUP.name}`;
    for await (const _ of createLogReader(client).pages({ ...GROUP, identifier }, { start: 5 }));
    expect(sent[0]?.input).toEqual({ logGroupIdentifier: identifier, startTime: 5 });
  });

  it("end in an error when the service turns in a circle", async () => {
    const { client } = clientOf<CloudWatchLogsClient>({ FilterLogEventsCommand: () => ({ nextToken: "same" }) });
    await expect(allOf(createLogReader(client), { start: 0 })).rejects.toMatchObject({ code: "E_AWS" });
  });

  it.each([
    ["AccessDeniedException", "E_AWS_REFUSED", /logs:FilterLogEvents/],
    ["ResourceNotFoundException", "E_AWS_REFUSED", /no log group \/aws\/eks\/prod\/cluster/],
    ["ThrottlingException", "E_AWS", /throttled/],
  ])("end in one sentence after %s", async (name, code, sentence) => {
    const { client } = clientOf<CloudWatchLogsClient>({
      FilterLogEventsCommand() {
        throw serviceError(name);
      },
    });
    await expect(allOf(createLogReader(client), { start: 0 })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(sentence),
    });
  });

  describe("by the clock", () => {
    afterEach(() => void vi.useRealTimers());

    it("are asked for five times a second at most, whoever asks", async () => {
      vi.useFakeTimers();
      const pages = Array.from({ length: 12 }, (_, id) => [eventOf(id)]);
      const { client, sent } = pagesOf(pages);
      const reader = createLogReader(client);
      const both = Promise.all([allOf(reader, { start: 0 }), allOf(reader, { start: 0 })]);
      let before = 0;
      for (let second = 0; second < 5; second += 1) {
        await vi.advanceTimersByTimeAsync(999);
        expect(sent.length - before).toBeLessThanOrEqual(5);
        before = sent.length;
        await vi.advanceTimersByTimeAsync(1);
        expect(sent.length).toBeLessThanOrEqual(5 * (second + 2));
      }
      await both;
      expect(sent).toHaveLength(24);
    });
  });
});

describe("a log group's account", () => {
  it("stands in its ARN", async () => {
    const { client, sent } = clientOf<CloudWatchLogsClient>({});
    expect(await createLogReader(client).find(`${ARN}:*`)).toEqual({
      ...{ identifier: ARN, name: "/aws/eks/prod/cluster", account: "444455556666" },
    });
    expect(sent).toEqual([]);
  });

  it("is asked for by its name", async () => {
    const logGroups = [
      { logGroupName: "/aws/eks/prod/cluster-2", arn: ARN.replace("444455556666", "000000000000") },
      { logGroupName: "/aws/eks/prod/cluster", arn: `${ARN}:*` },
    ];
    const { client } = clientOf<CloudWatchLogsClient>({ DescribeLogGroupsCommand: () => ({ logGroups }) });
    expect(await createLogReader(client).find(GROUP.name)).toMatchObject({ account: "444455556666" });
  });

  it("stays unknown where it may not be asked for", async () => {
    const { client } = clientOf<CloudWatchLogsClient>({
      DescribeLogGroupsCommand() {
        throw serviceError("AccessDeniedException");
      },
    });
    expect(await createLogReader(client).find(GROUP.name)).toEqual({ identifier: GROUP.name, name: GROUP.name });
  });

  it("is nobody's when there is no such group, and the nearest is named", async () => {
    const logGroups = [{ logGroupName: "/aws/eks/production/cluster" }];
    const { client } = clientOf<CloudWatchLogsClient>({ DescribeLogGroupsCommand: () => ({ logGroups }) });
    await expect(createLogReader(client).find("/aws/eks/prod")).rejects.toMatchObject({
      ...{ code: "E_AWS_REFUSED", message: expect.stringContaining("did you mean /aws/eks/production/cluster?") },
    });
  });
});

describe("a page as a chunk", () => {
  const judged = async (pages: readonly (readonly FilteredLogEvent[])[]) => {
    const { judge } = await programOf(registry, createMemoryStore())();
    const tally = createTally();
    const drafts = pages.flatMap((events) => judgeChunk(chunkOf(GROUP, events), { ...judge, tally }).drafts);
    return { totals: tally.totals(), drafts };
  };

  it("names account and cluster of its events by its envelope", async () => {
    const { drafts } = await judged([[eventOf(1, impersonation())]]);
    expect(drafts.map(({ finding }) => `${finding.account} ${finding.cluster}`)).toEqual(["111122223333 prod"]);
  });

  it("any cut into pages, any mixture: as many are judged and set aside as there were events", async () => {
    const lines = [
      ...scenario.slice(0, 20),
      "nonsense",
      "{",
      '{"hello":1}',
      "",
      "I1122 10:00:00.000000 10 controller.go:615] x",
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom(...lines), { maxLength: 8 }), { maxLength: 6 }),
        async (pages) => {
          let id = 0;
          const { totals } = await judged(
            pages.map((page) =>
              page.map((line) => {
                id += 1;
                return { ...eventOf(id, line), logStreamName: `${AUDIT_STREAMS}${id % 3}` };
              }),
            ),
          );
          expect(totals.read).toBe(pages.flat().length);
          expect(totals.judged + totals.setAside).toBe(totals.read);
        },
      ),
      { numRuns: 60 },
    );
  });
});
