import Type from "typebox";
import { type Severity, severityRank } from "../../../schemas/findings/finding.ts";
import type { Site } from "../../core/site.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { differences } from "./looks.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** A launch is known by ten minutes. */
const BUCKET_MS = 10 * MINUTE_MS;

/** B-41, and what came of it: what a NodeClass says is in no log, but what is launched by it is. */
export const detector = defineSettledDetector({
  meta: {
    id: "managed-instances/class-launch-differs",
    version: 1,
    title: "NodeClass written, and what it launches looks different from then on",
    description:
      "Somebody other than EKS wrote a NodeClass, and what EC2 launched by it within the day differs from what it launched before: a public address, another role, security group, subnet or encryption key. The log of the write does not tell what it changed; this does.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1578" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: [
      "user",
      "verb",
      "objectRef",
      "requestParameters",
      "responseElements.instancesSet.items",
      "requestParameters.tagSpecificationSet",
      "user.extra.canonicalArn",
    ],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-security.html",
    ],
    gaps: [
      "Proxy, certificate authorities, kernel lockdown and network policy are in no launch: managed-instances/node-class reports the write.",
      "What a call does not show is not compared: a launch from a template may show only the template. Shapes are those of self-managed Karpenter and of the API model; none of Auto Mode's own was published.",
      "Silent on the first launches of a class, and where it launched nothing in the week of the write and the one before.",
      "A new image alone is low: EKS brings one every week. Another subnet counts from three launches on.",
      "The role is known when the node has come, by the audit log; until then a new instance profile stands for it, as high.",
    ],
    triage: [
      {
        do: "Read the class, and compare it with what should be.",
        cli: "kubectl get nodeclass '{target}' -o yaml --show-managed-fields",
      },
      {
        do: "See the launches, before and after.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, responseElements.instancesSet.items.0.instanceId | filter eventName in ["RunInstances", "CreateFleet", "CreateLaunchTemplate", "AddRoleToInstanceProfile"] and @message like "{target}" | sort eventTime asc',
      },
      {
        do: "Ask its author. Not meant: put the class back, and replace the nodes that were launched by it since.",
        audit:
          'fields requestReceivedTimestamp, verb, objectRef.resource, objectRef.name, responseStatus.code, sourceIPs.0 | filter user.username = "{actor.name}" and verb in ["create", "update", "patch", "delete"] | sort requestReceivedTimestamp asc',
      },
    ],
    syntheticShape: true,
  },
  watch: "classWeek",
  anchor: "launch",
  settleMs: BUCKET_MS + 30 * MINUTE_MS,
  params: Type.Object({}),
  detect(nodeClass, { id, site }) {
    const [account = "", region = "", cluster = ""] = id.split("/");
    const name = id.split("/").slice(3, -1).join("/");
    const roles = nodeClass.all("role").map((told) => ({ ...told, ms: Date.parse(told.time) }));
    const earlier = nodeClass.all("earlier").map((launch) => ({ ...launch, end: Date.parse(launch.time) + DAY_MS }));
    const launches = nodeClass.all("launch").map((launch) => ({ ...launch, end: Date.parse(launch.time) + BUCKET_MS }));
    const writes = nodeClass.all("written").map((write) => ({ ...write, ms: Date.parse(write.time) }));
    return ({ source, ...launch }) => {
      const ms = Date.parse(launch.time);
      const since = writes.filter((write) => write.ms <= ms && write.ms >= ms - DAY_MS);
      const first = Math.min(...since.map((write) => write.ms));
      const before = [...earlier, ...launches].filter(({ end }) => end <= first);
      const came = {
        launch: roles.filter(({ time }) => time === launch.time).map(({ role }) => role),
        before: roles.filter((told) => told.ms + BUCKET_MS <= first).map(({ role }) => role),
      };
      const found = differences(launch, before, came, account);
      const worst = highest(found.map(({ severity }) => severity));
      if (worst === undefined) return [];
      return since.map((write) => ({
        sentence: `${write.who} wrote NodeClass ${name} of cluster ${cluster}, and what it launched afterwards has ${found.map(({ what }) => what).join("; ")}`,
        by: `principal/${write.by}`,
        on: `nodeclass/${cluster}/${name}`,
        at: write.time,
        actor: {
          ...{ kind: write.kind, name: write.by, groups: [] },
          ...(write.arn !== "" && { arn: write.arn }),
          ...(write.role !== "" && { role: write.role }),
        },
        action: `${write.verb} nodeclasses`,
        target: name,
        scope: { account, region, cluster },
        severity: isTrusted(write, site) ? trusted(worst) : worst,
        evidence: [
          { field: "class.written", value: `${write.verb} by ${write.who} at ${write.time}`, event: write.source },
          {
            field: "class.launch",
            value: `${launch.api} ${launch.time}: ${found.map(({ what }) => what).join("; ")}`,
            event: source,
          },
        ],
        reasons: found.map(({ what }) => what),
        notExempted: isTrusted(write, site) ? [`${write.who} is listed in gitOps or support`] : [],
      }));
    };
  },
});

const highest = (all: readonly Severity[]): Severity | undefined =>
  [...all].sort((a, b) => severityRank(b) - severityRank(a))[0];

interface Writer {
  readonly by: string;
  readonly arn: string;
  readonly role: string;
}

/** Who changes classes by right, by the site's word. What may not happen by mistake either is still worth a look. */
const isTrusted = ({ by, arn, role }: Writer, site: Site): boolean =>
  site.gitOps.has(by) || [by, arn, role].some((name) => name !== "" && site.support.has(name));

const trusted = (severity: Severity): Severity => (severity === "critical" ? "medium" : "low");
