import { describe, expect, it } from "vitest";
import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm } from "../../detectors/core/settings.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import { scope } from "../../test/support/sample.ts";
import { audit, call, nodeAtWork, podCall } from "../../test/support/trails.ts";
import { createSchool } from "../ledger/school.ts";
import { createFrames } from "./decode/frame.ts";
import { judgeChunk } from "./judge.ts";
import { createTally } from "./tally.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const KEY = "ASIAEXAMPLENODE00001";
const settings = arm([], { version: 1 }, {}, []);

function judged(lines: readonly string[], passed?: string) {
  const framer = createFrames({ from: "test" });
  const tally = createTally();
  const chunk = judgeChunk(
    { frames: [...framer.push(lines.join("\n")), ...framer.end()], bytes: 0 },
    {
      chain: createChain([], settings.site, settings.suppressions),
      screen: createScreen([]),
      school: createSchool(auditLearners, callLearners),
      auditIds: createAuditIdMemory(10),
      ...{ tally, unwrapping: { scope } },
      passed: () => (passed === undefined ? undefined : Date.parse(`2026-11-22T${passed}:00Z`)),
    },
  );
  const { late, screened } = tally.totals();
  return { late, screened, newest: chunk.newest, facts: chunk.facts };
}

describe("an event that the detection clock has passed", () => {
  const lines = [nodeAtWork("10:00", NODE, KEY), podCall("10:05", "s3:GetObject", "ASIAEXAMPLE00000001")];

  it("is counted as late, and teaches all the same", () => {
    const { late, facts } = judged(lines, "10:03");
    expect(late).toBe(1);
    expect(facts).toEqual(judged(lines).facts);
  });

  it("is late from that time on, in either trail, and never where no verdict was made", () => {
    expect(judged(lines, "10:00").late).toBe(0);
    expect(judged(lines, "10:06").late).toBe(2);
    expect(judged(lines).late).toBe(0);
  });

  it("is not late where it ended a request that began before: its beginning was told in time", () => {
    const begun: object = JSON.parse(audit("10:00", { verb: "watch", requestURI: "/api/v1/secrets?watch=true" }));
    const ended = JSON.stringify({ ...begun, stageTimestamp: "2026-11-22T10:09:00.000000Z" });
    expect(judged([ended], "10:05").late).toBe(0);
    expect(judged([ended], "10:10").late).toBe(1);
  });
});

describe("how far a chunk reads its trails", () => {
  it("is the newest event of each, those included that need not be parsed", () => {
    const same = ["10:00:00", "10:00:40", "10:00:20"].map((at) => nodeAtWork(at, NODE, KEY));
    const { newest } = judged([...same, podCall("10:05", "s3:GetObject", KEY), podCall("10:02", "s3:GetObject", KEY)]);
    const times = [...newest].map(([trail, time]) => [trail, new Date(time).toISOString().slice(11, 19)]);
    expect(times).toEqual([
      ["k8s-audit", "10:00:40"],
      ["cloudtrail", "10:05:00"],
    ]);
  });

  it("is told by what is screened alone, too, and by nothing that tells no time", () => {
    // What a service does for itself concerns no detector, and teaches nothing.
    const userIdentity = { type: "AWSService", invokedBy: "logging.s3.amazonaws.com" };
    const read = call("10:07", "s3:GetBucketAcl", { userIdentity });
    const timesOf = (lines: readonly string[]) => {
      const { newest, screened } = judged(lines);
      return [screened, ...[...newest].map(([trail, time]) => `${trail} ${new Date(time).toISOString()}`)];
    };
    expect(timesOf([read])).toEqual([1, "cloudtrail 2026-11-22T10:07:00.000Z"]);
    expect(timesOf([read.replace(/"eventTime":"[^"]*"/, '"eventTime":"yesterday"')])).toEqual([1]);
  });
});
