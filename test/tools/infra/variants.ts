import type { ParameterName } from "../../../infra/parameters.ts";

/** One way to deploy the SAM template. */
export interface Variant {
  readonly name: string;
  readonly parameters: Readonly<Partial<Record<ParameterName, string | number>>>;
}

/** The rules are asked of each: what a condition leaves out of one has to stand in another. */
export const variants: readonly Variant[] = [
  { name: "with nothing chosen", parameters: {} },
  {
    name: "with all that it can have",
    parameters: {
      ...{ Clusters: "prod,stage", SourceAccounts: "444455556666", TrailLogGroup: "my-trail", TrailEvents: "on" },
      ...{ Emails: "user@example.com,other@example.com", StreamShards: 4, NotifyFormat: "chat" },
      HubRoles: "arn:aws:iam::444455556666:role/crosstrail-findings",
    },
  },
  {
    name: "with what others keep",
    parameters: {
      ...{ SecurityHub: "off", Shadow: "on", KeyHasGrants: "yes" },
      KeyArn: "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000000",
      AlarmTopicArn: "arn:aws:sns:eu-central-1:111122223333:alarms",
    },
  },
];
