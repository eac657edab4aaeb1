import { describe, expect, it } from "vitest";
import { auditEvent, awsCall, users } from "../../../test/support/events.ts";
import { decode, type Fact } from "../facts.ts";
import { grants } from "./access.ts";
import { grantsInAudit } from "./identities.ts";

const told = (facts: readonly Fact[]): object[] =>
  facts
    .filter(({ attribute }) => attribute !== "entry")
    .map(({ id, attribute, value }) => ({ id, attribute, ...decode("grant", attribute, value) }));
const demo = "111122223333/eu-central-1/demo";
const role = "arn:aws:iam::111122223333:role";
const eks = (eventName: string, fields: object = {}, record: object = {}) =>
  awsCall({
    ...{ eventSource: "eks.amazonaws.com", eventName, ...record },
    requestParameters: { name: "demo", principalArn: encodeURIComponent(`${role}/team/Guest`), ...fields },
  });

describe("an access entry", () => {
  it("is told of on the day and for the next, its principal without path", () => {
    const policyArn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
    const granted = {
      ...{
        attribute: "granted",
        time: "2026-11-22T10:00:00.000Z",
        by: "alice (role Developer)",
        role: `${role}/Developer`,
      },
      ...{ key: "ASIAEXAMPLEHUMAN0001", action: "AssociateAccessPolicy", what: "AmazonEKSViewPolicy" },
    };
    expect(told(grants.learn(eks("AssociateAccessPolicy", { policyArn })))).toEqual([
      { id: `${demo}/${role}/Guest/2026-11-22`, ...granted },
      { id: `${demo}/${role}/Guest/2026-11-23`, ...granted },
    ]);
  });

  it("that is deleted is revoked", () => {
    expect(told(grants.learn(eks("DeleteAccessEntry")))).toMatchObject([
      { attribute: "revoked", action: "DeleteAccessEntry" },
      { attribute: "revoked", action: "DeleteAccessEntry" },
    ]);
  });

  it("tells nothing of what EKS refused", () => {
    expect(grants.learn(eks("DeleteAccessEntry", {}, { errorCode: "AccessDenied" }))).toEqual([]);
  });
});

describe("a request through an access entry", () => {
  it("is a use, to ten minutes, of the entry that the grant is told of", () => {
    const used = { attribute: "used", time: "2026-11-22T10:00:00.000Z", key: "ASIAEXAMPLEHUMAN0001" };
    const event = auditEvent({
      user: users.human("alice", "Guest"),
      requestReceivedTimestamp: "2026-11-22T10:09:59.000000Z",
    });
    const active = { attribute: "active", time: used.time };
    expect(told(grantsInAudit.learn(event))).toEqual(
      [used, active].flatMap((fact) =>
        ["22", "23"].map((day) => ({ id: `${demo}/${role}/Guest/2026-11-${day}`, ...fact })),
      ),
    );
  });

  it.each([
    ["the cluster refuses", auditEvent({ responseStatus: { code: 403 } })],
    ["a node makes", auditEvent({ user: users.node() })],
    ["a service account makes", auditEvent({ user: users.serviceAccount() })],
  ])("that %s is none", (_, event) => {
    expect(grantsInAudit.learn(event)).toEqual([]);
  });
});
