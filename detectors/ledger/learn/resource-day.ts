import type { AwsCall } from "../../../schemas/events/cloudtrail/facets.ts";
import type { AttributeName, ValueOf } from "../entities.ts";
import { type Fact, idOf } from "../facts.ts";
import { about, dayOf } from "../learner.ts";

/** What a call does to a resource stands in the resource's day. */
export const onResource =
  (id: string, call: AwsCall) =>
  <A extends AttributeName<"resourceDay">>(attribute: A, value: ValueOf<"resourceDay", A>): readonly Fact[] => {
    const resource = idOf("resource", [id]);
    const day = idOf("resourceDay", [resource, dayOf(call)]);
    const tell = about("resourceDay", day, call);
    return [
      about("resource", resource, call)("day", { id: day }),
      tell("of", { id: resource }),
      tell(attribute, value),
    ];
  };
