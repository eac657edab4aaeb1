import Type from "typebox";
import { at } from "../../../schemas/json.ts";
import { endpointMentions } from "../../../schemas/words/endpoints.ts";
import type { Mention } from "../../../schemas/words/mention.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";

/** An object that routes the cluster's traffic to the metadata service or the Pod Identity agent, or that answers in
 * their place. */
export const detector = defineEventDetector({
  meta: {
    id: "imds/endpoint-object",
    version: 1,
    title: "Service, endpoint or node pointed at the metadata service",
    description:
      "Services, Endpoints and Node objects say where traffic goes. One that names the metadata service or the Pod Identity agent either lets pods or the API server reach it by a detour, or, as an external IP, answers in its place and collects what others send to it.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.005" },
      { tactic: "TA0006", technique: "T1557" },
    ],
    reads: [
      "requestObject.spec",
      "requestObject.subsets",
      "requestObject.status",
      "responseStatus.message",
      "objectRef",
    ],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://kubernetes.io/docs/concepts/services-networking/service/",
      "https://github.com/kubernetes/kubernetes/issues/97076",
    ],
    gaps: [
      "EndpointSlices are logged at Metadata: where they point is not in the log unless the server refused and said so. One that is not its controllers' own, or a person's Service without selector, is low for that reason.",
      "A name that resolves to the service without showing it is not seen.",
    ],
    triage: [
      {
        do: "Read what the object says now, and whether a Service uses it.",
        cli: "kubectl get '{target.resource}' --namespace '{target.namespace}' '{target.name}' -o yaml",
      },
      {
        do: "See what was asked through it: proxy requests, and the author's other writes.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code | filter user.username = "{actor.name}" and (objectRef.subresource = "proxy" or objectRef.resource in ["services", "endpoints", "endpointslices", "nodes"]) | sort requestReceivedTimestamp asc',
      },
      {
        do: "Delete the object. After an external IP, treat what hostNetwork pods and SDKs sent as known to its author.",
      },
    ],
  },
  on: "endpointWrite",
  params: Type.Object({}),
  detect(request) {
    const { actor, facets, object, message, verb, code } = request;
    const { resource, addresses } = facets.endpointWrite;
    const refused = attempted(request);
    const told = refused ? [{ field: "responseStatus.message", value: message }] : [];
    const found = [...addresses, ...told].flatMap(({ field, value }) =>
      endpointMentions([value]).map((each) => ({ field, mention: each })),
    );
    const [first] = found.toSorted((a, b) => rank(a.mention) - rank(b.mention));
    const target = [resource, object.namespace, object.name].filter(Boolean).join(" ");
    const did = refused ? `tried to ${verb} ${target} (${code ?? "?"})` : `wrote ${target}`;
    const on = [resource, object.namespace, object.name].filter(Boolean).join("/");
    if (first === undefined) {
      const hidden = refused ? undefined : hiddenTarget(request);
      const sentence = `${nameOf(actor)} ${did}; ${hidden}`;
      const evidence = [{ field: "objectRef", value: target }];
      // An operator that keeps slices is one finding a namespace, whatever its tokens.
      const operator = actor.kind === "service-account";
      const about = operator ? { by: `principal/${actor.name}`, on: `${resource}/${object.namespace}` } : { on };
      return hidden === undefined ? undefined : { sentence, ...about, severity: "low", confidence: "low", evidence };
    }
    const { mention } = first;
    const instead = found.some(({ field }) => field === "spec.externalIPs" || field === "spec.loadBalancerIP");
    const what = mention.endpoint === "imds" ? "the instance metadata service" : "the Pod Identity agent";
    return {
      sentence: `${nameOf(actor)} ${did}, ${instead ? "which answers in place of" : "which points at"} ${what} (${mention.word})`,
      on,
      severity: lowered(mention.confidence, (instead ? 0 : 1) + (refused || request.dryRun ? 1 : 0)),
      confidence: mention.confidence,
      evidence: found.slice(0, 10).map((each) => ({ field: each.field, value: each.mention.word })),
      reasons: instead ? ["traffic of the nodes to that address goes to the Service's pods"] : [],
    };
  },
});

/** They keep the slices of every Service, and do nothing else to them. */
const SLICERS =
  /^system:serviceaccount:kube-system:(?:endpointslice(?:mirroring)?-controller|generic-garbage-collector)$/;

/** Where somebody writes what controllers write by the thousand, and the log cannot show the address: EndpointSlices
 * are Metadata (audit-recorded.md 17), and a Service without selector leads wherever such a slice says. */
function hiddenTarget({ actor, verb, facets, requestBody }: EventOn<"endpointWrite">): string | undefined {
  const { resource, body, addresses } = facets.endpointWrite;
  const workload = actor.kind === "service-account" && !SLICERS.test(actor.name);
  if (resource === "endpointslices" && !body)
    return actor.kind === "human" || workload ? "where it points is not in the log" : undefined;
  const selects = at(requestBody, "spec", "selector") !== undefined || addresses.length > 0;
  const bare = resource === "services" && body && verb === "create" && !selects && actor.kind === "human";
  return bare ? "it has no selector, so that an EndpointSlice says where it leads" : undefined;
}

const rank = ({ confidence }: Mention): number => ["high", "medium", "low"].indexOf(confidence);
