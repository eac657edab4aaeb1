/** The day's stage: its clock, its chance, its clusters, and how what happens gets into the trails. */
import { users } from "../events.ts";
import { audit, call, session } from "../trails.ts";
import {
  ACCOUNT,
  type Cluster,
  type Node,
  type Pod,
  REGION,
  type Role,
  roleNamed,
  SHARED,
  workloadsOf,
} from "./cast.ts";
import { type Chance, createChance } from "./chance.ts";
import { type Clockwork, createClockwork } from "./clockwork.ts";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface DayOptions {
  readonly seed: number;
  /** ms: the beginning of the day. */
  readonly start: number;
  readonly hours: number;
  /** Hours before it that are told without noise, so that a ledger is warm when the day begins. */
  readonly before: number;
  readonly nodes: number;
  readonly pods: number;
  readonly sessions: number;
  /** Which part of the repetitive noise is told: 1 makes 97 events a second. */
  readonly noise: number;
}

type Fields = Readonly<Record<string, unknown>>;

export interface World {
  readonly options: DayOptions;
  readonly chance: Chance;
  readonly clock: Clockwork;
  readonly main: Cluster;
  readonly staging: Cluster;
  /** Roles by name, each with one id. */
  readonly role: (name: string, path?: string) => Role;
  /** Tokens of the controllers of Kubernetes, by name. */
  readonly controllers: Map<string, string>;
  /** Writes a line of the audit log, where that of the cluster is read. */
  readonly audited: (now: number, cluster: Cluster, text: string) => void;
  readonly trailed: (now: number, text: string) => void;
  /** What each record has of its own. */
  readonly auditId: () => { readonly auditID: string };
  readonly eventId: () => { readonly eventID: string };
  readonly key: () => string;
}

export const dayOptions = (given: Partial<DayOptions> = {}): DayOptions => ({
  seed: 7,
  start: Date.UTC(2026, 10, 22),
  hours: 24,
  before: 26,
  nodes: 40,
  pods: 600,
  sessions: 300,
  noise: 1,
  ...given,
});

export function createWorld(options: DayOptions): World {
  const chance = createChance(options.seed);
  const clock = createClockwork();
  const roles = new Map<string, Role>();
  const role = (name: string, path?: string): Role => {
    const known = roles.get(name) ?? roleNamed(name, chance, path);
    roles.set(name, known);
    return known;
  };
  const cluster = (name: string, own: Pick<Cluster, "nats" | "net" | "audited" | "nodeRole">, size: DayOptions) => ({
    ...own,
    name,
    arn: `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/${name}`,
    oidc: `oidc.eks.${REGION}.amazonaws.com/id/${chance.hex(32).toUpperCase()}`,
    clusterRole: role("AmazonEKSAutoClusterRole"),
    workloads: workloadsOf(size, chance, (of) => role(of === SHARED || name === "demo" ? of : `${name}-${of}`)),
    nodes: new Set<Node>(),
    pods: new Set<Pod>(),
    nodesEver: 0,
  });
  const small = { ...options, nodes: 4, pods: Math.max(24, options.pods / 15), sessions: 12 };
  return {
    ...{ options, chance, clock, role, controllers: new Map() },
    main: cluster(
      "demo",
      {
        ...{ nats: ["198.51.100.20", "198.51.100.21"], net: "10.0", audited: true },
        nodeRole: role("AmazonEKSAutoNodeRole"),
      },
      options,
    ),
    // Nobody reads its audit log; CloudTrail tells of both.
    staging: cluster(
      "staging",
      {
        ...{ nats: ["198.51.100.30", "198.51.100.30"], net: "10.1", audited: false },
        nodeRole: role("staging-eks-auto-20260801120000"),
      },
      small,
    ),
    audited(now, { audited }, text) {
      if (audited)
        clock.write({ trail: "k8s-audit", time: now, arrival: now + chance.between(2 * SECOND, 20 * SECOND), text });
    },
    trailed: (now, text) =>
      clock.write({ trail: "cloudtrail", time: now, arrival: now + chance.between(2 * MINUTE, 15 * MINUTE), text }),
    auditId: () => ({ auditID: chance.uuid() }),
    eventId: () => ({ eventID: chance.uuid() }),
    key: () => `ASIAEXAMPLE${chance.letters(9)}`,
  };
}

/** An audit event of a cluster. */
export function tell(
  world: World,
  now: number,
  cluster: Cluster,
  fields: Fields & { readonly user: object; readonly verb: string; readonly requestURI: string },
): void {
  if (cluster.audited) world.audited(now, cluster, audit(now, { ...world.auditId(), ...fields }));
}

/** A CloudTrail record. */
export function told(world: World, now: number, api: string, fields: Fields & { readonly userIdentity: object }): void {
  world.trailed(now, call(now, api, { ...world.eventId(), ...fields }));
}

/** A role's session as CloudTrail writes it, with the id that the role has everywhere. */
export function sessionOf(role: Role, name: string, key: string, since: number, delivery?: string): object {
  const made = session(role.name, name, key, delivery) as { readonly sessionContext: object };
  return {
    ...made,
    principalId: `${role.id}:${name}`,
    sessionContext: {
      ...made.sessionContext,
      sessionIssuer: { type: "Role", principalId: role.id, arn: role.arn, accountId: ACCOUNT, userName: role.name },
      attributes: { creationDate: `${new Date(since).toISOString().slice(0, 19)}Z`, mfaAuthenticated: "false" },
    },
  };
}

/** The same session as the authenticator passes it on. */
export function asCaller(role: Role, name: string, key: string, groups: readonly string[] = []): object {
  return {
    username: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/${name.replaceAll("@", "-")}`,
    uid: `aws-iam-authenticator:${ACCOUNT}:${role.id}`,
    groups: [...groups, "system:authenticated"],
    extra: {
      accessKeyId: [key],
      arn: [`arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/${name}`],
      canonicalArn: [`arn:aws:iam::${ACCOUNT}:role/${role.name}`],
      principalId: [role.id],
      sessionName: [name],
    },
  };
}

export function asNode({ name, instance, role, kubeletKey }: Node): object {
  const { uid, extra } = asCaller(role, instance, kubeletKey) as { readonly uid: string; readonly extra: object };
  return { username: `system:node:${name}`, uid, groups: ["system:nodes", "system:authenticated"], extra };
}

export function asPod({ uid, name, workload, node, token }: Pod): object {
  const { namespace, serviceAccount } = workload;
  return {
    ...users.serviceAccount(namespace, serviceAccount),
    extra: {
      "authentication.kubernetes.io/credential-id": [`JTI=${token}`],
      "authentication.kubernetes.io/node-name": [node.name],
      "authentication.kubernetes.io/node-uid": [node.uid],
      "authentication.kubernetes.io/pod-name": [name],
      "authentication.kubernetes.io/pod-uid": [uid],
    },
  };
}

/** A controller of Kubernetes: its token is bound to no pod. */
export const asController = ({ controllers }: World, name: string): object => ({
  ...users.serviceAccount("kube-system", name),
  extra: { "authentication.kubernetes.io/credential-id": [`JTI=${controllers.get(name)}`] },
});

export const asManager = {
  ...users.component("system:kube-controller-manager"),
  extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=a8f7e3012251073d723202ead5593361"] },
};

/** Where the control plane speaks from. */
export const MANAGER = { sourceIPs: ["10.0.0.81"], userAgent: "kube-controller-manager/v1.35.4 (linux/amd64)" };
export const MASTER = { sourceIPs: ["10.0.0.80"] };
