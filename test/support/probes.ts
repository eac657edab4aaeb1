/** Detectors made to find every way in which order, batching, repetition or a crash could show: a join over a relay, a conflict, a count, an absence, two
 * verdicts on one entity, a sequence of hits. They judge the records of trails.ts. */
import Type from "typebox";
import type { DetectorMeta } from "../../detectors/core/contracts.ts";
import { withoutLast } from "../../detectors/core/epoch.ts";
import {
  defineJoinDetector,
  defineSettledDetector,
  type LedgerDetector,
  type LedgerHit,
} from "../../detectors/ledger/contracts.ts";

const MINUTE_MS = 60_000;

export const probeMeta = (id: string, rest: Partial<DetectorMeta> = {}): DetectorMeta => ({
  ...{ id, version: 1, title: id, description: id, severity: "high", confidence: "high", status: "stable" },
  attack: [{ tactic: "TA0006", technique: "T1552.005" }],
  ...{ reads: [], references: [], gaps: [], triage: [] },
  ...rest,
});

export const probeHit = (on: string, at: string, who: string, rest: Partial<LedgerHit> = {}): LedgerHit => ({
  ...{ sentence: on, on, at, actor: { kind: "human", name: who, groups: [] }, action: "a", target: "t", evidence: [] },
  ...rest,
});

const params = Type.Object({});

/** Over a relay: pod.deleted -> key.podGone. One finding a key, one count a use. */
export const usedAfterPod = defineJoinDetector({
  ...{ meta: probeMeta("probe/used-after-pod"), watch: "use", match: ["podGone", "used"], params },
  detect([gone, used], { id }) {
    if (used.time <= gone.time) return undefined;
    const evidence = [{ field: "used", value: `${used.time} ${used.api} ${used.ip}`, event: used.source }];
    return probeHit("after its pod", used.time, id, { evidence });
  },
});

/** Two halves in one entity, from two events. */
export const mintedElsewhere = defineJoinDetector({
  ...{ meta: probeMeta("probe/minted-elsewhere"), watch: "pod", match: ["minter", "node"], params },
  detect([minting, node], { id }) {
    if (minting.id === node.id) return undefined;
    const evidence = [{ field: "node", value: `${minting.id} ${node.id}`, event: minting.source }];
    return probeHit("minted elsewhere", minting.time, id, { evidence });
  },
});

/** A conflict: two values where one is expected. */
export const onTwoNodes = defineJoinDetector({
  ...{ meta: probeMeta("probe/on-two-nodes"), watch: "pod", match: ["node", "node", "created"], params },
  detect([one, two, created], { id }) {
    if (one.id >= two.id) return undefined;
    const evidence = [{ field: "nodes", value: `${one.id} ${two.id}`, event: one.source }];
    return probeHit("two nodes", created.time, id, { evidence });
  },
});

/** An absence, which a record of the later trail excuses. */
export const neverIssued = defineSettledDetector({
  ...{ meta: probeMeta("probe/never-issued"), watch: "use", anchor: "used", settleMs: 25 * MINUTE_MS, params },
  detect: (key) =>
    key.all("issued").length > 0
      ? undefined
      : ({ time, ip, api, source }) => [
          probeHit("never issued", time, withoutLast(key.id), {
            evidence: [{ field: "used", value: `${time} ${ip} ${api}`, event: source }],
          }),
        ],
});

/** A number, whose severity is that of the verdict. Anchored as `neverIssued` is: two records wait for one entity at one time. */
export const manyPlaces = defineSettledDetector({
  ...{ meta: probeMeta("probe/many-places"), watch: "use", anchor: "used", settleMs: 25 * MINUTE_MS, params },
  detect(key) {
    const places = [...new Set(key.all("used").map(({ ip }) => ip))];
    const [first] = key.all("used");
    if (places.length < 2 || first === undefined) return undefined;
    const evidence = places.map((ip) => ({ field: "place", value: ip, event: first.source }));
    const severity = places.length > 2 ? "critical" : "medium";
    return () => [probeHit("many places", first.time, key.id, { evidence, severity })];
  },
});

/** An absence in one trail, which the other excuses after the anchor: each value is judged when its own time has come. */
export const onlyInAudit = defineSettledDetector({
  ...{ meta: probeMeta("probe/only-in-audit"), watch: "use", anchor: "used", settleMs: 25 * MINUTE_MS, params },
  detect(key) {
    const calls = key.all("used").filter(({ trail }) => trail === "CloudTrail");
    return ({ trail, time, api, source }) => {
      const excused = calls.some((call) => Math.abs(Date.parse(call.time) - Date.parse(time)) <= 20 * MINUTE_MS);
      if (trail === "CloudTrail" || excused) return [];
      const evidence = [{ field: "used", value: `${time} ${api}`, event: source }];
      return [probeHit("only in the audit log", time, key.id, { evidence })];
    };
  },
});

/** What is made of other hits. */
export const twoKinds = defineJoinDetector({
  ...{ meta: probeMeta("sequence/probe"), watch: "principal", match: ["hit", "hit"], params },
  detect([one, two], { id }) {
    if (one.detector >= two.detector) return undefined;
    const value = `${one.detector} ${one.finding} ${two.detector} ${two.finding}`;
    return probeHit("two kinds", one.time, id, { evidence: [{ field: "hits", value, event: one.source }] });
  },
});

export const probes: readonly LedgerDetector[] = [
  usedAfterPod,
  mintedElsewhere,
  onTwoNodes,
  neverIssued,
  manyPlaces,
  onlyInAudit,
  twoKinds,
];
