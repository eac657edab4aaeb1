import type { SecurityHubClient } from "@aws-sdk/client-securityhub";
import { describe, expect, it } from "vitest";
import { toAsff } from "../../../schemas/findings/asff.ts";
import { draftOf } from "../../../test/support/drafts.ts";
import { createSecurityHub } from "./security-hub.ts";

const asff = (on: string) => toAsff(draftOf({ on }).finding, { account: "111122223333", region: "eu-central-1" });
const findings = ["a", "b", "c", "d", "e"].map(asff);

function hubOf(answer: (ids: readonly string[]) => unknown) {
  const calls: (readonly string[])[] = [];
  const send = async ({ input }: { input: { Findings: readonly { Id: string }[] } }) => {
    const ids = input.Findings.map(({ Id }) => Id);
    calls.push(ids);
    return answer(ids);
  };
  return { calls, hub: createSecurityHub({ client: { send } as unknown as SecurityHubClient, callsPerSecond: 1_000 }) };
}
const error = (name: string): Error => Object.assign(new Error(name), { name });

describe("Security Hub", () => {
  it("that takes no call for one finding in it takes all others, and says which it was", async () => {
    const bad = findings[3]?.Id ?? "";
    const taken: string[] = [];
    const { hub } = hubOf((ids) => {
      if (ids.includes(bad)) throw error("InvalidInputException");
      taken.push(...ids);
      return {};
    });
    expect(await hub(findings)).toEqual([{ id: bad, code: "InvalidInputException", message: "InvalidInputException" }]);
    expect(taken).toEqual(findings.map(({ Id }) => Id).filter((id) => id !== bad));
    // Which is no sign of its being down, however often.
    for (let n = 0; n < 5; n += 1) expect(await hub(findings.slice(3, 4))).toHaveLength(1);
    expect(await hub([asff("x")])).toEqual([]);
  });

  it("that is down is asked no more after three calls", async () => {
    const { hub, calls } = hubOf(() => {
      throw error("InternalException");
    });
    for (let n = 0; n < 8; n += 1) await expect(hub(findings)).rejects.toThrow();
    expect(calls).toHaveLength(3);
  });

  it("tells of single findings that it did not take", async () => {
    const { hub } = hubOf(() => ({ FailedFindings: [{ Id: "x", ErrorCode: "InvalidInput", ErrorMessage: "no" }] }));
    expect(await hub(findings)).toEqual([{ id: "x", code: "InvalidInput", message: "no" }]);
  });
});
