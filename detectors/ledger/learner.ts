import type { AwsCall } from "../../schemas/events/cloudtrail/facets.ts";
import type { Scope } from "../../schemas/events/event.ts";
import type { K8sRequest } from "../../schemas/events/k8s-audit/facets.ts";
import type { Peek } from "../../schemas/events/k8s-audit/peek.ts";
import { BORDER_MS } from "../core/exchange-time.ts";
import type { AttributeName, Kind, ValueOf } from "./entities.ts";
import { type Fact, fact, idOf, sourceOf } from "./facts.ts";
import { USE_MS } from "./use-time.ts";

/** A source of knowledge in the audit log: what an event tells about entities. Pure. */
export interface AuditLearner {
  /** What it is called where it failed. */
  readonly name?: string;
  readonly trail: "k8s-audit";
  /** True for the text of every event that it learns from, and of few others. */
  readonly trigger: (peeked: Peek) => boolean;
  /** Two events of the same text here teach the same: the second need not be parsed. For what is told thousands of times an hour. */
  readonly same?: (peeked: Peek, scope: Scope) => string;
  readonly learn: (request: K8sRequest) => readonly Fact[];
}

/** A source of knowledge in CloudTrail. */
export interface CallLearner {
  readonly name?: string;
  readonly trail: "cloudtrail";
  /** Source of a regular expression that fits the text of every record that it learns from. */
  readonly trigger: string;
  readonly learn: (call: AwsCall) => readonly Fact[];
}

export type Learner = AuditLearner | CallLearner;

/** Facts about one entity, told by one event. */
export function about<K extends Kind>(
  kind: K,
  id: string,
  event: { readonly id: string; readonly time: number },
): <A extends AttributeName<K>>(attribute: A, value: ValueOf<K, A>) => Fact {
  const source = sourceOf(event);
  return (attribute, value) => fact(kind, id, attribute, value, source);
}

/** ISO 8601 of an event's time. */
export const timeOf = ({ time }: { readonly time: number }): string => new Date(time).toISOString();

export const podId = ({ account, region, cluster }: Scope, uid: string): string =>
  idOf("pod", [account, region, cluster, uid]);

export const podNameId = ({ account, region, cluster }: Scope, namespace: string, name: string): string =>
  idOf("podName", [account, region, cluster, namespace, name]);

/** An instance id: what a node is known by everywhere. Nodes of other names are not Auto Mode's (eks-auto-mode.md §0). */
export const nodeId = (instance: string): string => idOf("node", [instance]);

/** An address as a cluster's API saw it on the day of an event. */
export const originId = ({ account, region, cluster }: Scope, ip: string, event: { readonly time: number }): string =>
  idOf("origin", [account, region, cluster, ip, timeOf(event).slice(0, 10)]);

/** The nodes that joined a cluster on the day of an event. */
export const fleetId = ({ account, region, cluster }: Scope, event: { readonly time: number }): string =>
  idOf("fleet", [account, region, cluster, timeOf(event).slice(0, 10)]);

/** A temporary key (ASIA) is one entity; a long-lived one is one a day, so that it does not grow with its age. */
export const keyId = (accessKeyId: string, event: { readonly time: number }): string =>
  idOf("key", [accessKeyId.startsWith("AKIA") ? `${accessKeyId}@${timeOf(event).slice(0, 10)}` : accessKeyId]);

/** `2026-11-22T10` of an event. */
const hourOf = (event: { readonly time: number }): string => timeOf(event).slice(0, "2026-11-22T10".length);
export const dayOf = (event: { readonly time: number }): string => timeOf(event).slice(0, "2026-11-22".length);

/** The hours of a key, by the first of them. */
export const useId = (key: string, { time }: { readonly time: number }): string =>
  idOf("use", [key, hourOf({ time: Math.floor(time / USE_MS) * USE_MS })]);
export const nodeDayId = (node: string, event: { readonly time: number }): string =>
  idOf("nodeDay", [node, dayOf(event)]);
export const nodeHourId = (node: string, event: { readonly time: number }): string =>
  idOf("nodeHour", [node, hourOf(event)]);
export const mintHourId = (name: string, event: { readonly time: number }): string =>
  idOf("mintHour", [name, hourOf(event)]);
export const podDayId = ({ account, region, cluster }: Place, uid: string, event: { readonly time: number }): string =>
  idOf("podDay", [account, region, cluster, uid, dayOf(event)]);
export const nameDayId = (
  { account, region, cluster }: Place,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  event: { readonly time: number },
): string => idOf("nameDay", [account, region, cluster, namespace, name, dayOf(event)]);
export const placeId = ({ account, region, cluster }: Place, ip: string, event: { readonly time: number }): string =>
  idOf("place", [account, region, cluster, ip, dayOf(event)]);

export const outletId = (ip: string, event: { readonly time: number }): string => idOf("outlet", [ip, dayOf(event)]);
export const issuerDayId = (issuer: string, event: { readonly time: number }): string =>
  idOf("issuerDay", [issuer, dayOf(event)]);

type Place = Pick<Scope, "account" | "region" | "cluster">;

/** The minute of an exchange of pod tokens. */
export const exchangeId = ({ account, region, cluster }: Scope, event: { readonly time: number }): string =>
  idOf("exchange", [account, region, cluster, timeOf(event).slice(0, 16)]);

/** The minute of an exchange, and the next or last one where it comes close to the border: half of an exchange must not stand alone. */
export const exchangeIds = (scope: Scope, { time }: { readonly time: number }): readonly string[] => [
  ...new Set([0, -BORDER_MS, BORDER_MS].map((shift) => exchangeId(scope, { time: time + shift }))),
];

/** The hour of an event, from its text: the request's identity begins with its time. */
export const hourIn = ({ request }: Peek): string => request.slice(0, "2026-11-22T10".length);
