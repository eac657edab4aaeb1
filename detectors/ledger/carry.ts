import type { AttributeName, Kind, ValueOf } from "./entities.ts";
import { encode } from "./facts.ts";

/** A fact that is carried across a link, as an ordinary fact of the entity at its other end. Link and fact meet in one item: whichever
 * is written later sees both, so it does not matter which came first. */
export interface Relay {
  readonly from: Kind;
  readonly fact: string;
  /** The linking attribute of `from`. */
  readonly over: string;
  readonly to: Kind;
  readonly as: string;
  /** What arrives where; undefined: nothing does. `from` is the id of the entity that it comes from. Whatever is carried with one `since` must be with
   * every earlier one: an earlier event that tells the same comes any time, and takes nothing back. */
  readonly give: (
    value: Readonly<Record<string, string>>,
    from: string,
    link: Readonly<Record<string, string>>,
    since: Since,
  ) => { readonly id: string; readonly value: string } | undefined;
}

/** Since when (ISO 8601, `knownSince`) the fact and its link are known. */
export interface Since {
  readonly fact: string;
  readonly link: string;
}

interface Carrying<
  From extends Kind,
  Of extends AttributeName<From>,
  Over extends AttributeName<From>,
  To extends Kind,
> {
  readonly fact: Of;
  readonly over: Over;
  readonly to: To;
}

/** A relay with its types inferred from the entities' declaration. `target`: the id of the entity at the other end, where the link does not
 * hold it whole. */
export function carry<
  From extends Kind,
  Of extends AttributeName<From>,
  Over extends AttributeName<From>,
  To extends Kind,
  As extends AttributeName<To>,
>(
  from: From,
  { fact, over, to }: Carrying<From, Of, Over, To>,
  as: As,
  give: (value: ValueOf<From, Of>, from: string, link: ValueOf<From, Over>) => ValueOf<To, As>,
  target?: (value: ValueOf<From, Of>, link: ValueOf<From, Over>, from: string, since: Since) => string | undefined,
): Relay {
  return {
    ...{ from, fact, over, to, as },
    give: (parts, own, linked, since) => {
      const value = parts as ValueOf<From, Of>;
      const link = linked as ValueOf<From, Over>;
      const id = target === undefined ? linked.id : target(value, link, own, since);
      return id ? { id, value: encode(to, as, give(value, own, link)) } : undefined;
    },
  };
}
