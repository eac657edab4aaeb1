import { timeOr } from "../../../schemas/events/event.ts";
import { at, list, num, text } from "../../../schemas/json.ts";
import { messageOf, scopeOf } from "./log-group.ts";
import type { Envelope, Piece } from "./piece.ts";

/** CloudWatch Logs subscription (aws-plumbing.md §1.2). A control message only asks whether somebody is there. */
export const subscription: Envelope = {
  is: (value) => at(value, "messageType") === "CONTROL_MESSAGE" || Array.isArray(at(value, "logEvents")),
  open(value, around) {
    if (at(value, "messageType") === "CONTROL_MESSAGE") return [{ kind: "control" }];
    const stream = text(value, "logStream");
    const group = scopeOf(around.scope, { account: text(value, "owner"), group: text(value, "logGroup") });
    return list(value, "logEvents").map((entry): Piece => {
      // System fields that a subscription was asked to emit: a log group that collects others tells the source there.
      const fields = at(entry, "extractedFields");
      const scope =
        fields === undefined
          ? group
          : scopeOf(group, {
              account: text(fields, "@aws.account"),
              region: text(fields, "@aws.region"),
              group: text(fields, "@source.log"),
            });
      const loggedAt = timeOr(around.loggedAt, num(entry, "timestamp"));
      return messageOf(stream, at(entry, "message"), { ...around, scope, loggedAt });
    });
  },
};
