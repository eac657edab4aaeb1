import type { Severity } from "../../schemas/findings/finding.ts";

/** That a finding is to be published: its id, never its content, so that an old message cannot lower it (design §6). */
export interface Notice {
  readonly id: string;
  readonly severity: Severity;
  /** Publication step, as `new` or `raised to high`. */
  readonly step: string;
  /** Whether people are told, beside Security Hub being brought up to date. */
  readonly notify: boolean;
}

/** Resolves when every notice is safe. The same one may be sent again. */
export interface Outbox {
  readonly send: (notices: readonly Notice[]) => Promise<void>;
}
