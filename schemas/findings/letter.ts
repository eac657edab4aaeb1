import Type, { type Static } from "typebox";
import { Strict } from "../maybe.ts";
import { severities } from "./finding.ts";

/** What the outbox carries: that a finding is to be published. Whoever takes it out reads the finding by its id and renders its present state, so that
 * an old message cannot lower it (design §6). */
export const Letter = Strict({
  id: Type.String({ minLength: 1, maxLength: 512 }),
  /** New or raised to this severity: somebody is told. Otherwise what is out is brought up to date. */
  notify: Type.Boolean(),
  severity: Type.Enum([...severities]),
});
export type Letter = Static<typeof Letter>;
