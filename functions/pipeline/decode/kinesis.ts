import { UNKNOWN } from "../../../schemas/events/event.ts";
import { at, compact, text } from "../../../schemas/json.ts";
import { type Envelope, openedPiece } from "./piece.ts";

/** A record of a Kinesis stream as Lambda hands it over. The stream's region stands for the cluster's where nobody said better: a subscription stays in its region. */
export const kinesis: Envelope = {
  is: (value) => typeof at(value, "kinesis", "data") === "string",
  open(value, around, unpack) {
    const origin = compact({
      ...around.origin,
      shard: /^(shardId-\d+):/.exec(text(value, "eventID") ?? "")?.[1] ?? around.origin.shard,
      sequence: text(value, "kinesis", "sequenceNumber") ?? around.origin.sequence,
    });
    const region = around.scope.region === UNKNOWN ? text(value, "awsRegion") : undefined;
    const scope = { ...around.scope, region: region || around.scope.region };
    return [openedPiece(unpack.kinesis(text(value, "kinesis", "data") ?? ""), { ...around, origin, scope })];
  },
};

/** A subscription that calls a Lambda function without a stream between them (aws-plumbing.md §1.2). */
export const awslogs: Envelope = {
  is: (value) => typeof at(value, "awslogs", "data") === "string",
  open: (value, around, unpack) => [openedPiece(unpack.zipped(text(value, "awslogs", "data") ?? ""), around)],
};
