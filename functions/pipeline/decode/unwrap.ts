import type { ErrorCode } from "../../../schemas/errors.ts";
import { type Origin, type Scope, timeOr, UNKNOWN } from "../../../schemas/events/event.ts";
import { at, list, text } from "../../../schemas/json.ts";
import type { Frame, RawRecord, SetAside, Unwrapped } from "../records.ts";
import { kinesisData, unzip } from "./bytes.ts";
import { isOtherLog, isOtherStream, logLine } from "./log-line.ts";

export interface Unwrapping {
  /** Of audit events whose envelope does not tell. */
  readonly scope: Scope;
  /** Bytes that one compressed payload may unpack to. */
  readonly maxUnzipped?: number;
}

const MAX_UNZIPPED = 64 * 1024 * 1024;
const MAX_NESTING = 6;
const EXCERPT = 200;

/** What is known around a piece: it grows as envelopes are opened. */
interface Around {
  readonly scope: Scope;
  readonly origin: Origin;
  readonly loggedAt: number;
  readonly depth: number;
  readonly maxUnzipped: number;
}

interface Out {
  readonly records: RawRecord[];
  readonly aside: SetAside[];
  control: number;
}

/** Opens whatever a frame is wrapped in, down to the records of the trails. Every piece ends as a record or is set aside; control messages of log
 * subscriptions are no events and are counted apart. Records stay text: what no detector needs is never parsed. */
export function unwrap(frame: Frame, { scope, maxUnzipped = MAX_UNZIPPED }: Unwrapping): Unwrapped {
  const out: Out = { records: [], aside: [], control: 0 };
  openText(frame.text, { scope, origin: frame.origin, loggedAt: 0, depth: 0, maxUnzipped }, out);
  return out;
}

/** An audit event as Go begins it, and a CloudTrail record as CloudTrail does: told without parsing. */
const AUDIT = '{"kind":"Event","apiVersion":"audit.k8s.io';
const CLOUDTRAIL = '{"eventVersion":"';

function openText(raw: string, around: Around, out: Out): undefined {
  if (raw.startsWith(AUDIT)) return take("k8s-audit", raw, around, out);
  if (raw.startsWith(CLOUDTRAIL)) return take("cloudtrail", raw, around, out);
  if (around.depth > MAX_NESTING) return aside("E_NESTING", "envelopes within envelopes", raw, around, out);
  const line = logLine(raw);
  if (line !== undefined)
    return openText(line.message, { ...around, loggedAt: line.time, depth: around.depth + 1 }, out);
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (cause) {
    return openBroken(raw, cause, around, out);
  }
  openValue(value, raw, around, out);
}

/** Text that is not JSON: a cut record (salvaged later by its text), a line of another log, or nothing that can be read. */
function openBroken(raw: string, cause: unknown, around: Around, out: Out): undefined {
  if (raw.includes('"auditID":"')) return take("k8s-audit", raw, around, out);
  if (raw.includes('"eventSource":"')) return take("cloudtrail", raw, around, out);
  if (isOtherLog(raw)) return aside("E_OTHER_LOG", "a line of another log", raw, around, out);
  aside("E_JSON", cause instanceof Error ? cause.message : String(cause), raw, around, out);
}

/** `raw`: the text that the value was parsed from; undefined when it was part of a larger one. */
function openValue(value: unknown, raw: string | undefined, around: Around, out: Out): undefined {
  const inner = { ...around, depth: around.depth + 1 };
  if (around.depth > MAX_NESTING)
    return aside("E_NESTING", "envelopes within envelopes", shown(value, raw), around, out);
  if (typeof value === "string") return openText(value, inner, out);
  if (Array.isArray(value)) return isRow(value) ? openRow(value, inner, out) : openAll(value, inner, out);
  if (value === null || typeof value !== "object")
    return aside("E_UNKNOWN_SHAPE", `a lone ${typeof value}`, shown(value, raw), around, out);
  if (text(value, "auditID") !== undefined && at(value, "stage") !== undefined) {
    return take("k8s-audit", raw ?? JSON.stringify(value), around, out);
  }
  if (text(value, "eventSource") !== undefined && text(value, "eventName") !== undefined) {
    return take("cloudtrail", raw ?? JSON.stringify(value), around, out);
  }
  const open = envelopes.find(({ is }) => is(value));
  if (open !== undefined) return open.open(value, inner, out);
  aside(
    "E_UNKNOWN_SHAPE",
    `no known envelope, with ${Object.keys(value).slice(0, 6).join(", ") || "no members"}`,
    shown(value, raw),
    around,
    out,
  );
}

interface Envelope {
  readonly is: (value: object) => boolean;
  readonly open: (value: object, around: Around, out: Out) => undefined;
}

const holds =
  (...path: string[]) =>
  (value: object) =>
    at(value, ...path) !== undefined;
const listed = (name: string): Envelope => ({
  is: (value) => Array.isArray(at(value, name)),
  open: (value, around, out) => openAll(list(value, name), around, out),
});
const member = (name: string): Envelope => ({
  is: holds(name),
  open: (value, around, out) => openValue(at(value, name), undefined, around, out),
});

/** Every container that records of the trails are known to come in, the more particular first. */
const envelopes: readonly Envelope[] = [
  // CloudWatch Logs subscription (aws-plumbing.md §1.2).
  {
    is: (value) => at(value, "messageType") !== undefined && Array.isArray(at(value, "logEvents")),
    open: openSubscription,
  },
  // The same, handed to a Lambda function directly.
  {
    is: holds("awslogs", "data"),
    open: (value, around, out) => openZipped(text(value, "awslogs", "data") ?? "", around, out),
  },
  { is: holds("kinesis", "data"), open: openKinesis },
  // EventBridge: the record stands under `detail`.
  {
    is: (value) => at(value, "detail-type") !== undefined && at(value, "detail") !== undefined,
    open: member("detail").open,
  },
  // `aws cloudtrail lookup-events`, one event of it.
  { is: holds("CloudTrailEvent"), open: member("CloudTrailEvent").open },
  // `aws logs filter-log-events`, one event of it; also what log shippers make of a line.
  { is: (value) => typeof at(value, "message") === "string", open: openMessage },
  // A row that Logs Insights exported.
  member("@message"),
  { is: (value) => typeof at(value, "log") === "string", open: member("log").open },
  listed("Records"),
  listed("items"),
  listed("events"),
  listed("Events"),
  listed("results"),
];

function openAll(values: readonly unknown[], around: Around, out: Out): undefined {
  for (const value of values) openValue(value, undefined, around, out);
}

const GROUP = /^\/aws\/eks\/([^/]+)\/cluster$/;

function openSubscription(value: object, around: Around, out: Out): undefined {
  if (text(value, "messageType") === "CONTROL_MESSAGE") {
    out.control += 1;
    return;
  }
  const owner = text(value, "owner") ?? "";
  const stream = text(value, "logStream") ?? "";
  const scope = {
    account: /^\d{12}$/.test(owner) ? owner : around.scope.account,
    region: around.scope.region,
    cluster: GROUP.exec(text(value, "logGroup") ?? "")?.[1] ?? around.scope.cluster,
  };
  for (const entry of list(value, "logEvents")) {
    const message = text(entry, "message") ?? "";
    const inner = { ...around, scope, loggedAt: timeOr(around.loggedAt, at(entry, "timestamp") as number) };
    if (isOtherStream(stream)) aside("E_OTHER_LOG", `a line of ${stream}`, message, inner, out);
    else openText(message, inner, out);
  }
}

function openMessage(value: object, around: Around, out: Out): undefined {
  const stream = text(value, "logStreamName") ?? "";
  const message = text(value, "message") ?? "";
  if (isOtherStream(stream)) return aside("E_OTHER_LOG", `a line of ${stream}`, message, around, out);
  openText(message, { ...around, loggedAt: timeOr(around.loggedAt, at(value, "timestamp") as number) }, out);
}

function openKinesis(value: object, around: Around, out: Out): undefined {
  const shard = /^(shardId-\d+):/.exec(text(value, "eventID") ?? "")?.[1];
  const sequence = text(value, "kinesis", "sequenceNumber");
  const region = text(value, "awsRegion");
  const origin = { ...around.origin, ...(shard && { shard }), ...(sequence && { sequence }) };
  const scope = {
    ...around.scope,
    region: around.scope.region === UNKNOWN ? (region ?? UNKNOWN) : around.scope.region,
  };
  openBytes(kinesisData(text(value, "kinesis", "data") ?? "", around.maxUnzipped), { ...around, origin, scope }, out);
}

function openZipped(base64: string, around: Around, out: Out): undefined {
  openBytes(unzip(Buffer.from(base64, "base64"), around.maxUnzipped), around, out);
}

function openBytes(opened: ReturnType<typeof unzip>, around: Around, out: Out): undefined {
  if ("code" in opened) return aside(opened.code, opened.message, "", around, out);
  // A producer may put several lines into one record.
  const lines =
    opened.text.startsWith('{"') && !opened.text.includes('}\n{"') ? [opened.text] : opened.text.split("\n");
  for (const line of lines) if (line.trim() !== "") openText(line.trim(), around, out);
}

/** A row of `aws logs get-query-results`: a list of fields with their values. */
function isRow(values: readonly unknown[]): boolean {
  return values.length > 0 && values.every((entry) => text(entry, "field") !== undefined);
}

function openRow(row: readonly unknown[], around: Around, out: Out): undefined {
  const field = (name: string): string | undefined =>
    text(
      row.find((entry) => text(entry, "field") === name),
      "value",
    );
  const time = field("@timestamp");
  const loggedAt = timeOr(around.loggedAt, time && `${time.replace(" ", "T")}Z`);
  const message = field("@message");
  if (message === undefined)
    return aside("E_UNKNOWN_SHAPE", "a query result without @message", JSON.stringify(row), around, out);
  openText(message, { ...around, loggedAt }, out);
}

function take(trail: RawRecord["trail"], raw: string, { origin, scope, loggedAt }: Around, out: Out): undefined {
  out.records.push({ trail, text: raw, origin, scope, loggedAt });
}

function aside(code: ErrorCode, message: string, excerpt: string, around: Around, out: Out): undefined {
  out.aside.push({ code, message, origin: around.origin, excerpt: excerpt.slice(0, EXCERPT) });
}

const shown = (value: unknown, raw: string | undefined): string => raw ?? JSON.stringify(value) ?? "";
