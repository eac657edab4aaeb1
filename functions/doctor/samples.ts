/** A log event that no filter may drop: detectors rest on its kind. */
export interface Sample {
  readonly name: string;
  readonly message: string;
}

const sample = (name: string, event: object): Sample => ({ name, message: JSON.stringify(event) });
const TIME = "2026-11-22T10:00:00.000000Z";

interface AuditRequest {
  readonly verb: string;
  readonly user: string;
  readonly uri: string;
  readonly code: number;
  readonly stage?: string;
  readonly impersonatedUser?: object;
}

/** What lets all of them through, those that are cut off included, and no line of the other logs in the group: a term that each begins with. */
export const AUDIT_PATTERN = '"audit.k8s.io"';
/** Any call may be the one. */
export const TRAIL_PATTERN = "";

/** As EKS writes them at level Metadata (eks-auto-mode.md §1.3). */
const audit = ({ verb, user, uri, code, stage = "ResponseComplete", ...more }: AuditRequest): object => ({
  ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level: "Metadata", stage },
  auditID: "00000000-0000-4000-8000-000000000001",
  ...{ requestURI: uri, verb, user: { username: user, groups: ["system:authenticated"] }, ...more },
  ...{ sourceIPs: ["192.0.2.1"], userAgent: "kubectl", responseStatus: { metadata: {}, code } },
  ...{ requestReceivedTimestamp: TIME, stageTimestamp: TIME },
  annotations: { "authorization.k8s.io/decision": code === 403 ? "forbid" : "allow" },
});

const PERSON = "arn:aws:sts::111122223333:assumed-role/Developer/user";
const POD = "/api/v1/namespaces/shop/pods/checkout";
const list = { verb: "list", user: PERSON, uri: "/api/v1/namespaces/shop/secrets", code: 200 };

export const auditSamples: readonly Sample[] = [
  sample("reads", audit(list)),
  sample("writes", audit({ ...list, verb: "create", code: 201 })),
  sample("deletions", audit({ ...list, verb: "delete" })),
  sample("refused requests", audit({ ...list, code: 403 })),
  sample("exec", audit({ ...list, verb: "get", uri: `${POD}/exec?command=sh`, code: 101, stage: "ResponseStarted" })),
  sample("impersonation", audit({ ...list, impersonatedUser: { username: "system:admin" } })),
  sample("anonymous requests", audit({ ...list, user: "system:anonymous", code: 401 })),
  sample(
    "requests of nodes",
    audit({ ...list, verb: "patch", user: "system:node:i-0a1b2c3d4e5f60001", uri: `${POD}/status` }),
  ),
  sample(
    "token requests",
    audit({ ...list, verb: "create", uri: "/api/v1/namespaces/shop/serviceaccounts/checkout/token", code: 201 }),
  ),
  sample("requests of pods", audit({ ...list, verb: "watch", user: "system:serviceaccount:shop:checkout" })),
  // EKS cuts what is too long, so that it is JSON no more (falcosecurity/plugins#297); an attacker can see to that.
  { name: "events that EKS has cut off", message: `${JSON.stringify(audit(list)).slice(0, 200)}[Truncated...]` },
];

/** A management event that CloudTrail has to keep: detectors or the ledger rest on it. */
export interface Call {
  readonly eventSource: string;
  readonly eventName: string;
  /** As it was seen in records. */
  readonly readOnly: boolean;
}

const read = (service: string, eventName: string): Call => ({
  ...{ eventSource: `${service}.amazonaws.com`, eventName, readOnly: true },
});
const write = (service: string, eventName: string): Call => ({ ...read(service, eventName), readOnly: false });

export const calls: readonly Call[] = [
  read("eks-auth", "AssumeRoleForPodIdentity"),
  read("sts", "AssumeRole"),
  read("sts", "AssumeRoleWithWebIdentity"),
  read("sts", "GetCallerIdentity"),
  read("ec2", "DescribeInstances"),
  read("iam", "ListRoles"),
  read("secretsmanager", "GetSecretValue"),
  write("ec2", "RunInstances"),
  write("ec2", "TerminateInstances"),
  write("eks", "CreateAccessEntry"),
  write("iam", "AttachRolePolicy"),
  write("ssm", "StartSession"),
  write("logs", "DeleteLogGroup"),
  write("cloudtrail", "StopLogging"),
];

export const nameOf = ({ eventSource, eventName }: Call): string => `${eventSource.split(".")[0]}:${eventName}`;

export const callSamples: readonly Sample[] = [
  ...calls.map((call) => sample(nameOf(call), record(call))),
  sample("refused calls", record({ ...read("iam", "ListRoles"), errorCode: "AccessDenied" })),
];

function record(call: Call & { readonly errorCode?: string }): object {
  return {
    ...{ eventVersion: "1.11", userIdentity: { type: "AssumedRole", arn: PERSON }, eventTime: "2026-11-22T10:00:00Z" },
    ...{ ...call, awsRegion: "eu-central-1", sourceIPAddress: "192.0.2.1", userAgent: "aws-cli" },
    ...{ requestParameters: null, responseElements: null, eventID: "00000000-0000-4000-8000-000000000002" },
    ...{
      eventType: "AwsApiCall",
      managementEvent: true,
      eventCategory: "Management",
      recipientAccountId: "111122223333",
    },
  };
}
