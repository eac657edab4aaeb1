import { describe, expect, it } from "vitest";
import { callers, users } from "../../../test/support/events.ts";
import { eitherWay } from "../../../test/support/ledger.ts";
import { audit, CLUSTER, call, podCreated } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const ROLE = "arn:aws:iam::111122223333:role/payments-admin";
const mallory = { ...callers.human("mallory", "Developer"), accessKeyId: "ASIAEXAMPLEMALLORY01" };
type Fields = Readonly<Record<string, unknown>>;
const given = (fields: Fields = {}, at = "12:00", api = "CreatePodIdentityAssociation"): string =>
  call(at, `eks:${api}`, {
    userIdentity: mallory,
    requestParameters: { name: CLUSTER, namespace: "shop", serviceAccount: "orders", roleArn: ROLE },
    responseElements: { association: { associationId: "a-0example000000001", clusterName: CLUSTER } },
    ...fields,
  });
/** Somebody in the audit log, with the key of his session. */
const who = (name: string, role: string, key: string) => {
  const user = users.human(name, role);
  return { ...user, extra: { ...user.extra, accessKeyId: [key] } };
};
const itself = who("mallory", "Developer", "ASIAEXAMPLEMALLORY01");
const pod = (at = "12:30", by: object = itself, more: object = {}): string =>
  podCreated(at, { uid: "6f000000-0000-4000-8000-000000000001", name: "probe", by, ...more });
const deployed = (fields: Fields = {}): string => {
  const spec = { template: { spec: { serviceAccountName: "orders", containers: [{ name: "app", image: "app" }] } } };
  return audit("12:30", {
    ...{ user: itself, verb: "patch", requestURI: "/apis/apps/v1/namespaces/shop/deployments/orders" },
    objectRef: { resource: "deployments", namespace: "shop", name: "orders", apiGroup: "apps", apiVersion: "v1" },
    requestObject: { spec },
    responseObject: { kind: "Deployment", metadata: { name: "orders", namespace: "shop" }, spec },
    ...fields,
  });
};
const entered = (at = "12:30", user: object = itself): string =>
  audit(at, {
    ...{ user, verb: "get", requestURI: "/api/v1/namespaces/shop/pods/probe/exec?command=sh" },
    objectRef: { resource: "pods", subresource: "exec", namespace: "shop", name: "probe", apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 101 },
  });
const controller = users.serviceAccount("kube-system", "replicaset-controller");
const find = (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) =>
  eitherWay(lines, {
    detectors: [detector],
    config: { version: 1, detectors: { "pod-identity/association-change": { params } } },
  });
const raised = async (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) =>
  (await find(lines, params)).filter(({ severity }) => severity !== "low");

describe("pod-identity/association-change, by the ledger, finds who puts to use himself what he gave", () => {
  it("by a pod: high, in the finding that the association made", async () => {
    const alone = await find([given()]);
    expect(alone).toMatchObject([{ severity: "low", count: 1 }]);
    const [finding, ...rest] = await find([given(), pod()]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ id: alone[0]?.id, severity: "high", count: 1, cluster: "demo", sourceIP: "198.51.100.20" },
      actor: { accessKeyId: "ASIAEXAMPLEMALLORY01", arn: mallory.arn },
    });
    expect(finding?.title).toBe(
      `mallory (role Developer) created the Pod Identity association of shop/orders with role ${ROLE}, and then: create pods probe`,
    );
  });

  it.each<[string, readonly string[]]>([
    ["a workload that is patched", [given(), deployed()]],
    ["getting into a pod that was there", [pod("09:00", controller), given(), entered()]],
    ["a re-pointed association", [given({}, "12:00", "UpdatePodIdentityAssociation"), pod()]],
    [
      "a session of another name with the same key",
      [given(), pod("12:30", who("build", "Ops", "ASIAEXAMPLEMALLORY01"))],
    ],
    ["another key of the same principal", [given(), pod("12:30", who("mallory", "Developer", "ASIAEXAMPLEMALLORY02"))]],
    [
      "a pod, though he wrote others all morning",
      [
        ...Array.from({ length: 300 }, (_, n) =>
          pod(`09:${String(n % 60).padStart(2, "0")}`).replaceAll("probe", `p-${n}`),
        ),
        given(),
        pod(),
      ],
    ],
    ["a pod after midnight", [given({}, "23:30"), pod("2026-11-23T00:30:00")]],
    [
      "a pod of the default account",
      [
        given({ requestParameters: { name: CLUSTER, namespace: "shop", serviceAccount: "default", roleArn: ROLE } }),
        pod("12:30", itself, { serviceAccount: "default" }),
      ],
    ],
  ])("by %s", async (_, lines) => {
    expect(await raised(lines)).toMatchObject([{ severity: "high" }]);
  });
});

describe("pod-identity/association-change, by the ledger, leaves it at", () => {
  const somebody = who("bob", "Operator", "ASIAEXAMPLEOPERATOR1");
  const eks = { ...mallory, invokedBy: "eks.amazonaws.com" };
  const stack = { ...mallory, invokedBy: "cloudformation.amazonaws.com" };
  const webId = { federatedProvider: "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" };
  const robot = { ...mallory, sessionContext: { ...mallory.sessionContext, webIdFederationData: webId } };
  it.each<[string, readonly string[]]>([
    ["a pod by somebody else", [given(), pod("12:30", somebody)]],
    ["a controller's pod", [given(), pod("12:30", controller)]],
    ["a pod more than two hours later", [given(), pod("14:05")]],
    ["a pod before it", [pod("11:30"), given()]],
    ["a pod of another service account", [given(), pod("12:30", itself, { serviceAccount: "web" })]],
    ["a pod of that name in another namespace", [given(), pod("12:30", itself, { namespace: "other" })]],
    ["a refused association", [given({ errorCode: "AccessDenied" }), pod()]],
    ["an association taken away", [given({}, "12:00", "DeletePodIdentityAssociation"), pod()]],
    ["a pod that is only tried", [given(), pod().replace('/pods"', '/pods?dryRun=All"')]],
    ["a workload that is refused", [given(), deployed({ responseStatus: { metadata: {}, code: 403 } })]],
    ["somebody else getting into a pod of it", [pod("09:00", controller), given(), entered("12:30", somebody)]],
    ["getting into a pod long before", [pod("09:00", controller), entered("11:00"), given()]],
    ["an add-on that EKS makes it for", [given({ userIdentity: eks }), pod()]],
    ["a stack", [given({ userIdentity: stack }), pod()]],
    ["a pipeline that comes through its provider", [given({ userIdentity: robot }), pod()]],
  ])("%s", async (_, lines) => {
    expect(await raised(lines)).toEqual([]);
  });

  it("nothing at all, where EKS makes it for an add-on", async () => {
    expect(await find([given({ userIdentity: eks }), pod()])).toEqual([]);
  });

  it("a pipeline that is listed", async () => {
    const pipelines = [{ role: "Developer", session: "mal*" }];
    expect(await find([given(), pod()], { pipelines })).toEqual([]);
    expect(await raised([given(), pod()], { pipelines: [{ role: "Developer", session: "run-*" }] })).toHaveLength(1);
  });
});
