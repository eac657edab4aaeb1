import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { AUDIT_FILTER, TRAIL_FILTER, TRAIL_PATTERN } from "../../infra/filters.ts";
import { root } from "../tools/folders.ts";

/** Every line that is known: the samples of the detectors and the recordings, taken out of what they are packed in. */
const files = ["detectors", "test/recordings"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ndjson|json)(\.gz)?$/.test(file) && !/labels|schema|generated/.test(file))
    .map((file) => join(root, folder, file)),
);
const lines = files.flatMap((file) => {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  return text.split("\n").filter((line) => line.trim() !== "");
});

type Call = Readonly<Record<string, unknown>>;
/** One of: an audit event, a CloudTrail record, several of either as CloudWatch Logs and S3 pack them. */
interface Packed extends Call {
  readonly logEvents?: readonly { readonly message: string }[];
  readonly Records?: readonly Call[];
}

const parsed = (line: string): Packed | undefined => {
  try {
    return JSON.parse(line);
  } catch {
    return; // an audit event that was cut short
  }
};

type Line = { readonly audit: string } | { readonly call: Call };

function unpacked(line: string): readonly Line[] {
  const value = parsed(line);
  // What CloudWatch Logs says itself is no line of a log group.
  if (value?.messageType === "CONTROL_MESSAGE") return [];
  if (value?.logEvents !== undefined) return value.logEvents.flatMap(({ message }) => unpacked(message));
  if (value?.Records !== undefined) return value.Records.map((call) => ({ call }));
  return [value === undefined || value.kind === "Event" ? { audit: line } : { call: value }];
}

const all = lines.flatMap(unpacked);
const audits = all.flatMap((line) => ("audit" in line ? [line.audit] : []));
const calls = all.flatMap((line) => ("call" in line ? [line.call] : []));

describe("the filter of clusters' log groups", () => {
  // A term between quotation marks is found as it is, anywhere in a line.
  const term: string = JSON.parse(AUDIT_FILTER);

  it("is one quoted term", () => {
    expect(AUDIT_FILTER).toMatch(/^"[^"]+"$/);
  });

  it("sends every audit event that is known, also when it is cut short after two hundred characters or later", () => {
    expect(audits.length).toBeGreaterThan(6_000);
    expect(audits.filter((line) => !line.slice(0, 200).includes(term))).toEqual([]);
  });

  it.each([
    [
      "API server",
      'I1122 10:00:00.000000      10 controller.go:231] Updating CRD OpenAPI spec because "nodeclaims" changed',
    ],
    [
      "scheduler",
      'I1122 10:00:00.000000      11 schedule_one.go:304] "Successfully bound pod to node" pod="shop/orders"',
    ],
    [
      "authenticator",
      'time="2026-11-22T10:00:00Z" level=info msg="access granted" arn="arn:aws:iam::111122223333:role/a"',
    ],
  ])("leaves out the log of the %s", (_, line) => {
    expect(line).not.toContain(term);
  });
});

describe("CloudTrail", () => {
  it("by a log group comes whole", () => {
    expect(TRAIL_FILTER).toBe("");
  });

  // docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html; docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
  const detailTypes: Readonly<Record<string, string>> = {
    AwsApiCall: "AWS API Call via CloudTrail",
    AwsServiceEvent: "AWS Service Event via CloudTrail",
    AwsConsoleSignIn: "AWS Console Sign In via CloudTrail",
    AwsConsoleAction: "AWS Console Action via CloudTrail",
  };
  /** As EventBridge sends a record. Samples without a type are calls. */
  const sent = (call: Call): Call => ({
    ...{ version: "0", id: call.eventID, "detail-type": detailTypes[String(call.eventType ?? "AwsApiCall")] },
    ...{ source: String(call.eventSource).replace(/^(.*)\.amazonaws\.com$/, "aws.$1"), detail: call },
  });
  /** EventBridge's own reading of a pattern of lists of texts: of every field one of its values. */
  const matches = (event: Call): boolean =>
    Object.entries(TRAIL_PATTERN).every(([field, values]) => values.some((value) => value === event[field]));

  it("by EventBridge comes with every call that is known, of every service", () => {
    expect(calls.length).toBeGreaterThan(500);
    expect(new Set(calls.map(({ eventSource }) => eventSource)).size).toBeGreaterThan(5);
    expect(calls.filter((call) => !matches(sent(call)))).toEqual([]);
  });

  it.each(Object.keys(detailTypes))("by EventBridge comes with records of the type %s", (eventType) => {
    expect(matches(sent({ eventType }))).toBe(true);
  });

  it("by EventBridge comes alone", () => {
    expect(matches({ "detail-type": "EC2 Instance State-change Notification" })).toBe(false);
  });
});
