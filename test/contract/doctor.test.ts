import { expect, it } from "vitest";
import { grantsOf } from "../../functions/doctor/key.ts";
import { AUDIT_PATTERN, TRAIL_PATTERN } from "../../functions/doctor/samples.ts";
import type { OutputName } from "../../functions/doctor/stack.ts";
import { AUDIT_FILTER, TRAIL_FILTER } from "../../infra/filters.ts";
import { fill } from "../../infra/names.ts";
import { outputs } from "../../infra/outputs.ts";
import { keyGrants } from "../../infra/rights.ts";
import { outputs as known } from "../support/account.ts";

it("knows every output of the stack, and no other", () => {
  const names: readonly OutputName[] = Object.keys(outputs) as (keyof typeof outputs)[];
  expect(names.toSorted()).toEqual(Object.keys(known).toSorted());
});

it("mends with the patterns of the stack's own filters", () => {
  expect({ audit: AUDIT_PATTERN, trail: TRAIL_PATTERN }).toEqual({ audit: AUDIT_FILTER, trail: TRAIL_FILTER });
});

it("asks of a key what the stack gives to its own", () => {
  const pseudo = { "AWS::Region": "eu-central-1", "AWS::AccountId": "111122223333", "AWS::Partition": "aws" };
  const given = keyGrants.map(({ service, actions, conditions }) => ({
    ...{ service: fill(service, pseudo), actions, condition: fill(conditions, pseudo) },
  }));
  expect(grantsOf("eu-central-1", "111122223333")).toEqual(given);
});
