import type { AwsCall } from "../../../schemas/events/cloudtrail/facets.ts";
import { at, keys, list, text, texts } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { credentialDayId, iamNameDayId, outlivedDays, uniqueIdOf } from "../credentials.ts";
import type { AttributeName, ValueOf } from "../entities.ts";
import type { Fact } from "../facts.ts";
import { about, type CallLearner, timeOf } from "../learner.ts";

/** The policy that the console's "Revoke active sessions" writes (IAM User Guide, "Revoke IAM role temporary security credentials"). */
const CONSOLE_POLICY = "AWSRevokeOlderSessions";
const STATUS = "status";

/** Roles, users, keys and sessions that somebody put out of use, or back into it. IAM is global: its records stand in one region and are about the whole account.
 * Their parameters hold names, no unique id and no path (from the API model: in public records such calls stand refused only, and without their parameters). */
export const revoked: CallLearner = {
  trail: "cloudtrail",
  trigger: '"(?:DeleteRole|DeleteUser|DeleteAccessKey|UpdateAccessKey|(?:Put|Delete)(?:Role|User)Policy)"',
  learn(call) {
    if (call.service !== "iam" || call.outcome !== "success") return [];
    const params = call.requestParameters;
    const key = text(params, "accessKeyId") ?? "";
    const policy = text(params, "policyName") ?? "";
    switch (call.action) {
      case "DeleteRole":
      case "DeleteUser":
        return ofName(call, "revoked", revocation(call, "", ""));
      case "DeleteAccessKey":
        return ofKey(call, key, "revoked", revocation(call, "", ""));
      case "UpdateAccessKey": {
        const status = text(params, STATUS);
        if (status === "Inactive") return ofKey(call, key, "revoked", revocation(call, STATUS, ""));
        return status === "Active" ? ofKey(call, key, "lifted", lifting(call, STATUS)) : [];
      }
      case "PutRolePolicy":
      case "PutUserPolicy":
        return policyPut(call, policy);
      case "DeleteRolePolicy":
      case "DeleteUserPolicy":
        return ofName(call, "lifted", lifting(call, policy));
      default:
        return [];
    }
  },
};

const whoOf = ({ actor }: AwsCall): string => uniqueIdOf(actor.principalId) ?? actor.principalId ?? "";
const lifting = (call: AwsCall, what: string) => ({
  ...{ time: timeOf(call), what, by: nameOf(call.actor), who: whoOf(call) },
});
const revocation = (call: AwsCall, what: string, olderThan: string) => ({
  ...lifting(call, what),
  ...{ action: call.action, olderThan },
});

function ofName<A extends AttributeName<"iamNameDay">>(call: AwsCall, attribute: A, value: ValueOf<"iamNameDay", A>) {
  const type = call.action.includes("User") ? "user" : "role";
  const name = text(call.requestParameters, `${type}Name`) ?? "";
  if (name === "") return [];
  const id = iamNameDayId({ account: call.scope.account, type, name }, call.time);
  return [about("iamNameDay", id, call)(attribute, value)];
}

function ofKey<A extends AttributeName<"credentialDay">>(
  call: AwsCall,
  key: string,
  attribute: A,
  value: ValueOf<"credentialDay", A>,
): readonly Fact[] {
  if (key === "") return [];
  return outlivedDays(call.time).map((day) =>
    about("credentialDay", credentialDayId(key, day), call)(attribute, value),
  );
}

/** A document that cannot be read does what its name says; another one takes back what the policy of that name did. */
function policyPut(call: AwsCall, policy: string): readonly Fact[] {
  const document = parsed(text(call.requestParameters, "policyDocument"));
  if (document === undefined)
    return policy === CONSOLE_POLICY ? ofName(call, "revoked", revocation(call, policy, timeOf(call))) : [];
  const olderThan = deniedBefore(document, call.time);
  if (olderThan === undefined) return ofName(call, "lifted", lifting(call, policy));
  return ofName(call, "revoked", revocation(call, policy, olderThan));
}

/** Sessions issued before this time (ISO 8601) are denied everything by a policy written at `time` (ms); undefined: it does no such thing. */
function deniedBefore(document: unknown, time: number): string | undefined {
  const limits = list(document, "Statement").flatMap((statement) =>
    text(statement, "Effect") === "Deny" && texts(statement, "Action").includes("*")
      ? keys(statement, "Condition")
          .filter((operator) => /^DateLessThan/i.test(operator))
          .flatMap((operator) => issueTimes(at(statement, "Condition", operator)))
      : [],
  );
  if (limits.length === 0) return undefined;
  // Whatever is issued later than the policy was written is no older session, even if it is denied, too.
  const latest = Math.max(...limits.map((limit) => Date.parse(limit)).map((ms) => (Number.isNaN(ms) ? time : ms)));
  return timeOf({ time: Math.min(time, latest) });
}

/** Names of condition keys have no case. */
const issueTimes = (condition: unknown): readonly string[] =>
  keys(condition)
    .filter((key) => key.toLowerCase() === "aws:tokenissuetime")
    .flatMap((key) => texts(condition, key));

function parsed(document: string | undefined): unknown {
  try {
    return document === undefined ? undefined : JSON.parse(document);
  } catch {
    return undefined;
  }
}
