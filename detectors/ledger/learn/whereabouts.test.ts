import { expect, it } from "vitest";
import { auditEvent, awsCall, callers, users } from "../../../test/support/events.ts";
import { decode, type Fact } from "../facts.ts";
import { personCalls, personInAudit } from "./whereabouts.ts";

const told = (facts: readonly Fact[]): object[] =>
  facts
    .filter(({ attribute }) => attribute === "person")
    .map(({ id, attribute, value }) => ({ id, ...decode("use", attribute, value) }));

it("tells where a person's key comes from, in both trails alike", () => {
  const id = "ASIAEXAMPLEHUMAN0001/2026-11-22T09";
  const use = { id, time: "2026-11-22T10:15:00.000Z", ip: "198.51.100.7" };
  expect(told(personInAudit.learn(auditEvent({ requestReceivedTimestamp: "2026-11-22T10:19:59.000000Z" })))).toEqual([
    { ...use, trail: "audit log", who: "alice (role ClusterAdmin)" },
  ]);
  expect(told(personCalls.learn(awsCall({ eventTime: "2026-11-22T10:17:00Z" })))).toEqual([
    { ...use, trail: "CloudTrail", who: "alice (role Developer)" },
  ]);
});

it("tells it to the hours before, too, where a quarter of an hour may reach over the border", () => {
  const hours = (eventTime: string) =>
    told(personCalls.learn(awsCall({ eventTime }))).map((one) => Object.values(one)[0]);
  const key = "ASIAEXAMPLEHUMAN0001/2026-11-22";
  expect(hours("2026-11-22T12:14:59Z")).toEqual([`${key}T12`, `${key}T09`]);
  expect(hours("2026-11-22T12:15:00Z")).toEqual([`${key}T12`]);
});

it.each([
  ["private addresses", personInAudit.learn(auditEvent({ sourceIPs: ["10.0.1.10"] }))],
  ["the first of several addresses", personInAudit.learn(auditEvent({ sourceIPs: ["198.51.100.7", "10.0.1.10"] }))],
  ["nodes", personInAudit.learn(auditEvent({ user: users.node() }))],
  ["service accounts", personInAudit.learn(auditEvent({ user: users.serviceAccount() }))],
  ["nodes in CloudTrail", personCalls.learn(awsCall({ userIdentity: callers.node() }))],
  ["AWS services", personCalls.learn(awsCall({ sourceIPAddress: "cloudformation.amazonaws.com" }))],
  ["VPC endpoints", personCalls.learn(awsCall({ vpcEndpointId: "vpce-0a1b2c3d" }))],
])("tells nothing of %s", (_, facts) => {
  expect(facts).toEqual([]);
});
