import { at, compact, flag, list, text, texts } from "../../../json.ts";
import { patchedParts } from "../json-patch.ts";
import { hasBody, type K8sBase, type K8sFacetRule } from "../request.ts";

export interface ContainerSpec {
  /** Kubernetes keeps the three apart; rules that read only `containers` miss the others. */
  readonly kind: "container" | "init" | "ephemeral";
  readonly name: string;
  readonly image: string;
  readonly privileged: boolean;
  readonly capabilities: readonly string[];
  /** Every string that can carry an address: command, args, environment values, probes and lifecycle hooks. */
  readonly words: readonly { readonly field: string; readonly words: readonly string[] }[];
}

/** A pod spec in a request body: of a pod, or of the template of whatever makes pods. */
export interface PodSpec {
  readonly workload: string;
  readonly namespace: string;
  /** Name, or generateName with `*`. */
  readonly name: string;
  /** Made from a template by the controller of the cluster whose work that is: the human's write of the template is the one to report. */
  readonly echo: boolean;
  readonly hostNetwork: boolean;
  readonly hostPID: boolean;
  readonly hostIPC: boolean;
  readonly serviceAccount: string;
  readonly nodeName: string;
  readonly hostPaths: readonly string[];
  readonly containers: readonly ContainerSpec[];
  /** Addresses that all containers know by other names. */
  readonly hostAliases: readonly string[];
  /** A bare pod that a controller owns, or the pod of a person. */
  readonly ownerKind: string;
}

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  pods: ["spec"],
  podtemplates: ["template", "spec"],
  deployments: ["spec", "template", "spec"],
  daemonsets: ["spec", "template", "spec"],
  statefulsets: ["spec", "template", "spec"],
  replicasets: ["spec", "template", "spec"],
  replicationcontrollers: ["spec", "template", "spec"],
  jobs: ["spec", "template", "spec"],
  cronjobs: ["spec", "jobTemplate", "spec", "template", "spec"],
};

/** What each controller of the cluster makes from a template, and nothing else: anybody may call a service account of kube-system
 * `x-controller` (seen in `side-effect` events). The controller manager is all of them where they have no accounts of their own. */
const COPIES: Readonly<Record<string, readonly string[]>> = {
  "system:serviceaccount:kube-system:cronjob-controller": ["jobs"],
  "system:serviceaccount:kube-system:daemon-set-controller": ["pods"],
  "system:serviceaccount:kube-system:deployment-controller": ["replicasets"],
  "system:serviceaccount:kube-system:job-controller": ["pods"],
  "system:serviceaccount:kube-system:replicaset-controller": ["pods"],
  "system:serviceaccount:kube-system:replication-controller": ["pods"],
  "system:serviceaccount:kube-system:statefulset-controller": ["pods"],
  "system:kube-controller-manager": ["pods", "replicasets", "jobs"],
};
/** A copy says whose it is. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  pods: /^(?:DaemonSet|Job|ReplicaSet|ReplicationController|StatefulSet)$/,
  replicasets: /^Deployment$/,
  jobs: /^CronJob$/,
};

function isCopy({ actor, object }: K8sBase, body: unknown): boolean {
  const copies = Object.hasOwn(COPIES, actor.name) ? COPIES[actor.name] : undefined;
  if (copies?.includes(object.resource) !== true) return false;
  return list(body, "metadata", "ownerReferences").some((owner) =>
    OWNERS[object.resource]?.test(text(owner, "kind") ?? ""),
  );
}

/** Subresources whose writes set a pod spec. */
const SPECS: ReadonlySet<string> = new Set(["", "ephemeralcontainers"]);

export const podSpec: K8sFacetRule<PodSpec> = {
  trigger: (peeked) => hasBody(peeked) && Object.hasOwn(TEMPLATES, peeked.resource) && SPECS.has(peeked.subresource),
  byObject: true,
  find(request: K8sBase): PodSpec | undefined {
    const { object } = request;
    const where = Object.hasOwn(TEMPLATES, object.resource) ? TEMPLATES[object.resource] : undefined;
    if (where === undefined || !hasBody(request)) return undefined;
    // A status write repeats the whole object and changes none of its spec.
    if (!SPECS.has(object.subresource)) return undefined;
    const body = bodyWithSpec(request, where);
    if (body === undefined) return undefined;
    const spec = at(body, ...where);
    return {
      workload: object.resource,
      namespace: object.namespace,
      name: object.name || `${text(body, "metadata", "generateName") ?? ""}*`,
      echo: isCopy(request, body),
      hostNetwork: flag(spec, "hostNetwork"),
      hostPID: flag(spec, "hostPID"),
      hostIPC: flag(spec, "hostIPC"),
      serviceAccount: text(spec, "serviceAccountName") ?? text(spec, "serviceAccount") ?? "",
      nodeName: text(spec, "nodeName") ?? "",
      hostPaths: list(spec, "volumes").flatMap((volume) => text(volume, "hostPath", "path") ?? []),
      containers: [
        ...containersOf(spec, "containers", "container"),
        ...containersOf(spec, "initContainers", "init"),
        ...containersOf(spec, "ephemeralContainers", "ephemeral"),
      ],
      hostAliases: list(spec, "hostAliases").flatMap((alias) => text(alias, "ip") ?? []),
      ownerKind: text(body, "metadata", "ownerReferences", 0, "kind") ?? "",
    };
  },
};

/** The answer has the whole object (a patch asks for a part of it); a refusal answers with a Status, then what was asked counts. */
function bodyWithSpec(request: K8sBase, where: readonly string[]): unknown {
  const bodies =
    request.verb === "patch"
      ? [request.responseBody, patchedParts(request.requestBody)]
      : [request.requestBody, request.responseBody];
  return bodies.find((body) => at(body, ...where) !== undefined);
}

function containersOf(spec: unknown, field: string, kind: ContainerSpec["kind"]): ContainerSpec[] {
  return list(spec, field).map((container, index) => ({
    kind,
    name: text(container, "name") ?? "",
    image: text(container, "image") ?? "",
    privileged: flag(container, "securityContext", "privileged"),
    capabilities: texts(container, "securityContext", "capabilities", "add"),
    words: wordsOf(container, `${field}[${index}]`),
  }));
}

const HANDLERS = [
  ["livenessProbe"],
  ["readinessProbe"],
  ["startupProbe"],
  ["lifecycle", "postStart"],
  ["lifecycle", "preStop"],
] as const;

function wordsOf(container: unknown, prefix: string): { field: string; words: readonly string[] }[] {
  const found = [
    { field: "command", words: [...texts(container, "command"), ...texts(container, "args")] },
    ...list(container, "env").map((entry) => ({
      field: `env.${text(entry, "name") ?? ""}`,
      words: texts(entry, "value"),
    })),
    ...HANDLERS.map((path) => {
      const handler = at(container, ...path);
      const target = compact({
        host: text(handler, "httpGet", "host"),
        path: text(handler, "httpGet", "path"),
        tcp: text(handler, "tcpSocket", "host"),
      });
      const headers = list(handler, "httpGet", "httpHeaders").flatMap((header) => text(header, "value") ?? []);
      return {
        field: path.join("."),
        words: [...texts(handler, "exec", "command"), ...Object.values(target), ...headers],
      };
    }),
  ];
  return found
    .filter(({ words }) => words.length > 0)
    .map(({ field, words }) => ({ field: `${prefix}.${field}`, words }));
}
