import { encodeSubscription, type LogEvent, type LogSource } from "./subscription.ts";

export interface Packed {
  readonly source: LogSource;
  readonly events: number;
  readonly data: Uint8Array;
}

/** Text of one record before it is compressed; audit events shrink to a tenth or less. */
const MAX_TEXT = 1_000_000;
const MAX_EVENTS = 1_000;

/** Events of a log stream in as many records as it takes, none larger than `maxBytes`: what does not shrink enough is halved. An event too large for a record of
 * its own is given back. */
export function packEvents(
  source: LogSource,
  events: readonly LogEvent[],
  maxBytes: number,
): { readonly packed: readonly Packed[]; readonly tooLarge: readonly LogEvent[] } {
  const packed: Packed[] = [];
  const tooLarge: LogEvent[] = [];
  function pack(some: readonly LogEvent[]): void {
    const data = encodeSubscription(source, some);
    if (data.length <= maxBytes) packed.push({ source, events: some.length, data });
    else if (some.length === 1) tooLarge.push(...some);
    else {
      const half = Math.ceil(some.length / 2);
      pack(some.slice(0, half));
      pack(some.slice(half));
    }
  }
  let from = 0;
  let size = 0;
  for (const [index, { message }] of events.entries()) {
    if (index > from && (size + message.length > MAX_TEXT || index - from >= MAX_EVENTS)) {
      pack(events.slice(from, index));
      from = index;
      size = 0;
    }
    size += message.length;
  }
  if (from < events.length) pack(events.slice(from));
  return { packed, tooLarge };
}
