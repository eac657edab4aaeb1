/** Records of both trails in wire form, from a short script: pods, nodes, tokens, keys and what is done with them, told consistently. Audit events have the
 * shapes that were recorded; CloudTrail's those of the two public pairs and of the API models (eks-auto-mode.md §3, §4). */
import { users } from "./events.ts";
import { fractionOf, type Over, service, timeOf, uuid, type When } from "./records.ts";

const ACCOUNT = "111122223333";
const REGION = "eu-central-1";
export const CLUSTER = "demo";
const CLUSTER_ARN = `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/${CLUSTER}`;
const ROLE = "AmazonEKSAutoNodeRole";

export interface PodSpec {
  readonly uid: string;
  readonly name: string;
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly node?: string;
  readonly spec?: object;
  readonly by?: Parameters<typeof audit>[1]["user"];
}

/** An audit event as Go writes it, on one line. */
export function audit(
  at: When,
  fields: Over & { readonly user?: object; readonly verb: string; readonly requestURI: string },
): string {
  const { user, verb, requestURI, sourceIPs, userAgent, objectRef, responseStatus, level, annotations, ...rest } =
    fields;
  const { impersonatedUser, requestObject, responseObject, auditID, stage = "ResponseComplete" } = rest;
  const received = `${timeOf(at)}.${fractionOf(at)}`;
  const asked = {
    ...{
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: level ?? (responseObject ? "RequestResponse" : "Request"),
    },
    ...{ auditID: auditID ?? uuid(), stage, requestURI, verb, user: user ?? users.human() },
    impersonatedUser,
    sourceIPs: sourceIPs ?? ["10.0.1.10"],
    userAgent: userAgent ?? "kubectl/v1.35.4",
    objectRef,
  };
  // Before it is answered there is neither a body nor an answer (audit-recorded.md 13).
  if (stage === "RequestReceived")
    return JSON.stringify({ ...asked, requestReceivedTimestamp: `${received}000Z`, stageTimestamp: `${received}000Z` });
  return JSON.stringify({
    ...asked,
    responseStatus: responseStatus ?? { metadata: {}, code: 200 },
    ...{ requestObject, responseObject },
    requestReceivedTimestamp: `${received}000Z`,
    stageTimestamp: typeof at === "number" ? `${received}900Z` : `${timeOf(at)}.010000Z`,
    annotations: annotations ?? { "authorization.k8s.io/decision": "allow" },
  });
}

/** A CloudTrail record on one line, marked as made up. */
export function call(at: When, api: string, fields: Over & { readonly userIdentity: object }): string {
  const [source = "", eventName = ""] = api.split(":");
  return JSON.stringify({
    ...{ eventVersion: "1.11", eventTime: `${timeOf(at)}Z`, eventSource: `${source}.amazonaws.com`, eventName },
    ...{ awsRegion: REGION, sourceIPAddress: "198.51.100.20", userAgent: "aws-sdk-go-v2/1.36.3" },
    ...{ requestParameters: null, responseElements: null, eventID: uuid(), recipientAccountId: ACCOUNT },
    readOnly: /^(?:Get|List|Describe|AssumeRole|Batch)/.test(eventName),
    additionalEventData: { crosstrail: "synthetic" },
    ...fields,
  });
}

/** A session of a role, as CloudTrail writes a caller. */
export const session = (role: string, name: string, key: string, delivery?: string): object => ({
  type: "AssumedRole",
  principalId: `AROAEXAMPLE${role.toUpperCase().slice(0, 8)}:${name}`,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${name}`,
  accountId: ACCOUNT,
  accessKeyId: key,
  sessionContext: {
    sessionIssuer: { type: "Role", arn: `arn:aws:iam::${ACCOUNT}:role/${role}`, accountId: ACCOUNT, userName: role },
    attributes: { creationDate: "2026-11-22T09:00:00Z", mfaAuthenticated: "false" },
    ...(delivery !== undefined && { ec2RoleDelivery: delivery }),
  },
});

const nsOf = ({ namespace = "shop" }: PodSpec): string => namespace;
const podRef = (pod: PodSpec, subresource?: string): object => ({
  ...{ resource: "pods", namespace: nsOf(pod), name: pod.name, apiVersion: "v1" },
  ...(subresource !== undefined && { subresource }),
});
const podUri = (pod: PodSpec, rest = ""): string => `/api/v1/namespaces/${nsOf(pod)}/pods/${pod.name}${rest}`;

/** A pod being made: by a controller unless somebody else is named. */
export function podCreated(at: When, pod: PodSpec, over: Over = {}): string {
  const { uid, name, serviceAccount = "orders", spec, by } = pod;
  const body = { spec: { containers: [{ name: "app", image: "app" }], serviceAccountName: serviceAccount, ...spec } };
  return audit(at, {
    user: by ?? users.serviceAccount("kube-system", "replicaset-controller"),
    verb: "create",
    requestURI: `/api/v1/namespaces/${nsOf(pod)}/pods`,
    objectRef: { resource: "pods", namespace: nsOf(pod), apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: { metadata: { name, namespace: nsOf(pod) }, ...body },
    responseObject: { kind: "Pod", metadata: { name, namespace: nsOf(pod), uid }, ...body },
    ...over,
  });
}

/** The scheduler binding a pod to its node. */
export const podBound = (at: When, pod: PodSpec & { readonly node: string }, over: Over = {}): string =>
  audit(at, {
    user: users.component("system:kube-scheduler"),
    verb: "create",
    requestURI: podUri(pod, "/binding"),
    objectRef: { ...podRef(pod, "binding"), uid: pod.uid },
    responseStatus: { metadata: {}, status: "Success", code: 201 },
    requestObject: {
      kind: "Binding",
      metadata: { name: pod.name, namespace: nsOf(pod), uid: pod.uid },
      target: { kind: "Node", name: pod.node },
    },
    responseObject: { kind: "Status", status: "Success", code: 201 },
    ...over,
  });

/** The kubelet reporting a pod's status and address. */
export const podReported = (
  at: When,
  pod: PodSpec & { readonly node: string },
  ip = "10.0.7.7",
  over: Over = {},
): string =>
  audit(at, {
    user: users.node(pod.node),
    verb: "patch",
    requestURI: podUri(pod, "/status"),
    objectRef: podRef(pod, "status"),
    requestObject: { metadata: { uid: pod.uid }, status: { podIPs: [{ ip }] } },
    ...over,
  });

/** The delete that leaves nothing behind. */
export const podGone = (at: When, pod: PodSpec & { readonly node: string }, over: Over = {}): string =>
  audit(at, {
    user: users.node(pod.node),
    verb: "delete",
    requestURI: podUri(pod),
    objectRef: podRef(pod),
    requestObject: { kind: "DeleteOptions", gracePeriodSeconds: 0, preconditions: { uid: pod.uid } },
    responseObject: {
      kind: "Pod",
      metadata: { name: pod.name, namespace: nsOf(pod), uid: pod.uid, deletionGracePeriodSeconds: 0 },
    },
    ...over,
  });

/** A token minted for a pod: by the kubelet of `minter`. */
export const tokenMinted = (
  at: When,
  pod: PodSpec,
  minter: string,
  jti: string,
  /** Its audience, or members of the record. */
  given: string | Over = "pods.eks.amazonaws.com",
): string =>
  audit(at, {
    user: users.node(minter),
    verb: "create",
    requestURI: `/api/v1/namespaces/${nsOf(pod)}/serviceaccounts/${pod.serviceAccount ?? "orders"}/token`,
    objectRef: {
      ...{ resource: "serviceaccounts", namespace: nsOf(pod), name: pod.serviceAccount ?? "orders", apiVersion: "v1" },
      subresource: "token",
    },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: {
      kind: "TokenRequest",
      spec: {
        audiences: [typeof given === "string" ? given : ""],
        expirationSeconds: 3607,
        boundObjectRef: { kind: "Pod", apiVersion: "v1", name: pod.name, uid: pod.uid },
      },
    },
    annotations: {
      "authorization.k8s.io/decision": "allow",
      "authentication.kubernetes.io/issued-credential-id": `JTI=${jti}`,
    },
    ...(typeof given === "object" && given),
  });

export interface Credentials {
  readonly key: string;
  readonly role?: string;
  /** Of the session. */
  readonly name?: string;
  /** Tags that differ from the pod's own. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Members of the node's record, and of the session's. */
  readonly asked?: Over;
  readonly served?: Over;
}

/** A pod's credentials as they are fetched: the node that asks, and in the same second the session that EKS opens. */
export function podCredentials(
  at: When,
  pod: PodSpec,
  asking: string,
  { key, role = "orders", tags, asked, served, name: given }: Credentials,
): [string, string] {
  const name = given ?? `eks-${CLUSTER}-${pod.name.slice(0, 12)}-${uuid()}`;
  const all = {
    ...{ "eks-cluster-arn": CLUSTER_ARN, "eks-cluster-name": CLUSTER, "kubernetes-namespace": nsOf(pod) },
    ...{ "kubernetes-service-account": pod.serviceAccount ?? "orders", "kubernetes-pod-name": pod.name },
    ...{ "kubernetes-pod-uid": pod.uid, ...tags },
  };
  return [
    call(at, "eks-auth:AssumeRoleForPodIdentity", {
      userIdentity: session(ROLE, asking, `ASIAEXAMPLE${asking.slice(-8).toUpperCase()}`, "2.0"),
      userAgent: "aws-sdk-go-v2/1.36.3 api/eksauth#1.9.3",
      requestParameters: { clusterName: CLUSTER, token: "HIDDEN_DUE_TO_SECURITY_REASONS" },
      ...asked,
    }),
    call(at, "sts:AssumeRole", {
      ...service("pods.eks.amazonaws.com"),
      requestParameters: {
        roleArn: `arn:aws:iam::${ACCOUNT}:role/${role}`,
        roleSessionName: name,
        durationSeconds: 21_600,
        tags: Object.entries(all).map(([tagKey, value]) => ({ key: tagKey, value })),
      },
      responseElements: {
        credentials: { accessKeyId: key, expiration: "Nov 22, 2026, 5:00:00 PM" },
        assumedRoleUser: { assumedRoleId: `AROAEXAMPLE${role.toUpperCase()}:${name}` },
      },
      ...served,
    }),
  ];
}

/** The key of a node, handed out by EC2. */
export const nodeCredentials = (at: When, instance: string, key: string, role = ROLE, over: Over = {}): string =>
  call(at, "sts:AssumeRole", {
    ...service("ec2.amazonaws.com"),
    requestParameters: { roleArn: `arn:aws:iam::${ACCOUNT}:role/${role}`, roleSessionName: instance },
    responseElements: {
      credentials: { accessKeyId: key },
      assumedRoleUser: { assumedRoleId: `AROAEXAMPLENODE:${instance}` },
    },
    ...over,
  });

/** A pod's key at work. */
export const podCall = (at: string, api: string, key: string, ip = "198.51.100.20", fields: object = {}): string =>
  call(at, api, {
    userIdentity: session("orders", `eks-${CLUSTER}-orders-00000000-0000-4000-8000-000000000001`, key),
    sourceIPAddress: ip,
    ...fields,
  });

/** An instance launched for Auto Mode by EKS. */
export const launched = (at: When, instance: string, pool = "general-purpose", over: Over = {}): string =>
  call(at, "ec2:RunInstances", {
    userIdentity: {
      ...session("AmazonEKSAutoClusterRole", "eks", "ASIAEXAMPLECLUSTER01"),
      invokedBy: "ec2fleet.amazonaws.com",
    },
    sourceIPAddress: "ec2fleet.amazonaws.com",
    requestParameters: {
      tagSpecificationSet: {
        items: [
          {
            resourceType: "instance",
            tags: [
              { key: "eks:eks-cluster-name", value: CLUSTER },
              { key: "eks:kubernetes-node-pool-name", value: pool },
              { key: "eks:kubernetes-node-class-name", value: "default" },
            ],
          },
        ],
      },
    },
    responseElements: { instancesSet: { items: [{ instanceId: instance }] } },
    ...over,
  });

/** A node at work in the cluster, with the key that signed its token. */
export const nodeAtWork = (at: When, instance: string, key: string, ip = "10.0.1.10", over: Over = {}): string => {
  const node = users.node(instance);
  return audit(at, {
    user: { ...node, extra: { ...node.extra, accessKeyId: [key] } },
    verb: "update",
    requestURI: `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${instance}`,
    objectRef: {
      resource: "leases",
      namespace: "kube-node-lease",
      name: instance,
      apiGroup: "coordination.k8s.io",
      apiVersion: "v1",
    },
    level: "Metadata",
    sourceIPs: [ip],
    ...over,
  });
};
