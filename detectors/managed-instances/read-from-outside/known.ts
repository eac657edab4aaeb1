import type { Actor } from "../../../schemas/events/event.ts";
import { nameOf } from "../../core/actors.ts";
import { type Deed, doerOf, failedIn, shownIn, toldOf } from "../../core/deed.ts";
import { readBy, tellRead } from "../../core/ec2-reads.ts";
import { withoutLast } from "../../core/epoch.ts";
import type { Site } from "../../core/site.ts";
import { lowered } from "../../core/weight.ts";
import { joinHalf, type LedgerContext, type LedgerHit, type Witness } from "../../ledger/contracts.ts";
import { sweepOf, Tools } from "../auto-resource.ts";

/** How AWS's documentation has people look at a node that does not start. */
const TROUBLESHOOTING: ReadonlySet<string> = new Set(["GetConsoleOutput", "GetConsoleScreenshot"]);

export const isTroubleshooting = (action: string, actor: Actor, { support }: Site): boolean =>
  TROUBLESHOOTING.has(action) && (support.has(actor.name) || support.has(actor.roleName ?? ""));

/** Services that copy the disks of everything on a schedule. */
const BACKUP: ReadonlySet<string> = new Set(["backup.amazonaws.com", "dlm.amazonaws.com"]);

/** The service's name is AWS's word: no caller can write it. */
export const backupNote = (forwarder = ""): string | undefined =>
  BACKUP.has(forwarder) ? `${forwarder} made the call, as it does for every disk` : undefined;

/** What pods ask for by a claim: data of whoever runs the cluster, which backups copy by right. Unlike a node's own disk. */
const CLAIMED = "made by CreateVolume";

/** B-30 by the ledger: an instance, interface or disk that EKS was seen to make, or a node that was seen at work. */
export const knownRead = joinHalf({
  watch: "resourceDay",
  match: ["managed", "read"],
  params: Tools,
  detect([{ how, cluster, source }, read], context) {
    if (how === CLAIMED) return undefined;
    const value = `${withoutLast(context.id)} of ${cluster}: ${how}`;
    return hitOf(read, context, cluster, { field: "resource.managed", value, event: source });
  },
});

/** … and what was copied from it before. */
export const knownCopy = joinHalf({
  watch: "resourceDay",
  match: ["copyOf", "read"],
  params: Tools,
  detect([{ id, cluster, source }, read], context) {
    const value = `${withoutLast(context.id)} is a copy of ${id} of ${cluster}`;
    return hitOf(read, context, cluster, { field: "resource.copyOf", value, event: source });
  },
});

function hitOf(
  read: Deed & { readonly instances: string },
  { id: day, params, site }: LedgerContext<Parameters<typeof sweepOf>[1]>,
  cluster: string,
  witness: Witness,
): LedgerHit | undefined {
  const id = withoutLast(day);
  const actor = doerOf(read);
  const [service = "", action = ""] = read.api.split(":");
  const [what, worth] = readBy(action) ?? [];
  if (what === undefined || worth === undefined || isTroubleshooting(action, actor, site)) return undefined;
  const sweep = sweepOf({ actor, time: Date.parse(read.time), instances: Number(read.instances) }, params);
  const tool = sweep?.note ?? backupNote(read.via);
  const failed = failedIn(read);
  return {
    of: { kind: "resource", id },
    ...toldOf(read),
    ...(sweep && { by: sweep.by, bounded: true }),
    sentence: `${nameOf(actor)} ${tellRead({ api: read.api, failed }, what, { ids: id, whose: ` of an Auto Mode node of ${cluster}` })}`,
    on: sweep?.on ?? `${service} ${action}`,
    target: id,
    // Sharing what was copied is no tool's work.
    severity: tool !== undefined && worth !== "critical" ? "low" : lowered(worth, failed ? 1 : 0),
    confidence: "high",
    evidence: [witness, ...shownIn(read)],
    reasons: [witness.value],
    notExempted: tool === undefined ? [] : [tool],
  };
}
