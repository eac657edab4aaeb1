/** How far something was read, by the name of what is read: kept beside the ledger, and written only when all that was read before is safe there. What is
 * read again after a crash changes nothing, so the last writer may win. */
export interface Positions {
  readonly read: (source: string) => Promise<string | undefined>;
  readonly write: (source: string, position: string) => Promise<void>;
}

/** Of one run, which keeps nothing. */
export function createMemoryPositions(): Positions {
  const all = new Map<string, string>();
  return {
    read: async (source) => all.get(source),
    write: async (source, position) => void all.set(source, position),
  };
}
