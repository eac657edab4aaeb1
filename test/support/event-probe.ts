import Type from "typebox";
import { defineEventDetector } from "../../detectors/core/contracts.ts";
import type { Severity } from "../../schemas/findings/finding.ts";
import { probeMeta } from "./probes.ts";

const SEVERITIES: Readonly<Record<string, Severity>> = { "orders-2": "medium", "orders-3": "high" };

/** One finding of many events of many batches, which some of them raise: what each worker has is a part of it. */
export const podsMade = defineEventDetector({
  ...{ meta: probeMeta("probe/pods-made", { severity: "low" }), on: "podSpec", params: Type.Object({}) },
  detect: ({ object }) => ({
    ...{ sentence: "pods made", by: "everybody", on: "pods", evidence: [] },
    severity: SEVERITIES[object.name] ?? "low",
  }),
});
