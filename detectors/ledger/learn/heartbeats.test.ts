import { describe, expect, it } from "vitest";
import { auditEvent, awsCall, callers } from "../../../test/support/events.ts";
import { decode, type Fact } from "../facts.ts";
import { auditHeartbeat, callHeartbeat } from "./heartbeats.ts";

const told = (facts: readonly Fact[]): string[] =>
  facts
    .filter(({ attribute }) => attribute === "spoke")
    .map(({ id, attribute, value }) => {
      const { time, trail } = decode("heartbeat", attribute, value);
      return `${id} ${time?.slice(11, 16)} ${trail}`;
    });
const demo = "111122223333/eu-central-1/demo";

describe("an audit event", () => {
  it("tells that the log of its cluster and of its account spoke, on its day", () => {
    const event = auditEvent({ requestReceivedTimestamp: "2026-11-22T10:07:59.000000Z" });
    expect(told(auditHeartbeat.learn(event))).toEqual([
      `${demo}/2026-11-22 10:05 audit log`,
      "111122223333/*/*/2026-11-22 10:05 audit log",
    ]);
  });

  it("tells which day comes before it", () => {
    const event = auditEvent({ requestReceivedTimestamp: "2026-12-01T00:00:01.000000Z" });
    const links = auditHeartbeat.learn(event).filter(({ attribute }) => attribute === "before");
    expect(links.map(({ id, value }) => [id, value])).toEqual([
      [`${demo}/2026-12-01`, `${demo}/2026-11-30`],
      ["111122223333/*/*/2026-12-01", "111122223333/*/*/2026-11-30"],
    ]);
  });

  it("tells nothing where its cluster is not known", () => {
    const scope = { account: "unknown", region: "unknown", cluster: "unknown" };
    expect(auditHeartbeat.learn({ ...auditEvent(), scope })).toEqual([]);
    expect(auditHeartbeat.learn({ ...auditEvent(), scope: { ...scope, account: "111122223333" } })).toEqual([]);
  });

  it("is parsed once in five minutes and cluster", () => {
    const at = (time: string, cluster: string): string => {
      const peeked = { request: `2026-11-22T${time}.000000Z\nget\n/api` } as never;
      return auditHeartbeat.same?.(peeked, { account: "1", region: "r", cluster }) ?? "";
    };
    expect(at("10:05:00", "demo")).toBe(at("10:09:59", "demo"));
    expect(at("10:04:59", "demo")).not.toBe(at("10:05:00", "demo"));
    expect(at("10:05:00", "demo")).not.toBe(at("10:15:00", "demo"));
    expect(at("10:05:00", "demo")).not.toBe(at("10:05:00", "other"));
  });
});

describe("a call", () => {
  it("to EKS tells of its cluster and of its account", () => {
    const call = awsCall({
      eventSource: "eks.amazonaws.com",
      eventName: "DescribeCluster",
      requestParameters: { name: "demo" },
    });
    expect(told(callHeartbeat.learn(call)).map((line) => line.replace(/\/2026.*/, ""))).toEqual([
      ...[demo, "111122223333/*/*"],
    ]);
  });

  it("that names no cluster tells of its account alone", () => {
    expect(told(callHeartbeat.learn(awsCall()))).toEqual(["111122223333/*/*/2026-11-22 10:00 CloudTrail"]);
  });

  it("of AWS itself, without a key, tells nothing of the account: it need not be parsed", () => {
    expect(callHeartbeat.learn(awsCall({ userIdentity: callers.service() }))).toEqual([]);
  });
});
