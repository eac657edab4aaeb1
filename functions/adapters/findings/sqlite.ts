import { mergeDrafts } from "../../../detectors/core/merge.ts";
import type { Findings, Kept, Reminder } from "../../findings/ports.ts";
import { draftOf, draftText } from "../../findings/text.ts";
import { atomically, guard, openDatabase } from "../sqlite-file.ts";

interface Row {
  readonly draft: string;
  readonly at: number | null;
  readonly seen: string | null;
}

/** Findings in the file of a ledger, kept between runs; several processes may use it. A merge is one transaction, so that nobody writes between its
 * reading and its writing. Throws E_LEDGER for a file that is no ledger. */
export function openSqliteFindings(file: string): Findings {
  const db = openDatabase(file);
  const guarded = guard(file);
  const sql = {
    get: db.prepare("SELECT draft, at, seen FROM finding WHERE id = ?"),
    steps: db.prepare("SELECT step FROM step WHERE id = ?"),
    put: db.prepare(
      `INSERT INTO finding (id, draft, keep_until) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET draft = excluded.draft, keep_until = max(keep_until, excluded.keep_until)`,
    ),
    step: db.prepare("INSERT OR IGNORE INTO step SELECT id, ? FROM finding WHERE id = ?"),
    publication: db.prepare(
      "UPDATE finding SET at = ?1, seen = ?2 WHERE id = ?3 AND (at IS NULL OR (at, seen) < (?1, ?2))",
    ),
    remind: db.prepare("INSERT OR IGNORE INTO reminder VALUES (?, ?)"),
    reminders: db.prepare("SELECT at, id FROM reminder WHERE at <= ? ORDER BY at, id LIMIT ?"),
    forget: db.prepare("DELETE FROM reminder WHERE at = ? AND id = ?"),
    ids: db.prepare("SELECT id FROM finding ORDER BY id"),
    count: db.prepare("SELECT count(*) AS n FROM finding"),
    dropSteps: db.prepare("DELETE FROM step WHERE id IN (SELECT id FROM finding WHERE keep_until < ?)"),
    drop: db.prepare("DELETE FROM finding WHERE keep_until < ?"),
  };

  function read(id: string): Kept | undefined {
    const row = sql.get.get(id) as unknown as Row | undefined;
    if (row === undefined) return undefined;
    const steps = sql.steps.all(id) as unknown as readonly { readonly step: string }[];
    const last = row.at === null || row.seen === null ? {} : { last: { at: row.at, seen: row.seen } };
    return { draft: draftOf(row.draft), steps: new Set(steps.map(({ step }) => step)), ...last };
  }

  return {
    merge: (draft, keepUntil) =>
      guarded(() =>
        atomically(db, () => {
          const known = read(draft.finding.id);
          const merged = known === undefined ? draft : mergeDrafts(known.draft, draft);
          sql.put.run(draft.finding.id, draftText(merged), keepUntil);
          return { steps: new Set<string>(), ...known, draft: merged };
        }),
      ),
    read: (ids) => guarded(() => ids.map(read)),
    mark: (id, { steps, at, seen }) =>
      guarded(() =>
        atomically(db, () => {
          for (const step of steps) sql.step.run(step, id);
          sql.publication.run(at, seen, id);
        }),
      ),
    remind: (reminders) =>
      guarded(() =>
        atomically(db, () => {
          for (const { at, id } of reminders) sql.remind.run(at, id);
        }),
      ),
    reminders: (until, limit) => guarded(() => sql.reminders.all(until, limit) as unknown as readonly Reminder[]),
    forget: (reminders) =>
      guarded(() =>
        atomically(db, () => {
          for (const { at, id } of reminders) sql.forget.run(at, id);
        }),
      ),
    async *all() {
      const ids = await guarded(() => sql.ids.all() as unknown as readonly { readonly id: string }[]);
      for (const { id } of ids) {
        const kept = await guarded(() => read(id));
        if (kept !== undefined) yield kept;
      }
    },
    count: () => guarded(() => (sql.count.get() as unknown as { readonly n: number }).n),
    prune: (now) =>
      guarded(() =>
        atomically(db, () => {
          sql.dropSteps.run(now);
          return Number(sql.drop.run(now).changes);
        }),
      ),
    close: () => db.close(),
  };
}
