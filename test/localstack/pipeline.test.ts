import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../schemas/findings/finding.ts";
import { type Aws, connect, endpoint, eventually, namer } from "./aws.ts";
import { metricsOf } from "./function-log.ts";
import { createLogGroups, write } from "./log-groups.ts";
import { daysLater, OWNER, recorded, replayed, together } from "./recorded.ts";
import { take } from "./resources.ts";
import { createStack, type Stack } from "./stack.ts";

const ATTACKS = ["attack-impersonation", "attack-pods", "attack-token-theft", "attack-persistence-evasion"];

let aws: Aws;
let expected: readonly Finding[];
const events = together(recorded(ATTACKS), daysLater());

beforeAll(async () => {
  expected = await replayed(events);
  aws = connect(await endpoint(), { account: OWNER });
});
afterAll(() => aws?.close());

const isHealth = ({ GeneratorId }: Record<string, unknown>): boolean => String(GeneratorId).includes("health/");

describe("the deployed pipeline", () => {
  const named = namer("pipeline");
  let stack: Stack;
  beforeAll(async () => {
    stack = await createStack(aws, named);
    await createLogGroups(aws, stack.stream);
  });
  afterAll(() => stack?.close());

  it("finds in log groups what the command finds in files, and publishes it", async () => {
    const started = Date.now();
    const count = await write(aws, events);
    console.log("written", count, Date.now() - started);
    await eventually(
      "all events",
      async () => {
        const metrics = await metricsOf(aws, stack.names.detect);
        console.log(Date.now() - started, JSON.stringify([...metrics]), stack.hub.findings().length);
        return (metrics.get("EventsRead") ?? 0) >= count ? true : undefined;
      },
      100_000,
    );
    await stack.sweep();
    await stack.emptied();
    console.log(Date.now() - started);
    const found = stack.hub.findings().filter((f) => !isHealth(f));
    console.log(found.length, expected.length, JSON.stringify(found[0]).slice(0, 600));
    expect(found.map(({ Id }) => Id).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
    console.log(stack.rights());
    const told = await take(aws, stack.told, 1);
    console.log(told.length);
  });
});
