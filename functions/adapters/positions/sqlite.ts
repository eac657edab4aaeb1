import type { Positions } from "../../positions.ts";
import { guard, openDatabase } from "../sqlite-file.ts";

/** Positions in the file of a ledger. Throws E_LEDGER for a file that is none, and rejects with it when it cannot be read or written. */
export function openSqlitePositions(file: string): Positions & { readonly close: () => void } {
  const db = openDatabase(file);
  const guarded = guard(file);
  const read = db.prepare("SELECT value FROM position WHERE source = ?");
  const write = db.prepare("INSERT INTO position VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value");
  return {
    read: (source) => guarded(() => (read.get(source) as { readonly value: string } | undefined)?.value),
    write: (source, position) => guarded(() => void write.run(source, position)),
    close: () => db.close(),
  };
}
