import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import { type Severity, severityRank } from "../../schemas/findings/finding.ts";
import { compose, type Draft, findingId, type Judged, viewOf } from "./compose.ts";
import type { EventDetector, FacetName } from "./contracts.ts";
import { healthDraft } from "./health.ts";
import type { Site } from "./site.ts";
import type { Suppressions } from "./suppress.ts";
import { severityOf } from "./weight.ts";

/** A detector with its settings in place. */
export interface ArmedDetector {
  readonly detector: EventDetector;
  readonly params: unknown;
  /** The highest of its hits, as configured. */
  readonly severity: Severity;
}

export interface ChainCounts {
  /** Hits by detector id, those of shadow detectors and suppressed ones included. */
  readonly hits: ReadonlyMap<string, number>;
  readonly threw: ReadonlyMap<string, number>;
  readonly suppressed: number;
}

export interface Chain {
  /** Judges one event: every detector whose facet it has. A detector that throws is isolated and reported as a health finding. */
  readonly judge: (event: TrailEvent) => readonly Draft[];
  readonly counts: () => ChainCounts;
}

export function createChain(armed: readonly ArmedDetector[], site: Site, suppressions: Suppressions): Chain {
  const byFacet = new Map<FacetName, ArmedDetector[]>();
  for (const entry of armed) byFacet.set(entry.detector.on, [...(byFacet.get(entry.detector.on) ?? []), entry]);
  const order = new Map(armed.map((entry, index) => [entry.detector.meta.id, index]));
  const hits = new Map<string, number>();
  const threw = new Map<string, number>();
  let suppressed = 0;

  function judge(event: TrailEvent): readonly Draft[] {
    const found: Judged[] = [];
    const health: Draft[] = [];
    for (const facet of Object.keys(event.facets) as FacetName[]) {
      for (const entry of byFacet.get(facet) ?? []) {
        const { meta } = entry.detector;
        try {
          const hit = entry.detector.detect(event, entry.params, site);
          if (hit === undefined) continue;
          count(hits, meta.id);
          const judged = { meta, hit, event, severity: severityOf(hit, entry) };
          if (hidden(judged)) suppressed += 1;
          else found.push(judged);
        } catch (cause) {
          count(threw, meta.id);
          health.push(healthDraft(`detector/${meta.id}`, event, cause));
        }
      }
    }
    return found.length === 0 ? health : [...composeFamilies(found, order), ...health];
  }

  const hidden = ({ meta, event }: Judged): boolean =>
    suppressions.hides({ detector: meta.id, ...viewOf(event) }, event.time);

  return { judge, counts: () => ({ hits, threw, suppressed }) };
}

/** The counts of event detectors, those of the ledger's, and what learners threw. */
export const addCounts = (a: ChainCounts, b: ChainCounts, learners: ReadonlyMap<string, number>): ChainCounts => ({
  hits: new Map([...a.hits, ...b.hits]),
  threw: new Map([...a.threw, ...b.threw, ...learners]),
  suppressed: a.suppressed + b.suppressed,
});

export function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** One request that several detectors of a family hit is one finding, the strongest's (severity, then declared order), with the others as
 * reasons; findings of other families on it are named as related (design §5). Shadow detectors never displace one that is live, nor does a hit
 * that is not about who did it one that is: its finding would lose the event. */
function composeFamilies(found: readonly Judged[], order: ReadonlyMap<string, number>): readonly Draft[] {
  const families = Map.groupBy(
    found,
    ({ meta, hit }) => `${meta.id.split("/")[0]} ${meta.status === "shadow"} ${hit.by ?? ""}`,
  );
  const sorted = [...families.values()].map((members) =>
    members.toSorted(
      (a, b) =>
        severityRank(b.severity) - severityRank(a.severity) ||
        (order.get(a.meta.id) ?? 0) - (order.get(b.meta.id) ?? 0),
    ),
  );
  const ids = sorted.flatMap(([strongest]) => (strongest ? [findingId(strongest).id] : []));
  return sorted.flatMap(([strongest, ...also]) => {
    if (strongest === undefined) return [];
    const own = findingId(strongest).id;
    return [compose(strongest, also, ids.filter((id) => id !== own).sort())];
  });
}
