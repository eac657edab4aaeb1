import Type, { type Static } from "typebox";
import { Strict } from "../maybe.ts";

const Text = Type.String();

/** A record of a stream that was kept aside, whole: whoever mends what was wrong puts it on the stream again as it was. */
export const KeptRecord = Strict({
  version: Type.Literal(1),
  stream: Type.String({ description: "ARN." }),
  shard: Text,
  sequence: Text,
  partitionKey: Type.String({ minLength: 1 }),
  arrived: Type.String({ description: "ISO 8601: when Kinesis took it." }),
  reasons: Type.Array(Strict({ code: Text, message: Text }), {
    description: "One for every piece of it that could not be judged; the other pieces were.",
  }),
  data: Type.String({ description: "base64, as it stood on the stream." }),
});
export type KeptRecord = Static<typeof KeptRecord>;
