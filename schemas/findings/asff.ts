import { canonicalAddress } from "../address.ts";
import { parseArn } from "../arn.ts";
import { compact } from "../json.ts";
import { cut } from "../redact.ts";
import type { AsffFinding } from "./asff-schema.ts";
import type { Finding, Severity } from "./finding.ts";

/** Whose Security Hub takes the finding. AwsAccountId must be the account that calls BatchImportFindings (aws-plumbing.md §2.2); the account that
 * the finding is about stands in Resources. */
export interface Publisher {
  readonly account: string;
  readonly region: string;
  readonly partition?: AsffFinding["Resources"][number]["Partition"];
  /** ISO 8601; grows with every publication. Absent: when the finding was last seen. */
  readonly updatedAt?: string;
}

type Resource = AsffFinding["Resources"][number];

const LABELS: Readonly<Record<Severity, AsffFinding["FindingProviderFields"]["Severity"]["Label"]>> = {
  informational: "INFORMATIONAL",
  low: "LOW",
  medium: "MEDIUM",
  high: "HIGH",
  critical: "CRITICAL",
};
const CONFIDENCE = { low: 30, medium: 60, high: 90 } as const;

/** Security Hub refuses an empty string and one above its limit. */
const text = (value: string, max: number): string => cut(value === "" ? "-" : value, max);

/** One finding as Security Hub takes it: cut with care at its limits, analyst-owned fields (Workflow, Note, UserDefinedFields) never set. */
export function toAsff(finding: Finding, publisher: Publisher): AsffFinding {
  const partition = publisher.partition ?? "aws";
  const productArn = `arn:${partition}:securityhub:${publisher.region}:${publisher.account}:product/${publisher.account}/default`;
  const updatedAt = publisher.updatedAt ?? finding.lastSeen;
  return compact({
    SchemaVersion: "2018-10-08" as const,
    Id: finding.id,
    ProductArn: productArn,
    GeneratorId: text(`crosstrail/${finding.detector}`, 512),
    AwsAccountId: publisher.account,
    Region: publisher.region,
    CompanyName: "crosstrail",
    ProductName: "crosstrail",
    // Clocks differ by seconds, and an update before its creation is refused.
    CreatedAt: finding.firstSeen < updatedAt ? finding.firstSeen : updatedAt,
    UpdatedAt: updatedAt,
    FirstObservedAt: finding.firstSeen,
    LastObservedAt: finding.lastSeen,
    Title: text(finding.title, 256),
    Description: text(finding.description, 1_024),
    FindingProviderFields: compact({
      Severity: { Label: LABELS[finding.severity], Original: finding.severity },
      Types: typesOf(finding),
      Confidence: CONFIDENCE[finding.confidence],
      RelatedFindings:
        finding.related.length > 0
          ? finding.related.slice(0, 10).map((Id) => ({ ProductArn: productArn, Id }))
          : undefined,
    }),
    Remediation: finding.firstStep === "" ? undefined : { Recommendation: { Text: text(finding.firstStep, 512) } },
    ProductFields: productFields(finding),
    Resources: resourcesOf(finding, partition),
    Action: actionOf(finding),
    RecordState: "ACTIVE" as const,
    Sample: finding.synthetic || undefined,
  });
}

/** `namespace/category/classifier`, as GuardDuty writes it; a slash would start another part. */
function typesOf({ attack, family, detector }: Finding): string[] {
  const classifier = detector.replaceAll("/", "-");
  const types = attack.techniques.map(({ tacticName }) =>
    tacticName === "Impact" || tacticName === "Exfiltration"
      ? `Effects/${tacticName === "Impact" ? "Data Destruction" : "Data Exfiltration"}/${classifier}`
      : `TTPs/${tacticName}/${classifier}`,
  );
  return types.length > 0 ? [...new Set(types)].slice(0, 50) : [`Unusual Behaviors/Application/${text(family, 64)}`];
}

/** What ASFF has no place for, as strings under our own prefix: at most 50 pairs, none empty. */
function productFields(finding: Finding): Record<string, string> {
  const { actor, actingAs, action } = finding;
  const pairs: readonly (readonly [string, string | undefined])[] = [
    ["Cluster", finding.cluster],
    ["ClusterAccount", finding.account],
    ["ClusterRegion", finding.region],
    ["Outcome", finding.outcome],
    ["Count", finding.eventsTotal],
    ["Subject", finding.subject],
    ["Actor", actor.name],
    ["ActorKind", actor.kind],
    ["ActorSession", actor.session],
    ["ActorAccessKeyId", actor.accessKeyId],
    ["ActingAs", actingAs?.name],
    ["ActingAsGroups", actingAs?.groups.join(", ")],
    ["Trail", action.trail],
    ["Verb", action.verb],
    ["Resource", action.resource],
    ["Code", action.code === undefined ? action.errorCode : String(action.code)],
    ["Uri", action.uri],
    ["Argv", action.argv?.join(" ")],
    ["Target", finding.target],
    ["SourceIp", finding.sourceIP],
    ["ForwardedFor", finding.forwardedFor.join(", ")],
    ["UserAgent", finding.userAgent],
    ["Reasons", finding.reasons.join("; ")],
    ["NotExempted", finding.notExempted.join("; ")],
    [
      "Attack",
      finding.attack.techniques.map(({ technique, techniqueName }) => `${technique} ${techniqueName}`).join(", "),
    ],
    ["AttackVersion", finding.attack.version],
    ["Configuration", finding.config],
    ["Events", finding.events.join(" ")],
    ["Truncated", finding.truncated ? "true" : undefined],
    ...finding.evidence
      .slice(0, 10)
      .map(({ field, value }, index) => [`Evidence${index + 1}`, `${field} = ${value}`] as const),
    ...finding.queries.slice(0, 5).map(({ text: query }, index) => [`Query${index + 1}`, query] as const),
  ];
  const kept = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== "");
  return Object.fromEntries(kept.slice(0, 50).map(([key, value]) => [`crosstrail/${key}`, cut(value, 2_048)]));
}

/** The cluster first, then who acted, then what was acted on: consoles cope badly with many resources. */
function resourcesOf(finding: Finding, partition: Resource["Partition"]): Resource[] {
  const { actor, account, region, cluster, target } = finding;
  const where = { Partition: partition, Region: region === "unknown" ? "us-east-1" : text(region, 32) };
  const known = cluster !== "unknown" && /^\d{12}$/.test(account);
  const clusterArn = `arn:${partition}:eks:${where.Region}:${account}:cluster/${cluster}`;
  const clusterResource: Resource = known
    ? {
        Type: "AwsEksCluster",
        Id: text(clusterArn, 512),
        ...where,
        Details: { AwsEksCluster: { Arn: text(clusterArn, 512), Name: text(cluster, 256) } },
      }
    : { Type: "AwsAccount", Id: text(`AWS::::Account:${account}`, 512), ...where };
  const actorDetails = {
    Kind: actor.kind,
    Name: cut(actor.name, 1_024),
    ...(actor.pod && { Pod: cut(actor.pod, 1_024) }),
  };
  const actorResource: Resource = actor.accessKeyId
    ? {
        Type: "AwsIamAccessKey",
        Id: text(`AWS::IAM::AccessKey:${actor.accessKeyId}`, 512),
        ...where,
        ResourceRole: "Actor",
        Details: {
          AwsIamAccessKey: compact({
            AccessKeyId: cut(actor.accessKeyId, 128),
            PrincipalId: cut(actor.principalId ?? "", 256) || undefined,
            PrincipalName: text(actor.name, 512),
          }),
        },
      }
    : {
        Type: "Other",
        Id: text(parseArn(actor.arn) ? (actor.arn ?? "") : actor.name, 512),
        ...where,
        ResourceRole: "Actor",
        Details: { Other: actorDetails },
      };
  const targetResource: Resource = {
    Type: "Other",
    Id: text(target, 512),
    ...where,
    ResourceRole: "Target",
    Details: { Other: { Target: cut(text(target, 1_024), 1_024) } },
  };
  return [clusterResource, actorResource, targetResource];
}

/** Calls of the AWS API only: ASFF has no action for the Kubernetes API, whose verb and URI stand in ProductFields. */
function actionOf({ action, sourceIP, firstSeen, lastSeen }: Finding): AsffFinding["Action"] {
  if (action.trail !== "cloudtrail") return undefined;
  const [service = "", api = ""] = action.verb.split(":");
  const address = sourceIP === undefined ? undefined : canonicalAddress(sourceIP);
  const remote = address !== undefined && /^[\d.]+$/.test(address) ? address : undefined;
  return {
    ActionType: "AWS_API_CALL",
    AwsApiCallAction: {
      Api: text(api, 128),
      ServiceName: text(`${service}.amazonaws.com`, 128),
      CallerType: remote === undefined ? "domain" : "remoteip",
      ...(remote === undefined
        ? { DomainDetails: { Domain: text(sourceIP ?? "amazonaws.com", 128) } }
        : { RemoteIpDetails: { IpAddressV4: remote } }),
      FirstSeen: firstSeen,
      LastSeen: lastSeen,
    },
  };
}
