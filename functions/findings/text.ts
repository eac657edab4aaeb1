import type { Draft } from "../../detectors/core/compose.ts";

/** A draft as text. The same draft gives the same text: its keys stand as they were made, and merging sorts what it joins. */
export const draftText = ({ finding, events, overflow, lead }: Draft): string =>
  JSON.stringify({ finding, events: [...events], overflow, lead });

export function draftOf(text: string): Draft {
  const { events, ...rest } = JSON.parse(text) as Omit<Draft, "events"> & { events: readonly [string, string][] };
  return { ...rest, events: new Map(events) };
}
