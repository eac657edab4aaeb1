import { createFindingBook, type FindingBook } from "../../findings/book.ts";
import type { Findings, Kept, Mark, Publication, Reminder, Stamps, Told } from "../../findings/ports.ts";

/** What is kept of a finding beside its draft. */
interface Held {
  readonly steps: Set<string>;
  last?: Publication;
  keepUntil: number;
  stamp?: number;
}

const SOME = 1_000;

/** Findings in memory, for one process, in a book of limited size: of what had no room there, the marks go as well. */
export function createMemoryFindings(book: FindingBook = createFindingBook()): Findings & Stamps & Told {
  const held = new Map<string, Held>();
  const reminders = new Map<string, Reminder>();
  let room = SOME;

  function keptOf(id: string): Kept | undefined {
    const draft = book.get(id);
    const { steps, last } = held.get(id) ?? {};
    return draft && { draft, steps: new Set(steps), ...(last && { last }) };
  }

  function drop(id: string): void {
    held.delete(id);
    book.delete(id);
  }

  function makeRoom(): void {
    if (held.size < room) return;
    for (const id of held.keys()) if (book.get(id) === undefined) held.delete(id);
    room = 2 * held.size + SOME;
  }

  const all = (): Kept[] => book.all().flatMap(({ id }) => keptOf(id) ?? []);

  return {
    async merge(draft, keepUntil) {
      const { id } = draft.finding;
      const known = book.get(id) && held.get(id);
      held.set(id, {
        ...known,
        steps: known?.steps ?? new Set(),
        keepUntil: Math.max(keepUntil, known?.keepUntil ?? 0),
      });
      book.add([draft]);
      makeRoom();
      return keptOf(id) ?? { draft, steps: new Set() };
    },
    read: async (ids) => ids.map(keptOf),
    async mark(id, mark) {
      const known = book.get(id) && held.get(id);
      if (known === undefined) return;
      for (const step of mark.steps) known.steps.add(step);
      known.last = later(known.last, mark);
    },
    async told(id, step) {
      held.get(id)?.steps.add(step);
    },
    async stamp(id, now) {
      const known = book.get(id) && held.get(id);
      if (known === undefined) return undefined;
      known.stamp = Math.max(now, (known.stamp ?? 0) + 1);
      return known.stamp;
    },
    async remind(more) {
      for (const { at, id } of more) reminders.set(`${at} ${id}`, { at, id });
    },
    reminders: async (until, limit) =>
      [...reminders.values()]
        .filter(({ at }) => at <= until)
        .sort((a, b) => a.at - b.at)
        .slice(0, limit),
    async forget(some) {
      for (const { at, id } of some) reminders.delete(`${at} ${id}`);
    },
    async *all() {
      yield* all();
    },
    count: async () => all().length,
    async prune(now) {
      const gone = all().filter(({ draft }) => (held.get(draft.finding.id)?.keepUntil ?? 0) < now);
      for (const { draft } of gone) drop(draft.finding.id);
      return gone.length;
    },
    close: () => undefined,
  };
}

function later(known: Publication | undefined, { at, seen }: Mark): Publication {
  if (known !== undefined && (known.at > at || (known.at === at && known.seen > seen))) return known;
  return { at, seen };
}
