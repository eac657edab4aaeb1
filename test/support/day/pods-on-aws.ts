/** How pods come to AWS, and what they do there (eks-auto-mode.md §3). */
import { service } from "../records.ts";
import { podCredentials } from "../trails.ts";
import { ACCOUNT, type Cluster, type Node, type Pod } from "./cast.ts";
import { specOf } from "./kubelet.ts";
import { HOUR, MINUTE, SECOND, sessionOf, told, type World } from "./world.ts";

const AGENT = "aws-sdk-go-v2/1.36.3 os/linux lang/go#1.24.4 md/GOOS#linux md/GOARCH#amd64 api/eksauth#1.9.3";
/** Services with an endpoint in the VPC: the address is the pod's, and the endpoint is named. */
const ENDPOINTS: Readonly<Record<string, string>> = {
  s3: "vpce-0a1b2c3d4e5f60001",
  secretsmanager: "vpce-0a1b2c3d4e5f60002",
  ecr: "vpce-0a1b2c3d4e5f60003",
};

/** Where a pod's or node's call comes from, as the service sees it. */
export function wayOf(cluster: Cluster, node: Node, to: string, ip = node.ip): object {
  const endpoint = ENDPOINTS[to];
  if (endpoint !== undefined) return { sourceIPAddress: ip, vpcEndpointId: endpoint };
  return { sourceIPAddress: cluster.nats[node.zone % 2] };
}

/** From the first credentials to the last call; the agent renews them after three hours, though they last six. */
export function callsOf(world: World, cluster: Cluster, pod: Pod, now: number, first: number): void {
  const { clock, chance } = world;
  const { aws } = pod.workload;
  if (aws === undefined) return;
  const open = aws.by === "pod identity" ? exchange : webIdentity;
  const gap = (): number =>
    aws.by === "pod identity" ? chance.between(3 * HOUR, 3.2 * HOUR) : chance.between(0.8 * HOUR, 0.9 * HOUR);
  // What runs already has a session that was opened before the first record.
  if (first - now > MINUTE)
    pod.aws = { key: world.key(), session: sessionName(world, cluster, pod), since: first - 3 * HOUR };
  clock.every(first, gap, (then) => {
    if (pod.gone) return "ended";
    open(world, cluster, pod, then);
    return undefined;
  });
  clock.every(
    Math.min(first, now + 5 * MINUTE) + chance.between(2 * SECOND, 5 * MINUTE),
    () => chance.between(2 * MINUTE, 8 * MINUTE),
    (then) => {
      if (pod.gone) return "ended";
      work(world, cluster, pod, then);
      return undefined;
    },
  );
}

export const sessionName = ({ chance }: World, cluster: Cluster, pod: Pod): string =>
  `eks-${cluster.name.slice(0, 10)}-${pod.name.slice(0, 12)}-${chance.uuid()}`;

/** The agent of its node asks, and EKS opens the session in the same second. */
export function exchange(world: World, cluster: Cluster, pod: Pod, now: number): void {
  const { node, workload } = pod;
  const role = workload.aws?.role;
  if (role === undefined) return;
  const key = world.key();
  const name = sessionName(world, cluster, pod);
  const expires = new Date(now + 6 * HOUR);
  const [asked, served] = podCredentials(now, specOf(pod), node.instance, {
    ...{ key, role: role.name, name },
    tags: { "eks-cluster-arn": cluster.arn, "eks-cluster-name": cluster.name },
    asked: {
      ...world.eventId(),
      userIdentity: sessionOf(node.role, node.instance, node.agentKey, now - HOUR, "2.0"),
      ...wayOf(cluster, node, "eks-auth"),
      userAgent: AGENT,
      requestParameters: { clusterName: cluster.name, token: "HIDDEN_DUE_TO_SECURITY_REASONS" },
    },
    served: {
      ...world.eventId(),
      responseElements: {
        credentials: {
          accessKeyId: key,
          expiration: expires.toLocaleString("en-US", { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" }),
        },
        assumedRoleUser: {
          assumedRoleId: `${role.id}:${name}`,
          arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/${name}`,
        },
      },
    },
  });
  world.trailed(now, asked);
  world.trailed(now, served);
  world.clock.at(now + SECOND, () => {
    pod.aws = { key, session: name, since: now };
  });
}

/** IRSA: the SDK in the pod itself, with a session name of its own. */
function webIdentity(world: World, cluster: Cluster, pod: Pod, now: number): void {
  const { namespace, serviceAccount, aws } = pod.workload;
  if (aws === undefined) return;
  const key = world.key();
  const name = `botocore-session-${Math.floor(now / SECOND)}`;
  const subject = `system:serviceaccount:${namespace}:${serviceAccount}`;
  const provider = `arn:aws:iam::${ACCOUNT}:oidc-provider/${cluster.oidc}`;
  told(world, now, "sts:AssumeRoleWithWebIdentity", {
    userIdentity: {
      ...{ type: "WebIdentityUser", principalId: `${provider}:sts.amazonaws.com:${subject}` },
      ...{ userName: subject, identityProvider: provider },
    },
    ...wayOf(cluster, pod.node, "sts"),
    userAgent: "Boto3/1.40.4 md/Botocore#1.40.4",
    requestParameters: { roleArn: aws.role.arn, roleSessionName: name },
    responseElements: {
      ...{ subjectFromWebIdentityToken: subject, audience: "sts.amazonaws.com", provider },
      assumedRoleUser: {
        assumedRoleId: `${aws.role.id}:${name}`,
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${aws.role.name}/${name}`,
      },
      credentials: { accessKeyId: key, expiration: "Nov 22, 2026, 5:00:00 PM" },
    },
  });
  pod.aws = { key, session: name, since: now };
}

/** Needs no right, and no policy denies it (documented). */
const NEVER_DENIED = "sts:GetCallerIdentity";

/** One call of those that the application makes; denied now and then, and now and then by a service for it. */
export function work(world: World, cluster: Cluster, pod: Pod, now: number): void {
  const { aws } = pod.workload;
  if (aws === undefined) return;
  // Mostly the same, and now and then something else.
  const api = aws.apis[Math.floor(world.chance.next() ** 2 * aws.apis.length)] ?? "";
  callAs(world, [cluster, pod], now, api, {
    ...(world.chance.happens(0.002) &&
      api !== NEVER_DENIED && {
        errorCode: "AccessDenied",
        errorMessage: "User is not authorized to perform the operation",
      }),
  });
}

export function callAs(
  world: World,
  [cluster, pod]: readonly [Cluster, Pod],
  now: number,
  api: string,
  over: Readonly<Record<string, unknown>> = {},
): void {
  const { aws } = pod.workload;
  if (aws === undefined || pod.aws === undefined) return;
  const { key, session, since } = pod.aws;
  const identity = sessionOf(aws.role, session, key, since) as { readonly sessionContext: object };
  const federated = `arn:aws:iam::${ACCOUNT}:oidc-provider/${cluster.oidc}`;
  const userIdentity =
    aws.by === "web identity"
      ? {
          ...identity,
          sessionContext: { ...identity.sessionContext, webIdFederationData: { federatedProvider: federated } },
        }
      : identity;
  const [serviceName = ""] = api.split(":");
  told(world, now, api, {
    ...{ userIdentity, ...wayOf(cluster, pod.node, serviceName, pod.ip) },
    userAgent: `aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.4 api/${serviceName}#1.70.0`,
    ...over,
  });
  // A secret that is kept under a key is opened by the service, in the pod's name (detections.md 0.3.7).
  if (api === "secretsmanager:GetSecretValue" && world.chance.happens(0.5) && over.errorCode === undefined) {
    const { sourceIPAddress, userAgent } = service("secretsmanager.amazonaws.com");
    told(world, now, "kms:Decrypt", {
      ...{ userIdentity: { ...userIdentity, invokedBy: sourceIPAddress }, sourceIPAddress, userAgent },
    });
  }
}
