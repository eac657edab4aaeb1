import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventDetectors as registry } from "../../detectors/registry.ts";
import { awsFacets } from "../../schemas/events/cloudtrail/facets.ts";
import { normaliseCall } from "../../schemas/events/cloudtrail/normalise.ts";
import type { CloudTrailRecord } from "../../schemas/events/cloudtrail/wire.ts";
import { k8sFacets } from "../../schemas/events/k8s-audit/facets.ts";
import { normaliseAudit } from "../../schemas/events/k8s-audit/normalise.ts";
import { peek, requestKey } from "../../schemas/events/k8s-audit/peek.ts";
import type { AuditEvent } from "../../schemas/events/k8s-audit/wire.ts";
import { users } from "../support/events.ts";
import { goEvent, goJson } from "../support/go-event.ts";
import { wordOf } from "../support/hostile.ts";
import { flow, scope } from "../support/sample.ts";

const context = { scope, origin: { from: "test" }, loggedAt: 0, salvaged: false, auditIdReused: false };

/** Facets of the event that its text does not tell of: what the screen would drop unseen. */
function untold(text: string): string[] {
  const peeked = peek(text);
  // What cannot be told by its text is parsed.
  if (peeked === undefined) return [];
  const { facets } = normaliseAudit(JSON.parse(text) as AuditEvent, context);
  return Object.keys(facets).filter((name) => !k8sFacets[name as keyof typeof k8sFacets].trigger(peeked));
}

const anyName = wordOf(
  "i-0a1b2c3d4e5f60001 AROAEXAMPLE:i-0a1b2c3d4e5f60001 arn:aws:sts::111122223333:assumed-role/app/i-0a1b2c3d4e5f60001 2.0 " +
    "arn:aws:iam::111122223333:role/app arn:aws:iam::111122223333:user/bob",
);
const CALLERS = [
  "AssumedRole",
  "Role",
  "IAMUser",
  "FederatedUser",
  "WebIdentityUser",
  "AWSAccount",
  "Root",
  "AWSService",
];
/** A CloudTrail record of any caller, as far as the facets go by it. */
const call = fc
  .record({
    eventVersion: fc.constant("1.11"),
    userIdentity: fc.record(
      {
        type: fc.constantFrom(...CALLERS),
        principalId: anyName,
        arn: anyName,
        sessionContext: fc.record(
          {
            sessionIssuer: fc.record({ type: fc.constantFrom("Role", "IAMUser"), arn: anyName, userName: anyName }),
            ec2RoleDelivery: anyName,
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: ["type"] },
    ),
    eventSource: wordOf("ec2 ebs ssm ec2-instance-connect eks eks-auth sts iam logs cloudtrail s3").map(
      (service) => `${service}.amazonaws.com`,
    ),
    eventName: wordOf(
      "RunInstances StartSession CreateAccessEntry AssociateAccessPolicy UpdateClusterConfig AssumeRole AssumeRoleForPodIdentity " +
        "GetSessionToken StopLogging PutSubscriptionFilter CreateRole CreatePodIdentityAssociation",
    ),
    requestParameters: fc.option(fc.dictionary(anyName, anyName, { maxKeys: 2 })),
  })
  .map((record) => JSON.stringify(record));

describe("whatever clients put into an event, its text", () => {
  it("tells of every facet that it has", () => {
    fc.assert(
      fc.property(goEvent, (text) => {
        expect(untold(text)).toEqual([]);
      }),
      { numRuns: 4_000 },
    );
  });

  it("tells which request it is of, as the parsed event does", () => {
    fc.assert(
      fc.property(goEvent, (text) => {
        const peeked = peek(text);
        if (peeked === undefined) return;
        const { auditID, requestURI, verb, requestReceivedTimestamp } = JSON.parse(text) as AuditEvent;
        expect(peeked).toMatchObject({
          auditID,
          request: requestKey(requestURI, verb, requestReceivedTimestamp ?? ""),
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it("tells of every facet of a call of the AWS API", () => {
    fc.assert(
      fc.property(call, (text) => {
        const { facets } = normaliseCall(JSON.parse(text) as CloudTrailRecord, context);
        const told = (facet: string): boolean =>
          new RegExp(awsFacets[facet as keyof typeof awsFacets].trigger).test(text);
        expect(Object.keys(facets).filter((facet) => !told(facet))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is read without parsing, as a rule", () => {
    const texts = fc.sample(goEvent, { numRuns: 2_000, seed: 1 });
    expect(texts.filter((text) => peek(text) !== undefined).length).toBeGreaterThan(500);
  });

  it("gives the same findings screened and parsed, with any detectors alone", () => {
    fc.assert(
      fc.property(
        fc.array(goEvent, { minLength: 1, maxLength: 20 }),
        fc.subarray([...registry], { minLength: 1 }),
        (texts, detectors) => {
          const text = texts.join("\n");
          expect(flow([text], { detectors }).findings).toEqual(flow([text], { detectors, screen: false }).findings);
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe("the screen lets pass", () => {
  const said = (overrides: object): string =>
    goJson({
      ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level: "Metadata" },
      auditID: "6fc39ecd-2c95-47b8-af3f-58994a3ce6f6",
      ...{ stage: "ResponseComplete", requestURI: "/version", verb: "get", user: users.human() },
      ...{ impersonatedUser: undefined, sourceIPs: ["192.0.2.44"], objectRef: undefined },
      responseStatus: { metadata: {}, code: 200 },
      requestReceivedTimestamp: "2026-11-22T10:00:00.000000Z",
      ...overrides,
    });
  const linked = "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/x";

  it.each<[string, keyof typeof k8sFacets, object]>([
    [
      "a node that lists nodes and names its own pods elsewhere in the URI",
      "nodeDeed",
      {
        requestURI: "/api/v1/nodes?x=fieldSelector=spec.nodeName%3Di-0a1b2c3d4e5f60001",
        verb: "list",
        user: users.node(),
        objectRef: { resource: "nodes", apiVersion: "v1" },
      },
    ],
    [
      "a node whose write of a pod's status admission refused",
      "nodeDeed",
      {
        requestURI: "/api/v1/namespaces/shop/pods/web-0/status",
        verb: "patch",
        user: users.node(),
        objectRef: { resource: "pods", namespace: "shop", name: "web-0", apiVersion: "v1", subresource: "status" },
        responseStatus: { metadata: {}, code: 422 },
      },
    ],
    [
      "a claimed address behind an extra named like a body",
      "forwarded",
      { impersonatedUser: { username: "a", extra: { requestObject: ["x"] } }, sourceIPs: ["192.0.2.1", "192.0.2.44"] },
    ],
    [
      "a path without a reference that is spelled in percent",
      "exec",
      { requestURI: "/%61pi/v1/namespaces/shop/pods/web-0/exec?command=id" },
    ],
    [
      "a role's session under a username and a group like EKS's own",
      "iamSession",
      { user: { ...users.human(), username: linked, groups: ["eks:managed"] } },
    ],
    [
      "a role's session that acts in EKS's group and with its role",
      "iamSession",
      {
        user: { ...users.human(), username: linked },
        impersonatedUser: { username: "a", groups: ["eks:managed"], extra: { arn: [linked] } },
      },
    ],
  ])("%s", (_, facet, overrides) => {
    const text = said(overrides);
    const peeked = peek(text);
    expect(normaliseAudit(JSON.parse(text) as AuditEvent, context).facets).toHaveProperty(facet);
    expect(peeked === undefined || k8sFacets[facet].trigger(peeked)).toBe(true);
  });

  it("no more than it has to: EKS's own controllers and a kubelet's lists of its pods are told by their text", () => {
    const told = (overrides: object) => {
      const peeked = peek(said(overrides));
      return peeked && Object.entries(k8sFacets).flatMap(([name, { trigger }]) => (trigger(peeked) ? [name] : []));
    };
    expect(told({ user: users.serviceLinkedRole() })).toEqual([]);
    const pods = "/api/v1/pods?allowWatchBookmarks=true&fieldSelector=spec.nodeName%3Di-0a1b2c3d4e5f60001&watch=true";
    expect(
      told({ requestURI: pods, verb: "watch", user: users.node(), objectRef: { resource: "pods", apiVersion: "v1" } }),
    ).toEqual([]);
  });

  it("one request whose stages are spelled in two ways, without taking it for two", () => {
    const again = said({ requestURI: "/version?a&b\\c", verb: "a&b", annotations: { note: "\u2028" } });
    const first = said({ stage: "ResponseStarted", requestURI: "/version?a&b\\c", verb: "a&b" });
    expect(flow([`${first}\n${again}`]).findings).toEqual([]);
  });
});
