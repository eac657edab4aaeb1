import type { Cluster, LogSetup } from "@aws-sdk/client-eks";
import { describe, expect, it } from "vitest";
import { auditLogVerdict } from "./audit-log.ts";
import { auditLoggingVerdict, autoModeVerdict, clusterRoleVerdict, nodeRoleVerdict } from "./cluster.ts";
import { commandsFor } from "./command.ts";

const command = commandsFor({ region: "eu-central-1" });

describe("whether the audit log of a cluster is on", () => {
  it.each<[string, readonly LogSetup[] | undefined, string]>([
    ["one entry that is on", [{ types: ["audit"], enabled: true }], "ok"],
    [
      "the second entry, behind types that are off",
      [
        { types: ["api", "scheduler"], enabled: false },
        { types: ["authenticator", "audit"], enabled: true },
      ],
      "ok",
    ],
    ["an entry that is off", [{ types: ["audit"], enabled: false }], "missing"],
    ["other logs that are on", [{ types: ["api", "authenticator"], enabled: true }], "missing"],
    [
      "others that are on beside an audit log that is off",
      [
        { types: ["api"], enabled: true },
        { types: ["audit"], enabled: false },
      ],
      "missing",
    ],
    ["no entry at all", [], "missing"],
    ["nothing about logs", undefined, "missing"],
  ])("is told of %s", (_, clusterLogging, outcome) => {
    const cluster = clusterLogging === undefined ? {} : { logging: { clusterLogging: [...clusterLogging] } };
    expect(auditLoggingVerdict(cluster, "prod", command).outcome).toBe(outcome);
  });

  it("is mended by a command that a shell takes as it is", () => {
    expect(auditLoggingVerdict({}, "prod", command).mend).toEqual([
      `aws eks update-cluster-config --name prod --logging '{"clusterLogging":[{"types":["audit"],"enabled":true}]}' --region eu-central-1`,
    ]);
  });
});

const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
const auto = (more: Partial<Cluster> = {}, nodeRole = "prod-nodes"): Cluster => ({
  computeConfig: { enabled: true, nodePools: ["system"], nodeRoleArn: role(nodeRole) },
  roleArn: role("prod-cluster"),
  ...more,
});

describe("the roles of a cluster", () => {
  it("are no matter where Auto Mode is off", () => {
    const off = { computeConfig: { enabled: false }, roleArn: role("prod-cluster") };
    for (const { outcome } of [
      autoModeVerdict(off),
      nodeRoleVerdict(off, undefined),
      clusterRoleVerdict({}, undefined),
    ])
      expect(outcome).toBe("not applicable");
  });

  it("are known by the names that EKS proposes", () => {
    expect(nodeRoleVerdict(auto({}, "AmazonEKSAutoNodeRole"), { version: 1 })).toEqual({
      outcome: "ok",
      says: "The node role AmazonEKSAutoNodeRole is known by its name.",
    });
    expect(clusterRoleVerdict(auto({ roleArn: role("AmazonEKSAutoClusterRole") }), undefined).mend).toBeUndefined();
  });

  it("are known by a configuration that names them, by name or ARN", () => {
    const config = { version: 1, auto: { nodeRoles: ["prod-nodes"], clusterRoles: [role("prod-cluster")] } } as const;
    const named = {
      ...config,
      auto: { nodeRoles: [...config.auto.nodeRoles], clusterRoles: [...config.auto.clusterRoles] },
    };
    for (const { outcome, says } of [nodeRoleVerdict(auto(), named), clusterRoleVerdict(auto(), named)])
      expect({ outcome, named: says.endsWith("is named by the configuration.") }).toEqual({
        outcome: "ok",
        named: true,
      });
  });

  it("are missing in a configuration that does not, with the line that keeps the others", () => {
    const named = { version: 1 as const, auto: { nodeRoles: ["other-nodes"] } };
    expect(nodeRoleVerdict(auto(), named)).toMatchObject({
      outcome: "missing",
      mend: ['"auto": { "nodeRoles": ["other-nodes","prod-nodes"] }'],
    });
  });

  it("are advice, and nothing that is missing, where no configuration is known", () => {
    expect(nodeRoleVerdict(auto(), undefined)).toMatchObject({
      outcome: "ok",
      mend: ['"auto": { "nodeRoles": ["prod-nodes"] }'],
    });
  });

  it("stand in NodeClasses where there are no built-in pools", () => {
    const { outcome, mend } = nodeRoleVerdict(auto({ computeConfig: { enabled: true } }), undefined);
    expect(outcome).toBe("ok");
    expect(mend?.[0]).toContain("kubectl get nodeclasses");
  });
});

describe("whether audit events come in", () => {
  const now = Date.UTC(2026, 10, 22, 12);
  const HOUR = 3_600_000;
  it.each<[string, readonly { lastIngestionTime?: number; lastEventTimestamp?: number }[] | undefined, string]>([
    ["there is no log group", undefined, "missing"],
    ["there is no stream", [], "missing"],
    ["there is a stream without an event", [{}], "missing"],
    ["the newest event is of this hour", [{ lastIngestionTime: now - HOUR / 2 }], "ok"],
    [
      "times are told an hour late",
      [{ lastIngestionTime: now - 2 * HOUR, lastEventTimestamp: now - 2.5 * HOUR }],
      "ok",
    ],
    ["the first of many streams is years old", [{ lastIngestionTime: 1 }, { lastIngestionTime: now - HOUR }], "ok"],
    ["the newest event is of this morning", [{ lastIngestionTime: now - 4 * HOUR }], "missing"],
  ])("is told when %s", (_, streams, outcome) => {
    expect(auditLogVerdict(streams, "prod", { command, now }).outcome).toBe(outcome);
  });
});
