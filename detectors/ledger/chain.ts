import { type ChainCounts, count } from "../core/chain.ts";
import type { Draft } from "../core/compose.ts";
import { threwBy } from "../core/health.ts";
import { createSeen } from "../core/seen.ts";
import type { Armed } from "../core/settings.ts";
import type { Site } from "../core/site.ts";
import type { Suppressions } from "../core/suppress.ts";
import { severityOf } from "../core/weight.ts";
import { composeLedger } from "./compose.ts";
import type { JoinDetector, LedgerDetector, SettledDetector } from "./contracts.ts";
import { decode, type Fact, type Ref, type State } from "./facts.ts";
import { ledgerHealthDraft } from "./health.ts";
import {
  dueTime,
  epochsOf,
  furtherEpochsOf,
  type Judgement,
  joinHits,
  settledHits,
  type Thrown,
  type ToldValues,
  type Warmth,
} from "./judge.ts";

/** An entity that a detector is to be asked about, and when (ISO 8601). */
export interface Appointment extends Ref {
  readonly at: string;
  readonly detector: string;
}

export interface LedgerCounts extends ChainCounts {
  /** Verdicts that were not made, by detector: the ledger was too young to tell. */
  readonly cold: ReadonlyMap<string, number>;
  /** The same: more was told than is kept of what they rest on, or can be looked through at a time. */
  readonly full: ReadonlyMap<string, number>;
}

/** What a verdict needs beside its entity. */
export interface Beside {
  readonly warmth: Warmth;
  readonly epochs?: readonly State[];
}

/** The detectors of the ledger's entities. One that throws is isolated and reported as a health finding; what a suppression hides is counted, and makes
 * nothing. */
export interface LedgerChain {
  /** What there exists in an entity. `told`: with one of these values at least. */
  readonly touched: (state: State, told?: ToldValues) => readonly Draft[];
  /** Verdicts that a fact makes due. */
  readonly appointments: (fact: Fact) => readonly Appointment[];
  /** Whether the detector is one of these. */
  readonly knows: (appointment: Appointment) => boolean;
  /** A verdict whose time has come. Of hits on principals, those count that were made before the page of records was read. */
  readonly settled: (appointment: Appointment, state: State, beside: Beside) => readonly Draft[];
  /** Epochs of the entity that are to be read for that. */
  readonly epochs: (appointment: Appointment, state: State) => readonly Ref[];
  /** And those of these epochs. */
  readonly further: (appointment: Appointment, epochs: readonly State[]) => readonly Ref[];
  /** What threw on an entity that is no detector: a relay. */
  readonly failed: (what: string, ref: Ref, thrown: Thrown) => Draft;
  readonly counts: () => LedgerCounts;
}

export interface LedgerChainOptions {
  readonly armed: readonly Armed<LedgerDetector>[];
  readonly site: Site;
  /** Default: none. */
  readonly suppressions?: Suppressions;
}

/** Hits that are counted once, though their entity is judged again and again. */
const REMEMBERED_HITS = 45_000;

export function createLedgerChain({ armed, site, suppressions }: LedgerChainOptions): LedgerChain {
  const joins = Map.groupBy(
    armed.filter((entry): entry is Armed<JoinDetector> => entry.detector.kind === "join"),
    ({ detector }) => detector.watch,
  );
  const settled = Map.groupBy(
    armed.filter((entry): entry is Armed<SettledDetector> => entry.detector.kind === "settled"),
    ({ detector }) => detector.watch,
  );
  const settledById = new Map([...settled.values()].flat().map((entry) => [entry.detector.meta.id, entry]));
  const [hits, threw] = [new Map<string, number>(), new Map<string, number>()];
  const unmade = { cold: new Map<string, number>(), full: new Map<string, number>() };
  const verdicts = createSeen(REMEMBERED_HITS);
  let suppressed = 0;

  function hides({ finding, events }: Draft): boolean {
    const key = `${finding.id} ${[...events.keys()].join()}`;
    const known = verdicts.get(key);
    if (known !== undefined) return known.tag === 1;
    count(hits, finding.detector);
    const hidden = suppressions?.hides(finding, Date.parse(finding.firstSeen)) ?? false;
    if (hidden) suppressed += 1;
    verdicts.set(key, { time: 0, tag: hidden ? 1 : 0, until: 0 });
    return hidden;
  }

  /** Also a hit that cannot be made a finding is its detector's fault. */
  function drafted(entry: Armed<LedgerDetector>, state: Ref, judgement: Judgement): Draft[] {
    const { detector } = entry;
    let { thrown } = judgement;
    const drafts = judgement.hits.flatMap(({ hit, since }) => {
      try {
        const draft = { ...composeLedger(detector.meta, state, hit, severityOf(hit, entry)), since };
        return hides(draft) ? [] : [draft];
      } catch (cause) {
        thrown ??= { cause, at: since, event: "" };
        return [];
      }
    });
    return thrown === undefined ? drafts : [...drafts, failed(`detector/${detector.meta.id}`, state, thrown)];
  }

  function failed(what: string, ref: Ref, thrown: Thrown): Draft {
    count(threw, threwBy(what));
    return ledgerHealthDraft(what, ref, thrown);
  }

  return {
    touched: (state, told) =>
      (joins.get(state.kind) ?? []).flatMap((entry) => {
        const { detector, params } = entry;
        const judgement = joinHits(detector, state, { params, site, id: state.id }, told);
        if (judgement.cut === true) count(unmade.full, detector.meta.id);
        return drafted(entry, state, judgement);
      }),
    appointments: ({ kind, id, attribute, value, source }) =>
      (settled.get(kind) ?? []).flatMap(({ detector }) => {
        if (detector.anchor !== attribute) return [];
        const at = dueTime(detector, decode(kind, attribute, value), source);
        return at === undefined ? [] : [{ at, kind, id, detector: detector.meta.id }];
      }),
    knows: ({ detector }) => settledById.has(detector),
    epochs({ detector: id }, state) {
      const entry = settledById.get(id);
      return entry === undefined ? [] : epochsOf(entry.detector, state);
    },
    further({ detector: id }, epochs) {
      const entry = settledById.get(id);
      return entry === undefined ? [] : furtherEpochsOf(entry.detector, epochs);
    },
    settled({ detector: id, at }, state, beside) {
      const entry = settledById.get(id);
      if (entry === undefined) return [];
      const { detector, params } = entry;
      const judgement = settledHits(detector, state, { params, site, id: state.id }, { ...beside, at });
      if (typeof judgement !== "string") return drafted(entry, state, judgement);
      count(unmade[judgement], id);
      return [];
    },
    failed,
    counts: () => ({ hits, threw, suppressed, ...unmade }),
  };
}
