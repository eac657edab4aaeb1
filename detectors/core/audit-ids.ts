import { createSeen } from "./seen.ts";

/** Remembers which request each auditID was last seen on, so that one id on two requests shows (audit-recorded.md 12). Two generations of a
 * fixed size: memory is flat, and a reuse is seen as long as the two requests stand within `capacity` requests of each other. */
export interface AuditIdMemory {
  /** True when `auditID` was seen on another request before. `request` identifies the request beside its id. */
  readonly reused: (auditID: string, request: string) => boolean;
  /** That it takes, full or empty. */
  readonly bytes: number;
}

export function createAuditIdMemory(capacity: number): AuditIdMemory {
  const seen = createSeen(capacity);
  return {
    reused(auditID, request) {
      const value = hash53(request);
      const known = seen.get(auditID);
      // Also what is known: it is among the last again, on the request that had it first.
      seen.set(auditID, { time: known?.time ?? value, tag: 0, until: 0 });
      return known !== undefined && known.time !== value;
    },
    bytes: seen.bytes,
  };
}

/** cyrb53 (public domain): 53 bits, not for adversaries who look for collisions. One costs them a finding about themselves, no more:
 * neither request is hidden, as the identity of a request is compared in full. */
function hash53(input: string): number {
  let h1 = 0xdeadbeef;
  let h2 = 0x41c6ce57;
  for (let i = 0; i < input.length; i += 1) {
    const code = input.charCodeAt(i);
    h1 = Math.imul(h1 ^ code, 2654435761);
    h2 = Math.imul(h2 ^ code, 1597334677);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return 4294967296 * (2097151 & h2) + (h1 >>> 0);
}
