import Type, { type Static } from "typebox";
import { Strict } from "../maybe.ts";

/** What Security Hub accepts in BatchImportFindings, of the parts that a finding of ours uses: ASFF 2018-10-08, limits of aws-plumbing.md §2.3.
 * AWS publishes no machine-readable schema; the service answers a finding outside these limits with InvalidInput and HTTP 200. */

const Limited = (maxLength: number, minLength = 1) => Type.String({ minLength, maxLength });
const Time = Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?Z$" });
const Account = Type.String({ pattern: "^\\d{12}$" });
const IpV4 = Type.String({ pattern: "^(\\d{1,3}\\.){3}\\d{1,3}$" });
const Words = (max: number) =>
  Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.String({ minLength: 1, maxLength: 2048 }), {
    maxProperties: max,
  });

const NAMESPACES = "Software and Configuration Checks|TTPs|Effects|Unusual Behaviors|Sensitive Data Identifications";
const Types = Type.Array(Type.String({ pattern: `^(${NAMESPACES})(/[^/]+){0,2}$`, maxLength: 256 }), {
  minItems: 1,
  maxItems: 50,
});

const SeverityLabel = Type.Enum(["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]);

const Resource = Strict({
  Type: Limited(256),
  Id: Limited(512),
  Partition: Type.Enum(["aws", "aws-cn", "aws-us-gov"]),
  Region: Limited(32),
  ResourceRole: Type.Optional(Type.Enum(["Actor", "Target"])),
  Details: Type.Optional(
    Strict({
      Other: Type.Optional(
        Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.String({ maxLength: 1024 }), {
          maxProperties: 50,
        }),
      ),
      AwsEksCluster: Type.Optional(Strict({ Arn: Limited(512), Name: Limited(256) })),
      AwsIamAccessKey: Type.Optional(
        Strict({
          AccessKeyId: Type.Optional(Limited(128)),
          PrincipalId: Type.Optional(Limited(256)),
          PrincipalName: Type.Optional(Limited(512)),
          AccountId: Type.Optional(Account),
        }),
      ),
    }),
  ),
});

export const AsffFinding = Strict({
  SchemaVersion: Type.Literal("2018-10-08"),
  Id: Limited(512),
  ProductArn: Type.String({
    minLength: 12,
    maxLength: 2048,
    pattern: "^arn:(aws|aws-cn|aws-us-gov):securityhub:[a-z0-9-]+:\\d{12}:product/\\d{12}/default$",
  }),
  GeneratorId: Limited(512),
  AwsAccountId: Account,
  Region: Type.Optional(Limited(32)),
  CompanyName: Type.Optional(Limited(128)),
  ProductName: Type.Optional(Limited(128)),
  CreatedAt: Time,
  UpdatedAt: Time,
  FirstObservedAt: Type.Optional(Time),
  LastObservedAt: Type.Optional(Time),
  Title: Limited(256),
  Description: Limited(1024),
  // The provider's own fields: top-level Severity, Types and Confidence belong to whoever updates the finding (aws-plumbing.md §2.2).
  FindingProviderFields: Strict({
    Severity: Strict({ Label: SeverityLabel, Original: Type.Optional(Limited(64)) }),
    Types,
    Confidence: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    RelatedFindings: Type.Optional(
      Type.Array(Strict({ ProductArn: Limited(2048, 12), Id: Limited(512) }), { maxItems: 10 }),
    ),
  }),
  Remediation: Type.Optional(
    Strict({
      Recommendation: Strict({
        Text: Limited(512),
        Url: Type.Optional(Type.String({ pattern: "^https://", maxLength: 512 })),
      }),
    }),
  ),
  ProductFields: Type.Optional(Words(50)),
  Resources: Type.Array(Resource, { minItems: 1, maxItems: 32 }),
  Action: Type.Optional(
    Strict({
      ActionType: Type.Literal("AWS_API_CALL"),
      AwsApiCallAction: Strict({
        Api: Limited(128),
        ServiceName: Limited(128),
        CallerType: Type.Enum(["remoteip", "domain"]),
        RemoteIpDetails: Type.Optional(Strict({ IpAddressV4: IpV4 })),
        DomainDetails: Type.Optional(Strict({ Domain: Limited(128) })),
        FirstSeen: Time,
        LastSeen: Time,
      }),
    }),
  ),
  RecordState: Type.Optional(Type.Enum(["ACTIVE", "ARCHIVED"])),
  Sample: Type.Optional(Type.Boolean()),
});
export type AsffFinding = Static<typeof AsffFinding>;
