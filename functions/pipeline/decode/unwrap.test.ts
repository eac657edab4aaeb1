import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { unwrap } from "./unwrap.ts";

const scope = { account: "unknown", region: "unknown", cluster: "unknown" };
const audit = {
  kind: "Event",
  apiVersion: "audit.k8s.io/v1",
  level: "Metadata",
  auditID: "a-1",
  stage: "ResponseComplete",
  requestURI: "/",
  verb: "get",
};
const line = JSON.stringify(audit);
const call = { eventVersion: "1.11", eventSource: "ec2.amazonaws.com", eventName: "StopInstances", eventID: "e-1" };
const callLine = JSON.stringify(call);
const envelope = (rest: object = {}) => ({
  messageType: "DATA_MESSAGE",
  owner: "111122223333",
  logGroup: "/aws/eks/prod/cluster",
  logStream: "kube-apiserver-audit-0123",
  subscriptionFilters: ["f"],
  logEvents: [
    { id: "1", timestamp: 1_795_000_000_000, message: line },
    { id: "2", timestamp: 1_795_000_000_001, message: line },
  ],
  ...rest,
});
const zipped = (value: object): string => gzipSync(JSON.stringify(value)).toString("base64");
const kinesis = (data: string) => ({
  kinesis: { data, sequenceNumber: "49" },
  eventID: "shardId-000000000000:49",
  awsRegion: "eu-central-1",
  eventSource: "aws:kinesis",
});
const open = (value: unknown, of = {}) =>
  unwrap(
    { text: typeof value === "string" ? value : JSON.stringify(value), origin: { from: "x", line: 3 } },
    { scope: { ...scope, ...of } },
  );

describe("records are found in", () => {
  it.each<[string, unknown, ("k8s-audit" | "cloudtrail")[]]>([
    ["an audit event", line, ["k8s-audit"]],
    ["an audit event of another field order", { stage: "Panic", auditID: "x", verb: "get" }, ["k8s-audit"]],
    ["a CloudTrail record", callLine, ["cloudtrail"]],
    [
      "a CloudTrail record of another field order",
      { awsRegion: "x", eventName: "A", eventSource: "b" },
      ["cloudtrail"],
    ],
    ["a subscription envelope", envelope(), ["k8s-audit", "k8s-audit"]],
    [
      "a subscription envelope of CloudTrail's log group",
      envelope({
        logGroup: "trail",
        logStream: "111122223333_CloudTrail_eu-central-1",
        logEvents: [{ id: "1", timestamp: 1, message: callLine }],
      }),
      ["cloudtrail"],
    ],
    ["what Lambda gets from a subscription", { awslogs: { data: zipped(envelope()) } }, ["k8s-audit", "k8s-audit"]],
    [
      "a Kinesis Lambda event",
      { Records: [kinesis(zipped(envelope())), kinesis(Buffer.from(callLine).toString("base64"))] },
      ["k8s-audit", "k8s-audit", "cloudtrail"],
    ],
    [
      "a Kinesis record with several lines",
      kinesis(Buffer.from(`${line}\n${callLine}\n`).toString("base64")),
      ["k8s-audit", "cloudtrail"],
    ],
    ["CloudTrail's file", { Records: [call, call] }, ["cloudtrail", "cloudtrail"]],
    ["an EventList", { kind: "EventList", apiVersion: "audit.k8s.io/v1", items: [audit] }, ["k8s-audit"]],
    [
      "an EventBridge envelope",
      { version: "0", "detail-type": "AWS API Call via CloudTrail", source: "aws.ec2", detail: call },
      ["cloudtrail"],
    ],
    [
      "an EventBridge envelope in Kinesis",
      kinesis(Buffer.from(JSON.stringify({ "detail-type": "x", detail: call })).toString("base64")),
      ["cloudtrail"],
    ],
    [
      "the output of filter-log-events",
      {
        events: [{ logStreamName: "kube-apiserver-audit-1", timestamp: 5, message: line, eventId: "9" }],
        searchedLogStreams: [],
      },
      ["k8s-audit"],
    ],
    [
      "one event of it",
      { logStreamName: "kube-apiserver-audit-1", timestamp: 5, message: line, eventId: "9" },
      ["k8s-audit"],
    ],
    [
      "the output of lookup-events",
      { Events: [{ EventId: "e", EventName: "StopInstances", CloudTrailEvent: callLine }] },
      ["cloudtrail"],
    ],
    [
      "the output of get-query-results",
      {
        results: [
          [
            { field: "@timestamp", value: "2026-11-22 10:00:00.000" },
            { field: "@message", value: line },
            { field: "@ptr", value: "x" },
          ],
        ],
        status: "Complete",
      },
      ["k8s-audit"],
    ],
    [
      "Logs Insights' JSON export, messages as text",
      [{ "@timestamp": "2026-11-22 10:00:00.000", "@message": line }],
      ["k8s-audit"],
    ],
    ["Logs Insights' JSON export, messages as objects", [{ "@message": audit }], ["k8s-audit"]],
    ["a line of an S3 export", `2026-11-22T10:00:00.000Z ${line}`, ["k8s-audit"]],
    ["a row of a CSV export", `2026-11-22 10:00:00.000,"${line.replaceAll('"', '""')}"`, ["k8s-audit"]],
    ["a row of a CSV export without time", `"${line.replaceAll('"', '""')}",somePtr`, ["k8s-audit"]],
    ["a JSON string that holds JSON", JSON.stringify(line), ["k8s-audit"]],
    ["a log shipper's wrapper", { log: line, stream: "stdout" }, ["k8s-audit"]],
  ])("%s", (_, value, trails) => {
    const { records, aside, control } = open(value);
    expect(records.map(({ trail }) => trail)).toEqual(trails);
    expect(aside).toEqual([]);
    expect(control).toBe(0);
    for (const { text } of records) expect(JSON.parse(text)).toBeTypeOf("object");
  });
});

describe("what an envelope tells", () => {
  it("is the cluster, its account, the region of the stream, and where to read again", () => {
    const [record] = open({ Records: [kinesis(zipped(envelope()))] }).records;
    expect(record).toMatchObject({
      scope: { account: "111122223333", region: "eu-central-1", cluster: "prod" },
      origin: { from: "x", line: 3, shard: "shardId-000000000000", sequence: "49" },
      loggedAt: 1_795_000_000_000,
    });
  });

  it("is completed by what the user says, and wins over it", () => {
    const given = { account: "999900001111", region: "us-east-1", cluster: "other" };
    expect(open(envelope(), given).records[0]?.scope).toEqual({
      account: "111122223333",
      region: "us-east-1",
      cluster: "prod",
    });
    expect(open(line, given).records[0]?.scope).toEqual(given);
  });

  it("is the time of the log, also from exports", () => {
    const at = Date.parse("2026-11-22T10:00:00.000Z");
    expect(open(`2026-11-22T10:00:00.000Z ${line}`).records[0]?.loggedAt).toBe(at);
    expect(open(`2026-11-22 10:00:00.000,"${line.replaceAll('"', '""')}"`).records[0]?.loggedAt).toBe(at);
    expect(
      open([
        [
          { field: "@timestamp", value: "2026-11-22 10:00:00.000" },
          { field: "@message", value: line },
        ],
      ]).records[0]?.loggedAt,
    ).toBe(at);
  });
});

describe("what cannot be judged is set aside", () => {
  const deep = (levels: number): unknown => (levels === 0 ? line : { log: JSON.stringify(deep(levels - 1)) });
  it.each<[string, unknown, string]>([
    ["text", "nothing to see", "E_JSON"],
    ["a klog line", "I1124 10:00:00.123456       1 server.go:1] hello", "E_OTHER_LOG"],
    ["a line of the authenticator", 'time="2026-11-24T10:00:00Z" level=info msg="access granted"', "E_OTHER_LOG"],
    [
      "a line of another stream",
      envelope({ logStream: "kube-apiserver-0123", logEvents: [{ id: "1", message: "x" }] }),
      "E_OTHER_LOG",
    ],
    [
      "a digest of CloudTrail's log files",
      { awsAccountId: "111122223333", digestS3Object: "AWSLogs/x.json.gz", digestSignatureAlgorithm: "SHA256withRSA" },
      "E_OTHER_LOG",
    ],
    ["JSON of no known shape", { hello: "world" }, "E_UNKNOWN_SHAPE"],
    ["a number", "42", "E_UNKNOWN_SHAPE"],
    ["null", "null", "E_UNKNOWN_SHAPE"],
    ["a query result without a message", [[{ field: "@timestamp", value: "x" }]], "E_UNKNOWN_SHAPE"],
    ["data that is not base64", kinesis("***"), "E_BASE64"],
    ["broken gzip", kinesis(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]).toString("base64")), "E_GZIP"],
    ["an aggregate of the producer library", kinesis(Buffer.from("f3899ac20a0b", "hex").toString("base64")), "E_KPL"],
    ["envelopes without end", deep(12), "E_NESTING"],
  ])("%s", (_, value, code) => {
    const { records, aside } = open(value);
    expect(records).toEqual([]);
    expect(aside.map((piece) => piece.code)).toEqual([code]);
    expect(aside[0]?.origin).toMatchObject({ from: "x", line: 3 });
  });

  it("a bomb, before it unpacks", () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000)).toString("base64");
    const before = process.memoryUsage().rss;
    const { aside } = unwrap(
      { text: JSON.stringify(kinesis(bomb)), origin: { from: "x" } },
      { scope, maxUnzipped: 1_000_000 },
    );
    expect(aside.map(({ code }) => code)).toEqual(["E_GZIP"]);
    expect(aside[0]?.message).toContain("1000000");
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
  });
});

it("counts control messages apart: they are no events", () => {
  const { records, aside, control } = open({
    messageType: "CONTROL_MESSAGE",
    owner: "CloudwatchLogs",
    logGroup: "",
    logStream: "",
    subscriptionFilters: [],
    logEvents: [{ id: "", timestamp: 1, message: "CWL CONTROL MESSAGE: Checking health of destination" }],
  });
  expect({ records, aside, control }).toEqual({ records: [], aside: [], control: 1 });
});

it("keeps a cut event as a record, for its text to be salvaged", () => {
  expect(open(`${line.slice(0, 120)}[Truncated...]`).records.map(({ trail }) => trail)).toEqual(["k8s-audit"]);
});
