import type Type from "typebox";
import type { Static, TObject } from "typebox";
import type { TacticId, TechniqueId } from "../../schemas/attack.ts";
import type { AwsCall, AwsFacets } from "../../schemas/events/cloudtrail/facets.ts";
import type { K8sFacets, K8sRequest } from "../../schemas/events/k8s-audit/facets.ts";
import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import type { Severity } from "../../schemas/findings/finding.ts";
import type { Site } from "./site.ts";

/** One step of a runbook. In the queries `{actor.name}` and the like stand for values of the finding (triage.ts); they are quoted for the
 * language they stand in, as an attacker chose them. */
export interface TriageStep {
  readonly do: string;
  /** CloudWatch Logs Insights on the cluster's log group. */
  readonly audit?: string;
  /** CloudWatch Logs Insights on CloudTrail's log group. */
  readonly cloudtrail?: string;
  /** A shell command. */
  readonly cli?: string;
}

export interface DetectorMeta {
  /** `group/name`, the detector's folder. */
  readonly id: string;
  /** Raised with every change of what it reports. */
  readonly version: number;
  /** What it reports, in at most 80 characters. */
  readonly title: string;
  /** Two or three sentences for somebody who has never heard of it. */
  readonly description: string;
  /** The highest severity that it gives; a hit may say less. */
  readonly severity: Severity;
  readonly confidence: "low" | "medium" | "high";
  readonly status: "shadow" | "stable" | "deprecated";
  readonly attack: readonly { readonly tactic: TacticId; readonly technique: TechniqueId }[];
  /** Log fields that it reads. */
  readonly reads: readonly string[];
  /** The level it works at, and the one at which it says more. */
  readonly auditLevel?: { readonly needs: "Metadata"; readonly better?: "Request" | "RequestResponse" };
  readonly references: readonly string[];
  /** What it cannot see, in the words of the runbook. */
  readonly gaps: readonly string[];
  /** Two or three steps. */
  readonly triage: readonly TriageStep[];
  /** The shape it looks for was never seen in a public log: its own samples are made up. */
  readonly syntheticShape?: boolean;
}

export interface Evidence {
  /** Path of the field in the raw event. */
  readonly field: string;
  readonly value: string;
}

/** What a detector answers: what happened, as a sentence, and what it rests on. The engine makes the finding. */
export interface Hit {
  /** What happened, with the outcome: "alice impersonated eks-auto:coredns and listed services". */
  readonly sentence: string;
  /** What was acted on: the second half of the finding's subject. Must not depend on the stage nor on the outcome. */
  readonly on: string;
  /** Replaces the subject's first half, the actor, where a finding is not about who did it. */
  readonly by?: string;
  readonly severity?: Severity;
  readonly confidence?: DetectorMeta["confidence"];
  readonly evidence: readonly Evidence[];
  readonly reasons?: readonly string[];
  readonly notExempted?: readonly string[];
}

export type FacetName = keyof K8sFacets | keyof AwsFacets;
type Having<F, N extends keyof F> = F & { readonly [K in N]-?: NonNullable<F[K]> };

/** The event that a detector on facet `N` gets: that facet is there, others may be. */
export type EventOn<N extends FacetName> = N extends keyof K8sFacets
  ? Omit<K8sRequest, "facets"> & { readonly facets: Having<K8sFacets, N> }
  : N extends keyof AwsFacets
    ? Omit<AwsCall, "facets"> & { readonly facets: Having<AwsFacets, N> }
    : never;

interface Definition<N extends FacetName, P extends TObject> {
  readonly meta: DetectorMeta;
  readonly on: N;
  /** Parameters with defaults; a configuration may override them. */
  readonly params: P;
  /** Pure: no I/O, clock, chance or state. */
  readonly detect: (event: EventOn<N>, params: Static<P>, site: Site) => Hit | undefined;
}

/** An event detector as the engine sees it. */
export interface EventDetector {
  readonly kind: "event";
  readonly meta: DetectorMeta;
  readonly on: FacetName;
  readonly params: TObject;
  readonly detect: (event: TrailEvent, params: unknown, site: Site) => Hit | undefined;
}

export function defineEventDetector<N extends FacetName, P extends TObject>(
  definition: Definition<N, P>,
): EventDetector {
  // The engine calls it only with events that have the facet and with parameters that passed the schema.
  return { kind: "event", ...definition, detect: definition.detect as unknown as EventDetector["detect"] };
}

export type NoParams = ReturnType<typeof Type.Object<Record<string, never>>>;
