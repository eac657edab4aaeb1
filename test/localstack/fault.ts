import { createHash } from "node:crypto";
import type { AwsCall } from "./aws-call.ts";

/** What becomes of a call at the wire. */
export type Fault =
  /** Before its effect: the service answers that it is too much, or that it has a problem, or that this is not allowed. */
  | "throttled"
  | "internal"
  | "refused"
  /** Before its effect: the connection is cut, or nothing ever comes until the client gives up. */
  | "reset"
  | "silent"
  /** After its effect: the answer is lost, or is an error. */
  | "lost"
  | "late error"
  /** The service is given every second entry of a batch, and the others fail inside the answer. A call that cannot be parted is throttled. */
  | "partial";

/** Decides on a call. `nth` counts the calls of this service and operation from 0. */
export type FaultPlan = (call: AwsCall, nth: number) => Fault | undefined;

/** Whether the service is asked. */
export const isPassedOn = (fault: Fault | undefined): boolean =>
  fault === "lost" || fault === "late error" || fault === "partial";

/**
 * Faults by chance that a seed decides: the nth call of an operation always meets the same luck, whatever runs beside it.
 * `share` is of all calls, from 0 to 1.
 */
export function seededFaults(seed: number, share: number, kinds: readonly Fault[]): FaultPlan {
  return ({ service, operation }, nth) => {
    const luck = createHash("sha256").update(`${seed} ${service} ${operation} ${nth}`).digest();
    if (luck.readUInt32LE(0) / 0x1_00_00_00_00 >= share) return;
    return kinds[luck.readUInt32LE(4) % kinds.length];
  };
}

export interface WireError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const THROTTLED: Readonly<Record<string, string>> = {
  dynamodb: "ProvisionedThroughputExceededException",
  kinesis: "ProvisionedThroughputExceededException",
  sqs: "RequestThrottled",
  securityhub: "TooManyRequestsException",
  lambda: "TooManyRequestsException",
  sns: "Throttled",
  sts: "Throttling",
  s3: "SlowDown",
};
const INTERNAL: Readonly<Record<string, string>> = { dynamodb: "InternalServerError", s3: "InternalError" };
const MESSAGE = "By plan.";

/** The error in the protocol that the service speaks. */
export function wireError(fault: "throttled" | "internal" | "refused", service: string): WireError {
  const codes = {
    throttled: THROTTLED[service] ?? "ThrottlingException",
    internal: INTERNAL[service] ?? "InternalFailure",
    refused: service === "s3" || service === "sns" || service === "sts" ? "AccessDenied" : "AccessDeniedException",
  };
  const code = codes[fault];
  if (service === "s3") {
    const status = { throttled: 503, internal: 500, refused: 403 }[fault];
    return xml(status, `<Error><Code>${code}</Code><Message>${MESSAGE}</Message></Error>`);
  }
  if (service === "sns" || service === "sts" || service === "iam") {
    const status = { throttled: 429, internal: 500, refused: 403 }[fault];
    const type = fault === "internal" ? "Receiver" : "Sender";
    const error = `<Error><Type>${type}</Type><Code>${code}</Code><Message>${MESSAGE}</Message></Error>`;
    return xml(status, `<ErrorResponse>${error}<RequestId>planned</RequestId></ErrorResponse>`);
  }
  if (service === "securityhub" || service === "lambda") {
    const status = { throttled: 429, internal: 500, refused: 403 }[fault];
    const headers = { "content-type": "application/json", "x-amzn-errortype": code };
    return { status, headers, body: JSON.stringify({ Message: MESSAGE }) };
  }
  const body = JSON.stringify({ __type: `com.amazonaws.${service}#${code}`, message: MESSAGE });
  const headers = { "content-type": "application/x-amz-json-1.0" };
  return { status: fault === "internal" ? 500 : 400, headers, body };
}

const xml = (status: number, body: string): WireError => ({ status, headers: { "content-type": "text/xml" }, body });
