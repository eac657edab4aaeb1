import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const declared = { site: { auto: { resources: [NODE], nodeRoles: ["demo-nodes"] } } };
const many = Array.from({ length: 5 }, (_, index) => `i-0a1b2c3d4e5f6000${index + 1}`);

const call = (api: string, requestParameters: object | null, more: object = {}) => {
  const [service = "", eventName = ""] = api.split(":");
  return awsCall({ eventSource: `${service}.amazonaws.com`, eventName, requestParameters, ...more });
};
const command = (instanceIds: readonly string[], more: object = {}) =>
  call("ssm:SendCommand", { documentName: "AWS-RunShellScript", instanceIds }, more);
const notConnected = { errorCode: "TargetNotConnected", errorMessage: `${NODE} is not connected.` };
const agent = (role: string, more: object = {}) =>
  call("ssm:UpdateInstanceInformation", { instanceId: NODE }, { userIdentity: callers.node(NODE, role), ...more });

describe("managed-instances/remote-access finds", () => {
  it("a session with a node that failed for want of an agent: high", () => {
    const hit = hitOf(detector, call("ssm:StartSession", { target: NODE }, notConnected), declared);
    expect(hit).toMatchObject({ severity: "high", confidence: "high", on: "StartSession" });
    expect(hit?.sentence).toBe(`alice (role Developer) tried ssm:StartSession on ${NODE}, of EKS Auto Mode`);
  });

  it("one that began: critical, an agent answered", () => {
    const hit = hitOf(detector, call("ssm:StartSession", { target: NODE }), declared);
    expect(hit).toMatchObject({ severity: "critical", on: "StartSession" });
    expect(hit?.sentence).toContain("did ssm:StartSession");
  });

  it("a denied one, which names the node in the text alone", () => {
    const errorMessage = `User: arn:aws:sts::111122223333:assumed-role/Developer/alice is not authorized to perform: ssm:StartSession on resource: arn:aws:ec2:eu-central-1:111122223333:instance/${NODE} because no identity-based policy allows the ssm:StartSession action`;
    const event = call("ssm:StartSession", null, { errorCode: "AccessDenied", errorMessage });
    expect(hitOf(detector, event, declared)).toMatchObject({ severity: "high", on: "StartSession" });
    expect(hitOf(detector, call("ssm:StartSession", null, notConnected), declared)).toBeDefined();
  });

  it.each<[string, object]>([
    ["ssm:SendCommand", { documentName: "AWS-RunShellScript", instanceIds: [NODE] }],
    ["ssm:SendCommand", { targets: [{ key: "InstanceIds", values: [NODE] }] }],
    ["ssm:CreateAssociation", { name: "AWS-RunShellScript", targets: [{ key: "InstanceIds", values: [NODE] }] }],
    ["ssm:StartAutomationExecution", { documentName: "AWS-RunShellScript", parameters: { InstanceId: [NODE] } }],
  ])("%s: critical", (api, params) => {
    expect(hitOf(detector, call(api, params), declared)).toMatchObject({ severity: "critical" });
  });

  it.each(["SendSSHPublicKey", "OpenTunnel", "SendSerialConsoleSSHPublicKey"])(
    "%s, which EC2 takes whether or not anything reads it: high; tried: medium",
    (api) => {
      const event = (more: object) => call(`ec2-instance-connect:${api}`, { instanceId: NODE }, more);
      const hit = hitOf(detector, event({}), declared);
      expect(hit).toMatchObject({ severity: "high", on: api });
      expect(hit?.reasons).toHaveLength(1);
      expect(hitOf(detector, event({ errorCode: "AccessDenied" }), declared)).toMatchObject({ severity: "medium" });
    },
  );

  it("a command for many instances, or by an automation: one low finding a principal", () => {
    const fleet = { severity: "low", by: "principal/Developer", on: "SendCommand on the fleet" };
    expect(hitOf(detector, command(many), declared)).toMatchObject(fleet);
    expect(hitOf(detector, command(many), declared)?.notExempted?.[0]).toContain("5 instances");
    expect(hitOf(detector, command(many), declared)?.evidence.filter(({ value }) => value === "")).toEqual([]);
    expect(hitOf(detector, command([NODE], { sourceIPAddress: "ssm.amazonaws.com" }), declared)).toMatchObject(fleet);
    expect(hitOf(detector, command(many.slice(0, 4)), declared)).toMatchObject({ severity: "critical" });
  });

  it("a command for whatever carries Auto Mode's tags, unconfigured: medium; tried: low", () => {
    const targets = [{ key: "tag:eks:kubernetes-node-pool-name", values: ["general-purpose"] }];
    const hit = hitOf(detector, call("ssm:SendCommand", { documentName: "AWS-RunShellScript", targets }));
    expect(hit).toMatchObject({ severity: "medium", confidence: "low" });
    expect(hit?.sentence).toContain("of AWS-RunShellScript on whatever has tag:eks:kubernetes-node-pool-name");
    expect(hitOf(detector, call("ssm:SendCommand", { targets }, { errorCode: "InvalidInstanceId" }))).toMatchObject({
      severity: "low",
    });
  });

  it("an agent with the node role's credentials: high; denied, so that nobody can use it: medium", () => {
    const hit = hitOf(detector, agent("demo-nodes"), declared);
    const one = { by: `instance/${NODE}`, on: "an agent" };
    expect(hit).toMatchObject({ ...one, severity: "high", confidence: "high" });
    expect(hit?.sentence).toContain(`An agent on ${NODE}, a node of EKS Auto Mode, did`);
    const denied = agent("demo-nodes", { errorCode: "AccessDenied", requestParameters: null });
    expect(hitOf(detector, denied, declared)).toMatchObject({ ...one, severity: "medium" });
    expect(hitOf(detector, denied, declared)?.sentence).toContain("tried ssm:UpdateInstanceInformation");
    expect(hitOf(detector, agent("AmazonEKSAutoNodeRole"))).toMatchObject({ severity: "high", confidence: "medium" });
    expect(hitOf(detector, agent("Custom"), declared)).toMatchObject({ severity: "high" });
  });
});

describe("managed-instances/remote-access stays quiet on", () => {
  it.each<[string, ReturnType<typeof awsCall>]>([
    ["a session with another instance", call("ssm:StartSession", { target: "i-0a1b2c3d4e5f60009" })],
    [
      "one that failed",
      call("ssm:StartSession", { target: "i-0a1b2c3d4e5f60009" }, { errorCode: "TargetNotConnected" }),
    ],
    [
      "a key for another instance",
      call("ec2-instance-connect:SendSSHPublicKey", { instanceId: "i-0a1b2c3d4e5f60009" }),
    ],
    ["patching by a tag", call("ssm:SendCommand", { targets: [{ key: "tag:patch-group", values: ["linux"] }] })],
    ["what a command did", call("ssm:GetCommandInvocation", { instanceId: NODE })],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event, declared)).toBeUndefined();
  });

  it("an agent on an instance of another role", () => {
    expect(hitOf(detector, agent("WebServerRole"))).toBeUndefined();
  });
});
