import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, tokenMinted } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const JTI = "b7d2f9a4-2c95-47b8-af3f-58994a3ce6f6";
const YESTERDAY = "2026-11-21T09:00:00";
const pod = { uid: "11111111-0000-4000-8000-000000000001", name: "orders-1" };

/** A request with a token, by default the one that this is about. */
function used(at = "10:05", more: Readonly<Record<string, unknown>> = {}, jti = JTI): string {
  const user = users.serviceAccount();
  const extra = { ...user.extra, "authentication.kubernetes.io/credential-id": [`JTI=${jti}`] };
  return audit(at, {
    user: { ...user, extra },
    verb: "list",
    requestURI: "/api/v1/namespaces/shop/pods",
    objectRef: { resource: "pods", namespace: "shop", apiVersion: "v1" },
    sourceIPs: ["203.0.113.9"],
    ...more,
  });
}
/** The audit log, being read at that time. */
const read = (at = YESTERDAY): string => audit(at, { verb: "list", requestURI: "/api/v1/nodes" });
const findings = async (...lines: string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

describe("tokens/never-minted finds", () => {
  it("a token at work that nobody was seen to issue, once the log has been read for a day", async () => {
    const [finding] = await findings(read(), used());
    expect(finding).toMatchObject({
      ...{ severity: "medium", cluster: "demo", sourceIP: "203.0.113.9", target: "shop/orders" },
      actor: { name: "system:serviceaccount:shop:orders", credentialId: `JTI=${JTI}` },
    });
    expect(finding?.title).toBe(
      "A token of service account shop/orders was used from 203.0.113.9, and nobody was seen to issue it",
    );
  });

  it("the mint of another token", async () => {
    const other = tokenMinted("10:00", pod, "i-0a1b2c3d4e5f60001", "b7d2f9a4-2c95-47b8-af3f-58994a3ce6f7");
    expect(await findings(read(), other, used())).toHaveLength(1);
  });

  it("a request that was refused, which is a use as well", async () => {
    const refused = { responseStatus: { code: 403 }, annotations: { "authorization.k8s.io/decision": "forbid" } };
    expect(await findings(read(), used("10:05", refused))).toHaveLength(1);
  });

  it("one thing a token, in whatever order and however often", async () => {
    const lines = [read(), used("10:05"), used("10:06"), used("12:40"), used("12:41", { sourceIPs: ["192.0.2.7"] })];
    const [first, ...rest] = await findings(...lines);
    expect(rest).toEqual([]);
    expect(first?.count).toBe(3);
    const late = await findings(...[...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count, title }) => [id, severity, count, title])).toEqual([
      [first?.id, "medium", 3, first?.title],
    ]);
  });
});

describe("tokens/never-minted stays quiet on", () => {
  it("a token that was issued, wherever its issue stands in the log", async () => {
    const lines = [read(), tokenMinted("10:00", pod, "i-0a1b2c3d4e5f60001", JTI), used()];
    expect(await findings(...lines)).toEqual([]);
    expect(await findings(...lines.reverse())).toEqual([]);
  });

  it("a log that has been read for less than a day", async () => {
    expect(await findings(read("2026-11-21T10:30:00"), used())).toEqual([]);
    expect(await findings(used())).toEqual([]);
  });

  it("a token that Kubernetes lets live on, and marks", async () => {
    const annotations = {
      "authorization.k8s.io/decision": "allow",
      "authentication.k8s.io/stale-token":
        "subject: system:serviceaccount:shop:orders, seconds after warning threshold: 9",
    };
    expect(await findings(read(), used("10:01"), used("10:05", { annotations }))).toEqual([]);
  });

  it("credentials without an id, and those of certificates", async () => {
    const user = users.serviceAccount();
    const legacy = { user: { ...user, extra: {} } };
    const certificate = {
      user: { ...user, extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=00ff"] } },
    };
    expect(await findings(read(), used("10:05", legacy), used("10:06", certificate))).toEqual([]);
  });
});
