import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const ROLE = "arn:aws:iam::111122223333:role/checkout";
const create = (more: object = {}, overrides: object = {}) =>
  awsCall({
    eventSource: "eks.amazonaws.com",
    eventName: "CreatePodIdentityAssociation",
    requestParameters: { name: "demo", namespace: "shop", serviceAccount: "checkout", roleArn: ROLE, ...more },
    responseElements: { association: { associationId: "a-0example000000001", clusterName: "demo" } },
    ...overrides,
  });
const update = (more: object, overrides: object = {}) =>
  awsCall({
    eventSource: "eks.amazonaws.com",
    eventName: "UpdatePodIdentityAssociation",
    requestParameters: { name: "demo", associationId: "a-0example000000001", ...more },
    responseElements: { association: { namespace: "shop", serviceAccount: "checkout", roleArn: ROLE } },
    ...overrides,
  });
const denied = { errorCode: "AccessDenied", responseElements: { message: "not authorized" } };
const foreign = { targetRoleArn: "arn:aws:iam::999988887777:role/target" };
const pipelines = [{ role: "Deploy", session: "GitHubActions-infra-*" }];
const byPipeline = { userIdentity: callers.human("GitHubActions-infra-71", "Deploy") };

describe("pod-identity/association-change finds", () => {
  it("an association created by a person: low, a note", () => {
    expect(hitOf(detector, create())).toMatchObject({
      severity: "low",
      on: "associations/demo/shop/checkout",
      sentence: `alice (role Developer) created the Pod Identity association of shop/checkout with role ${ROLE}`,
      reasons: [],
    });
  });

  it("an association re-pointed: low, named by its id, which a refused update has too", () => {
    const hit = hitOf(detector, update({ roleArn: ROLE }));
    expect(hit).toMatchObject({ severity: "low", on: "associations/demo/a-0example000000001" });
    expect(hit?.sentence).toContain("changed the Pod Identity association of shop/checkout");
    expect(hitOf(detector, update({ roleArn: ROLE }, denied))).toMatchObject({
      severity: "low",
      on: "associations/demo/a-0example000000001",
    });
  });

  it.each([
    ["kube-system", { namespace: "kube-system" }, "for a service account of kube-system"],
    [
      "a default service account",
      { serviceAccount: "default" },
      "for a default service account: every pod of the namespace",
    ],
    ["a target role in a foreign account", foreign, "the target role is in account 999988887777"],
    [
      "session tags switched off",
      { disableSessionTags: true },
      "session tags switched off: sessions name no pod any more",
    ],
  ])("%s: medium", (_, more, reason) => {
    expect(hitOf(detector, create(more))).toMatchObject({ severity: "medium", reasons: [reason] });
  });

  it("session tags switched off, and a foreign target, by an update", () => {
    expect(hitOf(detector, update({ disableSessionTags: true }))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, update(foreign))).toMatchObject({ severity: "medium" });
  });

  it("an attempt: low, whatever was wanted", () => {
    const hit = hitOf(detector, create(foreign, denied));
    expect(hit).toMatchObject({ severity: "low", on: "associations/demo/shop/checkout" });
    expect(hit?.sentence).toContain("tried to create");
    expect(hit?.evidence).toEqual([
      { field: "requestParameters.namespace", value: "shop" },
      { field: "requestParameters.serviceAccount", value: "checkout" },
      { field: "requestParameters.roleArn", value: ROLE },
      { field: "requestParameters.targetRoleArn", value: foreign.targetRoleArn },
      { field: "errorCode", value: "AccessDenied" },
    ]);
  });

  it("an association made with a node's credentials or by the root user: medium", () => {
    for (const userIdentity of [callers.node(), callers.root()])
      expect(hitOf(detector, create({}, { userIdentity }))).toMatchObject({ severity: "medium" });
  });

  it("a listed pipeline that does what pipelines do not, saying that it is listed", () => {
    const hit = hitOf(detector, create(foreign, byPipeline), { params: { pipelines } });
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.notExempted).toEqual(["a listed pipeline, but out of the ordinary"]);
  });

  it("a pipeline listed with one whole session name, and no other session", () => {
    const params = { pipelines: [{ role: "Deploy", session: "infra" }] };
    const by = (session: string) =>
      hitOf(detector, create({}, { userIdentity: callers.human(session, "Deploy") }), { params });
    expect(by("infra")).toBeUndefined();
    expect(by("infra-2")).toMatchObject({ severity: "low" });
  });

  it("a foreign target role, whose account is compared with the role's own where the record names none", () => {
    const { accountId: _, ...userIdentity } = callers.human();
    const unnamed = { recipientAccountId: undefined, userIdentity };
    expect(hitOf(detector, create(foreign, unnamed))).toMatchObject({ severity: "medium" });
    const own = { targetRoleArn: "arn:aws:iam::111122223333:role/target" };
    expect(hitOf(detector, create(own, unnamed))).toMatchObject({ severity: "low" });
  });

  it("a listed role under a session that is no pipeline's, and a session of that name under another role", () => {
    const person = create({ namespace: "kube-system" }, { userIdentity: callers.human("mallory", "Deploy") });
    expect(hitOf(detector, person, { params: { pipelines } })).toMatchObject({ severity: "medium" });
    const imitator = create({}, { userIdentity: callers.human("GitHubActions-infra-71", "Developer") });
    expect(hitOf(detector, imitator, { params: { pipelines } })).toMatchObject({ severity: "low" });
  });

  it("a stack that serves kube-system: low, one that reaches into a foreign account: medium", () => {
    const stack = { sourceIPAddress: "cloudformation.amazonaws.com" };
    expect(hitOf(detector, create({ namespace: "kube-system" }, stack))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, create(foreign, stack))).toMatchObject({ severity: "medium" });
  });
});

describe("pod-identity/association-change stays quiet on", () => {
  it("a listed pipeline, for kube-system too", () => {
    expect(
      hitOf(detector, create({ namespace: "kube-system" }, byPipeline), { params: { pipelines } }),
    ).toBeUndefined();
  });

  it("EKS, which brings an add-on's association along", () => {
    const addon = { sourceIPAddress: "eks.amazonaws.com" };
    expect(hitOf(detector, create({ namespace: "kube-system" }, addon))).toBeUndefined();
  });

  it("a target role in the cluster's own account, or in one that the site lists", () => {
    const own = { targetRoleArn: "arn:aws:iam::111122223333:role/target" };
    expect(hitOf(detector, create(own))).toMatchObject({ severity: "low" });
    const listed = hitOf(detector, create(foreign), { params: { accounts: ["999988887777"] } });
    expect(listed).toMatchObject({ severity: "low" });
  });

  it("an association deleted, and a create that failed because it was there", () => {
    expect(hitOf(detector, update({}, { eventName: "DeletePodIdentityAssociation" }))).toBeUndefined();
    expect(hitOf(detector, create({}, { errorCode: "ResourceInUseException" }))).toBeUndefined();
  });
});
