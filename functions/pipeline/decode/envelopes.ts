import { timeOr } from "../../../schemas/events/event.ts";
import { at, list, num, text } from "../../../schemas/json.ts";
import { emptyRow, queryObject, queryRow } from "./insights.ts";
import { awslogs, kinesis } from "./kinesis.ts";
import { messageOf } from "./log-group.ts";
import { type Envelope, messagePiece } from "./piece.ts";
import { subscription } from "./subscription.ts";

const isMessage = (value: unknown): boolean =>
  typeof value === "string" || (typeof value === "object" && value !== null);

/** A list of records under this name. */
const listed = (name: string): Envelope => ({
  is: (value) => Array.isArray(at(value, name)),
  open: (value, around) => list(value, name).map((element) => ({ kind: "value", value: element, around })),
});

/** One record under this name, as text or as a value. */
const member = (name: string): Envelope => ({
  is: (value) => isMessage(at(value, name)),
  open: (value, around) => [messagePiece(at(value, name), around)],
});

/** EventBridge: the record stands under `detail`, beside the kind of event (aws-plumbing.md §1.3). */
const eventBridge: Envelope = {
  is: (value) => Object.hasOwn(value, "detail-type") && isMessage(at(value, "detail")),
  open: (value, around) => [
    messagePiece(at(value, "detail"), { ...around, loggedAt: timeOr(around.loggedAt, text(value, "time")) }),
  ],
};

/** One event of `aws logs filter-log-events`; also what log shippers make of a line. */
const logEvent: Envelope = {
  is: (value) => isMessage(at(value, "message")),
  open: (value, around) => [
    messageOf(text(value, "logStreamName"), at(value, "message"), {
      ...around,
      loggedAt: timeOr(around.loggedAt, num(value, "timestamp")),
    }),
  ],
};

const elements: Envelope = {
  is: Array.isArray,
  open: (value, around) => (value as readonly unknown[]).map((element) => ({ kind: "value", value: element, around })),
};

/** Every container that records of the trails are known to come in, the more particular first. */
export const envelopes: readonly Envelope[] = [
  queryRow,
  emptyRow,
  elements,
  kinesis,
  subscription,
  awslogs,
  eventBridge,
  // One event of `aws cloudtrail lookup-events`.
  member("CloudTrailEvent"),
  queryObject,
  logEvent,
  member("log"),
  // CloudTrail's files and Lambda's events, an EventList, and what `filter-log-events`, `lookup-events` and `get-query-results` print.
  listed("Records"),
  listed("items"),
  listed("events"),
  listed("Events"),
  listed("results"),
];
