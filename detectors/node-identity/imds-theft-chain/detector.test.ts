import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, podBound, podCreated, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const OTHER = "i-0a1b2c3d4e5f60002";
const KEY = "ASIAEXAMPLENODE00001";
const hostNetwork = { hostNetwork: true };
const mallory = users.human("mallory", "Developer");
const controller = users.serviceAccount("kube-system", "daemon-set-controller");
const copied = { metadata: { ownerReferences: [{ kind: "DaemonSet", name: "agent" }] } };

type Pod = Partial<Parameters<typeof podCreated>[1]>;
function placed(at = "10:00", more: Pod = {}): string[] {
  const pod = { uid: "11111111-0000-4000-8000-000000000001", name: "net", spec: hostNetwork, by: mallory, ...more };
  return [podCreated(at, pod), podBound(at, { ...pod, node: more.node ?? NODE })];
}

/** What a DaemonSet of this namespace places. */
function agent(namespace: string): string[] {
  const [create = "", bind = ""] = placed("10:00", { namespace, by: controller });
  const event = JSON.parse(create);
  for (const body of ["requestObject", "responseObject"])
    event[body].metadata = { ...event[body].metadata, ...copied.metadata };
  return [JSON.stringify(event), bind];
}

interface Deed {
  readonly at?: string;
  readonly api?: string;
  readonly node?: string;
  readonly role?: string;
  readonly delivery?: string | undefined;
  readonly more?: Readonly<Record<string, unknown>>;
}
function deed(spec: Deed = {}): string {
  const { at = "10:20", api = "secretsmanager:ListSecrets", node = NODE, role = "AmazonEKSAutoNodeRole" } = spec;
  const delivery = "delivery" in spec ? spec.delivery : "2.0";
  return call(at, api, {
    userIdentity: session(role, node, KEY, delivery),
    sourceIPAddress: "203.0.113.9",
    ...spec.more,
  });
}
const denied = { errorCode: "AccessDenied", errorMessage: "is not authorized" };
const findings = async (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) =>
  (
    await ledgerFlow(lines, {
      detectors: [detector],
      config: { version: 1, detectors: { "node-identity/imds-theft-chain": { params } } },
    })
  ).findings;

describe("node-identity/imds-theft-chain finds", () => {
  it("a pod on the node's network and then a call that no node makes", async () => {
    const [finding] = await findings([...placed(), deed()]);
    expect(finding).toMatchObject({
      ...{ severity: "critical", confidence: "high", target: "shop/net", sourceIP: "203.0.113.9", cluster: "demo" },
      actor: { instanceId: NODE, accessKeyId: KEY },
    });
    expect(finding?.title).toBe(
      `mallory (role Developer) placed pod shop/net with hostNetwork on node ${NODE}, whose role then called secretsmanager:ListSecrets`,
    );
  });

  it.each([
    ["hostPID", { hostPID: true }],
    ["privileges", { containers: [{ name: "a", image: "a", securityContext: { privileged: true } }] }],
  ])("the other ways into the node: %s", async (what, spec) => {
    const [finding] = await findings([...placed("10:00", { spec }), deed()]);
    expect(finding?.title).toContain(`with ${what} on node`);
  });

  it("a container that is added to a pod on the node's network", async () => {
    const uid = "11111111-0000-4000-8000-000000000001";
    const add = JSON.parse(placed("10:10")[0] ?? "");
    const [, bind = ""] = placed("09:00");
    const pods = "/api/v1/namespaces/shop/pods";
    const added = JSON.stringify({
      ...add,
      ...{ verb: "patch", requestURI: `${pods}/net/ephemeralcontainers` },
      objectRef: { ...add.objectRef, name: "net", subresource: "ephemeralcontainers" },
      responseStatus: { metadata: {}, code: 200 },
      responseObject: { ...add.responseObject, metadata: { name: "net", namespace: "shop", uid } },
    });
    expect((await findings([bind, added, deed()])).map(({ severity }) => severity)).toEqual(["critical"]);
  });

  it("a call that was denied: most of a thief's are", async () => {
    const [finding] = await findings([...placed(), deed({ more: denied })]);
    expect(finding).toMatchObject({ severity: "critical" });
    expect(finding?.title).toContain("whose role then tried (denied) secretsmanager:ListSecrets");
  });

  it("a role that nobody declared, when EC2 delivered its credentials: less sure", async () => {
    const [finding] = await findings([...placed(), deed({ role: "prod-nodes" })]);
    expect(finding).toMatchObject({ severity: "critical", confidence: "medium" });
    expect(finding?.reasons).toEqual([
      "role arn:aws:iam::111122223333:role/prod-nodes is not declared in auto.nodeRoles, but EC2 gave it to the node",
    ]);
  });

  it("the node role assumed by hand under the node's name", async () => {
    expect(await findings([...placed(), deed({ delivery: undefined })])).toHaveLength(1);
  });

  it("a DaemonSet's pod elsewhere: unsure while the calls are denied, critical once one is answered", async () => {
    const [tried] = await findings([...agent("shop"), deed({ more: denied })]);
    expect(tried).toMatchObject({ severity: "high", confidence: "low" });
    const answered = await findings([...agent("shop"), deed({ more: denied }), deed({ at: "10:21" })]);
    expect(answered.map(({ severity, confidence }) => [severity, confidence])).toEqual([["critical", "high"]]);
  });

  it("a person's pod in a platform namespace", async () => {
    expect(await findings([...placed("10:00", { namespace: "kube-system" }), deed()])).toHaveLength(1);
  });

  it("one thing, whichever trail comes first and however often, and counts each call", async () => {
    const lines = [...placed(), deed(), deed({ at: "10:40", api: "iam:ListRoles" })];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(first?.count).toBe(2);
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count, title }) => [id, severity, count, title])).toEqual([
      [first?.id, first?.severity, 2, first?.title],
    ]);
  });
});

describe("node-identity/imds-theft-chain stays quiet on", () => {
  it.each<[string, string[]]>([
    ["a call before the pod came", [...placed(), deed({ at: "09:58" })]],
    ["a call more than an hour later", [...placed(), deed({ at: "11:02" })]],
    ["a call by the role of another node", [...placed(), deed({ node: OTHER })]],
    ["a pod on its own network", [...placed("10:00", { spec: {} }), deed()]],
    [
      "a pod that sees paths of the node only",
      [...placed("10:00", { spec: { volumes: [{ hostPath: { path: "/var/log" } }] } }), deed()],
    ],
    ["a pod that never was on a node", [placed()[0] ?? "", deed()]],
    ["a node pulling images and exchanging tokens", [...placed(), deed({ api: "ecr:BatchGetImage" })]],
    ["an agent of the nodes, where they live", [...agent("kube-system"), deed()]],
    ["an agent that falls back to the node's role", [...placed(), deed({ api: "ec2:DescribeTags", more: denied })]],
    [
      "a call that a service makes for the node",
      [...placed(), deed({ api: "kms:Decrypt", more: { sourceIPAddress: "s3.amazonaws.com" } })],
    ],
    [
      "the cluster's check of the node's token",
      [...placed(), deed({ api: "sts:GetCallerIdentity", more: { userAgent: "Go-http-client/1.1" } })],
    ],
    [
      "another role, assumed by hand under the node's name",
      [...placed(), deed({ role: "Developer", delivery: undefined })],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("what the site allows", async () => {
    const lines = [...placed(), deed({ api: "ssm:UpdateInstanceInformation" })];
    expect(await findings(lines)).toHaveLength(1);
    expect(await findings(lines, { apis: ["ssm:*"] })).toEqual([]);
    expect(await findings([...agent("edge"), deed()], { platformNamespaces: ["edge"] })).toEqual([]);
    expect(await findings([...placed(), deed()], { windowMinutes: 10 })).toEqual([]);
  });

  it("a label that is put on an agent that has been there for long", async () => {
    const [create = "", bind = ""] = placed("10:00");
    const patch = { ...JSON.parse(create), verb: "patch", responseStatus: { metadata: {}, code: 200 } };
    expect(await findings([bind, JSON.stringify(patch), deed()])).toEqual([]);
  });
});
