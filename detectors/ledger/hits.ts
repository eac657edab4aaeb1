import { UNKNOWN } from "../../schemas/events/event.ts";
import { type Finding, severityRank } from "../../schemas/findings/finding.ts";
import type { Draft } from "../core/compose.ts";
import type { DetectorMeta } from "../core/contracts.ts";
import { type Fact, idOf } from "./facts.ts";
import { about } from "./learner.ts";

/** The family of attack sequences: a sequence is made of other findings, never of sequences. */
export const SEQUENCES = "sequence";

/** Hits as facts about the principals that caused them: what attack sequences are made of (X01, X04). Hits below medium and those on the pipeline's own health
 * do not count, nor do those of detectors in shadow, but where sequences are in shadow themselves (`trial`): people must not be told of what is made of
 * those, and a trial of all detectors is to try sequences, too. `drafts`: of a batch, so that all hits on one event are among them. */
export function hitFacts(drafts: readonly Draft[], trial: boolean): readonly Fact[] {
  const detectors = new Map(drafts.map(({ finding }) => [finding.id, finding.detector]));
  return drafts.flatMap(({ finding, events, since }) => {
    const { detector, family, status, severity, actor, cluster, firstSeen } = finding;
    if (family === SEQUENCES || family === "health" || (status === "shadow" && !trial)) return [];
    const principal = principalOf(finding);
    if (severityRank(severity) < severityRank("medium") || principal === undefined) return [];
    const tactics = words(finding.attack.techniques.map(({ tactic }) => tactic));
    const [id = ""] = events.values();
    const tell = about("principal", idOf("principal", [principal, firstSeen.slice(0, 10)]), {
      ...{ id, time: Date.parse(since || firstSeen) },
    });
    return [
      tell("did", { detector, tactics }),
      tell("hit", {
        ...{ time: firstSeen, detector, tactics, severity, cluster, finding: finding.id },
        beside: words(finding.related.flatMap((other) => detectors.get(other) ?? [])),
        ...{ who: actor.arn ?? actor.name, kind: actor.kind },
      }),
    ];
  });
}

/** Whether all detectors of sequences are in shadow. */
export function sequencesOnTrial(detectors: readonly { readonly meta: DetectorMeta }[]): boolean {
  const sequences = detectors.filter(({ meta }) => meta.id.startsWith(`${SEQUENCES}/`));
  return sequences.length > 0 && sequences.every(({ meta }) => meta.status === "shadow");
}

/** Who it was, the same in both trails and whichever of his keys he used: the audit log writes another name than the ARN that both have
 * (eks-auto-mode.md §1.3). Other names mean something in their cluster only. What AWS's services do for others is nobody's. */
function principalOf({ actor, account, region, cluster, sourceIP = "" }: Finding): string | undefined {
  if (actor.kind === "aws-service" || actor.name === "" || actor.name === UNKNOWN) return undefined;
  if (actor.kind === "node" && actor.instanceId !== undefined) return `node ${actor.instanceId}`;
  if (actor.arn !== undefined) return actor.arn;
  const name = actor.kind === "anonymous" ? `${actor.name} at ${sourceIP}` : actor.name;
  return `${account}/${region}/${cluster}/${name}`;
}

const words = (all: readonly string[]): string => [...new Set(all)].sort().join(" ");
