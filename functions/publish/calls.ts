import type { AsffFinding } from "../../schemas/findings/asff-schema.ts";

/** Of one BatchImportFindings (aws-plumbing.md §2.2). */
export const LIMITS = { findings: 100, findingBytes: 240 * 1_024, callBytes: 6 * 1_024 * 1_024 } as const;
/** Around the list, and a comma for each. */
const FRAME_BYTES = 1_024;

const bytesOf = (asff: AsffFinding): number => Buffer.byteLength(JSON.stringify(asff));

/** Why Security Hub would not take it for its size. */
export function tooLarge(asff: AsffFinding): string | undefined {
  const bytes = bytesOf(asff);
  return bytes > LIMITS.findingBytes ? `${bytes} bytes, of which Security Hub takes ${LIMITS.findingBytes}` : undefined;
}

/** Calls that Security Hub takes, in the order given. */
export function cutCalls<T>(all: readonly T[], asffOf: (one: T) => AsffFinding): readonly (readonly T[])[] {
  const calls: T[][] = [];
  let bytes = 0;
  for (const one of all) {
    const more = bytesOf(asffOf(one)) + 1;
    const last = calls.at(-1);
    if (last === undefined || last.length >= LIMITS.findings || bytes + more > LIMITS.callBytes - FRAME_BYTES) {
      calls.push([one]);
      bytes = more;
    } else {
      last.push(one);
      bytes += more;
    }
  }
  return calls;
}
