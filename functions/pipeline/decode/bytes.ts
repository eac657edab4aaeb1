import { gunzipSync } from "node:zlib";
import type { ErrorCode } from "../../../schemas/errors.ts";

export type Opened = { readonly text: string } | { readonly code: ErrorCode; readonly message: string };

/** A KPL aggregate begins with this (aws-plumbing.md §1.4); logs and EventBridge never send one. */
const KPL_MAGIC = Buffer.from("f3899ac2", "hex");
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The payload of a Kinesis record as Lambda hands it over: base64, and gzip when CloudWatch Logs wrote it. */
export function kinesisData(base64: string, maxBytes: number): Opened {
  if (!BASE64.test(base64) || base64.length % 4 === 1)
    return { code: "E_BASE64", message: "kinesis.data is not base64" };
  const bytes = Buffer.from(base64, "base64");
  if (bytes.subarray(0, 4).equals(KPL_MAGIC))
    return { code: "E_KPL", message: "kinesis.data is an aggregate of the Kinesis Producer Library" };
  return isGzip(bytes) ? unzip(bytes, maxBytes) : { text: bytes.toString("utf8") };
}

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Unpacks at most `maxBytes`: a few kilobytes can unpack to gigabytes. */
export function unzip(bytes: Buffer, maxBytes: number): Opened {
  try {
    return {
      text: gunzipSync(bytes, { maxOutputLength: maxBytes, chunkSize: sizeHint(bytes, maxBytes) }).toString("utf8"),
    };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return {
      code: "E_GZIP",
      message: /larger than/i.test(message) ? `unpacks to more than ${maxBytes} bytes` : message,
    };
  }
}

/** The size in the gzip trailer, so that the output is made in one piece (a third faster, performance.md §1.2). It is the sender's word modulo 2^32: a hint,
 * bounded by what the input could unpack to at the usual ratio. */
function sizeHint(bytes: Buffer, maxBytes: number): number {
  const told = bytes.length >= 18 ? bytes.readUInt32LE(bytes.length - 4) + 1 : 0;
  return Math.min(Math.max(told, 16_384), maxBytes, bytes.length * 40 + 16_384);
}
