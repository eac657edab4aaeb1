import type { Kind } from "../../detectors/ledger/entities.ts";
import type { Fact, Ref, State } from "../../detectors/ledger/facts.ts";

/** Where the ledger is kept. Merging is set union: any order, any repetition, any number of writers give the same ledger. */
export interface LedgerStore {
  /** Adds facts about one entity and gives it as it is afterwards, with whatever others wrote before. A value keeps the smallest
   * source that told it, which is the earliest. A merge that fails has to come again: it may have added some of its facts (never, of those that fit
   * into one write: all of them or none). Rejects with E_LEDGER_FULL when the entity would outgrow the store; what it held stays. */
  readonly merge: (ref: Ref, facts: readonly Fact[], keepUntil: number) => Promise<State>;
  /** As they are now, every merge that has been answered included; of an entity that is not there, empty sets. */
  readonly read: (refs: readonly Ref[]) => Promise<readonly State[]>;
}

/** Something that waits for its verdict: written before its facts are remembered, deleted when the verdict is out. */
export interface Due extends Ref {
  /** ISO 8601, whole minutes: judged when the detection clock has passed it. */
  readonly at: string;
  readonly detector: string;
}

/** A record as it was read. */
export interface Waiting extends Due {
  /** Another one each time that the record is put: what is told while a verdict is being made is judged once more. */
  readonly mark: string;
}

export interface DueStore {
  /** The same record twice is one. */
  readonly put: (records: readonly Due[]) => Promise<void>;
  /** Records due at `until` or before, in the order of time, kind, id and detector, at most `limit`, behind `after`. */
  readonly due: (until: string, limit: number, after?: Due) => Promise<readonly Waiting[]>;
  /** Deletes records that were not put again since they were read. */
  readonly done: (records: readonly Waiting[]) => Promise<void>;
}

/** What the operator of a ledger asks for. */
export interface LedgerAdmin {
  readonly all: () => AsyncIterable<State>;
  /** Removes entities whose time to be kept has passed; gives how many. */
  readonly prune: (now: number) => Promise<number>;
  readonly stats: () => Promise<LedgerStats>;
  readonly close: () => void;
}

export interface LedgerStats {
  readonly entities: Readonly<Partial<Record<Kind, number>>>;
  readonly facts: number;
  readonly due: number;
  /** Sets that more was told of than is kept, `kind.attribute`: of how many entities. */
  readonly overflows: Readonly<Record<string, number>>;
  /** Entities that are gone before their time, and what waited for them, as there was no room for more: of a ledger in memory. */
  readonly forgotten?: number;
}

export type Store = LedgerStore & DueStore & LedgerAdmin;
