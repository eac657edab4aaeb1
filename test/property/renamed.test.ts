import { describe, expect, it } from "vitest";
import type { EventDetector } from "../../detectors/core/contracts.ts";
import { eventDetectors } from "../../detectors/registry.ts";
import type { AuditEvent } from "../../schemas/events/k8s-audit/wire.ts";
import { flagsOf } from "../support/flags.ts";
import { renaming } from "../support/renaming.ts";
import { flow } from "../support/sample.ts";
import { root } from "../tools/folders.ts";
import { recordingsIn } from "../tools/labels.ts";

const recordings = recordingsIn(`${root}test/recordings/audit`);
const events = recordings.flatMap((recording) =>
  recording.events
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as AuditEvent),
);
const flagged = recordings.map(({ events: text }) => flagsOf(flow([text]).findings));

describe.each([1, 2, 3])("under other names, addresses, ids and times (%i)", (seed) => {
  const rename = renaming(seed, events);

  it.each(recordings.map(({ name }, index) => [name, index] as const))("%s has the same findings", (_, index) => {
    const before = [...(flagged[index] ?? [])].map(([auditID, flags]) => [rename(auditID), flags] as const);
    const after = flagsOf(flow([rename(recordings[index]?.events ?? "")]).findings);
    expect([...after].sort()).toEqual(before.sort());
  });
});

it("flags the same requests whatever their clients call themselves", () => {
  for (const [index, recording] of recordings.entries()) {
    const after = flow([recording.events.replace(/"userAgent":"[^"]*"/g, '"userAgent":"other/1.0"')]);
    expect(flagsOf(after.findings), recording.name).toEqual(flagged[index]);
  }
});

describe("the renaming", () => {
  const rename = renaming(1, events);
  const text = recordings.map((recording) => rename(recording.events)).join("");

  it("leaves no recorded person, key, account, namespace, workload, address or day", () => {
    for (const name of "mallory alice carol grace Developer ClusterAdmin shop payments checkout billing cluster-tools vault-0".split(
      " ",
    ))
      expect(text).not.toMatch(new RegExp(`(?<![A-Za-z0-9-])${name}(?![A-Za-z0-9-])`));
    for (const part of ["EXAMPLE", "111122223333", "203.0.113.99", "10.0.0.81", "i-0a1b2c3d4e5f60001", "2026-11-22"])
      expect(text).not.toContain(part);
  });

  it("keeps every event whole: who was refused, what the URI names, and what belongs to Kubernetes and AWS", () => {
    const renamed = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditEvent);
    expect(renamed).toHaveLength(events.length);
    for (const [index, { objectRef, requestURI, user, responseStatus, verb }] of renamed.entries()) {
      const old = events[index];
      expect(verb).toBe(old?.verb);
      expect(objectRef?.resource).toBe(old?.objectRef?.resource);
      const namespace = old?.objectRef?.namespace;
      if (namespace)
        expect(requestURI.includes(`/namespaces/${objectRef?.namespace}`)).toBe(
          old.requestURI.includes(`/namespaces/${namespace}`),
        );
      if (old?.responseStatus?.message?.includes(`User "${old.user?.username}"`))
        expect(responseStatus?.message).toContain(`User "${user?.username}"`);
    }
    for (const name of [
      "system:node:i-",
      "kube-system",
      "eks-auto:coredns",
      "169.254.169.254",
      "AmazonEKSAutoNodeRole",
    ])
      expect(text).toContain(name);
  });

  it("would show a rule that hangs on a name", () => {
    const hanging = (detector: EventDetector): EventDetector => ({
      ...detector,
      detect: (event) =>
        event.trail === "k8s-audit" && event.object.namespace === "shop"
          ? { sentence: "an exec in shop", on: "shop", evidence: [] }
          : undefined,
    });
    const planted = eventDetectors.filter(({ on }) => on === "exec").map(hanging);
    const original = recordings.map((recording) => recording.events);
    expect(flow(original, { detectors: planted }).findings).not.toEqual([]);
    expect(flow([text], { detectors: planted }).findings).toEqual([]);
  });
});
