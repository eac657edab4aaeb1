import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import type { Draft } from "../../detectors/core/compose.ts";
import type { Relay } from "../../detectors/ledger/carry.ts";
import { createLedgerChain, type LedgerChainOptions, type LedgerCounts } from "../../detectors/ledger/chain.ts";
import { entities, type Kind } from "../../detectors/ledger/entities.ts";
import { eventIn, type Fact, idOf, knownSince, OVERFLOW, type Ref, type State } from "../../detectors/ledger/facts.ts";
import { hitFacts, sequencesOnTrial } from "../../detectors/ledger/hits.ts";
import { type Warmth, warmthOf } from "../../detectors/ledger/judge.ts";
import { type Relaying, relayed, relayOrder } from "../../detectors/ledger/relays.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { fitting, isFull, laneOf, portions, setOf } from "./caps.ts";
import { createOverflows, type Overflowed } from "./overflows.ts";
import type { Due, DueStore, LedgerStore } from "./ports.ts";
import type { Recall } from "./recall.ts";

export interface EngineOptions extends LedgerChainOptions {
  readonly store: LedgerStore & DueStore;
  readonly recall: Recall;
  /** Default: all that there are. */
  readonly relaying?: Relaying;
  /** ms; of expiry only, no verdict rests on it. */
  readonly now: () => number;
  /** Store calls under way at a time. */
  readonly parallel?: number;
}

/** What a batch's facts came to. */
export interface Taken {
  readonly drafts: readonly Draft[];
  /** Sets that were told of more than is kept, and of which nobody has heard on that day. */
  readonly overflowed: readonly Overflowed[];
  readonly merged: number;
  /** To be called when the findings of the batch are out. */
  readonly remember: () => void;
}

export interface Engine {
  /** Merges, relays and judges at once; what has to settle is written down. The hits of a batch, those on its events included, are facts
   * about whoever caused them: a second round of merge and judge, and the last (design §4). Rejects when the store does: then nothing is remembered, and
   * the batch has to come again. */
  readonly take: (facts: readonly Fact[], drafts: readonly Draft[]) => Promise<Taken>;
  /** Judges what is due at `until` (ms) or before; `publish` resolves when the findings are out, those of what threw included. */
  readonly settle: (
    until: number,
    publish: (drafts: readonly Draft[], overflowed: readonly Overflowed[]) => Promise<void>,
  ) => Promise<void>;
  readonly counts: () => LedgerCounts & Overflows;
}

/** Sets that more was told of than is kept, `kind.attribute`: of how many entities since the start. */
export interface Overflows {
  readonly overflows: ReadonlyMap<string, number>;
}

const SETTLED_AT_A_TIME = 100;
const TRAILS: readonly Ref[] = ["k8s-audit", "cloudtrail"].map((trail) => ({
  kind: "trail",
  id: idOf("trail", [trail]),
}));

export function createEngine(options: EngineOptions): Engine {
  const { store, recall, now, relaying = relayed, parallel = 16 } = options;
  const chain = createLedgerChain(options);
  const trial = sequencesOnTrial(options.armed.map(({ detector }) => detector));
  const overflows = createOverflows();

  /** Merges facts about one entity, as far as its sets have room. Whoever tells of a full set sees the entity all the same: a batch that comes again
   * must find what it found. `held`: the facts that are in it now. */
  async function mergeEntity(ref: Ref, facts: readonly Fact[]): Promise<MergedEntity> {
    const keepMs = entities[ref.kind].keepMs;
    const at = now();
    const told = Map.groupBy(facts, laneOf);
    const open = [...told].filter(([lane]) => !recall.full({ ...ref, attribute: lane }, at));
    const state = await addAll(ref, portions(open.flatMap(([, some]) => fitting(some))), at + keepMs);
    const holds = ({ attribute, value }: Fact): boolean => state.sets.get(attribute)?.has(value) === true;
    const held = facts.filter(holds);
    const full = [...told.keys()].filter((lane) => told.get(lane)?.every(holds) !== true || isFull(state, lane));
    if (full.length === 0) return { state, held, full };
    const marks = [...new Set(full.map(setOf))]
      .filter((attribute) => state.sets.get(OVERFLOW)?.has(attribute) !== true)
      .map((value) => ({ ...ref, attribute: OVERFLOW, value, source: facts[0]?.source ?? "" }));
    if (marks.length > 0) await add(ref, marks, at + keepMs);
    for (const { kind, value } of marks) overflows.count(kind, value);
    // Not by reading: a set that is told of all the time must be written now and then, or the entity ends.
    for (const lane of full)
      if (open.some(([name]) => name === lane)) recall.fill({ ...ref, attribute: lane }, at, keepMs);
    return { state, held, full };
  }

  /** Bit by bit: of a set that has become full on the way, no more. */
  async function addAll(ref: Ref, all: readonly (readonly Fact[])[], keepUntil: number): Promise<State> {
    const [first = [], ...rest] = all;
    let state = await add(ref, first, keepUntil);
    for (const some of rest) {
      const open = new Set(some.map(laneOf).filter((lane) => !isFull(state, lane)));
      const left = some.filter((fact) => open.has(laneOf(fact)));
      if (left.length > 0) state = await add(ref, left, keepUntil);
    }
    return state;
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

  /** Kind by kind, each before those that it passes facts on to, so that most entities are written once: with what they were told and what was passed on.
   * What is passed back comes in a later round. Gives every entity touched, as it was after its last merge. */
  async function mergeAll(facts: readonly Fact[]): Promise<Merged> {
    const touched = new Map<string, Touched>();
    const merged: Fact[] = [];
    const health = new Map<string, Draft>();
    const overflowed: Overflowed[] = [];
    const taken = new Map<string, string>();
    const unknown = (all: readonly Fact[]): readonly Fact[] => {
      const fresh = new Map<string, Fact>();
      for (const fact of all) {
        const key = `${refKey(fact)}\n${fact.attribute}\n${fact.value}`;
        const known = taken.get(key);
        if ((known !== undefined && known <= fact.source) || recall.knows(fact, now())) continue;
        taken.set(key, fact.source);
        fresh.set(key, fact);
      }
      return [...fresh.values()];
    };
    let waiting = Map.groupBy(unknown(facts), ({ kind }) => kind);
    while (waiting.size > 0) {
      const [first] = relayOrder.filter((kind) => waiting.has(kind));
      if (first === undefined) throw new RangeError("a kind of entity without a place in the order");
      const groups = [...Map.groupBy(waiting.get(first) ?? [], refKey).values()];
      waiting.delete(first);
      const states = await lastValueFrom(
        from(groups).pipe(
          mergeMap(async (group) => {
            const [{ kind, id }] = group as [Fact, ...Fact[]];
            return { ...(await mergeEntity({ kind, id }, group)), group };
          }, parallel),
          toArray(),
        ),
      );
      const passed = states.flatMap(({ state, held, full, group }) => {
        const key = refKey(state);
        overflowed.push(...overflows.in(state, full, group));
        const told = touched.get(key)?.told ?? new Map<string, Set<string>>();
        for (const { attribute, value } of group) told.set(attribute, (told.get(attribute) ?? new Set()).add(value));
        touched.set(key, { state, told });
        for (const fact of held) merged.push(fact);
        const failed = (relay: Relay, source: string, cause: unknown): void => {
          const name = nameOf(relay);
          const thrown = { cause, at: knownSince(source), event: eventIn(source) };
          if (!health.has(`${name} ${key}`)) health.set(`${name} ${key}`, chain.failed(name, state, thrown));
        };
        return relaying(state, group, failed);
      });
      waiting = Map.groupBy([...[...waiting.values()].flat(), ...unknown(passed)], ({ kind }) => kind);
    }
    return { touched, merged, health: [...health.values()], overflowed };
  }

  const judged = ({ touched, health }: Merged): Draft[] => [
    ...[...touched.values()].flatMap(({ state, told }) => chain.touched(state, told)),
    ...health,
  ];

  const readAll = async (refs: readonly Ref[]): Promise<readonly State[]> =>
    refs.length === 0 ? [] : store.read(refs);

  /** Of entities, and of those of their epochs that a detector asks for, as they are now. */
  async function verdicts(dues: readonly Due[], warmth: Warmth): Promise<Draft[]> {
    const states = await store.read(dues.map(({ kind, id }) => ({ kind, id })));
    const drafts: Draft[] = [];
    for (const [index, due] of dues.entries()) {
      const state = states[index];
      if (state === undefined) continue;
      const epochs = await readAll(chain.epochs(due, state));
      const further = await readAll(chain.further(due, epochs));
      drafts.push(...chain.settled(due, state, { warmth, epochs: [...epochs, ...further] }));
    }
    return drafts;
  }

  return {
    async take(facts, drafts) {
      const first = await mergeAll(facts);
      const found = judged(first);
      const second = await mergeAll(hitFacts([...drafts, ...found], trial));
      const merged = [...first.merged, ...second.merged];
      const dues = merged.flatMap(chain.appointments);
      if (dues.length > 0) await store.put(dues);
      const overflowed = overflows.news([...first.overflowed, ...second.overflowed]);
      return {
        drafts: [...found, ...judged(second)],
        overflowed,
        merged: merged.length,
        remember() {
          overflows.remember(overflowed);
          for (const fact of merged) recall.remember(fact, now(), entities[fact.kind].keepMs);
        },
      };
    },
    async settle(until, publish) {
      const warmth = warmthOf(await store.read(TRAILS));
      const last = new Date(until).toISOString();
      const put = new Set<string>();
      for (let after: Due | undefined; ; ) {
        const records = await store.due(last, SETTLED_AT_A_TIME, after);
        if (records.length === 0) return;
        after = records.at(-1);
        // What another selection of detectors left behind waits for it.
        const ours = records.filter(chain.knows);
        const drafts = await verdicts(ours, warmth);
        const second = await mergeAll(hitFacts(drafts, trial));
        const dues = second.merged.flatMap(chain.appointments).filter((due) => !put.has(dueKey(due)));
        if (dues.length > 0) await store.put(dues);
        const overflowed = overflows.news(second.overflowed);
        await publish([...drafts, ...judged(second)], overflowed);
        overflows.remember(overflowed);
        await store.done(ours);
        // What the hits brought about may be due before this page. Once: a verdict may rest on the hits that it makes.
        for (const due of dues) put.add(dueKey(due));
        if (dues.some(({ at }) => at <= last)) after = undefined;
      }
    },
    counts: () => ({ ...chain.counts(), overflows: overflows.counts }),
  };
}

/** An entity as it is now, and the values that a batch told of it, known before or not: a batch that comes again must find what it found. */
interface Touched {
  readonly state: State;
  readonly told: Map<string, Set<string>>;
}

interface MergedEntity {
  readonly state: State;
  /** The facts that are in it now. */
  readonly held: readonly Fact[];
  /** Sets, and what was tried beside them, that more was told of than is kept. */
  readonly full: readonly string[];
}

/** What a batch of facts came to in the store. */
interface Merged {
  readonly overflowed: readonly Overflowed[];
  readonly touched: ReadonlyMap<string, Touched>;
  readonly merged: readonly Fact[];
  /** Findings on relays that threw. */
  readonly health: readonly Draft[];
}

const nameOf = ({ from: kind, fact, to, as }: Relay): string => `relay/${kind}.${fact} to ${to}.${as}`;

const dueKey = ({ at, kind, id, detector }: Due): string => `${at}\n${kind}\n${id}\n${detector}`;
const refKey = ({ kind, id }: { readonly kind: Kind; readonly id: string }): string => `${kind}/${id}`;
