/** Controllers in the cluster: Kubernetes' own tokens, GitOps, Prometheus, and deployments that roll. */
import { tokenMinted } from "../trails.ts";
import type { Cluster, Pod } from "./cast.ts";
import { podsOf, rollOut } from "./pods.ts";
import { asController, asManager, asPod, HOUR, MANAGER, MINUTE, SECOND, tell, type World } from "./world.ts";

const CONTROLLERS = [
  ..."replicaset-controller statefulset-controller daemon-set-controller deployment-controller".split(" "),
  ..."namespace-controller node-controller endpoint-controller endpointslice-controller job-controller".split(" "),
  ..."disruption-controller horizontal-pod-autoscaler resourcequota-controller generic-garbage-collector".split(" "),
  ..."pod-garbage-collector root-ca-cert-publisher service-account-controller ttl-controller".split(" "),
  ..."clusterrole-aggregation-controller persistent-volume-binder cronjob-controller".split(" "),
] as const;

/** The controller manager mints the tokens that its controllers speak with: bound to nothing, for an hour (audit-recorded.md 13, seen). */
export function controllerTokens(world: World, cluster: Cluster, now: number): void {
  const { chance, clock, controllers } = world;
  for (const serviceAccount of CONTROLLERS) {
    if (!controllers.has(serviceAccount)) controllers.set(serviceAccount, chance.uuid());
    clock.every(
      now + chance.between(0, 48 * MINUTE),
      () => chance.between(47 * MINUTE, 49 * MINUTE),
      (then) => {
        const token = chance.uuid();
        const pod = { uid: "", name: "", namespace: "kube-system", serviceAccount };
        const own = { ...world.auditId(), user: asManager, ...MANAGER };
        const requestObject = {
          kind: "TokenRequest",
          spec: { audiences: null, expirationSeconds: 3_600, boundObjectRef: null },
        };
        const minted = (over: object): string => tokenMinted(then, pod, "", token, { ...own, ...over });
        world.audited(then, cluster, minted({ stage: "RequestReceived" }));
        world.audited(then, cluster, minted({ requestObject }));
        clock.at(then + SECOND, () => controllers.set(serviceAccount, token));
      },
    );
  }
}

const theOne = (cluster: Cluster, name: string): Pod | undefined => {
  const workload = cluster.workloads.find((one) => one.name === name);
  return workload && podsOf(cluster, workload)[0];
};

type Path = readonly [group: string, resource: string, namespace: string, name: string];

/** Argo CD applies what is in the repository: workloads all day, a Role and its binding now and then. */
export function gitOps(world: World, cluster: Cluster, first: number): void {
  const { clock, chance } = world;
  const applies = (now: number, [group, resource, namespace, name]: Path, body: object): void => {
    const argo = theOne(cluster, "argocd-application-controller");
    if (argo === undefined) return;
    tell(world, now, cluster, {
      ...{ user: asPod(argo), sourceIPs: [argo.ip], userAgent: "argocd-application-controller/v3.1.1", verb: "patch" },
      requestURI: `/apis/${group}/v1/namespaces/${namespace}/${resource}/${name}?fieldManager=argocd-controller&force=false`,
      objectRef: { resource, namespace, name, apiGroup: group, apiVersion: "v1" },
      requestObject: body,
      responseObject: { metadata: { name, namespace }, ...body },
    });
  };
  clock.every(
    first,
    () => chance.between(40 * MINUTE, 80 * MINUTE),
    (now) => {
      const workload = chance.one(cluster.workloads.filter(({ kind, talks }) => kind !== "DaemonSet" && !talks));
      const { namespace, name } = workload;
      const spec = { template: { spec: { containers: [{ name: "app", image: `registry.example.com/${name}:2` }] } } };
      applies(now, ["apps", workload.kind === "Deployment" ? "deployments" : "statefulsets", namespace, name], {
        spec,
      });
      clock.at(now + 2 * SECOND, (then) => rollOut(world, cluster, workload, then));
    },
  );
  clock.every(
    first + 3 * HOUR,
    () => 5 * HOUR,
    (now) => {
      const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] }];
      const subjects = [{ kind: "ServiceAccount", name: "catalog", namespace: "payments" }];
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" };
      applies(now, ["rbac.authorization.k8s.io", "roles", "payments", "reader"], { rules });
      applies(now + 200, ["rbac.authorization.k8s.io", "rolebindings", "payments", "reader"], { roleRef, subjects });
    },
  );
}

/** Prometheus scrapes kubelets and services through the API server's proxy. */
export function scrapes(world: World, cluster: Cluster, first: number): void {
  const { clock, chance } = world;
  clock.every(
    first,
    () => 10 * MINUTE,
    (now) => {
      const prometheus = theOne(cluster, "prometheus");
      if (prometheus === undefined) return;
      const gets = (then: number, path: string, ref: object): void =>
        tell(world, then, cluster, {
          ...{ user: asPod(prometheus), sourceIPs: [prometheus.ip], userAgent: "Prometheus/3.5.0", verb: "get" },
          requestURI: `/api/v1/${path}`,
          objectRef: { ...ref, apiVersion: "v1", subresource: "proxy" },
        });
      for (const [index, { name, gone }] of [...cluster.nodes].entries())
        if (!gone)
          gets(now + 40 * index, `nodes/${name}/proxy/metrics${chance.happens(0.5) ? "/cadvisor" : ""}`, {
            ...{ resource: "nodes", name },
          });
      gets(now + 3 * SECOND, "namespaces/shop/services/http:checkout:8080/proxy/metrics", {
        ...{ resource: "services", namespace: "shop", name: "http:checkout:8080" },
      });
    },
  );
}

/** A pod of the secret store reads, and the endpoint controllers write: what keeps every controller's token in use. */
export function controllersAtWork(world: World, cluster: Cluster, first: number): void {
  const { clock, chance } = world;
  clock.every(
    first,
    () => chance.between(MINUTE, 3 * MINUTE),
    (now) => {
      const workload = chance.one(cluster.workloads);
      tell(world, now, cluster, {
        ...{ user: asController(world, chance.one(CONTROLLERS.slice(3))), ...MANAGER, verb: "get" },
        requestURI: `/api/v1/namespaces/${workload.namespace}`,
        objectRef: { resource: "namespaces", name: workload.namespace, apiVersion: "v1" },
      });
    },
  );
}
