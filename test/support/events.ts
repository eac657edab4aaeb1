import type { EventDetector, Hit } from "../../detectors/core/contracts.ts";
import { defaultsOf } from "../../detectors/core/settings.ts";
import { siteOf } from "../../detectors/core/site.ts";
import type { SiteConfig } from "../../schemas/config/config.ts";
import type { AwsCall } from "../../schemas/events/cloudtrail/facets.ts";
import { normaliseCall } from "../../schemas/events/cloudtrail/normalise.ts";
import type { CloudTrailRecord } from "../../schemas/events/cloudtrail/wire.ts";
import type { K8sRequest } from "../../schemas/events/k8s-audit/facets.ts";
import { normaliseAudit } from "../../schemas/events/k8s-audit/normalise.ts";
import type { AuditEvent, AuditUser } from "../../schemas/events/k8s-audit/wire.ts";
import type { TrailEvent } from "../../schemas/events/trail-event.ts";

const origin = { from: "test" };
const scope = { account: "111122223333", region: "eu-central-1", cluster: "demo" };

/** Identities as the authenticator of EKS writes them (recorded shapes, placeholder ids). */
export const users = {
  /** An IAM role session that comes through an access entry: a person, or a robot. */
  human: (name = "alice", role = "ClusterAdmin"): AuditUser => ({
    username: `arn:aws:sts::111122223333:assumed-role/${role}/${name}`,
    uid: "aws-iam-authenticator:111122223333:AROAEXAMPLEHUMAN0001",
    groups: ["system:authenticated"],
    extra: {
      accessKeyId: ["ASIAEXAMPLEHUMAN0001"],
      arn: [`arn:aws:sts::111122223333:assumed-role/${role}/${name}`],
      canonicalArn: [`arn:aws:iam::111122223333:role/${role}`],
      principalId: ["AROAEXAMPLEHUMAN0001"],
      sessionName: [name],
    },
  }),
  /** The identity of an Auto Mode node. */
  node: (instance = "i-0a1b2c3d4e5f60001", role = "AmazonEKSAutoNodeRole"): AuditUser => ({
    username: `system:node:${instance}`,
    uid: "aws-iam-authenticator:111122223333:AROAEXAMPLENODE000001",
    groups: ["system:nodes", "system:authenticated"],
    extra: {
      accessKeyId: ["ASIAEXAMPLENODE00001"],
      arn: [`arn:aws:sts::111122223333:assumed-role/${role}/${instance}`],
      canonicalArn: [`arn:aws:iam::111122223333:role/${role}`],
      principalId: ["AROAEXAMPLENODE000001"],
      sessionName: [instance],
    },
  }),
  /** A service account's token, bound to a pod when one is named. */
  serviceAccount: (namespace = "shop", name = "orders", pod?: string): AuditUser => ({
    username: `system:serviceaccount:${namespace}:${name}`,
    uid: "8d615914-1192-4dc1-a43b-2f34e8b88afe",
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    extra: {
      "authentication.kubernetes.io/credential-id": ["JTI=6fc39ecd-2c95-47b8-af3f-58994a3ce6f6"],
      ...(pod && {
        "authentication.kubernetes.io/pod-name": [pod],
        "authentication.kubernetes.io/pod-uid": ["d019d9d9-c299-4af8-b68c-c24d2e910b1c"],
        "authentication.kubernetes.io/node-name": ["i-0a1b2c3d4e5f60001"],
      }),
    },
  }),
  /** AWS's own components (`eks:*`) and Kubernetes' (`system:*`): no uid, no extra. */
  component: (username: string): AuditUser => ({ username, groups: ["system:authenticated"] }),
  /** The managed controllers of EKS, by their service-linked role's access entry. */
  serviceLinkedRole: (): AuditUser => ({
    username: "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/eks-auto-compute",
    uid: "aws-iam-authenticator:111122223333:AROAEXAMPLESLR0000001",
    groups: ["eks:managed", "system:authenticated"],
    extra: {
      arn: ["arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/eks-auto-compute"],
      canonicalArn: ["arn:aws:iam::111122223333:role/AWSServiceRoleForAmazonEKS"],
      sessionName: ["eks-auto-compute"],
    },
  }),
  anonymous: (): AuditUser => ({ username: "system:anonymous", groups: ["system:unauthenticated"] }),
} as const;

/** An audit event, normalised; by default an allowed, answered list of pods by a person at Metadata level. */
export function auditEvent(overrides: Partial<AuditEvent> = {}): K8sRequest {
  const code = overrides.responseStatus?.code ?? 200;
  const event: AuditEvent = {
    level: "Metadata",
    auditID: "11111111-2222-4333-8444-555555555555",
    stage: "ResponseComplete",
    requestURI: "/api/v1/namespaces/shop/pods",
    verb: "list",
    user: users.human(),
    sourceIPs: ["198.51.100.7"],
    userAgent: "kubectl/v1.35.4 (linux/amd64) kubernetes/0000000",
    responseStatus: { code },
    requestReceivedTimestamp: "2026-11-22T10:00:00.000000Z",
    stageTimestamp: "2026-11-22T10:00:00.010000Z",
    annotations: code === 401 ? {} : { "authorization.k8s.io/decision": code === 403 ? "forbid" : "allow" },
    ...overrides,
  };
  return normaliseAudit(event, { origin, scope, loggedAt: 0, salvaged: false, auditIdReused: false });
}

/** Callers as CloudTrail writes them (recorded shapes, placeholder ids). */
export const callers = {
  human: (session = "alice", role = "Developer") => ({
    type: "AssumedRole",
    principalId: `AROAEXAMPLEHUMAN0001:${session}`,
    arn: `arn:aws:sts::111122223333:assumed-role/${role}/${session}`,
    accountId: "111122223333",
    accessKeyId: "ASIAEXAMPLEHUMAN0001",
    sessionContext: {
      sessionIssuer: {
        type: "Role",
        principalId: "AROAEXAMPLEHUMAN0001",
        arn: `arn:aws:iam::111122223333:role/${role}`,
        accountId: "111122223333",
        userName: role,
      },
      attributes: { creationDate: "2026-11-22T09:00:00Z", mfaAuthenticated: "false" },
    },
  }),
  /** An instance's credentials; `delivery` undefined: a session of that name assumed by hand. */
  node: (instance = "i-0a1b2c3d4e5f60001", role = "AmazonEKSAutoNodeRole", delivery: string | undefined = "2.0") => ({
    type: "AssumedRole",
    principalId: `AROAEXAMPLENODE00001:${instance}`,
    arn: `arn:aws:sts::111122223333:assumed-role/${role}/${instance}`,
    accountId: "111122223333",
    accessKeyId: "ASIAEXAMPLENODE00001",
    sessionContext: {
      sessionIssuer: {
        type: "Role",
        principalId: "AROAEXAMPLENODE00001",
        arn: `arn:aws:iam::111122223333:role/${role}`,
        accountId: "111122223333",
        userName: role,
      },
      attributes: { creationDate: "2026-11-22T09:00:00Z", mfaAuthenticated: "false" },
      ...(delivery !== undefined && { ec2RoleDelivery: delivery }),
    },
  }),
  service: (principal = "pods.eks.amazonaws.com") => ({ type: "AWSService", invokedBy: principal }),
  root: () => ({
    type: "Root",
    principalId: "111122223333",
    arn: "arn:aws:iam::111122223333:root",
    accountId: "111122223333",
    accessKeyId: "ASIAEXAMPLEROOT00001",
  }),
  user: (name = "bob") => ({
    type: "IAMUser",
    principalId: "AIDAEXAMPLEUSER00001",
    arn: `arn:aws:iam::111122223333:user/${name}`,
    accountId: "111122223333",
    accessKeyId: "AKIAEXAMPLEUSER00001",
    userName: name,
  }),
} as const;

/** A CloudTrail record, normalised; by default a successful ec2:DescribeInstances by a person. */
export function awsCall(overrides: Partial<CloudTrailRecord> & object = {}): AwsCall {
  const record: CloudTrailRecord & Record<string, unknown> = {
    eventVersion: "1.11",
    eventID: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    eventTime: "2026-11-22T10:00:00Z",
    eventSource: "ec2.amazonaws.com",
    eventName: "DescribeInstances",
    awsRegion: "eu-central-1",
    recipientAccountId: "111122223333",
    sourceIPAddress: "198.51.100.7",
    userAgent: "aws-cli/2.31.0",
    requestParameters: null,
    responseElements: null,
    userIdentity: callers.human(),
    ...overrides,
  };
  return normaliseCall(record, { origin, loggedAt: 0, salvaged: false });
}

/** What a detector says of an event: as the engine calls it, so nothing when the event lacks the detector's facet. */
export function hitOf(
  detector: EventDetector,
  event: TrailEvent,
  settings: { params?: object; site?: SiteConfig } = {},
): Hit | undefined {
  if (!Object.hasOwn(event.facets, detector.on)) return undefined;
  return detector.detect(event, { ...defaultsOf(detector.params), ...settings.params }, siteOf(settings.site ?? {}));
}
