/** Where EKS writes the control plane's logs (docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html). */
export const CLUSTER_LOG_GROUP = "/aws/eks/${Cluster}/cluster";

/** What the log groups of clusters send: every line of the audit log, and no other line.
 *
 * EKS writes five logs into one group, and the others (api, authenticator, controllerManager, scheduler) say nothing to any detector. A term between quotation marks is looked for in
 * the text as it is (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html), so that audit events that are cut short and thus no JSON are sent, too: a pattern
 * as `{ $.kind = "Event" }` would drop them, and whoever makes a request large would not be seen. The term stands at the very beginning of an event, as Go writes its fields in their order.
 *
 * Nothing more can be dropped here: each audit event may be the only one that tells of a token, a node's address or a chosen auditID. */
export const AUDIT_FILTER = '"audit.k8s.io"';

/** What the log group of a trail sends: everything. Any call may be the one that a stolen key makes. */
export const TRAIL_FILTER = "";

/** CloudTrail by EventBridge: all that CloudTrail hands on, of every service (docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html). */
export const TRAIL_PATTERN = {
  "detail-type": [
    "AWS API Call via CloudTrail",
    "AWS Service Event via CloudTrail",
    "AWS Console Sign In via CloudTrail",
    "AWS Console Action via CloudTrail",
  ],
} as const;

/** Read-only calls come only so, and `AssumeRoleForPodIdentity` and `GetCallerIdentity` are such (aws-plumbing.md §1.3). */
export const TRAIL_RULE_STATE = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

/** Of a place (`Cluster1`, `Trail`). Each has its own: when the list of clusters changes, a log group may get its filter in another place before CloudFormation takes the old one away, and
 * with one name for both the update would fail, as the filter already exists (CreateHandler of aws-cloudformation-resource-providers-logs). */
export const filterName = (place: string): string => `\${AWS::StackName}-${place.toLowerCase()}`;
