/** What one process remembers, at most: names are chosen by whoever is watched. Memories of a fixed size (`seen.ts`) hold this many texts at least and twice
 * as many at most, in two arrays of 32 bytes a slot, of which seven tenths are used: numbers just below 0.7 times a power of two waste none. */
export const CAPACITY = {
  /** Requests that a reused auditID may stand apart and still be seen. 32 MB; of a laptop, which reads days at a time, 64 MB. */
  auditIds: 360_000,
  laptopAuditIds: 730_000,
  /** Facts that need not be written again, and an eighth as many full sets. 16 MB and 2 MB. */
  facts: 183_000,
  /** Events that teach nothing new. 16 MB. */
  lessons: 183_000,
  /** Findings of a laptop: it writes them at the end. */
  findings: 50_000,
  findingBytes: 256 * 1_024 * 1_024,
  /** The ledger of a laptop that keeps none in a file. */
  entities: 1_000_000,
  ledgerBytes: 512 * 1_024 * 1_024,
  /** All of a function's process, beside its table: the above, a batch, the program and what the heap has not yet given back. */
  processBytes: 512 * 1_024 * 1_024,
  /** How much of a large heap stays with a process for what of it is in use: of a laptop, whose ledger and findings come to that. Ten million events of a flood had 790 MB in use
   * at the most, and took 1,472 MB. */
  heapSlack: 1.25,
} as const;
