import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compose } from "../../detectors/core/compose.ts";
import type { DetectorMeta } from "../../detectors/core/contracts.ts";
import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import { toAsff } from "../../schemas/findings/asff.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import { compact } from "../../schemas/json.ts";
import { isAsffFinding, isFinding } from "../../schemas/validators.generated.js";
import { auditEvent, awsCall } from "../support/events.ts";

const publisher = { account: "444455556666", region: "eu-central-1" };
const meta: DetectorMeta = {
  id: "imds/exec",
  version: 1,
  title: "t",
  description: "A description.",
  severity: "high",
  confidence: "high",
  status: "stable",
  attack: [{ tactic: "TA0006", technique: "T1552.005" }],
  reads: [],
  references: [],
  gaps: [],
  triage: [{ do: "Look at it.", audit: 'filter user.username = "{actor.name}"' }],
};
const findingOf = (event: TrailEvent, sentence = "it happened", evidence = "v"): Finding =>
  compose(
    { meta, event, severity: "high", hit: { sentence, on: "x", evidence: [{ field: "f", value: evidence }] } },
    [],
    [],
  ).finding;

describe("a finding in Security Hub's format", () => {
  it("belongs to the account that publishes, and names the account that it is about", () => {
    const asff = toAsff(findingOf(auditEvent()), publisher);
    expect(asff.AwsAccountId).toBe("444455556666");
    expect(asff.ProductArn).toBe("arn:aws:securityhub:eu-central-1:444455556666:product/444455556666/default");
    expect(asff.Resources[0]).toMatchObject({
      Type: "AwsEksCluster",
      Id: "arn:aws:eks:eu-central-1:111122223333:cluster/demo",
    });
  });

  it("carries severity and types as the provider's fields, and nothing that belongs to analysts", () => {
    const asff = toAsff(findingOf(auditEvent()), publisher);
    expect(asff.FindingProviderFields).toMatchObject({
      Severity: { Label: "HIGH" },
      Types: ["TTPs/Credential Access/imds-exec"],
    });
    for (const owned of ["Workflow", "Note", "UserDefinedFields", "VerificationState", "Severity", "Types"])
      expect(asff).not.toHaveProperty(owned);
  });

  it("describes a call of the AWS API as an action, and says so when a service made it", () => {
    expect(toAsff(findingOf(awsCall()), publisher).Action?.AwsApiCallAction).toMatchObject({
      Api: "DescribeInstances",
      ServiceName: "ec2.amazonaws.com",
      CallerType: "remoteip",
      RemoteIpDetails: { IpAddressV4: "198.51.100.7" },
    });
    expect(
      toAsff(findingOf(awsCall({ sourceIPAddress: "eks.amazonaws.com" })), publisher).Action?.AwsApiCallAction
        .CallerType,
    ).toBe("domain");
    expect(toAsff(findingOf(auditEvent()), publisher).Action).toBeUndefined();
  });

  it("names the configuration that stood when it was found, where there is one", () => {
    const finding = findingOf(auditEvent());
    const named = (config?: string) =>
      toAsff(compact({ ...finding, config }), publisher).ProductFields?.["crosstrail/Configuration"];
    expect([named("a1b2"), named()]).toEqual(["a1b2", undefined]);
  });

  it("has a cluster of which nothing is known as an account", () => {
    const event = { ...auditEvent(), scope: { account: "unknown", region: "unknown", cluster: "unknown" } };
    const asff = toAsff(findingOf(event), publisher);
    expect(asff.Resources[0]?.Type).toBe("AwsAccount");
    expect(isAsffFinding(asff)).toBe(true);
  });

  const text = fc.string({ maxLength: 3_000, unit: "grapheme" });
  it("is accepted whatever the log holds, within every limit", () => {
    fc.assert(
      fc.property(text, text, text, fc.array(text, { maxLength: 4 }), fc.boolean(), (name, uri, agent, ips, aws) => {
        const event = aws
          ? awsCall({
              userAgent: agent,
              sourceIPAddress: ips[0] ?? null,
              eventName: name.slice(0, 200),
              userIdentity: { type: "AssumedRole", arn: name, accessKeyId: uri },
            })
          : auditEvent({
              user: { username: name, groups: ips },
              requestURI: uri,
              userAgent: agent,
              sourceIPs: ips,
              objectRef: { resource: name, name: uri },
            });
        const finding = findingOf(event, uri, agent);
        expect(isFinding(finding), JSON.stringify(isFinding.errors)).toBe(true);
        const asff = toAsff(finding, publisher);
        expect(isAsffFinding(asff), JSON.stringify(isAsffFinding.errors)).toBe(true);
        expect(JSON.stringify(asff).length).toBeLessThan(240_000);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, (asff: Record<string, unknown>) => void]>([
    ["a title above 256 characters", (asff) => Object.assign(asff, { Title: "x".repeat(257) })],
    ["an empty description", (asff) => Object.assign(asff, { Description: "" })],
    ["no resource", (asff) => Object.assign(asff, { Resources: [] })],
    ["an account that is none", (asff) => Object.assign(asff, { AwsAccountId: "123" })],
    ["a time without zone", (asff) => Object.assign(asff, { UpdatedAt: "2026-11-22T10:00:00" })],
    ["an analyst's field", (asff) => Object.assign(asff, { Workflow: { Status: "NEW" } })],
    [
      "a type outside the taxonomy",
      (asff) => Object.assign(asff, { FindingProviderFields: { Severity: { Label: "LOW" }, Types: ["Mine/x"] } }),
    ],
    ["no provider fields", (asff) => Reflect.deleteProperty(asff, "FindingProviderFields")],
  ])("is refused with %s", (_, spoil) => {
    const asff = structuredClone(toAsff(findingOf(auditEvent()), publisher)) as Record<string, unknown>;
    expect(isAsffFinding(asff)).toBe(true);
    spoil(asff);
    expect(isAsffFinding(asff)).toBe(false);
  });
});
