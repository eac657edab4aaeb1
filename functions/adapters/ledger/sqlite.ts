import type { Kind } from "../../../detectors/ledger/entities.ts";
import { OVERFLOW, type Ref, type State } from "../../../detectors/ledger/facts.ts";
import type { LedgerStats, Store, Waiting } from "../../ledger/ports.ts";
import { atomically, guard, openDatabase } from "../sqlite-file.ts";

/** Before every record. */
const BEFORE_ALL = ["", "", "", ""];

/** A ledger in a file, kept between runs; several processes may use it. Throws E_LEDGER for a file that is no ledger, and rejects with it when the
 * file cannot be read or written. */
export function openSqliteStore(file: string): Store {
  const db = openDatabase(file);
  const guarded = guard(file);
  const sql = {
    add: db.prepare(
      "INSERT INTO fact VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET source = excluded.source WHERE excluded.source < source",
    ),
    keep: db.prepare(
      "INSERT INTO entity VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET keep_until = max(keep_until, excluded.keep_until)",
    ),
    facts: db.prepare("SELECT attribute, value, source FROM fact WHERE kind = ? AND id = ?"),
    entities: db.prepare("SELECT kind, id FROM entity ORDER BY kind, id"),
    expired: db.prepare("SELECT kind, id FROM entity WHERE keep_until < ?"),
    dropFacts: db.prepare("DELETE FROM fact WHERE kind = ? AND id = ?"),
    dropEntity: db.prepare("DELETE FROM entity WHERE kind = ? AND id = ?"),
    put: db.prepare("INSERT INTO due VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET puts = puts + 1"),
    due: db.prepare(
      "SELECT at, kind, id, detector, CAST(puts AS TEXT) AS mark FROM due WHERE at <= ? AND (at, kind, id, detector) > (?, ?, ?, ?) ORDER BY at, kind, id, detector LIMIT ?",
    ),
    done: db.prepare(
      "DELETE FROM due WHERE at = ? AND kind = ? AND id = ? AND detector = ? AND puts = CAST(? AS INTEGER)",
    ),
    kinds: db.prepare("SELECT kind, count(*) AS n FROM entity GROUP BY kind"),
    overflows: db.prepare(
      "SELECT kind || '.' || value AS name, count(*) AS n FROM fact WHERE attribute = ? GROUP BY kind, value ORDER BY name",
    ),
    counts: db.prepare("SELECT (SELECT count(*) FROM fact) AS facts, (SELECT count(*) FROM due) AS due"),
  };

  function read({ kind, id }: Ref): State {
    const sets = new Map<string, Map<string, string>>();
    for (const row of sql.facts.iterate(kind, id) as Iterable<Record<"attribute" | "value" | "source", string>>) {
      const values = sets.get(row.attribute) ?? new Map<string, string>();
      values.set(row.value, row.source);
      sets.set(row.attribute, values);
    }
    return { kind, id, sets };
  }

  return {
    merge: (ref, facts, keepUntil) =>
      guarded(() =>
        atomically(db, () => {
          sql.keep.run(ref.kind, ref.id, keepUntil);
          for (const { attribute, value, source } of facts) sql.add.run(ref.kind, ref.id, attribute, value, source);
          return read(ref);
        }),
      ),
    read: (refs) => guarded(() => refs.map(read)),
    put: (records) =>
      guarded(() =>
        atomically(db, () => {
          for (const { at, kind, id, detector } of records) sql.put.run(at, kind, id, detector);
        }),
      ),
    due: (until, limit, after) =>
      guarded(() => {
        const from = after === undefined ? BEFORE_ALL : [after.at, after.kind, after.id, after.detector];
        return sql.due.all(until, ...from, limit) as unknown as readonly Waiting[];
      }),
    done: (records) =>
      guarded(() =>
        atomically(db, () => {
          for (const { at, kind, id, detector, mark } of records) sql.done.run(at, kind, id, detector, mark);
        }),
      ),
    async *all() {
      const refs = await guarded(() => sql.entities.all() as unknown as readonly Ref[]);
      for (const ref of refs) yield await guarded(() => read(ref));
    },
    prune: (now) =>
      guarded(() =>
        atomically(db, () => {
          const gone = sql.expired.all(now) as unknown as readonly Ref[];
          for (const { kind, id } of gone) {
            sql.dropFacts.run(kind, id);
            sql.dropEntity.run(kind, id);
          }
          return gone.length;
        }),
      ),
    stats: () =>
      guarded((): LedgerStats => {
        const kinds = sql.kinds.all() as unknown as readonly { readonly kind: Kind; readonly n: number }[];
        const { facts, due } = sql.counts.get() as unknown as { readonly facts: number; readonly due: number };
        const full = sql.overflows.all(OVERFLOW) as unknown as readonly { readonly name: string; readonly n: number }[];
        const overflows = Object.fromEntries(full.map(({ name, n }) => [name, n]));
        return { entities: Object.fromEntries(kinds.map(({ kind, n }) => [kind, n])), facts, due, overflows };
      }),
    close: () => db.close(),
  };
}
