import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import type { Draft } from "../../detectors/core/compose.ts";
import type { Armed as ArmedDetector } from "../../detectors/core/settings.ts";
import type { Site } from "../../detectors/core/site.ts";
import { composeLedger } from "../../detectors/ledger/compose.ts";
import type { JoinDetector, LedgerDetector, SettledDetector } from "../../detectors/ledger/contracts.ts";
import { entities, type Kind } from "../../detectors/ledger/entities.ts";
import { decode, type Fact, idOf, OVERFLOW, type Ref, type State } from "../../detectors/ledger/facts.ts";
import { hitFacts } from "../../detectors/ledger/hits.ts";
import { dueTimes, joinHits, settledHits, warmthOf } from "../../detectors/ledger/judge.ts";
import { relayed } from "../../detectors/ledger/relays.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { fitting, isFull } from "./caps.ts";
import type { Due, DueStore, LedgerStore } from "./ports.ts";
import type { Recall } from "./recall.ts";

export interface EngineOptions {
  readonly store: LedgerStore & DueStore;
  readonly recall: Recall;
  readonly armed: readonly ArmedDetector<LedgerDetector>[];
  readonly site: Site;
  /** ms; of expiry only, no verdict rests on it. */
  readonly now: () => number;
  /** Store calls under way at a time. */
  readonly parallel?: number;
}

/** What a batch's facts came to. */
export interface Taken {
  readonly drafts: readonly Draft[];
  readonly merged: number;
  /** To be called when the findings of the batch are out. */
  readonly remember: () => void;
}

export interface Engine {
  /** Merges, relays and judges at once; what has to settle is written down. The hits of a batch, those on its events included, are facts
   * about whoever caused them: a second round of merge and judge, and the last (design §4). Rejects when the store does: then nothing is remembered, and
   * the batch has to come again. */
  readonly take: (facts: readonly Fact[], drafts: readonly Draft[]) => Promise<Taken>;
  /** Judges what is due at `until` (ms) or before; `publish` resolves when the findings are out. Gives how many verdicts were cold. */
  readonly settle: (until: number, publish: (drafts: readonly Draft[]) => Promise<void>) => Promise<number>;
}

const SETTLED_AT_A_TIME = 100;
const TRAILS: readonly Ref[] = ["k8s-audit", "cloudtrail"].map((trail) => ({
  kind: "trail",
  id: idOf("trail", [trail]),
}));

export function createEngine({ store, recall, armed, site, now, parallel = 16 }: EngineOptions): Engine {
  const joins = Map.groupBy(
    armed.filter((entry): entry is ArmedDetector<JoinDetector> => entry.detector.kind === "join"),
    ({ detector }) => detector.watch,
  );
  const settled = Map.groupBy(
    armed.filter((entry): entry is ArmedDetector<SettledDetector> => entry.detector.kind === "settled"),
    ({ detector }) => detector.watch,
  );
  const settledById = new Map([...settled.values()].flat().map((entry) => [entry.detector.meta.id, entry]));
  const contextOf = (params: unknown, id: string) => ({ params, site, id });

  /** Merges facts about one entity, as far as its sets have room. Whoever tells of a full set sees the entity all the same: a batch that comes again
   * must find what it found. `held`: the facts that are in it now. */
  async function mergeEntity(ref: Ref, facts: readonly Fact[]): Promise<{ state: State; held: readonly Fact[] }> {
    const keepMs = entities[ref.kind].keepMs;
    const at = now();
    const told = Map.groupBy(facts, ({ attribute }) => attribute);
    const open = [...told].filter(([attribute]) => !recall.full({ ...ref, attribute }, at));
    const state = await add(
      ref,
      open.flatMap(([, some]) => fitting(some)),
      at + keepMs,
    );
    const holds = ({ attribute, value }: Fact): boolean => state.sets.get(attribute)?.has(value) === true;
    const held = facts.filter(holds);
    const full = [...told.keys()].filter(
      (attribute) => told.get(attribute)?.every(holds) !== true || isFull(state, attribute),
    );
    if (full.length === 0) return { state, held };
    const marks = full
      .filter((attribute) => state.sets.get(OVERFLOW)?.has(attribute) !== true)
      .map((value) => ({ ...ref, attribute: OVERFLOW, value, source: facts[0]?.source ?? "" }));
    if (marks.length > 0) await add(ref, marks, at + keepMs);
    // Not by reading: a set that is told of all the time must be written now and then, or the entity ends.
    for (const attribute of full)
      if (open.some(([name]) => name === attribute)) recall.fill({ ...ref, attribute }, at, keepMs);
    return { state, held };
  }

  /** What the store takes no more of is left out, set by set. */
  async function add(ref: Ref, facts: readonly Fact[], keepUntil: number): Promise<State> {
    const sets = [...Map.groupBy(facts, ({ attribute }) => attribute).values()];
    try {
      if (sets.length > 0) return await store.merge(ref, facts, keepUntil);
    } catch (error) {
      if (!(error instanceof CrosstrailError) || error.code !== "E_LEDGER_FULL") throw error;
      if (sets.length > 1) for (const some of sets) await add(ref, some, keepUntil);
    }
    const [state = { ...ref, sets: new Map() }] = await store.read([ref]);
    return state;
  }

  /** Round by round: what a merge lets an entity pass on is merged in the next. Gives every entity touched, as it was after its last merge. */
  async function mergeAll(facts: readonly Fact[]): Promise<{ touched: ReadonlyMap<string, State>; merged: Fact[] }> {
    const touched = new Map<string, State>();
    const merged: Fact[] = [];
    const taken = new Set<string>();
    const unknown = (fact: Fact): boolean => {
      const key = `${refKey(fact)}\n${fact.attribute}\n${fact.value}`;
      if (taken.has(key) || recall.knows(fact, now())) return false;
      taken.add(key);
      return true;
    };
    let round = facts.filter(unknown);
    while (round.length > 0) {
      const groups = [...Map.groupBy(round, refKey).values()];
      const states = await lastValueFrom(
        from(groups).pipe(
          mergeMap(async (group) => {
            const [{ kind, id }] = group as [Fact, ...Fact[]];
            return { ...(await mergeEntity({ kind, id }, group)), group };
          }, parallel),
          toArray(),
        ),
      );
      round = states.flatMap(({ state, held, group }) => {
        touched.set(refKey(state), state);
        merged.push(...held);
        return relayed(state, new Set(group.map(({ attribute }) => attribute))).filter(unknown);
      });
    }
    return { touched, merged };
  }

  const duesOf = (merged: readonly Fact[]): Due[] =>
    merged.flatMap(({ kind, id, attribute, value }) =>
      (settled.get(kind) ?? [])
        .filter(({ detector }) => detector.anchor === attribute)
        .flatMap(({ detector }) =>
          dueTimes(detector, [decode(kind, attribute, value)]).map((at) => ({
            ...{ at, kind, id },
            detector: detector.meta.id,
          })),
        ),
    );

  const judged = (state: State): Draft[] =>
    (joins.get(state.kind) ?? []).flatMap(({ detector, params, severity }) =>
      joinHits(detector, state, contextOf(params, state.id)).map((hit) =>
        composeLedger(detector.meta, state, hit, severity),
      ),
    );

  return {
    async take(facts, drafts) {
      const first = await mergeAll(facts);
      const found = [...first.touched.values()].flatMap(judged);
      const second = await mergeAll(hitFacts([...drafts, ...found]));
      const merged = [...first.merged, ...second.merged];
      const dues = duesOf(merged);
      if (dues.length > 0) await store.put(dues);
      return {
        drafts: [...found, ...[...second.touched.values()].flatMap(judged)],
        merged: merged.length,
        remember() {
          for (const fact of merged) recall.remember(fact, now(), entities[fact.kind].keepMs);
        },
      };
    },
    async settle(until, publish) {
      const warmth = warmthOf(await store.read(TRAILS));
      const last = new Date(until).toISOString();
      const put = new Set<string>();
      let cold = 0;
      for (let after: Due | undefined; ; ) {
        const records = await store.due(last, SETTLED_AT_A_TIME, after);
        if (records.length === 0) return cold;
        after = records.at(-1);
        // What another selection of detectors left behind waits for it.
        const ours = records.filter(({ detector }) => settledById.has(detector));
        const states = await store.read(ours.map(({ kind, id }) => ({ kind, id })));
        const drafts = ours.flatMap((due, index) => {
          const entry = settledById.get(due.detector);
          const state = states[index];
          if (entry === undefined || state === undefined) return [];
          const { detector, params, severity } = entry;
          const at = Date.parse(due.at);
          const hits = settledHits(detector, state, contextOf(params, state.id), { warmth, at });
          if (hits !== "cold") return hits.map((hit) => composeLedger(detector.meta, state, hit, severity));
          cold += 1;
          return [];
        });
        const second = await mergeAll(hitFacts(drafts));
        const dues = duesOf(second.merged).filter((due) => !put.has(dueKey(due)));
        if (dues.length > 0) await store.put(dues);
        await publish([...drafts, ...[...second.touched.values()].flatMap(judged)]);
        await store.done(ours);
        // What the hits brought about may be due before this page. Once: a verdict may rest on the hits that it makes.
        for (const due of dues) put.add(dueKey(due));
        if (dues.some(({ at }) => at <= last)) after = undefined;
      }
    },
  };
}

const dueKey = ({ at, kind, id, detector }: Due): string => `${at}\n${kind}\n${id}\n${detector}`;
const refKey = ({ kind, id }: { readonly kind: Kind; readonly id: string }): string => `${kind}/${id}`;
