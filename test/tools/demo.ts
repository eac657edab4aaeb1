/** Writes test/recordings/demo: the attack that `npm start` replays. Audit events are recorded ones, packed as CloudWatch Logs subscription
 * envelopes; CloudTrail records are written here from the documented shapes and say so of themselves. Same input, same bytes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./folders.ts";
import { type Recording, recordingsIn } from "./labels.ts";

const ACCOUNT = "111122223333";
const REGION = "eu-central-1";
const CLUSTER = "demo";
/** Ordinary traffic around the attack: an idle cluster, nodes and workloads coming and going, delivery and add-ons at work. */
const RECORDINGS = [
  "benign-idle",
  "benign-node-lifecycle",
  "benign-controllers",
  "benign-cicd",
  "benign-addons",
  "benign-auto-components",
  "attack-chain",
];
const EVENTS_PER_ENVELOPE = 200;

const NODE = {
  instance: "i-0a1b2c3d4e5f60001",
  role: "AmazonEKSAutoNodeRole",
  id: "AROAEXAMPLENODE000001",
  key: "ASIAEXAMPLEF600018",
};
const OTHER_NODE = { ...NODE, instance: "i-0a1b2c3d4e5f60002", key: "ASIAEXAMPLEF600021" };
const MALLORY = { session: "mallory", role: "Developer", id: "AROAEXAMPLEDEV0000001", key: "ASIAEXAMPLEDEV000666" };
const EGRESS = "198.51.100.20";
const ATTACKER = "192.0.2.44";
const AGENT = "aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.2 md/GOOS#linux md/GOARCH#amd64 api/eksauth#1.9.3";

let sequence = 0;

/** One CloudTrail record, marked as made up. */
function record(time: string, api: string, action: string, fields: Record<string, unknown>): Record<string, unknown> {
  sequence += 1;
  const readOnly = /^(?:Get|List|Describe|AssumeRole|Batch)/.test(action);
  return {
    eventVersion: "1.11",
    eventTime: `2026-11-22T${time}Z`,
    eventSource: `${api}.amazonaws.com`,
    eventName: action,
    awsRegion: REGION,
    requestParameters: null,
    responseElements: null,
    additionalEventData: { crosstrail: "synthetic" },
    requestID: `00000000-0000-4000-8000-${String(sequence).padStart(12, "0")}`,
    eventID: `c7a11000-0000-4000-8000-${String(sequence).padStart(12, "0")}`,
    readOnly,
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: "Management",
    ...fields,
  };
}

function session(
  who: { role: string; id: string; key: string },
  name: string,
  delivery?: string,
): Record<string, unknown> {
  return {
    type: "AssumedRole",
    principalId: `${who.id}:${name}`,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${who.role}/${name}`,
    accountId: ACCOUNT,
    accessKeyId: who.key,
    sessionContext: {
      sessionIssuer: {
        type: "Role",
        principalId: who.id,
        arn: `arn:aws:iam::${ACCOUNT}:role/${who.role}`,
        accountId: ACCOUNT,
        userName: who.role,
      },
      attributes: { creationDate: "2026-11-22T11:00:00Z", mfaAuthenticated: "false" },
      ...(delivery !== undefined && { ec2RoleDelivery: delivery }),
    },
  };
}

const service = (principal: string): Record<string, unknown> => ({
  userIdentity: { type: "AWSService", invokedBy: principal },
  sourceIPAddress: principal,
  userAgent: principal,
});
const byNode = (node: typeof NODE, userAgent: string, ip = EGRESS): Record<string, unknown> => ({
  userIdentity: session(node, node.instance, "2.0"),
  sourceIPAddress: ip,
  userAgent,
});
const byMallory = (userAgent = "aws-cli/2.31.12"): Record<string, unknown> => ({
  userIdentity: session(MALLORY, MALLORY.session),
  sourceIPAddress: ATTACKER,
  userAgent,
});
const denied = (action: string): Record<string, unknown> => ({
  errorCode: "AccessDenied",
  errorMessage: `User: arn:aws:sts::${ACCOUNT}:assumed-role/${NODE.role}/${NODE.instance} is not authorized to perform: ${action}`,
});

/** A pod's credentials as the agent fetches them: the exchange and, in the same second, the session that EKS opens for it. */
function podIdentity(time: string, node: typeof NODE, pod: string, key: string): Record<string, unknown>[] {
  const name = `eks-demo-${pod.slice(0, 12)}-0f0e0d0c-0b0a-4908-8706-0504030201${key.slice(-2)}`;
  const tags = {
    "eks-cluster-name": CLUSTER,
    "kubernetes-namespace": "shop",
    "kubernetes-service-account": "checkout",
    "kubernetes-pod-name": pod,
  };
  return [
    record(time, "eks-auth", "AssumeRoleForPodIdentity", {
      ...byNode(node, AGENT),
      requestParameters: { clusterName: CLUSTER, token: "HIDDEN_DUE_TO_SECURITY_REASONS" },
    }),
    record(time, "sts", "AssumeRole", {
      ...service("pods.eks.amazonaws.com"),
      requestParameters: {
        roleArn: `arn:aws:iam::${ACCOUNT}:role/checkout`,
        roleSessionName: name,
        durationSeconds: 21_600,
        tags: Object.entries(tags).map(([k, value]) => ({ key: k, value })),
      },
      responseElements: {
        credentials: {
          accessKeyId: key,
          expiration: "Nov 22, 2026, 5:35:10 PM",
          sessionToken: "HIDDEN_DUE_TO_SECURITY_REASONS",
        },
        assumedRoleUser: {
          assumedRoleId: `AROAEXAMPLECHECKOUT01:${name}`,
          arn: `arn:aws:sts::${ACCOUNT}:assumed-role/checkout/${name}`,
        },
      },
    }),
  ];
}

const pull = (time: string, node: typeof NODE): Record<string, unknown>[] =>
  ["GetAuthorizationToken", "BatchGetImage", "GetDownloadUrlForLayer"].map((action) =>
    record(time, "ecr", action, {
      ...byNode(node, "containerd/2.1.4"),
      requestParameters: { repositoryName: "shop/checkout", registryId: ACCOUNT },
    }),
  );

const instanceRole = (time: string, node: typeof NODE): Record<string, unknown> =>
  record(time, "sts", "AssumeRole", {
    ...service("ec2.amazonaws.com"),
    requestParameters: { roleArn: `arn:aws:iam::${ACCOUNT}:role/${node.role}`, roleSessionName: node.instance },
    responseElements: { credentials: { accessKeyId: node.key, expiration: "Nov 22, 2026, 5:00:00 PM" } },
  });

const ordinary = [
  instanceRole("11:34:20", NODE),
  instanceRole("11:34:21", OTHER_NODE),
  ...pull("11:35:02", NODE),
  ...pull("11:35:04", OTHER_NODE),
  ...podIdentity("11:35:10", NODE, "checkout-6cc4fcc7c6-m48g4", "ASIAEXAMPLEPOD000001"),
  ...podIdentity("11:35:12", OTHER_NODE, "checkout-6cc4fcc7c6-wgpqk", "ASIAEXAMPLEPOD000002"),
  record("11:36:31", "eks", "DescribeCluster", {
    userIdentity: session(
      { role: "TerraformCI", id: "AROAEXAMPLETERRAFORM1", key: "ASIAEXAMPLETF0000001" },
      "gha-7001234567",
    ),
    sourceIPAddress: "203.0.113.30",
    userAgent: "APN/1.0 HashiCorp/1.0 Terraform/1.13.3",
    requestParameters: { name: CLUSTER },
  }),
];

/** The same stolen identities on AWS' side: the developer's key, then the node's, taken through the hostNetwork pod. */
const attack = [
  record("11:38:20", "sts", "GetCallerIdentity", byMallory()),
  record("11:38:31", "eks", "DescribeCluster", { ...byMallory(), requestParameters: { name: CLUSTER } }),
  record("11:38:57", "sts", "GetCallerIdentity", byNode(NODE, "aws-cli/2.31.12", ATTACKER)),
  record("11:38:58", "ec2", "DescribeInstances", {
    ...byNode(NODE, "aws-cli/2.31.12", ATTACKER),
    errorCode: "Client.UnauthorizedOperation",
    errorMessage: "You are not authorized to perform this operation.",
  }),
  record("11:38:59", "s3", "ListBuckets", {
    ...byNode(NODE, "aws-cli/2.31.12", ATTACKER),
    ...denied("s3:ListAllMyBuckets"),
  }),
  record("11:39:05", "eks-auth", "AssumeRoleForPodIdentity", {
    ...byNode(NODE, "aws-cli/2.31.12 md/command#eks-auth.assume-role-for-pod-identity", ATTACKER),
    requestParameters: { clusterName: CLUSTER, token: "HIDDEN_DUE_TO_SECURITY_REASONS" },
  }),
  record("11:39:40", "ec2", "ModifyInstanceMetadataOptions", {
    ...byMallory(),
    requestParameters: {
      ModifyInstanceMetadataOptionsRequest: {
        InstanceId: NODE.instance,
        HttpTokens: "optional",
        HttpPutResponseHopLimit: 2,
      },
    },
    errorCode: "Client.UnauthorizedOperation",
    errorMessage:
      "You are not authorized to perform this operation because of an explicit deny in a resource-based policy",
  }),
  record("11:40:02", "sts", "AssumeRole", {
    ...byMallory(),
    requestParameters: { roleArn: `arn:aws:iam::${ACCOUNT}:role/${NODE.role}`, roleSessionName: OTHER_NODE.instance },
    errorCode: "AccessDenied",
    errorMessage: `User: arn:aws:sts::${ACCOUNT}:assumed-role/Developer/mallory is not authorized to perform: sts:AssumeRole`,
  }),
  record("11:40:15", "eks", "CreatePodIdentityAssociation", {
    ...byMallory(),
    requestParameters: {
      name: CLUSTER,
      namespace: "kube-system",
      serviceAccount: "cluster-tools",
      roleArn: `arn:aws:iam::${ACCOUNT}:role/BillingAdmin`,
      disableSessionTags: true,
    },
    responseElements: {
      association: {
        clusterName: CLUSTER,
        namespace: "kube-system",
        serviceAccount: "cluster-tools",
        associationId: "a-exampleassociation1",
      },
    },
  }),
  record("11:40:41", "eks", "UpdateClusterConfig", {
    ...byMallory(),
    requestParameters: {
      name: CLUSTER,
      logging: { clusterLogging: [{ types: ["api", "audit", "authenticator"], enabled: false }] },
    },
    responseElements: {
      update: { id: "00000000-0000-4000-8000-000000000001", status: "InProgress", type: "LoggingUpdate" },
    },
  }),
];

const out = join(root, "test/recordings/demo");
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "audit.ndjson.gz"), pack(envelopes()));
writeFileSync(join(out, "cloudtrail.json.gz"), pack(JSON.stringify({ Records: [...ordinary, ...attack] })));

/** gzip without a time stamp (Node writes none), so that the same records give the same bytes. */
function pack(text: string): Buffer {
  return gzipSync(text, { level: 9 });
}

/** Without what the recorder did itself, and without what may be an attack or not: a demonstration should not open with it. */
function eventsOf({ events, labels }: Recording): string[] {
  const left = new Set(
    labels.filter(({ technique }) => technique === "driver" || technique === "ambiguous").map(({ auditID }) => auditID),
  );
  return events
    .trimEnd()
    .split("\n")
    .filter((event) => !left.has((JSON.parse(event) as { auditID: string }).auditID));
}

/** What the subscription of the cluster's log group sends, one envelope a line, with the control message that it begins with. */
function envelopes(): string {
  const recordings = new Map(
    recordingsIn(join(root, "test/recordings/audit")).map((recording) => [recording.name, eventsOf(recording)]),
  );
  const messages = RECORDINGS.flatMap((name) => recordings.get(name) ?? []);
  const base = {
    owner: ACCOUNT,
    logGroup: `/aws/eks/${CLUSTER}/cluster`,
    logStream: "kube-apiserver-audit-0123456789abcdef0123456789abcdef",
    subscriptionFilters: ["crosstrail"],
  };
  const control = {
    ...base,
    messageType: "CONTROL_MESSAGE",
    owner: "CloudwatchLogs",
    logGroup: "",
    logStream: "",
    logEvents: [
      {
        id: "",
        timestamp: 1_795_347_000_000,
        message: "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream.",
      },
    ],
  };
  const lines = [JSON.stringify(control)];
  for (let at = 0; at < messages.length; at += EVENTS_PER_ENVELOPE) {
    const logEvents = messages.slice(at, at + EVENTS_PER_ENVELOPE).map((message, index) => ({
      id: String(39_000_000_000 + at + index),
      timestamp: Date.parse(/"requestReceivedTimestamp":"([^"]+)"/.exec(message)?.[1] ?? ""),
      message,
    }));
    lines.push(JSON.stringify({ ...base, messageType: "DATA_MESSAGE", logEvents }));
  }
  return `${lines.join("\n")}\n`;
}
