import type { DatabaseSync } from "node:sqlite";
import type { Kind } from "../../../detectors/ledger/entities.ts";
import type { Ref, State } from "../../../detectors/ledger/facts.ts";
import { CrosstrailError } from "../../../schemas/errors.ts";
import type { LedgerStats, Store, Waiting } from "../../ledger/ports.ts";

/** The layout of the file; another number is another program's, or one of a later version. */
const VERSION = 2;
const TABLES = `
  CREATE TABLE IF NOT EXISTS fact (kind TEXT, id TEXT, attribute TEXT, value TEXT, source TEXT,
    PRIMARY KEY (kind, id, attribute, value)) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS entity (kind TEXT, id TEXT, keep_until INTEGER, PRIMARY KEY (kind, id)) WITHOUT ROWID, STRICT;
  CREATE INDEX IF NOT EXISTS entity_keep ON entity (keep_until);
  CREATE TABLE IF NOT EXISTS due (at TEXT, kind TEXT, id TEXT, detector TEXT, puts INTEGER,
    PRIMARY KEY (at, kind, id, detector)) WITHOUT ROWID, STRICT;
  PRAGMA user_version = ${VERSION};`;
const BUSY_MS = 5_000;
/** Before every record. */
const BEFORE_ALL = ["", "", "", ""];

/** A ledger in a file, kept between runs; several processes may use it. Throws E_LEDGER for a file that is no ledger, and rejects with it when the
 * file cannot be read or written. */
export function openSqliteStore(file: string): Store {
  const db = open(file);
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

  /** What goes wrong in the file is the ledger's error. */
  async function guarded<T>(work: () => T): Promise<T> {
    try {
      return work();
    } catch (cause) {
      throw unusable(file, cause);
    }
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
        return { entities: Object.fromEntries(kinds.map(({ kind, n }) => [kind, n])), facts, due };
      }),
    close: () => db.close(),
  };
}

/** All of it or nothing, also when the process ends in the middle. */
function atomically<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (cause) {
    try {
      db.exec("ROLLBACK");
    } catch {
      // Some errors have ended it already: a full disk, a second writer.
    }
    throw cause;
  }
}

function open(file: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    // Asked for when it is needed: an import would end a Node that lacks it, whatever else the command was to do.
    const sqlite = process.getBuiltinModule("node:sqlite");
    if (sqlite === undefined) throw new Error(`Node ${process.versions.node} has no SQLite, a kept ledger needs 22.13`);
    db = new sqlite.DatabaseSync(file);
    prepare(db);
    return db;
  } catch (cause) {
    db?.close();
    throw unusable(file, cause);
  }
}

function prepare(db: DatabaseSync): void {
  db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  const { version, tables } = db
    .prepare("SELECT user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_user_version")
    .get() as { readonly version: number; readonly tables: number };
  if (version === 0 && tables > 0) throw new Error("a database of another program");
  if (version !== 0 && version !== VERSION)
    throw new Error(`a ledger of version ${version}, this program knows ${VERSION}`);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  if (version === 0) atomically(db, () => db.exec(TABLES));
}

const unusable = (file: string, cause: unknown): CrosstrailError =>
  new CrosstrailError("E_LEDGER", `${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
