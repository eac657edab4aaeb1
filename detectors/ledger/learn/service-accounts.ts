import type { AwsCall } from "../../../schemas/events/cloudtrail/facets.ts";
import { at, num, text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { type Fact, idOf } from "../facts.ts";
import { about, type CallLearner, timeOf } from "../learner.ts";
import { WEEK_MS, weekOf } from "../weeks.ts";
import { clusterOf } from "./sts.ts";

/** Which role a service account has in AWS since when: every change of its association. The answers of Create, Update and Delete hold the whole
 * association (API model, eks-auto-mode.md §7; no real record was found), a request only what it changes. */
export const serviceAccounts: CallLearner = {
  trail: "cloudtrail",
  trigger: "PodIdentityAssociation",
  learn(call) {
    const { podIdentityAssociation: association } = call.facets;
    if (association === undefined || call.outcome !== "success") return [];
    const { namespace, serviceAccount, cluster, roleArn: role } = association;
    // An update whose answer is missing tells neither whose it is.
    if (namespace === "" || serviceAccount === "" || cluster === "") return [];
    const target = inAnswer(call, "targetRoleArn") ?? association.targetRoleArn;
    const { account, region } = call.scope;
    const { action } = call;
    const time = timeOf(call);
    const key = [account, region, cluster, namespace, serviceAccount];
    const change = { time, action, role, target, by: nameOf(call.actor) };
    const told = [
      about("serviceAccount", idOf("serviceAccount", key), call)("associated", change),
      ...weeksOf(call).map((week) =>
        about("accountWeek", idOf("accountWeek", [...key, week]), call)("associated", change),
      ),
    ];
    if (action.startsWith("Delete")) return told;
    const tags = switchOf(call, "disableSessionTags", association.sessionTagsOff);
    const policy = inAnswer(call, "policy") ?? text(call.requestParameters, "policy") ?? "";
    const whose = `${namespace}/${serviceAccount} of ${cluster}`;
    const toRole = (arn: string, as: string): readonly Fact[] => {
      if (arn === "") return [];
      const given = { time, whose, as, tags, policy: policy === "" ? "off" : "on" };
      return [
        about("podRole", idOf("podRole", [arn]), call)("associated", given),
        ...weeksOf(call).map((week) => about("roleWeek", idOf("roleWeek", [arn, week]), call)("associated", given)),
      ];
    };
    return [...told, ...toRole(role, "role"), ...toRole(target, "target role")];
  },
};

/** The week of a change and the next: from others, what lasts tells them. */
const weeksOf = ({ time }: AwsCall): readonly string[] => [time, time + WEEK_MS].map(weekOf);

/** Whether tags are on: the answer tells, a create without a word leaves them on, and of an update without one it is not known. */
function switchOf(call: AwsCall, field: string, off: boolean): string {
  const answer = inAnswer(call, field);
  if (answer !== undefined) return answer === "true" ? "off" : "on";
  if (off) return "off";
  return call.action.startsWith("Create") || at(call.requestParameters, field) !== undefined ? "on" : "?";
}

const inAnswer = ({ responseElements }: AwsCall, field: string): string | undefined =>
  text(responseElements, "association", field);

/** Sessions that EKS opens for pods: which role, for whom, how (eks-auto-mode.md §3.2, seen). */
export const accountSessions: CallLearner = {
  trail: "cloudtrail",
  trigger: '"pods\\.eks\\.amazonaws\\.com"',
  learn(call) {
    const { stsIssue } = call.facets;
    if (stsIssue?.invokedBy !== "pods.eks.amazonaws.com" || call.outcome !== "success") return [];
    if (stsIssue.roleArn === "") return [];
    const tags = new Map(stsIssue.tags.map((tag) => [tag.key, tag.value]));
    return [...ofRole(call, stsIssue.roleArn, tags.size > 0), ...ofAccount(call, stsIssue.roleArn, tags)];
  },
};

/** Told of its week and of the next, which asks what was usual. */
function ofRole(call: AwsCall, role: string, tagged: boolean): Fact[] {
  const given = {
    ...{ time: timeOf(call), tags: tagged ? "on" : "off" },
    policy: text(call.requestParameters, "policy") === undefined ? "off" : "on",
    seconds: `${num(call.requestParameters, "durationSeconds") ?? ""}`,
  };
  return [0, WEEK_MS].flatMap((ahead) => {
    const id = idOf("roleWeek", [role, weekOf(call.time + ahead)]);
    return [
      about("roleWeek", id, call)("given", given),
      about("podRole", idOf("podRole", [role]), call)("week", { id }),
    ];
  });
}

function ofAccount(call: AwsCall, role: string, tags: ReadonlyMap<string, string>): Fact[] {
  const namespace = tags.get("kubernetes-namespace") ?? "";
  const name = tags.get("kubernetes-service-account") ?? "";
  const arn = tags.get("eks-cluster-arn") ?? "";
  if (namespace === "" || name === "" || arn === "") return [];
  const { account, region, cluster } = clusterOf(arn, call);
  const key = [account, region, cluster, namespace, name];
  const id = idOf("accountWeek", [...key, weekOf(call.time)]);
  return [
    about("accountWeek", id, call)("given", { time: timeOf(call), role }),
    about("serviceAccount", idOf("serviceAccount", key), call)("week", { id }),
  ];
}
