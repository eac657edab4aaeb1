import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import type { Draft } from "../../detectors/core/compose.ts";
import { mergeDrafts } from "../../detectors/core/merge.ts";
import type { Letter } from "../../schemas/findings/letter.ts";
import type { FindingStore, Kept, Mark, Reminder, Reminders } from "./ports.ts";
import { publicationOf } from "./publication.ts";

/** As long as Security Hub keeps one without an update: what is told of later is new there, too. */
export const FINDING_KEEP_MS = 90 * 86_400_000;
const REMINDERS_AT_A_TIME = 100;

/** Resolves when the letters are safe: they can come out twice, and in any order. */
export type Outbox = (letters: readonly Letter[]) => Promise<void>;

export interface Desk {
  /** Merges, publishes, marks, in that order. Rejects when any of it does: then the batch has to come again, and what was not marked is
   * published again (design §6). Gives the findings as they are now. */
  readonly take: (drafts: readonly Draft[]) => Promise<readonly Kept[]>;
  /** Publishes the changes whose hour has come; gives how many. */
  readonly catchUp: () => Promise<number>;
}

export interface DeskOptions {
  readonly store: FindingStore & Reminders;
  readonly outbox: Outbox;
  /** ms: the pipeline's clock. */
  readonly now: () => number;
  /** Store calls under way at a time. */
  readonly parallel?: number;
  /** Findings of detectors on trial are put into the outbox as well; default: they are kept, and nobody is told. */
  readonly shadow?: boolean;
}

export function createDesk({ store, outbox, now, parallel = 16, shadow = false }: DeskOptions): Desk {
  /** Gives how many were published. */
  async function publish(all: readonly Kept[]): Promise<number> {
    const at = now();
    const letters: Letter[] = [];
    const marks: (readonly [string, Mark])[] = [];
    const reminders: Reminder[] = [];
    for (const kept of all) {
      const { id, severity, status } = kept.draft.finding;
      // To be looked at in the table.
      if (status === "shadow" && !shadow) continue;
      const { publish: due, again } = publicationOf(kept, at);
      if (due !== undefined) {
        letters.push({ id, severity, notify: due.notify });
        marks.push([id, due.mark]);
      } else if (again !== undefined) reminders.push({ at: again, id });
    }
    if (reminders.length > 0) await store.remind(reminders);
    if (letters.length > 0) await outbox(letters);
    await each(marks, parallel, ([id, mark]) => store.mark(id, mark));
    return letters.length;
  }

  const present = async (ids: readonly string[]): Promise<Kept[]> =>
    (await store.read(ids)).filter((kept) => kept !== undefined);

  return {
    async take(drafts) {
      const all = await mergeAll(store, drafts, now() + FINDING_KEEP_MS, parallel);
      await publish(all);
      return all;
    },
    async catchUp() {
      for (let published = 0; ; ) {
        const due = await store.reminders(now(), REMINDERS_AT_A_TIME);
        if (due.length === 0) return published;
        const ids = [...new Set(due.map(({ id }) => id))];
        published += await publish(await present(ids));
        // What a worker merged before the mark, with the old reminder in mind that goes now, is changed still and gets another.
        published += await publish(await present(ids));
        await store.forget(due);
      }
    },
  };
}

/** Merges the drafts of a batch, those of one finding as one. */
export async function mergeAll(
  store: FindingStore,
  drafts: readonly Draft[],
  keepUntil: number,
  parallel = 16,
): Promise<readonly Kept[]> {
  const merged = new Map<string, Draft>();
  for (const draft of drafts) {
    const { id } = draft.finding;
    const known = merged.get(id);
    merged.set(id, known === undefined ? draft : mergeDrafts(known, draft));
  }
  return each([...merged.values()], parallel, (draft) => store.merge(draft, keepUntil));
}

const each = <T, R>(all: readonly T[], parallel: number, work: (one: T) => Promise<R>): Promise<readonly R[]> =>
  lastValueFrom(from(all).pipe(mergeMap(work, parallel), toArray()));
