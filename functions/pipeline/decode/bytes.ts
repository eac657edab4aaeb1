import { gunzipSync } from "node:zlib";
import type { ErrorCode } from "../../../schemas/errors.ts";

export type Opened = { readonly text: string } | { readonly code: ErrorCode; readonly message: string };

/** Opens the payloads of one frame. */
export interface Unpacker {
  /** The payload of a Kinesis record as Lambda hands it over: base64, and gzip when CloudWatch Logs wrote it. */
  readonly kinesis: (base64: string) => Opened;
  /** What `awslogs.data` holds: base64 of gzip. */
  readonly zipped: (base64: string) => Opened;
}

/** A KPL aggregate begins with this (aws-plumbing.md §1.4); logs and EventBridge never send one. */
const KPL_MAGIC = Buffer.from("f3899ac2", "hex");
/** How many times the limit of one payload all payloads of a frame may unpack to: payloads within payloads would multiply it at every level. */
const PAYLOADS = 8;
/** What gzip makes of logs at the most, in times of the input. */
const USUAL_RATIO = 40;
const SMALLEST_CHUNK = 16_384;

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Unpacks at most `maxBytes` of one payload, and a bounded number of bytes in all: a few kilobytes can unpack to gigabytes. */
export function createUnpacker(maxBytes: number): Unpacker {
  let left = maxBytes * PAYLOADS;

  function unzip(bytes: Buffer): Opened {
    const limit = Math.min(maxBytes, left);
    if (limit < 1)
      return { code: "E_GZIP", message: `payloads unpack to more than ${maxBytes * PAYLOADS} bytes in all` };
    try {
      const unpacked = gunzipSync(bytes, { maxOutputLength: limit, chunkSize: sizeHint(bytes, limit) });
      left -= unpacked.length;
      return { text: unpacked.toString("utf8") };
    } catch (cause) {
      const isBomb = cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
      if (isBomb) left -= limit;
      const message = cause instanceof Error ? cause.message : String(cause);
      return { code: "E_GZIP", message: isBomb ? `unpacks to more than ${limit} bytes` : message };
    }
  }

  return {
    kinesis(base64) {
      const bytes = Buffer.from(base64, "base64");
      if (!isBase64(base64, bytes.length)) return { code: "E_BASE64", message: "kinesis.data is not base64" };
      if (bytes.subarray(0, KPL_MAGIC.length).equals(KPL_MAGIC))
        return { code: "E_KPL", message: "kinesis.data is an aggregate of the Kinesis Producer Library" };
      return isGzip(bytes) ? unzip(bytes) : { text: bytes.toString("utf8") };
    },
    zipped: (base64) => unzip(Buffer.from(base64, "base64")),
  };
}

/** Decoding leaves out what is not base64: then it gives fewer bytes than the text has room for. */
function isBase64(text: string, bytes: number): boolean {
  const padding = text.endsWith("==") ? 2 : Number(text.endsWith("="));
  const digits = text.length - padding;
  return digits % 4 !== 1 && bytes === Math.floor((digits * 3) / 4);
}

/** The size in the gzip trailer, so that the output is made in one piece (a third faster, performance.md §1.2). It is the sender's word modulo 2^32: a hint,
 * bounded by what the input could unpack to at the usual ratio. */
function sizeHint(bytes: Buffer, limit: number): number {
  const told = bytes.length >= 18 ? bytes.readUInt32LE(bytes.length - 4) + 1 : 0;
  return Math.max(64, Math.min(Math.max(told, SMALLEST_CHUNK), limit, bytes.length * USUAL_RATIO + SMALLEST_CHUNK));
}
