/** The lives of pods: made by controllers, bound, run, and gone; rolled out, evicted, put back. */
import { podBound, podCreated, podGone } from "../trails.ts";
import { addressOn, type Cluster, type Node, type Pod, type Workload } from "./cast.ts";
import { ofKubelet, report, specOf, tokens } from "./kubelet.ts";
import { callsOf, work } from "./pods-on-aws.ts";
import { asController, asPod, HOUR, MANAGER, MASTER, MINUTE, SECOND, tell, type World } from "./world.ts";

const CONTROLLER = {
  Deployment: "replicaset-controller",
  StatefulSet: "statefulset-controller",
  DaemonSet: "daemon-set-controller",
} as const;
const SCHEDULER = {
  username: "system:kube-scheduler",
  groups: ["system:authenticated"],
  extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=158373fb75b23c3c45395cbee974d814"] },
};

export const podsOf = ({ pods }: Cluster, workload: Workload): Pod[] =>
  [...pods].filter((pod) => pod.workload === workload && !pod.gone);

function nameFor({ chance }: World, cluster: Cluster, workload: Workload): string {
  if (workload.kind === "DaemonSet") return `${workload.name}-${chance.hex(5)}`;
  if (workload.kind === "Deployment") return `${workload.name}-${workload.hash}-${chance.hex(5)}`;
  const taken = new Set(podsOf(cluster, workload).map(({ name }) => name));
  for (let ordinal = 0; ; ordinal += 1)
    if (!taken.has(`${workload.name}-${ordinal}`)) return `${workload.name}-${ordinal}`;
}

function place(world: World, cluster: Cluster, workload: Workload, created: number, node: Node): Pod {
  const pod: Pod = {
    ...{ uid: world.chance.uuid(), name: nameFor(world, cluster, workload), workload, node, created },
    ip: workload.spec !== undefined && "hostNetwork" in workload.spec ? node.ip : addressOn(node, cluster),
    ...{ token: "", gone: false },
  };
  cluster.pods.add(pod);
  node.pods.add(pod);
  return pod;
}

export function someNode({ chance }: World, { nodes }: Cluster): Node {
  return chance.one([...nodes].filter(({ gone, draining, auto }) => auto && !gone && !draining));
}

/** A pod that ran before the first record. */
export function runningPod(world: World, cluster: Cluster, workload: Workload, now: number, node: Node): Pod {
  const { chance } = world;
  const pod = place(world, cluster, workload, now - chance.between(HOUR, 24 * HOUR), node);
  pod.token = chance.uuid();
  tokens(world, cluster, pod, now + chance.between(0, 48 * MINUTE), now + chance.between(0, 19 * HOUR));
  talks(world, cluster, pod, now);
  callsOf(world, cluster, pod, now, now + chance.between(0, 3 * HOUR));
  return pod;
}

export function createPod(world: World, cluster: Cluster, workload: Workload, now: number, node?: Node): Pod {
  const { clock, chance } = world;
  const pod = place(world, cluster, workload, now, node ?? someNode(world, cluster));
  const { namespace, name, hash, kind } = workload;
  if (cluster.audited) {
    const labels = { app: name, "pod-template-hash": hash };
    const owner = kind === "Deployment" ? ["ReplicaSet", `${name}-${hash}`] : [kind, name];
    const text = podCreated(
      now,
      { ...specOf(pod), ...(workload.spec && { spec: workload.spec }) },
      {
        ...{ ...world.auditId(), user: asController(world, CONTROLLER[kind]), ...MANAGER },
        objectRef: { resource: "pods", namespace, name: pod.name, apiVersion: "v1" },
      },
    );
    world.audited(now, cluster, withOwner(text, { labels, ownerReferences: [{ kind: owner[0], name: owner[1] }] }));
  }
  clock.at(now + chance.between(50, 900), (then) => {
    if (!cluster.audited) return;
    const over = { ...world.auditId(), user: SCHEDULER, ...MASTER, userAgent: "kube-scheduler/v1.35.4 (linux/amd64)" };
    world.audited(then, cluster, podBound(then, specOf(pod), over));
  });
  const started = now + chance.between(1 * SECOND, 3 * SECOND);
  tokens(world, cluster, pod, started, started + 20);
  clock.at(started + chance.between(4 * SECOND, 20 * SECOND), (then) => {
    if (pod.gone) return;
    report(world, cluster, pod, then);
    talks(world, cluster, pod, then + SECOND);
    callsOf(world, cluster, pod, then, then + chance.between(SECOND, 10 * SECOND));
  });
  return pod;
}

/** Ownership and labels stand in the bodies of what controllers make. */
function withOwner(text: string, metadata: object): string {
  const event = JSON.parse(text) as { requestObject: { metadata: object }; responseObject: { metadata: object } };
  event.requestObject.metadata = { ...event.requestObject.metadata, ...metadata };
  event.responseObject.metadata = { ...event.responseObject.metadata, ...metadata };
  return JSON.stringify(event);
}

interface End {
  /** Who asks, by default the controller that owns it. */
  readonly by?: { readonly user: object; readonly sourceIPs: readonly string[] };
  /** What is done after the final delete, with its time. */
  readonly gone?: (now: number) => void;
  /** Already asked for: an eviction. */
  readonly asked?: boolean;
}

/** Asked to end, and gone when its containers are. */
export function deletePod(world: World, cluster: Cluster, pod: Pod, now: number, end: End = {}): void {
  const { clock, chance } = world;
  const { namespace, kind } = pod.workload;
  const requestURI = `/api/v1/namespaces/${namespace}/pods/${pod.name}`;
  if (end.asked !== true)
    tell(world, now, cluster, {
      ...(end.by ?? { user: asController(world, CONTROLLER[kind]), ...MANAGER }),
      verb: "delete",
      requestURI,
      objectRef: { resource: "pods", namespace, name: pod.name, apiVersion: "v1" },
      requestObject: { kind: "DeleteOptions", apiVersion: "meta.k8s.io/__internal" },
      responseObject: {
        kind: "Pod",
        metadata: { name: pod.name, namespace, uid: pod.uid, deletionGracePeriodSeconds: 30 },
      },
    });
  clock.at(now + chance.between(2 * SECOND, 30 * SECOND), (then) => {
    if (pod.gone) return;
    pod.gone = true;
    pod.node.pods.delete(pod);
    cluster.pods.delete(pod);
    if (cluster.audited) world.audited(then, cluster, podGone(then, specOf(pod), ofKubelet(world, pod.node)));
    // A last call of containers that outlive their object by a little (detections.md B-04).
    if (chance.happens(0.15))
      clock.at(then + chance.between(2 * SECOND, 100 * SECOND), (late) => work(world, cluster, pod, late));
    end.gone?.(then);
  });
}

/** New pods for old, one after the other. */
export function rollOut(world: World, cluster: Cluster, workload: Workload, now: number): void {
  const { clock, chance } = world;
  workload.hash = chance.hex(10);
  for (const [index, pod] of podsOf(cluster, workload).entries())
    clock.at(now + index * chance.between(15 * SECOND, 25 * SECOND), (then) => {
      if (pod.gone) return;
      replace(world, cluster, pod, then);
    });
}

/** A StatefulSet's successor has the same name, and comes when the first is gone. */
export function replace(world: World, cluster: Cluster, pod: Pod, now: number, end: End = {}): void {
  const { workload } = pod;
  const again = (then: number): void => void createPod(world, cluster, workload, then);
  if (workload.kind === "Deployment") {
    again(now);
    world.clock.at(now + (end.asked === true ? 0 : 15 * SECOND), (then) => {
      if (!pod.gone) deletePod(world, cluster, pod, then, end);
    });
    return;
  }
  const comesBack = workload.kind === "StatefulSet";
  deletePod(world, cluster, pod, now, {
    ...end,
    ...(comesBack && { gone: (gone: number) => world.clock.at(gone + SECOND, again) }),
  });
}

/** What a pod asks the API server, now and then. The rest of it is noise. */
function talks(world: World, cluster: Cluster, pod: Pod, first: number): void {
  const { clock, chance } = world;
  const { talks: asks } = pod.workload;
  if (asks === undefined || !cluster.audited) return;
  clock.every(
    first + chance.between(0, MINUTE),
    () => chance.between(3 * MINUTE, 6 * MINUTE),
    (now) => {
      if (pod.gone) return "ended";
      ask(world, cluster, pod, now, chance.one(asks));
      return undefined;
    },
  );
}

function ask(world: World, cluster: Cluster, pod: Pod, now: number, [verb, path]: readonly [string, string]): void {
  const [, group, rest] = /^\/(?:api|apis\/([^/]+))\/[^/]+\/(.*)$/.exec(path) ?? [];
  const [first = "", namespace = "", resource = first, name] = (rest ?? "").split("/");
  const within = first === "namespaces" && namespace !== "";
  tell(world, now, cluster, {
    ...{ user: asPod(pod), sourceIPs: [pod.ip], userAgent: `${pod.workload.name}/v1` },
    ...{ verb, requestURI: path, level: "Metadata", stage: verb === "watch" ? "ResponseStarted" : "ResponseComplete" },
    objectRef: {
      ...(within ? { resource, namespace, ...(name && { name }) } : { resource: first }),
      ...{ ...(group && { apiGroup: group }), apiVersion: "v1" },
    },
  });
}
