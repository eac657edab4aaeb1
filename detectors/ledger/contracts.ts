import type { Static, TObject } from "typebox";
import type { Scope } from "../../schemas/events/event.ts";
import type { Finding, FindingActor, Severity } from "../../schemas/findings/finding.ts";
import type { DetectorMeta, EventDetector, Evidence } from "../core/contracts.ts";
import type { Site } from "../core/site.ts";
import type { AttributeName, Kind, ValueOf } from "./entities.ts";
import type { Ref } from "./facts.ts";
import type { Entity, Known, Told } from "./view.ts";

/** Evidence, with the event that it comes from. */
export interface Witness extends Evidence {
  readonly event: string;
}

/** What a ledger detector answers about one entity. */
export interface LedgerHit {
  /** What the two trails show together, with the outcome. */
  readonly sentence: string;
  /** Second half of the subject, beside the entity. Must not depend on what else is known of it. */
  readonly on: string;
  /** What it is about, where that was judged by one of its epochs. */
  readonly of?: Ref;
  /** Replaces the subject's first half, the entity, where a finding is about who did it, on one day, to whatever entities. */
  readonly by?: string;
  /** `by` ends by itself, as a temporary key does: no day. */
  readonly bounded?: boolean;
  /** Id of the one event that it is about, where the fact names it: counted once, whoever else finds it in that event. */
  readonly counts?: string;
  /** ISO 8601: the time of the fact that the hit is anchored on. */
  readonly at: string;
  readonly actor: FindingActor;
  /** `service:Action`, or a verb of the Kubernetes API. */
  readonly action: string;
  readonly target: string;
  readonly scope?: Partial<Scope>;
  readonly sourceIP?: string;
  /** Default: it was done. */
  readonly outcome?: Finding["outcome"];
  readonly severity?: Severity;
  readonly confidence?: DetectorMeta["confidence"];
  readonly evidence: readonly Witness[];
  readonly reasons?: readonly string[];
  readonly notExempted?: readonly string[];
  /** Ids of the findings that it is made of. */
  readonly related?: readonly string[];
}

export interface LedgerContext<P> {
  readonly params: P;
  readonly site: Site;
  /** Of the entity. */
  readonly id: string;
}

/** Judges one value of the anchor: what rests on it, and on whatever else was known at its time. */
export type Verdict<T> = (due: T) => readonly LedgerHit[];

export interface SettledContext<P, E extends Kind = Kind> extends LedgerContext<P> {
  /** The entity's epochs of a kind as of the same time, in their order, where the detector asks for them. */
  readonly epochs: <K extends E>(kind: K) => readonly Entity<K>[];
}

/** One value of each set that a detector matches. */
export type Match<K extends Kind, A extends readonly AttributeName<K>[]> = {
  readonly [I in keyof A]: A[I] extends AttributeName<K> ? Told<ValueOf<K, A[I]>> : never;
};

interface JoinDefinition<K extends Kind, A extends readonly AttributeName<K>[], P extends TObject> {
  readonly meta: DetectorMeta;
  readonly watch: K;
  /** Sets of the entity: the detector is asked about every choice of one value from each, and of nothing else. More facts make more
   * choices and take none away, so that it can be judged at once, in any order, and never sees what is missing. */
  readonly match: A;
  readonly params: P;
  readonly detect: (values: Match<K, A>, context: LedgerContext<Static<P>>) => LedgerHit | undefined;
}

/** A verdict that there exists something. */
export interface JoinDetector {
  readonly kind: "join";
  readonly meta: DetectorMeta;
  readonly watch: Kind;
  readonly match: readonly string[];
  readonly params: TObject;
  readonly detect: (values: readonly unknown[], context: LedgerContext<unknown>) => LedgerHit | undefined;
}

export function defineJoinDetector<K extends Kind, const A extends readonly AttributeName<K>[], P extends TObject>(
  definition: JoinDefinition<K, A, P>,
): JoinDetector {
  // The engine calls it with values of these sets and parameters of this schema only.
  return { kind: "join", ...definition, detect: definition.detect as unknown as JoinDetector["detect"] };
}

/** How much must have been seen before what is missing means anything. */
export interface Coldness {
  /** The entity's own beginning was seen: this set holds something. */
  readonly birth?: string;
  /** The trail has been read for so long. */
  readonly warm?: { readonly trail: "k8s-audit" | "cloudtrail"; readonly ms: number };
}

/** Two steps at most: those of an epoch are read with those of the entity, theirs are not. */
type EpochsOver<K extends Kind, E extends Kind> =
  | { readonly kind: E; readonly over: AttributeName<K>; readonly of?: never }
  | (E extends Kind ? { readonly kind: Kind; readonly over: AttributeName<E>; readonly of: E } : never);

interface SettledDefinition<K extends Kind, A extends AttributeName<K>, P extends TObject, E extends Kind> {
  readonly meta: DetectorMeta;
  readonly watch: K;
  /** The set whose every value is judged once; its part `time` starts the clock. */
  readonly anchor: A;
  /** Judged when the detection clock has passed the anchor's time by this much, and the anchor is known here. No less than the anchor's bucket. */
  readonly settleMs: number;
  readonly coldness?: Coldness;
  /** Sets of which all must be known: where more was told than is kept, there is no verdict, and that is counted. */
  readonly rests?: readonly AttributeName<K>[];
  /** Epochs to read with the entity: their kinds, and the sets that link to them, of the entity or of epochs that are read (`of`). */
  readonly epochs?: readonly EpochsOver<K, E>[];
  readonly params: P;
  /** Looks at the entity as of the time of the verdict: what was told by later events is not there, in no set. Gives the judge of the values of
   * the anchor whose time it is, one by one; undefined: none of them is worth a hit. So a verdict is a function of what happened until its time, and
   * the same whenever it is made. */
  readonly detect: (
    entity: Entity<K>,
    context: SettledContext<Static<P>, E>,
  ) => Verdict<Known<ValueOf<K, A>>> | undefined;
}

/** A verdict that rests on what is missing, first, different or many: judged when nothing more is expected. */
export interface SettledDetector {
  readonly kind: "settled";
  readonly meta: DetectorMeta;
  readonly watch: Kind;
  readonly anchor: string;
  readonly settleMs: number;
  readonly coldness?: Coldness;
  readonly rests?: readonly string[];
  readonly epochs?: readonly { readonly kind: Kind; readonly over: string; readonly of?: Kind }[];
  readonly params: TObject;
  readonly detect: (entity: Entity<Kind>, context: SettledContext<unknown>) => Verdict<Known<never>> | undefined;
}

export function defineSettledDetector<
  K extends Kind,
  A extends AttributeName<K>,
  P extends TObject,
  E extends Kind = never,
>(definition: SettledDefinition<K, A, P, E>): SettledDetector {
  return { kind: "settled", ...definition, detect: definition.detect as unknown as SettledDetector["detect"] };
}

export type LedgerDetector = JoinDetector | SettledDetector;

/** What of a detector the ledger judges, in the detector's name: the same id, parameters and subjects, so that both halves make one finding. */
export type Half = Omit<JoinDetector, "meta"> | Omit<SettledDetector, "meta">;

export const joinHalf = <K extends Kind, const A extends readonly AttributeName<K>[], P extends TObject>(
  definition: Omit<JoinDefinition<K, A, P>, "meta">,
): Half => ({ kind: "join", ...definition, detect: definition.detect as unknown as JoinDetector["detect"] });

export const settledHalf = <K extends Kind, A extends AttributeName<K>, P extends TObject, E extends Kind = never>(
  definition: Omit<SettledDefinition<K, A, P, E>, "meta">,
): Half => ({ kind: "settled", ...definition, detect: definition.detect as unknown as SettledDetector["detect"] });

/** A detector of events, and what of it needs the ledger: whether a role or a resource is Auto Mode's, the record of its use does not say. */
export interface CompletedDetector extends EventDetector {
  readonly learned: readonly LedgerDetector[];
}

export const completed = (detector: EventDetector, halves: readonly Half[]): CompletedDetector => ({
  ...detector,
  learned: halves.map((half) => ({ ...half, meta: detector.meta })),
});

/** Whatever judges: single events, entities of the ledger, or both. */
export type Detector = EventDetector | CompletedDetector | LedgerDetector;

/** What of a detector the ledger judges. */
export function ofLedger(detector: Detector): readonly LedgerDetector[] {
  if (detector.kind !== "event") return [detector];
  return "learned" in detector ? detector.learned : [];
}
