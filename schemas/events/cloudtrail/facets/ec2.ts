import { compact, flag, list, text, texts } from "../../../json.ts";
import type { AwsBase, AwsFacetRule } from "../call.ts";
import { deniedResource } from "../denied-resource.ts";
import { type Tag, tagsOf } from "../tags.ts";

export interface ResourceId {
  readonly type: "instance" | "volume" | "network-interface" | "launch-template" | "snapshot" | "image";
  readonly id: string;
}

/** A call to EC2 about instances, volumes, interfaces or launch templates, by the ids and names it gives. */
export interface Ec2Call {
  readonly resources: readonly ResourceId[];
  readonly tags: readonly Tag[];
  /** What in the record itself proves that EKS Auto Mode owns the resource; undefined when nothing does. */
  readonly proof?: string;
  readonly readOnly: boolean;
}

const TYPES: readonly (readonly [RegExp, ResourceId["type"]])[] = [
  [/^i-[0-9a-f]{8,17}$/, "instance"],
  [/^vol-[0-9a-f]{8,17}$/, "volume"],
  [/^eni-[0-9a-f]{8,17}$/, "network-interface"],
  [/^lt-[0-9a-f]{8,17}$/, "launch-template"],
  [/^snap-[0-9a-f]{8,17}$/, "snapshot"],
  [/^ami-[0-9a-f]{8,17}$/, "image"],
];
const MAX_VALUES = 2_000;

export const ec2Call: AwsFacetRule<Ec2Call> = {
  trigger: '"ec2\\.amazonaws\\.com"|"ebs\\.amazonaws\\.com"',
  find(call: AwsBase): Ec2Call | undefined {
    if (call.service !== "ec2" && call.service !== "ebs") return undefined;
    const strings = stringsOf(call.requestParameters);
    const resources = new Map<string, ResourceId>();
    for (const value of [...strings, deniedResource(call).split("/").at(-1) ?? ""]) {
      const type = typeOf(value);
      if (type !== undefined) resources.set(value, { type, id: value });
    }
    const tags = tagsOf(call.requestParameters);
    return compact({
      resources: [...resources.values()],
      tags,
      proof: proofOf(call, strings, tags),
      readOnly: call.readOnly,
    });
  },
};

/** Every value below `root`, breadth first and bounded: EC2 nests ids differently in each call (eks-auto-mode.md §4.2). */
function valuesOf(root: unknown): readonly unknown[] {
  const queue: unknown[] = [root];
  for (let next = 0; next < queue.length && next < MAX_VALUES; next += 1) {
    const value = queue[next];
    if (value !== null && typeof value === "object") queue.push(...Object.values(value));
  }
  return queue;
}

export const stringsOf = (root: unknown): readonly string[] =>
  valuesOf(root).filter((value) => typeof value === "string");

/** The kind of resource that an id is of, by its prefix. */
export const typeOf = (id: string): ResourceId["type"] | undefined => TYPES.find(([pattern]) => pattern.test(id))?.[1];

const CLUSTER_TAG = "eks:eks-cluster-name";

/** `operator` block, `eks:*` tags already on the resource, or a launch template of EKS's own name space (eks-auto-mode.md §4.1, §4.2). Whether
 * CloudTrail shows the operator is not known (§8.3): read where it is, not relied on. A tag that this very request sets proves nothing. */
function proofOf(call: AwsBase, strings: readonly string[], tags: readonly Tag[]): string | undefined {
  const { requestParameters: params, responseElements: answer } = call;
  const set = new Set(tags.flatMap(({ key, value }) => [key, value]));
  for (const item of valuesOf(answer)) {
    if (flag(item, "operator", "managed") && text(item, "operator", "principal") === "eks.amazonaws.com")
      return "operator eks.amazonaws.com in the answer";
    const answered = [...list(item, "tagSet", "items"), ...list(item, "tagSet", "item"), ...list(item, "tags")];
    const keys = answered.map((tag) => text(tag, "key") ?? text(tag, "Key") ?? "");
    // Karpenter that somebody runs themselves sets the cluster's tag too, and its own NodeClass beside it.
    if (keys.includes(CLUSTER_TAG) && !set.has(CLUSTER_TAG) && !keys.includes("karpenter.k8s.aws/ec2nodeclass"))
      return `tag ${CLUSTER_TAG} in the answer`;
  }
  const template = strings.find((value) => value.startsWith("eks.amazonaws.com/") && !set.has(value));
  if (template !== undefined) return `launch template ${template}`;
  const removed = call.action === "DeleteTags" ? tags.find(({ key }) => key.startsWith("eks:")) : undefined;
  if (removed !== undefined) return `tag ${removed.key} being removed`;
  return texts(params, "ManagedResourceOperator").includes("eks.amazonaws.com")
    ? "operator named in the request"
    : undefined;
}

/** A session, a command or a key pushed to an instance. */
export interface InstanceAccess {
  readonly channel: "ssm" | "instance-connect" | "serial-console";
  readonly instances: readonly string[];
  /** What chooses the instances where none is named: `tag:team`, `resource-groups:Name`. */
  readonly targetKeys: readonly string[];
  /** The instance reports to SSM itself: an agent runs there. */
  readonly agent: boolean;
  readonly document: string;
  readonly commandId: string;
}

const ACCESS: Readonly<Record<string, InstanceAccess["channel"]>> = {
  "ssm:StartSession": "ssm",
  "ssm:ResumeSession": "ssm",
  "ssm:SendCommand": "ssm",
  "ssm:CreateAssociation": "ssm",
  "ssm:StartAutomationExecution": "ssm",
  "ssm:RegisterManagedInstance": "ssm",
  "ssm:UpdateInstanceInformation": "ssm",
  "ec2-instance-connect:SendSSHPublicKey": "instance-connect",
  "ec2-instance-connect:OpenTunnel": "instance-connect",
  "ec2-instance-connect:SendSerialConsoleSSHPublicKey": "serial-console",
};

/** An instance's id in an ARN; SSM writes `managed-instance/"ID"` in refusals. */
const INSTANCE = /\bi-[0-9a-f]{8,17}\b/;

export const instanceAccess: AwsFacetRule<InstanceAccess> = {
  trigger: '"(?:ssm|ec2-instance-connect)\\.amazonaws\\.com"',
  find(call: AwsBase): InstanceAccess | undefined {
    const name = `${call.service}:${call.action}`;
    const channel = Object.hasOwn(ACCESS, name) ? ACCESS[name] : undefined;
    if (channel === undefined) return undefined;
    const agent = call.action === "RegisterManagedInstance" || call.action === "UpdateInstanceInformation";
    const params = call.requestParameters;
    // "i-… is not connected": what SSM says of an instance without an agent.
    const told = call.outcome === "failed" ? call.message : deniedResource(call);
    const refused = INSTANCE.exec(told)?.[0] ?? "";
    const named = [...stringsOf(params), refused].filter((value) => typeOf(value) === "instance");
    return {
      channel,
      targetKeys: list(params, "targets").flatMap((target) => text(target, "key") ?? []),
      instances: [...new Set(named.length > 0 || !agent ? named : [call.actor.instanceId ?? ""].filter(Boolean))],
      agent,
      document: text(params, "documentName") ?? text(params, "name") ?? "",
      commandId: text(call.responseElements, "command", "commandId") ?? "",
    };
  },
};
