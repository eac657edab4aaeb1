import type { IKey } from "aws-cdk-lib/aws-kms";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { LOG_RETENTION_DAYS } from "../parameters.ts";

/** What a deployment may choose. What each means, and the defaults, stand in `../parameters.ts` and in README.md. */
export interface CrosstrailProps {
  /** Names or ARNs of EKS clusters in the account and Region of the stack. */
  readonly clusters?: readonly string[];
  /** Ids of accounts whose log groups may send their events here, beside or instead of `clusters`. */
  readonly sourceAccounts?: readonly string[];
  /** Log group of a CloudTrail trail. This or `trailEvents` is needed; both is allowed, and events are told apart by their ids. */
  readonly trailLogGroup?: string;
  /** CloudTrail by EventBridge. @default false */
  readonly trailEvents?: boolean;
  /** Shards of the stream. @default on demand */
  readonly streamShards?: number;
  /** @default 72 */
  readonly streamRetentionHours?: number;
  /** @default true */
  readonly securityHub?: boolean;
  /** ARNs of roles in other accounts, one of each: findings of those accounts go to their own Security Hub, by the role. */
  readonly hubRoles?: readonly string[];
  /** Who is told of findings, and of alarms where there is no `alarmTopic`. */
  readonly emails?: readonly string[];
  /** @default "text" */
  readonly notifyFormat?: "text" | "chat";
  /** @default a key of the stack's own, with rotation */
  readonly key?: IKey;
  /** Says that the policy of a `key` from elsewhere allows what crosstrail needs. Not needed for a key of this app: it is given the statements. @default false */
  readonly keyHasGrants?: boolean;
  /** @default 90 */
  readonly logRetentionDays?: (typeof LOG_RETENTION_DAYS)[number];
  /** @default 90 */
  readonly quarantineDays?: number;
  /** @default a topic of the stack's own, to which `emails` are subscribed */
  readonly alarmTopic?: ITopic;
  /** Keep and count findings, tell nobody. @default false */
  readonly shadow?: boolean;
  /** Folder with the bundles of the functions: `detect`, `publish`, `sweep`. @default those of this package */
  readonly bundles?: string;
}
