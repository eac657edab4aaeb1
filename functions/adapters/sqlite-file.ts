import type { DatabaseSync } from "node:sqlite";
import { CrosstrailError } from "../../schemas/errors.ts";

/** The layout of the file, in which the ledger and the findings are kept side by side; another number is another program's, or one of a later version. */
const VERSION = 2;
const TABLES = `
  CREATE TABLE IF NOT EXISTS fact (kind TEXT, id TEXT, attribute TEXT, value TEXT, source TEXT,
    PRIMARY KEY (kind, id, attribute, value)) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS entity (kind TEXT, id TEXT, keep_until INTEGER, PRIMARY KEY (kind, id)) WITHOUT ROWID, STRICT;
  CREATE INDEX IF NOT EXISTS entity_keep ON entity (keep_until);
  CREATE TABLE IF NOT EXISTS due (at TEXT, kind TEXT, id TEXT, detector TEXT, puts INTEGER,
    PRIMARY KEY (at, kind, id, detector)) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS finding (id TEXT PRIMARY KEY, draft TEXT, at INTEGER, seen TEXT, keep_until INTEGER) STRICT;
  CREATE INDEX IF NOT EXISTS finding_keep ON finding (keep_until);
  CREATE TABLE IF NOT EXISTS step (id TEXT, step TEXT, PRIMARY KEY (id, step)) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS reminder (at INTEGER, id TEXT, PRIMARY KEY (at, id)) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS position (source TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID, STRICT;
  PRAGMA user_version = ${VERSION};`;
const BUSY_MS = 5_000;

/** What goes wrong in the file is the ledger's error. */
export const guard =
  (file: string) =>
  async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (cause) {
      throw unusable(file, cause);
    }
  };

/** All of it or nothing, also when the process ends in the middle. */
export function atomically<T>(db: DatabaseSync, work: () => T): T {
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

/** Opens a ledger's file, and makes it when it is not there; several connections and processes may use it. Throws E_LEDGER. */
export function openDatabase(file: string): DatabaseSync {
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
  // Files of before findings and positions were kept lack their tables.
  if (version === 0 || !isComplete(db)) atomically(db, () => db.exec(TABLES));
}

const LATER = ["finding", "step", "reminder", "position"];
const isComplete = (db: DatabaseSync): boolean => {
  const known = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return LATER.every((table) => known.some(({ name }) => name === table));
};

const unusable = (file: string, cause: unknown): CrosstrailError =>
  new CrosstrailError("E_LEDGER", `${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
