import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Aws, namer } from "./aws.ts";
import { byCtrlC, during, linesOf } from "./command-line.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { countOf, endBegun, expectNews, findingsIn, first, goLive, idsOf, type Live, second } from "./live.ts";
import { createLogGroups, logGroupsOf, write } from "./log-groups.ts";
import { daysLater, replayed, together } from "./recorded.ts";

const named = namer("live-logs");
const dir = mkdtempSync(join(tmpdir(), "crosstrail-live-logs-"));
const MINUTE_MS = 60_000;

let aws: Aws;
let proxy: FaultProxy;
let begin: Live["begin"];
beforeAll(async () => {
  ({ aws, proxy, begin } = await goLive());
});
afterEach(endBegun);
afterAll(async () => {
  await proxy?.close();
  aws?.close();
  rmSync(dir, { recursive: true });
});

describe("crosstrail hunt", () => {
  const cluster = named("hunted");
  const groups = logGroupsOf(cluster);
  const args = [
    "hunt",
    "--log-group",
    groups.audit[0],
    "--trail-log-group",
    groups.cloudtrail[0],
    "--since",
    "3h",
  ].concat(["--ledger", join(dir, "hunt.db"), "--format", "ndjson", "--shadow"]);

  it("tells what it has found when Ctrl-C comes, and the next one reads on from there", async () => {
    await createLogGroups(aws, cluster);
    const now = Date.now();
    await write(aws, cluster, first, now - 178 * MINUTE_MS);
    await write(aws, cluster, second, now - 60 * MINUTE_MS);
    // Slices of both groups in turn, each twice as long as the one before.
    proxy.plan = ({ operation }, nth) => (operation === "FilterLogEvents" && nth === 4 ? "silent" : undefined);
    const one = begin(...args);
    await during(one, "a request is under way", () => proxy.calls.some(({ fault }) => fault === "silent"));
    one.kill("SIGINT");
    const interrupted = await one.ended;
    proxy.plan = () => undefined;
    expect(byCtrlC(interrupted)).toBe(true);
    expect(interrupted.err).toContain("Interrupted: what follows covers the part that was read.");
    expect(interrupted.err).toContain(`${countOf(first)} events read, ${countOf(first)} judged`);

    const two = await begin(...args).ended;
    expect([two.code, two.err]).toEqual([0, expect.stringContaining(`${countOf(second)} events read`)]);
    const found = findingsIn([...linesOf(interrupted), ...linesOf(two)]);
    expect(idsOf(found)).toEqual(idsOf(await replayed(together(first, second, daysLater()), cluster)));

    const three = await begin(...args).ended;
    expect([three.code, three.out, three.err]).toEqual([0, "", expect.stringMatching(/^0 events read/m)]);
  });
});

describe("crosstrail tail", () => {
  it("writes each finding as it appears, once, until Ctrl-C", async () => {
    const cluster = named("tailed");
    const groups = logGroupsOf(cluster);
    await createLogGroups(aws, cluster);
    const running = begin(
      ...["tail", "--log-group", groups.audit[0], "--trail-log-group", groups.cloudtrail[0], "--every", "1"],
      ...["--format", "ndjson", "--shadow"],
    );
    await during(running, "it follows", () => running.said().includes("following 2 log groups"));
    await write(aws, cluster, first);
    const expected = idsOf(await replayed(together(first, daysLater()), cluster));
    await during(running, "all findings are out", () =>
      isDeepStrictEqual(idsOf(findingsIn(running.lines())), expected),
    );
    // Some rounds more, which read all of it again.
    const asked = proxy.calls.length;
    await during(running, "other rounds", () => proxy.calls.length >= asked + 6);
    running.kill("SIGINT");
    const ended = await running.ended;
    expect(byCtrlC(ended)).toBe(true);
    expect(ended.err).toContain(`${countOf(first)} events read, ${countOf(first)} judged, 0 set aside`);
    expectNews(findingsIn(linesOf(ended)));
    expect(idsOf(findingsIn(linesOf(ended)))).toEqual(expected);
  });
});
