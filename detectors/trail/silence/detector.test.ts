import { describe, expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, nodeAtWork, podCredentials, session } from "../../../test/support/trails.ts";
import { root } from "../../../test/tools/folders.ts";
import { recordingsIn } from "../../../test/tools/labels.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const POD = { uid: "d019d9d9-c299-4af8-b68c-c24d2e910b1c", name: "orders-7d9f" };

/** `10:00` and every `step` minutes until before `until`, on the day of the scenarios unless a whole date is given. */
function times(from: string, until: string, step = 1): string[] {
  const whole = (at: string): number => Date.parse(`${at.includes("T") ? at : `2026-11-22T${at}`}:00Z`);
  const count = Math.ceil((whole(until) - whole(from)) / (step * 60_000));
  return Array.from({ length: count }, (_, index) =>
    new Date(whole(from) + index * step * 60_000).toISOString().slice(0, 19),
  );
}
const audited = (from: string, until: string): string[] =>
  times(from, until).map((at) => nodeAtWork(at, NODE, "ASIAEXAMPLENODE00001"));
const exchanged = (at: string): string[] => podCredentials(at, POD, NODE, { key: "ASIAEXAMPLEPOD000001" });
const called = (from: string, until: string, step = 4): string[] =>
  times(from, until, step).map((at) =>
    call(at, "ec2:DescribeVolumes", { userIdentity: session("App", "app", "ASIAEXAMPLEAPP000001") }),
  );

const findings = async (...lines: (string | string[])[]) =>
  (await ledgerFlow(lines.flat(), { detectors: [detector] })).findings;

describe("finds", () => {
  it("an audit log that is silent for a quarter of an hour while pods get credentials", async () => {
    const [finding, ...more] = await findings(audited("09:30", "10:05"), exchanged("10:12"), audited("10:20", "10:40"));
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      severity: "high",
      cluster: "demo",
      target: "demo",
      firstSeen: "2026-11-22T10:05:00.000Z",
    });
    expect(finding?.title).toBe(
      "The audit log of cluster demo was silent from 2026-11-22T10:05Z to 2026-11-22T10:20Z (15 minutes), while CloudTrail went on",
    );
  });

  it("while somebody calls EKS about the cluster", async () => {
    const described = call("10:12", "eks:DescribeCluster", {
      userIdentity: session("Developer", "mallory", "ASIAEXAMPLEMALLORY01"),
      requestParameters: { name: "demo" },
    });
    expect((await findings(audited("09:30", "10:05"), described, audited("10:20", "10:40"))).length).toBe(1);
  });

  it.each([
    ["over the border of an hour", "10:50", "11:15", "11:30"],
    ["for hours", "10:05", "14:30", "14:40"],
    ["over midnight", "2026-11-22T23:50", "2026-11-23T00:20", "2026-11-23T00:30"],
  ])("a silence %s, once", async (_, from, to, end) => {
    const start = from.includes("T") ? "2026-11-22T23:30" : "09:30";
    const during = from.includes("T") ? "2026-11-23T00:05:00" : `${from.slice(0, 2)}:58`;
    const all = await findings(audited(start, from), exchanged(during), audited(to, end));
    expect(all.map(({ count }) => count)).toEqual([1]);
  });

  it("CloudTrail silent for forty minutes while the audit log goes on", async () => {
    const [finding, ...more] = await findings(
      audited("09:00", "11:00"),
      called("09:00", "10:05"),
      called("10:45", "11:00"),
    );
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      severity: "high",
      account: "111122223333",
      cluster: "unknown",
      target: "111122223333",
    });
    expect(finding?.title).toContain(
      "CloudTrail of account 111122223333 was silent from 2026-11-22T10:05Z to 2026-11-22T10:45Z (40 minutes), while the audit log of its clusters went on",
    );
  });

  it("the same in any order, however often", async () => {
    const lines = [...audited("09:30", "10:05"), ...exchanged("10:12"), ...audited("10:20", "10:40")];
    const [first] = await findings(lines);
    const backwards = await findings(lines.toReversed(), lines);
    expect(backwards.map(({ id, count }) => [id, count])).toEqual([[first?.id, 1]]);
  });

  it("the silence of one cluster while another one speaks, all in one chunk", async () => {
    const other = (line: string): string =>
      JSON.stringify({
        messageType: "DATA_MESSAGE",
        owner: "111122223333",
        logGroup: "/aws/eks/other/cluster",
        logStream: "kube-apiserver-audit-0",
        subscriptionFilters: ["audit"],
        logEvents: [{ id: "1", timestamp: 1, message: line }],
      });
    const silent = [...audited("09:30", "10:05"), ...exchanged("10:12"), ...audited("10:20", "10:40")];
    const lines = [...audited("09:30", "10:40").map(other), ...silent];
    expect((await findings(lines)).map(({ target }) => target)).toEqual(["demo"]);
    expect((await findings([lines.join("\n")])).map(({ target }) => target)).toEqual(["demo"]);
  });
});

describe("stays quiet on", () => {
  const gap = [...audited("09:30", "10:05"), ...audited("10:20", "10:40")];
  it.each([
    ["a silence of both", gap],
    [
      "logs that are read for three days",
      times("2026-11-20T22:00", "2026-11-22T02:00", 5).flatMap((at) => [
        nodeAtWork(at, NODE, "ASIAEXAMPLENODE00001"),
        ...exchanged(at),
      ]),
    ],
    ["CloudTrail records outside of the silence", [...gap, ...exchanged("10:02"), ...exchanged("10:22")]],
    [
      "an audit log that does not speak again",
      [...audited("09:30", "10:05"), ...exchanged("10:12"), ...exchanged("10:40")],
    ],
    ["an audit log that begins later", [...exchanged("09:45"), ...audited("10:00", "10:40")]],
    [
      "a silence of less than ten minutes",
      [...audited("09:30", "10:05"), ...exchanged("10:08"), ...audited("10:13", "10:40")],
    ],
    ["pieces of an audit log", [...audited("09:30", "09:32"), ...exchanged("10:12"), ...audited("10:20", "10:22")]],
    [
      "records of another cluster",
      [
        ...gap,
        ...exchanged("10:12").map((line) =>
          line.replaceAll('"demo"', '"other"').replaceAll("cluster/demo", "cluster/other"),
        ),
      ],
    ],
    [
      "an account in which little happens",
      [...audited("09:00", "11:00"), ...called("09:00", "10:05", 20), ...called("10:45", "11:00", 20)],
    ],
    ["CloudTrail that does not speak again", [...audited("09:00", "11:00"), ...called("09:00", "10:05")]],
    [
      "CloudTrail silent for less than half an hour",
      [...audited("09:00", "11:00"), ...called("09:00", "10:05"), ...called("10:30", "11:00")],
    ],
    [
      "an account's silence while the audit log is silent most of the time",
      [
        ...audited("09:00", "10:10"),
        ...called("09:00", "10:05"),
        ...called("10:45", "11:00"),
        ...audited("10:44", "11:00"),
      ],
    ],
  ])("%s", async (_, lines) => {
    expect((await findings(lines)).map(({ title }) => title)).toEqual([]);
    expect(await findings(lines.toReversed())).toEqual([]);
  });

  it("all recordings, read together", async () => {
    const texts = recordingsIn(`${root}test/recordings/audit`).map(({ events }) => events);
    expect((await findings(texts)).map(({ title }) => title)).toEqual([]);
  });
});
