import Type from "typebox";
import { IAM_UID } from "../../../schemas/events/k8s-audit/facets/identity.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { lowered } from "../../core/weight.ts";
import { deed, evidenceOf, type Impersonating, isInquiry } from "../acting-as.ts";
import { isIdentityKey } from "../identity-keys.ts";

/** B-21 c, for any target: a uid or extra keys taken on with a name. Those of an impersonated user are the client's word (audit-recorded.md 6). */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/uid-or-extra",
    version: 1,
    title: "Uid or extra attributes forged by impersonation",
    description:
      "With a name, an impersonator may take on a uid and extra keys. The server and EKS keep in them which credential, pod, node or IAM session somebody is; policies and log searches rely on that. Authenticating proxies set keys of their own, and nobody needs to set those.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1134" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: ["user", "impersonatedUser.uid", "impersonatedUser.extra", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation",
      "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/",
    ],
    gaps: [
      "Which value a key was given is in the record, but not looked at.",
      "An identity by a stolen front-proxy certificate has forged keys without any impersonation: see impersonation/claimed-component.",
    ],
    triage: [
      {
        do: "Read the keys and values in the records, and what was done with them. A policy or a search that trusts one of these keys was misled.",
        audit:
          'fields requestReceivedTimestamp, @message | filter user.username = "{actor.name}" and impersonatedUser.username = "{actingAs.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See who really asked: the caller's own key and what else it did. A proxy: list it in `proxies`.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "Find the right to impersonate uids or userextras, and take it away.",
        cli: "kubectl auth can-i --list --as '{actor.name}' | grep -i impersonate",
      },
    ],
  },
  on: "impersonation",
  params: Type.Object({
    proxies: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Usernames of authenticating proxies, which set extra keys of their own by design.",
    }),
  }),
  detect(request, { proxies }) {
    const { actor, facets } = request;
    const { granted, target = "", uid, extra } = facets.impersonation;
    if (!granted || (uid === undefined && extra.length === 0)) return undefined;
    const forged = [...extra.filter(isIdentityKey), ...(IAM_UID.test(uid ?? "") ? ["the uid of an IAM identity"] : [])];
    const proxy = proxies.includes(actor.name);
    if (proxy && forged.length === 0) return undefined;
    const set = [...(uid === undefined ? [] : ["a uid"]), ...extra].join(", ");
    return {
      sentence: `${nameOf(actor)} acted as ${target} with ${set} ${deed(request)}`,
      on: `uid or extra of ${target}`,
      severity: severityOf(request, forged, proxy),
      evidence: evidenceOf(request),
      reasons: [
        ...forged.map((key) => `says who one is: ${key}`),
        ...(forged.some((key) => /^[^/]*[A-Z]/.test(key)) ? ["spelled so that the capital letters survive"] : []),
      ],
      notExempted: [
        ...(proxy ? ["a listed proxy, but with keys that say who one is"] : []),
        ...(forged.length === 0 && workload(request) ? ["authenticating proxies set keys of their own"] : []),
        ...(isForeignPrincipal(request, forged) ? ["cluster managers set a key principalid of their own"] : []),
      ],
    };
  },
});

const workload = ({ actor }: Impersonating): boolean => actor.kind === "service-account";

/** Rancher's proxy tells its own principal under that name; in small letters it is not the authenticator's key. */
const isForeignPrincipal = (request: Impersonating, forged: readonly string[]): boolean =>
  workload(request) && forged.every((key) => key === "principalid") && forged.length > 0;

function severityOf(request: Impersonating, forged: readonly string[], proxy: boolean): Severity {
  if (isInquiry(request) || proxy || isForeignPrincipal(request, forged)) return "low";
  const plain = workload(request) ? "low" : "medium";
  const base: Severity = forged.length > 0 ? "high" : plain;
  return request.outcome === "denied" ? lowered(base) : base;
}
