import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../schemas/events/k8s-audit/wire.ts";
import { severityRank } from "../../schemas/findings/finding.ts";
import { flow } from "../support/sample.ts";
import { root } from "../tools/folders.ts";
import { isBenign, recordingsIn, shapeOf } from "../tools/labels.ts";

const recordings = recordingsIn(`${root}test/recordings/audit`);

/** The same request under a policy with less in it, or after the server found it too long (audit-recorded.md 20). */
const LESS: Readonly<Record<string, (event: AuditEvent) => AuditEvent>> = {
  "at level Request": ({ responseObject: _, ...event }) =>
    event.level === "RequestResponse" ? { ...event, level: "Request" } : event,
  "at level Metadata": ({ requestObject: _, responseObject: __, ...event }) => ({
    ...event,
    level: "Metadata",
    annotations: withoutPatches(event.annotations),
  }),
  truncated: ({ requestObject, responseObject, ...event }) =>
    requestObject === undefined && responseObject === undefined
      ? event
      : { ...event, annotations: { ...event.annotations, "audit.k8s.io/truncated": "true" } },
};

/** What webhooks put in is logged from level Request on (audit-recorded.md 24). */
const withoutPatches = (annotations: AuditEvent["annotations"]): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !key.startsWith("patch.webhook.")));

/** Attacks that stand in a body alone: no detector can tell them from ordinary writes without it. */
const IN_THE_BODY = /\| (?:imds-pod|constrained-role-grant) \|/;
/** Families whose acts show in who asked for what, and in the URI. */
const FAMILIES: ReadonlySet<string> = new Set(
  "audit-id auto-crds exec imds impersonation nodediagnostic nodes-proxy-exec token-mint".split(" "),
);

const MEDIUM = severityRank("medium");

/** The highest severity that is given to each request. */
function ranksOf(text: string): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const { events, severity } of flow([text]).findings) {
    for (const event of events) ranks.set(event, Math.max(severityRank(severity), ranks.get(event) ?? 0));
  }
  return ranks;
}

const whole = recordings.map(({ events }) => ranksOf(events));
const foundIn = (all: readonly ReadonlyMap<string, number>[]): Set<string> =>
  new Set(
    recordings.flatMap(({ labels }, index) =>
      labels
        .filter(
          ({ malicious, core, family, auditID }) =>
            malicious && core && FAMILIES.has(family ?? "") && all[index]?.has(auditID),
        )
        .map(shapeOf),
    ),
  );

describe.each(Object.entries(LESS))("%s", (_, less) => {
  const cut = recordings.map(({ events }) =>
    ranksOf(
      events
        .trimEnd()
        .split("\n")
        .map((line) => JSON.stringify(less(JSON.parse(line) as AuditEvent)))
        .join("\n"),
    ),
  );

  it("no benign request is worth a medium finding for want of a body", () => {
    const raised = recordings.flatMap(({ name, labels }, index) =>
      labels
        .filter(isBenign)
        .map(({ auditID }) => ({ auditID, was: whole[index]?.get(auditID) ?? 0, is: cut[index]?.get(auditID) ?? 0 }))
        .filter(({ was, is }) => is > was && is >= MEDIUM)
        .map((request) => ({ name, ...request })),
    );
    expect(raised).toEqual([]);
  });

  it("what shows without a body is found without one", () => {
    const found = foundIn(cut);
    const lost = [...foundIn(whole)].filter((shape) => !found.has(shape) && !IN_THE_BODY.test(shape));
    expect(lost).toEqual([]);
    expect(found.size).toBeGreaterThan(100);
  });
});
