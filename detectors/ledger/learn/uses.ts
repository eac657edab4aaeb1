import type { AttributeName, ValueOf } from "../entities.ts";
import type { Fact } from "../facts.ts";
import { about, useId } from "../learner.ts";

/** What a key was used for, in the hour of an event, or in another (`hour`: a time in it); the key knows of its hours. */
export function tellUse(key: string, event: { readonly id: string; readonly time: number }, hour = event.time) {
  const id = useId(key, { time: hour });
  const tell = about("use", id, event);
  return <A extends AttributeName<"use">>(attribute: A, value: ValueOf<"use", A>): readonly Fact[] => [
    about("key", key, event)("hour", { id }),
    tell("of", { id: key }),
    tell(attribute, value),
  ];
}
