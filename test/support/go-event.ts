import fc from "fast-check";
import { bait, hostile, mostly, wordOf } from "./hostile.ts";

/** JSON as Go's encoder writes it: no space, `<`, `>`, `&` and the line separators escaped, U+FFFD for what is no text; members in the order given. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]|\\ud[89a-f][0-9a-f]{2}/g, (found) =>
    found.length > 1 ? "\\ufffd" : `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Go leaves out what is empty. */
const filled = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== "" && Object.keys(item ?? "").length > 0),
  ) as Partial<T>;
/** Go sorts the keys of a map. */
const sorted = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

const NODE = "i-0a1b2c3d4e5f60001";
const ROLES = "arn:aws:sts::111122223333:assumed-role";
const username = wordOf(
  `system:node:${NODE} system:node:${NODE} system:node:ip-192-0-2-1 system:anonymous eks-auto:coredns alice kubernetes-admin
  ${ROLES}/AWSServiceRoleForAmazonEKS/eks-auto-compute ${ROLES}/Developer/alice eks:kms-storage-migrator system:kube-scheduler
  system:serviceaccount:shop:orders system:serviceaccount:kube-system:deployment-controller`.replaceAll("\n", " "),
);
const extraKey = wordOf(
  "arn accessKeyId canonicalArn sessionName principalId authentication.kubernetes.io/node-name authentication.kubernetes.io/pod-name",
);
const user = fc
  .record(
    {
      username,
      uid: wordOf("aws-iam-authenticator:111122223333:AROAEXAMPLE"),
      groups: fc.array(wordOf("eks:managed system:authenticated system:unauthenticated"), { maxLength: 3 }),
      extra: fc.array(fc.tuple(extraKey, fc.array(username, { maxLength: 2 })), { maxLength: 3 }).map(sorted),
    },
    { requiredKeys: [] },
  )
  .map(filled);

interface Asked {
  readonly uri: string;
  readonly objectRef?: Readonly<Record<string, string>>;
}

/** One part of a path as a client may spell it; the server takes the path apart once it is decoded. */
const spelled = (part: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    encodeURIComponent(part.toWellFormed()),
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
const query = mostly(
  fc.constantFrom(
    ...["", "?watch=true", "?dryRun=All", "?command=id&stdin=true", `?fieldSelector=spec.nodeName%3D${NODE}`],
    ...[`?x=fieldSelector=spec.nodeName%3D${NODE}`, `?fieldSelector=spec.nodeName%3D${NODE}0`],
  ),
  // A query is logged as it came, and no request line holds spaces or controls.
  hostile.map((text) => `?a=b&${text.replace(/[\p{Cc}\s]/gu, "")}`),
);
const segment = hostile.map((text) => text.replaceAll("/", "") || "x");
const orNone = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.option(arbitrary, { nil: "" });

/** A request for an object: the server makes the reference from the path. */
const objectAsked: fc.Arbitrary<Asked> = fc
  .record({
    apiGroup: orNone(
      wordOf(
        "apps batch rbac.authorization.k8s.io certificates.k8s.io eks.amazonaws.com karpenter.sh admissionregistration.k8s.io apiextensions.k8s.io",
        segment,
      ),
    ),
    namespace: orNone(wordOf("shop kube-system", segment)),
    resource: wordOf(
      `pods pods nodes nodes services secrets configmaps serviceaccounts endpointslices deployments jobs clusterroles rolebindings leases
      certificatesigningrequests nodeclasses nodepools mutatingwebhookconfigurations customresourcedefinitions apiservices`.replaceAll(
        "\n",
        " ",
      ),
      segment,
    ),
    name: orNone(wordOf(`web-0 ${NODE} aws-auth eks:node`, segment)),
    subresource: orNone(
      wordOf("exec attach proxy token binding status approval ephemeralcontainers eviction", segment),
    ),
    rest: fc.array(wordOf("exec run shop web-0", segment), { maxLength: 2 }),
    query,
  })
  .chain(({ apiGroup, namespace, resource, name, rest, query: asked, ...given }) => {
    const subresource = name === "" ? "" : given.subresource;
    const parts = [
      ...(apiGroup === "" ? ["api", "v1"] : ["apis", apiGroup, "v1"]),
      ...(namespace === "" ? [] : ["namespaces", namespace]),
      ...[resource, name, subresource].filter(Boolean),
      ...(subresource === "" ? [] : rest),
    ];
    const objectRef = filled({
      resource,
      namespace,
      name,
      apiGroup,
      apiVersion: "v1",
      subresource,
    }) as Asked["objectRef"];
    return fc
      .tuple(...parts.map(spelled))
      .map((path) => ({ uri: `/${path.join("/")}${asked}`, ...(objectRef && { objectRef }) }));
  });

/** A request for anything else has no reference. */
const otherAsked: fc.Arbitrary<Asked> = fc
  .tuple(
    wordOf(
      "/ /livez /api /apis /apis/apps/v1 /api/v1 /version /metrics /openapi/v2 /x/../api/v1/namespaces/a/pods/b/exec /x/%2e%2e/api/v1/nodes/n/proxy/exec/a/b/c",
      fc.array(segment.chain(spelled), { minLength: 1, maxLength: 3 }).map((parts) => `/x/${parts.join("/")}`),
    ),
    query,
  )
  .map(([path, asked]) => ({ uri: path + asked }));

const responseStatus = fc.record(
  {
    metadata: fc.constant({}),
    status: fc.constant("Failure"),
    message: mostly(
      fc.constantFrom(
        'users "eks-auto:coredns" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope',
        'pods is forbidden: User "alice" cannot impersonate-on:user-info:list resource "pods"',
        "requested [{Group  system:masters    }] without impersonating a user",
      ),
      hostile,
    ),
    reason: hostile,
    details: fc.record({
      name: hostile,
      causes: fc.array(fc.record({ reason: hostile, field: hostile }), { maxLength: 1 }),
    }),
    code: fc.constantFrom(101, 200, 201, 400, 401, 403, 404, 409, 413, 422, 429, 500),
  },
  { requiredKeys: ["metadata", "code"] },
);

/** What a client sends: any JSON, with every name that an event has, anywhere; or an object. */
const body = fc.oneof(
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      hostile,
      fc.constantFrom<unknown>(null, true, 7, [], {}),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(mostly(bait, hostile), tie("value"), { maxKeys: 4 }),
    ),
  })).value,
  fc.record({
    metadata: fc.record({ name: fc.constantFrom("aws-auth", "web-0") }),
    spec: fc.constant({ hostNetwork: true, template: { spec: { hostNetwork: true } } }),
  }),
);
const annotations = fc
  .array(
    fc.tuple(
      wordOf(
        "authorization.k8s.io/decision authorization.k8s.io/reason authentication.k8s.io/stale-token authentication.k8s.io/legacy-token",
        bait.map((text) => `hook.example.com/${text}`),
      ),
      wordOf("allow forbid"),
    ),
    { maxLength: 3 },
  )
  .map(sorted);
const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

/** The line of an audit event as a kube-apiserver writes it, members in Go's order, with hostile text wherever somebody else may put any. */
export const goEvent: fc.Arbitrary<string> = fc
  .record({
    auditID: wordOf("6fc39ecd-2c95-47b8-af3f-58994a3ce6f6"),
    stage: fc.constantFrom("ResponseComplete", "ResponseComplete", "ResponseStarted", "RequestReceived", "Panic"),
    asked: mostly(objectAsked, otherAsked),
    verb: wordOf("get list watch create update patch delete deletecollection", fc.constantFrom("a&b", "options")),
    user,
    impersonatedUser: some(user),
    authenticationMetadata: fc.constantFrom(undefined, { impersonationConstraint: "impersonate:user-info" }),
    sourceIPs: fc.array(wordOf("192.0.2.44 2001:db8::1", fc.constant("203.0.113.9")), { minLength: 1, maxLength: 3 }),
    userAgent: some(hostile.filter(Boolean)),
    responseStatus: some(responseStatus),
    requestObject: some(body),
    responseObject: some(body),
    annotations: some(annotations),
  })
  .map(({ asked: { uri, objectRef }, requestObject, responseObject, ...event }) =>
    goJson({
      ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level: "RequestResponse", auditID: event.auditID },
      ...{ stage: event.stage, requestURI: uri, verb: event.verb, user: event.user },
      ...{ impersonatedUser: event.impersonatedUser, authenticationMetadata: event.authenticationMetadata },
      ...{ sourceIPs: event.sourceIPs, userAgent: event.userAgent, objectRef, responseStatus: event.responseStatus },
      // Only who serves an object keeps what was sent and answered.
      ...(objectRef && { requestObject, responseObject }),
      ...{ requestReceivedTimestamp: "2026-11-22T10:00:00.000000Z", stageTimestamp: "2026-11-22T10:00:00.010000Z" },
      annotations: event.annotations,
    }),
  );
