import Type, { type Static } from "typebox";
import { Strict } from "../maybe.ts";

const Names = (description: string) => Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description }));

/** What a deployment says of itself. Everything is optional: the defaults stand for a cluster of which nothing is known. */
export const SiteConfig = Strict({
  auto: Type.Optional(
    Strict({
      nodeRoles: Names("Names or ARNs of Auto Mode node roles, beside the default name."),
      clusterRoles: Names("Names or ARNs of Auto Mode cluster roles, beside the default name."),
      resources: Names("Ids of instances, volumes, network interfaces and launch templates that Auto Mode owns."),
    }),
  ),
  proxies: Names("Addresses or CIDR ranges of the layer 7 proxies that clients come through."),
  gitOps: Names("Usernames of service accounts that apply manifests by right."),
  support: Names("Usernames of people and robots that maintain node diagnostics and node pools by right."),
  egress: Names("Addresses or CIDR ranges from which the cluster's own nodes reach the internet."),
});

/** `*` alone would name anybody and anything. */
const Named = (description?: string) => Type.String({ pattern: "[^*]", ...(description && { description }) });

/** Hides a detector's hits of one identity doing one action, until a date. Both halves are required: an identity alone is never exempt. */
export const Suppression = Strict({
  detector: Type.String({ minLength: 1 }),
  actor: Named("Username or ARN; `*` stands for any run of characters."),
  action: Type.Object(
    {
      verb: Type.Optional(Named("As in the finding: `create`, `ec2:StopInstances`.")),
      resource: Type.Optional(Named()),
      target: Type.Optional(Named()),
    },
    { additionalProperties: false, minProperties: 1 },
  ),
  cluster: Type.Optional(Type.String({ minLength: 1 })),
  sourceIP: Type.Optional(Type.String({ minLength: 1, description: "Address or CIDR range." })),
  reason: Type.String({ minLength: 8 }),
  owner: Type.String({ minLength: 1 }),
  expires: Type.String({ format: "date-time", description: "Events from this time on are reported again." }),
});

export type SiteConfig = Static<typeof SiteConfig>;
export type Suppression = Static<typeof Suppression>;

/** Settings of one detector; `params` is checked against the detector's own schema. */
export interface DetectorConfig {
  readonly status?: "shadow" | "stable" | "deprecated";
  readonly severity?: "informational" | "low" | "medium" | "high" | "critical";
  readonly params?: Readonly<Record<string, unknown>>;
}

/** The configuration file. The validator is generated, as it holds the parameters of every detector. */
export interface Config extends SiteConfig {
  readonly version: 1;
  readonly detectors?: Readonly<Record<string, DetectorConfig>>;
  readonly suppressions?: readonly Suppression[];
}
