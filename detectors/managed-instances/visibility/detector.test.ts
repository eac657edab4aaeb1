import { describe, expect, it } from "vitest";
import { awsCall, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const set = (DefaultVisibility: string, more: object = {}) =>
  awsCall({
    eventName: "ModifyManagedResourceVisibility",
    requestParameters: { ModifyManagedResourceVisibilityRequest: { DefaultVisibility } },
    ...more,
  });
const denied = { errorCode: "Client.UnauthorizedOperation" };

describe("managed-instances/visibility finds", () => {
  it("managed resources hidden: medium; tried: low, in the same finding", () => {
    const hit = hitOf(detector, set("hidden"));
    expect(hit).toMatchObject({ severity: "medium", on: "visibility/111122223333" });
    expect(hit?.sentence).toBe(
      "alice (role Developer) hid managed EC2 resources from the lists of account 111122223333",
    );
    const tried = hitOf(detector, set("hidden", denied));
    expect(tried).toMatchObject({ severity: "low", on: "visibility/111122223333" });
    expect(tried?.sentence).toContain("tried to hide");
  });

  it("managed resources shown: low", () => {
    const hit = hitOf(detector, set("visible"));
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.sentence).toContain("showed managed EC2 resources in the lists");
  });

  it("the setting in lower case, and a request that is not in the record", () => {
    const plain = { eventName: "ModifyManagedResourceVisibility", requestParameters: { defaultVisibility: "hidden" } };
    expect(hitOf(detector, awsCall(plain))).toMatchObject({ severity: "medium" });
    const hit = hitOf(detector, awsCall({ ...plain, requestParameters: null, ...denied }));
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.sentence).toContain("tried to change");
  });
});

describe("managed-instances/visibility stays quiet on", () => {
  it.each(["GetManagedResourceVisibility", "DescribeInstances"])("%s", (eventName) => {
    expect(hitOf(detector, awsCall({ eventName }))).toBeUndefined();
  });
});
