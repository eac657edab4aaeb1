import { describe, expect, it } from "vitest";
import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm } from "../../detectors/core/settings.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import { registry } from "../../detectors/registry.ts";
import { scope } from "../../test/support/sample.ts";
import { call, session } from "../../test/support/trails.ts";
import { createSchool } from "../ledger/school.ts";
import { createFrames } from "./decode/frame.ts";
import { judgeChunk } from "./judge.ts";
import type { SetAside } from "./records.ts";
import { createTally } from "./tally.ts";

/** Why a record was set aside; undefined when it was judged. */
function asideOf(record: object): string | undefined {
  const settings = arm(registry, { version: 1 }, {}, []);
  const framer = createFrames({ from: "test" });
  const tally = createTally();
  const aside: SetAside[] = [];
  judgeChunk(
    { frames: [...framer.push(JSON.stringify({ Records: [record] })), ...framer.end()], bytes: 0 },
    {
      chain: createChain(settings.armed, settings.site, settings.suppressions),
      screen: createScreen(settings.armed.map(({ detector }) => detector)),
      school: createSchool(auditLearners, callLearners),
      auditIds: createAuditIdMemory(10),
      ...{ tally, unwrapping: { scope } },
      onAside: (piece) => void aside.push(piece),
    },
  );
  const { judged, setAside } = tally.totals();
  expect([judged, setAside]).toEqual([aside.length === 0 ? 1 : 0, aside.length]);
  return aside[0] && `${aside[0].code} ${aside[0].message}`;
}

/** Its members as documented (docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html). */
const insight = {
  ...{ eventVersion: "1.08", eventTime: "2026-11-22T12:00:00Z", awsRegion: "eu-central-1" },
  ...{ eventID: "00000000-0000-4000-8000-000000000001", sharedEventID: "00000000-0000-4000-8000-000000000002" },
  ...{ eventType: "AwsCloudTrailInsight", recipientAccountId: "111122223333" },
  insightDetails: { state: "Start", eventSource: "ec2.amazonaws.com", eventName: "RunInstances" },
};

describe("of what CloudTrail writes among calls", () => {
  it.each<[string, object, string]>([
    ["an Insights event", insight, "Insight"],
    ["one that says its category, too", { ...insight, eventCategory: "Insight" }, "Insight"],
    ["a sum of calls", { ...insight, eventType: "AwsAggregate", eventCategory: "Aggregated" }, "Aggregated"],
  ])("%s is another log's, and is told apart from a broken record", (_, record, what) => {
    expect(asideOf(record)).toBe(`E_OTHER_LOG CloudTrail's ${what}, which tells of no call`);
  });

  it.each(["Management", "Data", "NetworkActivity"])("a broken record of category %s stays one", (eventCategory) => {
    expect(asideOf({ ...insight, eventType: "AwsApiCall", eventCategory })).toMatch(/^E_SCHEMA .*eventSource/);
  });

  it("a call is judged, whatever category it says", () => {
    const record = JSON.parse(
      call("10:00", "eks:DescribeCluster", { userIdentity: session("Developer", "alice", "ASIAEXAMPLEALICE0001") }),
    );
    for (const eventCategory of ["Management", "Another", undefined])
      expect(asideOf({ ...record, eventCategory })).toBeUndefined();
  });
});
