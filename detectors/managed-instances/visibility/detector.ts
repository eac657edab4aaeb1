import Type from "typebox";
import { at, text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted } from "../../core/weight.ts";
import { callEvidence } from "../operator-role.ts";

/** Whether lists of EC2 resources show what AWS services manage (eks-auto-mode.md §4.3, since 2026-04). */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/visibility",
    version: 1,
    title: "Managed EC2 resources hidden from lists, or shown in them",
    description:
      "An account-wide setting says whether DescribeInstances and the like list the instances, volumes and interfaces that AWS services manage, Auto Mode's nodes among them. Hidden, they drop out of inventories and of every check that lists; shown, whoever may list finds them.",
    severity: "medium",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1562.001" },
      { tactic: "TA0007", technique: "T1580" },
    ],
    reads: ["eventName", "requestParameters.DefaultVisibility", "errorCode"],
    references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html"],
    gaps: [
      "Hidden is the default: an account that never changed it has no such call.",
      "A caller can list managed resources in one call by IncludeManagedResources, whatever the setting.",
    ],
    triage: [
      {
        do: "Ask why. Setting up an inventory shows them; hiding them again blinds it.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      {
        do: "See how it stands now, and set it as your inventory needs it.",
        cli: "aws ec2 get-managed-resource-visibility --region '{region}'",
      },
    ],
    syntheticShape: true,
  },
  on: "ec2Call",
  params: Type.Object({}),
  detect(call) {
    const { actor, action, requestParameters, scope } = call;
    if (action !== "ModifyManagedResourceVisibility") return undefined;
    const request = at(requestParameters, "ModifyManagedResourceVisibilityRequest") ?? requestParameters;
    const wanted = text(request, "DefaultVisibility") ?? text(request, "defaultVisibility") ?? "";
    const verb = { hidden: ["hide", "hid"], visible: ["show", "showed"] }[wanted] ?? ["change", "changed"];
    return {
      sentence: `${nameOf(actor)} ${attempted(call) ? `tried to ${verb[0]}` : verb[1]} managed EC2 resources ${wanted === "hidden" ? "from" : "in"} the lists of account ${scope.account}`,
      on: `visibility/${scope.account}`,
      severity: wanted === "hidden" && !attempted(call) ? "medium" : "low",
      evidence: [{ field: "requestParameters.DefaultVisibility", value: wanted || "?" }, ...callEvidence(call)],
    };
  },
});
