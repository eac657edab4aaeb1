import type { Draft } from "../../detectors/core/compose.ts";

/** A finding as it is kept: all that any batch, run or worker told of it, and what of it is out. */
export interface Kept {
  readonly draft: Draft;
  /** Steps of publication that were taken, see `publication.ts`; the set only grows. */
  readonly steps: ReadonlySet<string>;
  /** The latest publication; absent: none yet. */
  readonly last?: Publication;
}

export interface Publication {
  /** ms, by the pipeline's clock. */
  readonly at: number;
  /** Digest of the finding that its publisher saw. What is published is that or more. */
  readonly seen: string;
}

export interface Mark extends Publication {
  readonly steps: readonly string[];
}

/** Where findings are kept.
 *
 * A merge reads, joins and writes, which the ledger's facts do without: a finding is no bag of facts, as one of its hits leads, and of its events the
 * smallest two hundred stay. It is sound because `mergeDrafts` is a join (commutative, associative, idempotent): an implementation writes only
 * over the very state that it has joined with, and otherwise joins again with what is there by now. So nothing that was merged is ever lost, the
 * order of the writers does not show, and a merge whose answer was lost can be repeated. */
export interface FindingStore {
  /** Gives the finding as it is afterwards, with whatever others merged before. `keepUntil` (ms): never shortens its life.
   * Rejects with E_LEDGER, after which it may have been merged or not. */
  readonly merge: (draft: Draft, keepUntil: number) => Promise<Kept>;
  /** As they are now, every merge and mark that has been answered included; of one that is not there, undefined. */
  readonly read: (ids: readonly string[]) => Promise<readonly (Kept | undefined)[]>;
  /** Steps are added; of publications the latest stays. Of a finding that is gone, nothing. */
  readonly mark: (id: string, mark: Mark) => Promise<void>;
}

/** Times of publication that grow: Security Hub leaves out an update whose `UpdatedAt` is not later than the one it has (aws-plumbing.md §2.2). */
export interface Stamps {
  /** ms: `now`, or one later than the last stamp of this finding where that is not earlier. No two workers get the same. Of a finding that is gone,
   * undefined. Whoever stamps first and reads then never sends an older state with a later stamp: of what was merged before a stamp, every later
   * one's reader knows. */
  readonly stamp: (id: string, now: number) => Promise<number | undefined>;
}

/** What people were told, so that a message that comes twice is told once. */
export interface Told {
  /** Adds to the steps of a finding. Of one that is gone, nothing. */
  readonly told: (id: string, step: string) => Promise<void>;
}

/** A finding that is to be looked at again. */
export interface Reminder {
  /** ms. */
  readonly at: number;
  readonly id: string;
}

/** Changes that wait for their hour: without them the last ones of a burst would never be published. */
export interface Reminders {
  /** The same one twice is one. */
  readonly remind: (reminders: readonly Reminder[]) => Promise<void>;
  /** Those of `until` (ms) or before, at most `limit`, the oldest first. */
  readonly reminders: (until: number, limit: number) => Promise<readonly Reminder[]>;
  readonly forget: (reminders: readonly Reminder[]) => Promise<void>;
}

/** What the operator asks for. */
export interface FindingAdmin {
  readonly all: () => AsyncIterable<Kept>;
  readonly count: () => Promise<number>;
  /** Removes findings whose time to be kept has passed; gives how many. */
  readonly prune: (now: number) => Promise<number>;
  readonly close: () => void;
}

export type Findings = FindingStore & Reminders & FindingAdmin;
