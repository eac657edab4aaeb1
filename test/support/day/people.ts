/** Two administrators at work, one of them with a VPN for the cluster and none for AWS; and somebody who is new. */
import type { Cluster, Pod, Role } from "./cast.ts";
import { ACCOUNT } from "./cast.ts";
import { rollOut } from "./pods.ts";
import { asCaller, HOUR, MINUTE, SECOND, sessionOf, tell, told, type World } from "./world.ts";

export interface Person {
  readonly role: Role;
  readonly session: string;
  /** Addresses that the cluster and AWS see. */
  readonly kubectlFrom: string;
  readonly awsFrom: string;
  key: string;
  since: number;
}

const SSO = "aws-reserved/sso.amazonaws.com/eu-central-1/";
export const OFFICE = "203.0.113.10";

/** A session of IAM Identity Center: its key is handed out in the management account, unseen. */
const login = (world: World, role: string, session: string, from: Pick<Person, "kubectlFrom" | "awsFrom">): Person => ({
  ...{ role: world.role(role, SSO), session, ...from, key: world.key(), since: 0 },
});

export function people(world: World, cluster: Cluster, day: number): void {
  const { clock, chance } = world;
  const alice = login(world, "AWSReservedSSO_ClusterAdmin_0123456789abcdef", "alice@example.com", {
    ...{ kubectlFrom: OFFICE, awsFrom: OFFICE },
  });
  // Split tunnel: the VPN leads to the private endpoint, everything else leaves from home.
  const bob = login(world, "AWSReservedSSO_ClusterAdmin_0123456789abcdef", "bob@example.com", {
    ...{ kubectlFrom: "10.100.3.7", awsFrom: "192.0.2.77" },
  });
  for (const [index, person] of [alice, bob].entries()) {
    const begin = day + (8 + index) * HOUR;
    clock.at(begin, (now) => {
      person.key = world.key();
      person.since = now;
    });
    clock.every(
      begin + MINUTE,
      () => chance.between(3 * MINUTE, 12 * MINUTE),
      (now) => {
        if (now > begin + 9 * HOUR) return "ended";
        looks(world, cluster, person, now);
        return undefined;
      },
    );
    for (const hour of [1, 4, 7]) clock.at(begin + hour * HOUR, (now) => enters(world, cluster, person, now));
    clock.at(begin + 2 * HOUR, (now) => secret(world, cluster, person, now));
    clock.at(begin + 3 * HOUR, (now) => restarts(world, cluster, person, now));
  }
}

/** A request of a person's kubectl. */
export function kubectl(
  world: World,
  cluster: Cluster,
  { role, session, key, kubectlFrom }: Person,
  now: number,
  fields: Readonly<Record<string, unknown>> & { readonly verb: string; readonly requestURI: string },
): void {
  tell(world, now, cluster, {
    ...{ user: asCaller(role, session, key), sourceIPs: [kubectlFrom] },
    userAgent: "kubectl/v1.35.4 (darwin/arm64) kubernetes/0000000",
    annotations: {
      "authorization.k8s.io/decision": "allow",
      "authorization.k8s.io/reason": `EKS Access Policy: allowed by ClusterRoleBinding "arn:aws:iam::${ACCOUNT}:role/${role.name}+arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"`,
    },
    ...fields,
  });
}

const AWS_LOOKS = ["eks:DescribeCluster", "eks:ListClusters", "ec2:DescribeInstances", "sts:GetCallerIdentity"];

function looks(world: World, cluster: Cluster, person: Person, now: number): void {
  const { chance } = world;
  const { namespace } = chance.one(cluster.workloads);
  const core = (resource: string, name?: string, subresource?: string): object => ({
    ...{ resource, namespace, apiVersion: "v1", ...(name && { name }), ...(subresource && { subresource }) },
  });
  kubectl(world, cluster, person, now, {
    ...{ verb: "list", requestURI: `/api/v1/namespaces/${namespace}/pods?limit=500`, objectRef: core("pods") },
  });
  const pod = chance.one([...cluster.pods]);
  if (chance.happens(0.4))
    kubectl(world, cluster, person, now + 20 * SECOND, {
      ...{ verb: "get", requestURI: `/api/v1/namespaces/${pod.workload.namespace}/pods/${pod.name}/log?container=app` },
      objectRef: { ...core("pods", pod.name, "log"), namespace: pod.workload.namespace },
    });
  if (chance.happens(0.5))
    told(world, now + 30 * SECOND, chance.one(AWS_LOOKS), {
      userIdentity: sessionOf(person.role, person.session, person.key, person.since),
      ...{ sourceIPAddress: person.awsFrom, userAgent: "aws-cli/2.31.0 md/awscrt#0.27.6 exec-env/none" },
    });
}

/** exec and port-forward, as one does to see what is wrong with an application. */
function enters(world: World, cluster: Cluster, person: Person, now: number): void {
  const { chance } = world;
  const apps = [...cluster.pods].filter(
    ({ gone, workload }) => !gone && !workload.talks && workload.kind !== "DaemonSet",
  );
  const goesInto = (pod: Pod, at: number, how: string, query: string): void => {
    const { namespace } = pod.workload;
    for (const [stage, then] of [
      ["ResponseStarted", at],
      ["ResponseComplete", at + 3 * MINUTE],
    ] as const)
      kubectl(world, cluster, person, then, {
        ...{ verb: "get", requestURI: `/api/v1/namespaces/${namespace}/pods/${pod.name}/${how}?${query}`, stage },
        objectRef: { resource: "pods", namespace, name: pod.name, apiVersion: "v1", subresource: how },
        responseStatus: { metadata: {}, code: 101 },
      });
  };
  goesInto(chance.one(apps), now, "exec", "command=cat&command=%2Fapp%2Fconfig.yaml&container=app&stdout=true");
  goesInto(chance.one(apps), now + 5 * MINUTE, "exec", "command=sh&container=app&stdin=true&stdout=true&tty=true");
  goesInto(chance.one(apps), now + 9 * MINUTE, "portforward", "ports=8080");
}

function secret(world: World, cluster: Cluster, person: Person, now: number): void {
  kubectl(world, cluster, person, now, {
    ...{ verb: "get", requestURI: "/api/v1/namespaces/shop/secrets/db", level: "Metadata" },
    objectRef: { resource: "secrets", namespace: "shop", name: "db", apiVersion: "v1" },
  });
}

function restarts(world: World, cluster: Cluster, person: Person, now: number): void {
  const workload = world.chance.one(cluster.workloads.filter(({ kind, talks }) => kind === "Deployment" && !talks));
  const { namespace, name } = workload;
  const stamp = { "kubectl.kubernetes.io/restartedAt": new Date(now).toISOString() };
  kubectl(world, cluster, person, now, {
    ...{ verb: "patch", requestURI: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}?fieldManager=kubectl` },
    objectRef: { resource: "deployments", namespace, name, apiGroup: "apps", apiVersion: "v1" },
    requestObject: { spec: { template: { metadata: { annotations: stamp } } } },
    responseObject: { metadata: { name, namespace }, spec: { template: { metadata: { annotations: stamp } } } },
  });
  world.clock.at(now + SECOND, (then) => rollOut(world, cluster, workload, then));
}

/** Let in by infrastructure as code in the morning, and at work in the afternoon. */
export function newHire(world: World, cluster: Cluster, day: number): void {
  const { clock, chance } = world;
  const carol = login(world, "AWSReservedSSO_Developer_fedcba9876543210", "carol@example.com", {
    ...{ kubectlFrom: OFFICE, awsFrom: OFFICE },
  });
  const ci = world.role("TerraformCI");
  const key = world.key();
  const plan = (now: number, action: string, fields: object): void =>
    told(world, now, `eks:${action}`, {
      userIdentity: sessionOf(ci, "gha-7001234567", key, day + 9.9 * HOUR),
      ...{ sourceIPAddress: "203.0.113.50", userAgent: "APN/1.0 HashiCorp/1.0 Terraform/1.13.0" },
      ...fields,
    });
  clock.at(day + 9.9 * HOUR, (now) =>
    told(world, now, "sts:AssumeRoleWithWebIdentity", {
      userIdentity: {
        ...{ type: "WebIdentityUser", userName: "repo:example/infra:ref:refs/heads/main" },
        principalId: `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com:sts.amazonaws.com:repo:example/infra`,
        identityProvider: `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`,
      },
      ...{ sourceIPAddress: "203.0.113.50", userAgent: "configure-aws-credentials-for-github-actions" },
      requestParameters: { roleArn: ci.arn, roleSessionName: "gha-7001234567" },
      responseElements: {
        credentials: { accessKeyId: key },
        assumedRoleUser: { assumedRoleId: `${ci.id}:gha-7001234567` },
      },
    }),
  );
  clock.at(day + 10 * HOUR, (now) => {
    plan(now, "CreateAccessEntry", {
      requestParameters: { name: cluster.name, principalArn: carol.role.arn, type: "STANDARD" },
      responseElements: { accessEntry: { clusterName: cluster.name, principalArn: carol.role.arn, type: "STANDARD" } },
    });
    plan(now + 2 * SECOND, "AssociateAccessPolicy", {
      requestParameters: {
        ...{ name: cluster.name, principalArn: encodeURIComponent(carol.role.arn) },
        policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
        accessScope: { type: "namespace", namespaces: ["shop"] },
      },
    });
  });
  clock.every(
    day + 13 * HOUR,
    () => chance.between(5 * MINUTE, 20 * MINUTE),
    (now) => {
      if (now > day + 17 * HOUR) return "ended";
      looks(world, cluster, carol, now);
      return undefined;
    },
  );
}
