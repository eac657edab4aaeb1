import { expect, it } from "vitest";
import { awsCall, callers } from "../../../test/support/events.ts";
import { decode } from "../facts.ts";
import { deeds } from "./deeds.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const call = (api: string, fields: object = {}) => {
  const [service = "", eventName = ""] = api.split(":");
  return awsCall({ eventSource: `${service}.amazonaws.com`, eventName, userIdentity: callers.node(NODE), ...fields });
};
const learned = (event: ReturnType<typeof awsCall>) =>
  deeds
    .learn(event)
    .filter(({ attribute }) => attribute !== "of")
    .map((fact) => ({ id: fact.id, ...decode(fact.kind, fact.attribute, fact.value) }));
const denied = { errorCode: "Client.UnauthorizedOperation" };

it("learns what an instance's credentials did, to the minute, with what tells whose they are", () => {
  expect(learned(call("s3:ListBuckets", { eventTime: "2026-11-22T10:00:31Z" }))).toEqual([
    {
      ...{
        id: `${NODE}/2026-11-22T10`,
        time: "2026-11-22T10:00:00.000Z",
        api: "s3:ListBuckets",
        outcome: "success",
        ip: "198.51.100.7",
      },
      ...{ role: "arn:aws:iam::111122223333:role/AmazonEKSAutoNodeRole", delivery: "2.0", key: "ASIAEXAMPLENODE00001" },
    },
  ]);
});

it.each([
  ["a denied call", call("iam:ListRoles", denied), "denied"],
  ["an agent's fallback that is answered", call("ec2:DescribeTags"), "success"],
  ["GetCallerIdentity by hand", call("sts:GetCallerIdentity"), "success"],
  [
    "GetCallerIdentity in the check's shape that fails",
    call("sts:GetCallerIdentity", { userAgent: "Go-http-client/1.1", errorCode: "AccessDenied" }),
    "denied",
  ],
])("learns of %s", (_, event, outcome) => {
  expect(learned(event)).toMatchObject([{ outcome }]);
});

it("says when nobody delivered the credentials", () => {
  const byHand = callers.human(NODE, "Developer");
  expect(learned(call("s3:ListBuckets", { userIdentity: byHand }))).toMatchObject([{ delivery: "" }]);
});

it.each([
  ["a node's own work", call("ecr:BatchGetImage")],
  ["what a service does for it", call("kms:Decrypt", { sourceIPAddress: "s3.amazonaws.com" })],
  ["an agent's fallback that is denied", call("ec2:DescribeTags", denied)],
  ["the check of a node's token", call("sts:GetCallerIdentity", { userAgent: "Go-http-client/2.0" })],
  ["a person", call("s3:ListBuckets", { userIdentity: callers.human() })],
  ["a delivered session without an instance's name", call("s3:ListBuckets", { userIdentity: callers.node("web") })],
])("learns nothing from %s", (_, event) => {
  expect(learned(event)).toEqual([]);
});

it("is triggered by whatever it learns from", () => {
  const trigger = new RegExp(deeds.trigger);
  for (const userIdentity of [callers.node(NODE), callers.human(NODE, "Developer")])
    expect(JSON.stringify({ userIdentity })).toMatch(trigger);
});
