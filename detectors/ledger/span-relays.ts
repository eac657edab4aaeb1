import { withoutLast } from "../core/epoch.ts";
import { carry, type Relay } from "./carry.ts";
import { egressId, outletOf } from "./egress.ts";
import type { ValueOf } from "./entities.ts";
import { placeId } from "./learner.ts";
import { USE_MS } from "./use-time.ts";

const DAY_MS = 24 * 60 * 60_000;
/** A pod that ended may finish a last request (detections.md B-04). */
export const LATE_MS = 120_000;

/** What the hours of a key have from it, and what it and others have from them. */
export const spanRelays: readonly Relay[] = [
  // What a key is, its hours have from it.
  carry("key", { fact: "issued", over: "hour", to: "use" }, "issued", (issued) => issued),
  carry("key", { fact: "cluster", over: "hour", to: "use" }, "cluster", (cluster) => cluster),
  carry("key", { fact: "pod", over: "hour", to: "use" }, "pod", ({ id }) => ({ id })),
  // To those that are not over by then.
  carry(
    "key",
    { fact: "podGone", over: "hour", to: "use" },
    "podGone",
    ({ time }) => ({ time }),
    ({ time }, { id }) => (isOver(hourIn(id), time) ? undefined : id),
  ),
  carry("key", { fact: "asNode", over: "hour", to: "use" }, "asNode", (asNode) => asNode),
  // Where a pod's key was used from: one address of one cluster, beside those that its nodes ask from. On that day, and as the past of the next.
  ...[0, DAY_MS].flatMap((ahead) => [
    carry(
      "use",
      { fact: "out", over: "cluster", to: "place" },
      "used",
      ({ time, api, ip }, hour) => ({ time, api, ip, key: withoutLast(hour) }),
      (out, cluster) => placeOf(out, cluster, ahead),
    ),
    carry(
      "use",
      { fact: "out", over: "cluster", to: "key" },
      "place",
      (out, _, cluster) => ({ id: placeOf(out, cluster, ahead) }),
      (_out, _cluster, hour) => withoutLast(hour),
    ),
  ]),
  carry("key", { fact: "issued", over: "place", to: "place" }, "whose", ({ whom, role }, key) => ({ key, whom, role })),
  carry("key", { fact: "podNode", over: "place", to: "place" }, "keyNode", ({ id }, key) => ({ key, node: id })),
  // That its cluster's way out is known at all, an address learns from the day that it was used on: addresses are few.
  carry(
    "use",
    { fact: "out", over: "cluster", to: "egress" },
    "place",
    (out, _, cluster) => ({ id: placeOf(out, cluster) }),
    (out, cluster) => egressId(cluster, out),
  ),
  carry("egress", { fact: "asked", over: "place", to: "place" }, "known", ({ node, ip }) => ({ node, ip })),
  // What a key was used for in the hours in which its pod was gone, it has from them.
  carry(
    "use",
    { fact: "used", over: "podGone", to: "key" },
    "late",
    ({ time, api, ip, outcome }, _, gone) => ({ time, api, ip, outcome, gone: gone.time }),
    ({ trail, time }, gone, hour) =>
      trail === "CloudTrail" && !isOver(time, gone.time) ? withoutLast(hour) : undefined,
  ),
];

/** Whether the hours that begin at `time` hold nothing after a pod was gone. */
const isOver = (time: string, gone: string): boolean => Date.parse(time) + USE_MS <= Date.parse(gone) + LATE_MS;

/** When the hours of a key begin: the last part of their id is `2026-11-22T09`. */
const hourIn = (id: string): string => `${id.slice(id.lastIndexOf("/") + 1)}:00:00.000Z`;

/** The address that a key was used from, as one of its cluster or not. */
function placeOf({ time, ip }: ValueOf<"use", "out">, cluster: ValueOf<"use", "cluster">, ahead = 0): string {
  return placeId(cluster, outletOf(ip, "") ?? ip, { time: (Date.parse(time) || 0) + ahead });
}
