import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";

/** Where records are kept aside. The same record again is the same one. Rejects while it cannot take any. */
export interface Quarantine {
  readonly keep: (record: KeptRecord) => Promise<void>;
}
