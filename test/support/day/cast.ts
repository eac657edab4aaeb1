/** Who takes part in the day: clusters, their nodes and pods, and the roles that they have. */
import type { Chance } from "./chance.ts";

export const ACCOUNT = "111122223333";
export const REGION = "eu-central-1";

export interface Role {
  readonly name: string;
  /** `AROA…` */
  readonly id: string;
  readonly arn: string;
}

export function roleNamed(name: string, chance: Chance, path = ""): Role {
  return { name, id: `AROAEXAMPLE${chance.letters(10)}`, arn: `arn:aws:iam::${ACCOUNT}:role/${path}${name}` };
}

/** What keeps a number of pods running. */
export interface Workload {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  replicas: number;
  /** How its pods come to AWS. */
  readonly aws?: { readonly by: "pod identity" | "web identity"; readonly role: Role; apis: readonly string[] };
  /** Its pods speak to the API server. */
  readonly talks?: readonly (readonly [verb: string, path: string])[];
  /** What of the node its pods get. */
  readonly spec?: object;
  /** Of its current ReplicaSet or ControllerRevision. */
  hash: string;
}

export interface Node {
  readonly instance: string;
  /** As the cluster calls it: the instance on Auto Mode, a private DNS name in a managed node group. */
  readonly name: string;
  readonly uid: string;
  readonly zone: number;
  readonly ip: string;
  readonly block: number;
  readonly role: Role;
  readonly auto: boolean;
  readonly launched: number;
  addresses: number;
  /** The kubelet and the agents on it take up a new key minutes apart. */
  kubeletKey: string;
  agentKey: string;
  readonly pods: Set<Pod>;
  draining: boolean;
  gone: boolean;
}

export interface Pod {
  readonly uid: string;
  readonly name: string;
  readonly workload: Workload;
  readonly node: Node;
  readonly ip: string;
  readonly created: number;
  /** Its API token's JTI: changes every 48 minutes. */
  token: string;
  /** Key and session name that it calls AWS with. */
  aws?: { readonly key: string; readonly session: string; readonly since: number };
  gone: boolean;
}

export interface Cluster {
  readonly name: string;
  readonly arn: string;
  readonly oidc: string;
  readonly nodeRole: Role;
  readonly clusterRole: Role;
  /** Public addresses by zone. */
  readonly nats: readonly [string, string];
  /** `10.0`: the first two parts of its addresses. */
  readonly net: string;
  /** Whether its audit log is read. */
  readonly audited: boolean;
  readonly workloads: Workload[];
  readonly nodes: Set<Node>;
  readonly pods: Set<Pod>;
  nodesEver: number;
}

const NAMESPACES = ["shop", "payments", "search", "media", "data"] as const;
const APPS = [
  ..."checkout catalog orders basket ledger-api refunds invoices risk index query suggest crawl".split(" "),
  ..."thumbnails encoder uploads feeds reports ingest export stats mail notify users profile".split(" "),
] as const;
/** Calls by which applications are known; the trail records data events, too. */
const APIS = [
  ["s3:GetObject", "s3:PutObject", "kms:Decrypt"],
  ["secretsmanager:GetSecretValue", "kms:Decrypt", "sqs:GetQueueAttributes"],
  ["dynamodb:DescribeTable", "ssm:GetParameter", "s3:GetObject"],
  ["sts:GetCallerIdentity", "s3:ListBuckets", "s3:GetObject", "sns:GetTopicAttributes"],
] as const;

/** A role that both clusters give to pods, by Pod Identity and by the web identities that it had before. */
export const SHARED = "payments-catalog";

export interface Size {
  readonly nodes: number;
  readonly pods: number;
  readonly sessions: number;
}

/** DaemonSets, controllers and applications, so many that the cluster has about `pods` pods and `sessions` of them a Pod Identity session. */
export function workloadsOf({ nodes, pods, sessions }: Size, chance: Chance, role: (name: string) => Role): Workload[] {
  const hash = (): string => chance.hex(10);
  const made = (
    kind: Workload["kind"],
    namespace: string,
    name: string,
    replicas: number,
    rest: Partial<Workload> = {},
  ): Workload => ({ kind, namespace, name, serviceAccount: name, replicas, hash: hash(), ...rest });
  const list = (path: string) => ["list", path] as const;
  const platform = [
    made("DaemonSet", "monitoring", "node-exporter", nodes, {
      spec: { hostNetwork: true, hostPID: true, volumes: [{ name: "proc", hostPath: { path: "/proc" } }] },
    }),
    made("DaemonSet", "logging", "fluent-bit", nodes, {
      spec: { volumes: [{ name: "log", hostPath: { path: "/var/log" } }] },
      talks: [list("/api/v1/namespaces"), ["watch", "/api/v1/pods"]],
    }),
    made("StatefulSet", "argocd", "argocd-application-controller", 1, {
      talks: [list("/api/v1/services"), list("/apis/apps/v1/deployments"), ["watch", "/api/v1/configmaps"]],
    }),
    made("StatefulSet", "monitoring", "prometheus", 2, {
      talks: [list("/api/v1/nodes"), list("/api/v1/services"), ["watch", "/api/v1/pods"]],
    }),
    made("Deployment", "external-secrets", "external-secrets", 1, {
      aws: { by: "pod identity", role: role("external-secrets"), apis: ["secretsmanager:GetSecretValue"] },
      talks: [
        ["get", "/api/v1/namespaces/shop/secrets/db"],
        ["update", "/api/v1/namespaces/shop/secrets/db"],
        ["list", "/api/v1/secrets"],
      ],
    }),
    made("Deployment", "cert-manager", "cert-manager", 1, {
      aws: {
        by: "web identity",
        role: role("cert-manager"),
        apis: ["route53:ChangeResourceRecordSets", "route53:GetChange"],
      },
      talks: [
        ["get", "/api/v1/namespaces/shop/secrets/tls"],
        ["list", "/apis/cert-manager.io/v1/certificates"],
      ],
    }),
    made("Deployment", "kube-system", "external-dns", 1, {
      aws: {
        by: "web identity",
        role: role("external-dns"),
        apis: ["route53:ListHostedZones", "route53:ListResourceRecordSets"],
      },
      talks: [list("/api/v1/services"), list("/apis/networking.k8s.io/v1/ingresses")],
    }),
    made("Deployment", "monitoring", "kube-state-metrics", 1, {
      talks: [list("/api/v1/pods"), list("/apis/apps/v1/replicasets")],
    }),
    made("Deployment", "ci", "runner", 2, { talks: [["get", "/api/v1/namespaces/ci/configmaps/pipeline"]] }),
  ];
  const workloads: Workload[] = [...platform];
  let left = pods - platform.reduce((sum, { replicas }) => sum + replicas, 0);
  // One in eight of them is a web identity's, as clusters have it that began before Pod Identity.
  const federated = Math.floor(sessions / 8);
  let sessionsLeft = sessions - federated - 1;
  let federatedLeft = federated - 2;
  for (let index = 0; left > 0; index += 1) {
    const namespace = NAMESPACES[index % NAMESPACES.length] ?? "shop";
    const app = `${APPS[index % APPS.length]}${index < APPS.length ? "" : `-${Math.floor(index / APPS.length) + 1}`}`;
    const [limit = left] = [sessionsLeft, federatedLeft].filter((some) => some > 0);
    const replicas = Math.min(left, limit, 4 + (index % 10));
    const otherwise = federatedLeft > 0 ? "web identity" : undefined;
    const by = sessionsLeft > 0 ? "pod identity" : otherwise;
    const shares = index === 1 || (by === "web identity" && federatedLeft === federated - 2);
    if (by === "pod identity") sessionsLeft -= replicas;
    else if (by === "web identity") federatedLeft -= replicas;
    left -= replicas;
    workloads.push(
      made(index % 7 === 3 ? "StatefulSet" : "Deployment", namespace, app, replicas, {
        ...(by && {
          aws: { by, role: role(shares ? SHARED : `${namespace}-${app}`), apis: APIS[index % APIS.length] ?? [] },
        }),
      }),
    );
  }
  return workloads;
}

/** An address of the node's own range: it is given out again when a pod is gone, after some others. */
export function addressOn(node: Node, { net }: Cluster): string {
  const number = node.block * 64 + (node.addresses % 62) + 1;
  node.addresses += 1;
  return `${net}.${32 + (number >> 8)}.${number & 255}`;
}
