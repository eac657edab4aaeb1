import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Finding } from "../../schemas/findings/finding.ts";
import { serviceError } from "../../test/support/aws.ts";
import { awsServer } from "../../test/support/aws-server.ts";
import { ledgerFlow } from "../../test/support/ledger.ts";
import { scenario } from "../../test/support/scenario.ts";
import { openSqliteStore } from "../adapters/ledger/sqlite.ts";
import { type HuntOptions, hunt } from "./hunt.ts";

const dir = mkdtempSync(join(tmpdir(), "crosstrail-hunt-"));
const GROUP = "/aws/eks/demo/cluster";
const timeOf = (line: string): number => {
  const { stageTimestamp, requestReceivedTimestamp, eventTime } = JSON.parse(line);
  return Date.parse(stageTimestamp ?? requestReceivedTimestamp ?? eventTime);
};
const isCall = (line: string): boolean => line.includes('"eventSource"');
const times = scenario.map(timeOf);
const [first, last] = [Math.min(...times), Math.max(...times)];

/** What the server was asked, and the page at which it refuses. */
let asked: { readonly operation: string; readonly input: Record<string, unknown> }[] = [];
let refuseAt = Number.POSITIVE_INFINITY;
const PER_PAGE = 7;

function answer(operation: string, input: Record<string, never>): object {
  asked.push({ operation, input });
  if (operation === "DescribeLogGroups") {
    const arn = `arn:aws:logs:eu-central-1:111122223333:log-group:${GROUP}`;
    return { logGroups: input.logGroupNamePrefix === GROUP ? [{ logGroupName: GROUP, arn }] : [] };
  }
  const pages = asked.filter((one) => one.operation !== "DescribeLogGroups").length;
  if (pages >= refuseAt) throw serviceError("AccessDeniedException", "no");
  const found =
    operation === "FilterLogEvents"
      ? scenario.filter(
          (line) => !isCall(line) && timeOf(line) >= Number(input.startTime) && timeOf(line) <= Number(input.endTime),
        )
      : scenario
          .filter(
            (line) =>
              isCall(line) &&
              timeOf(line) >= Number(input.StartTime) * 1_000 &&
              timeOf(line) <= Number(input.EndTime) * 1_000,
          )
          .toReversed();
  const at = Number(input.nextToken ?? input.NextToken ?? 0);
  const page = found.slice(at, at + PER_PAGE);
  const next = at + PER_PAGE < found.length ? String(at + PER_PAGE) : undefined;
  if (operation === "LookupEvents")
    return { Events: page.map((line) => ({ CloudTrailEvent: line })), ...(next && { NextToken: next }) };
  const events = page.map((line, index) => ({
    ...{ eventId: `${at + index} ${timeOf(line)}`, timestamp: timeOf(line), message: line },
    logStreamName: "kube-apiserver-audit-0123456789abcdef",
  }));
  return { events, ...(next && { nextToken: next }) };
}

let server: Awaited<ReturnType<typeof awsServer>>;
beforeAll(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  server = await awsServer(answer);
});
beforeEach(() => {
  asked = [];
  refuseAt = Number.POSITIVE_INFINITY;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await server.close();
  rmSync(dir, { recursive: true });
});

let runs = 0;
async function hunted(rest: Partial<HuntOptions> = {}): Promise<{ code: number; findings: readonly Finding[] }> {
  runs += 1;
  const out = join(dir, `${runs}.ndjson`);
  const code = await hunt({
    ...{ logGroup: [GROUP], lookup: true, since: first, until: last + 1, format: "ndjson", out, quiet: true },
    ...{ color: false, logLevel: "silent", region: "eu-central-1", endpointUrl: server.url, ...rest },
  });
  const lines = (rest.out === undefined ? readFileSync(out, "utf8") : "").trimEnd().split("\n").filter(Boolean);
  return { code, findings: lines.map((line) => JSON.parse(line) as Finding) };
}
const idsOf = (findings: readonly Finding[]): readonly string[] => findings.map(({ id }) => id).toSorted();

describe("a hunt", () => {
  it("finds in log group and event history what a replay finds in the same records", async () => {
    const { code, findings } = await hunted();
    expect(code).toBe(0);
    const detectors = (all: readonly Finding[]) =>
      all.map(({ detector, severity }) => `${detector} ${severity}`).toSorted();
    expect(detectors(findings)).toEqual(detectors((await ledgerFlow([scenario.join("\n")])).findings));
    expect(findings.length).toBeGreaterThan(3);
    expect(asked.some(({ operation }) => operation === "LookupEvents")).toBe(true);
  });

  it("asks for the audit streams alone, by the name or the ARN that was given", async () => {
    await hunted();
    const filters = asked.filter(({ operation }) => operation === "FilterLogEvents").map(({ input }) => input);
    expect(filters.every(({ logStreamNamePrefix }) => logStreamNamePrefix === "kube-apiserver-audit-")).toBe(true);
    expect(new Set(filters.map(({ logGroupName }) => logGroupName))).toEqual(new Set([GROUP]));
  });

  it("looks into the event history of every Region that is named", async () => {
    await hunted({ lookup: ["eu-central-1", "us-east-1"], since: last - 1_000 });
    expect(asked.filter(({ operation }) => operation === "LookupEvents")).toHaveLength(2);
  });

  it("prints what was found when a source is refused, and says so by its exit code", async () => {
    refuseAt = 9;
    const { code } = await hunted();
    expect(code).toBe(1);
  });

  it("makes no verdict on what is missing while a source was not read that far", async () => {
    const ledger = join(dir, "partial.db");
    refuseAt = 8;
    await hunted({ ledger });
    const store = openSqliteStore(ledger);
    expect((await store.stats()).due).toBeGreaterThan(0);
    store.close();
  });

  it("goes on where it was refused, and knows in the end what an undisturbed one knows", async () => {
    const undisturbed = await hunted({ ledger: join(dir, "whole.db") });
    const ledger = join(dir, "cut.db");
    for (const at of [3, 8]) {
      asked = [];
      refuseAt = at;
      await hunted({ ledger });
    }
    asked = [];
    refuseAt = Number.POSITIVE_INFINITY;
    expect((await hunted({ ledger })).code).toBe(0);
    const starts = asked.flatMap(
      ({ input: { startTime, StartTime } }) => startTime ?? Number(StartTime ?? Number.POSITIVE_INFINITY) * 1_000,
    );
    expect(Math.min(...starts.map(Number))).toBeGreaterThan(first);
    // All of it once more, over the same ledger, shows every finding, and none of it has come late.
    expect(idsOf((await hunted({ ledger, again: true })).findings)).toEqual(idsOf(undisturbed.findings));
    const summary = join(dir, "summary.json");
    await hunted({ ledger, again: true, format: "json-summary", out: summary });
    expect(JSON.parse(readFileSync(summary, "utf8")).totals).toMatchObject({ read: scenario.length, late: 0 });
  });

  it.each<[string, Partial<HuntOptions>, string, RegExp]>([
    [
      "a group that is not there",
      { logGroup: ["/aws/eks/other/cluster"] },
      "E_AWS_REFUSED",
      /no log group \/aws\/eks\/other\/cluster/,
    ],
    ["a time that ends before it begins", { since: last, until: first }, "E_CONFIG", /--since/],
    ["a history that does not go back so far", { since: first - 365 * 86_400_000 }, "E_CONFIG", /90 days/],
  ])("is refused for %s", async (_, options, code, message) => {
    await expect(hunted(options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
