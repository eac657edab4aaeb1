import type { Severity } from "../../../schemas/findings/finding.ts";

/** A launch by a NodeClass: each part a list of what it shows, empty where the call shows none. */
export interface Launch {
  readonly time: string;
  readonly api: string;
  readonly groups: string;
  readonly subnets: string;
  readonly public: string;
  readonly profile: string;
  readonly keys: string;
  readonly images: string;
  /** Roles that its nodes came with. */
  readonly roles: string;
}

export interface Difference {
  readonly what: string;
  readonly severity: Severity;
}

/** How many launches show what subnets there are: each is of one zone, and takes one or all of them. */
const ZONES = 3;

const PARTS = ["roles", "public", "profile", "keys", "groups", "subnets", "images"] as const;
type Part = (typeof PARTS)[number];

const SAYS: Readonly<Record<Part, readonly [string, Severity]>> = {
  public: ["a public address", "critical"],
  roles: ["another role", "critical"],
  profile: ["another instance profile", "high"],
  keys: ["another encryption key", "high"],
  groups: ["another security group", "high"],
  subnets: ["another subnet", "medium"],
  // EKS brings a new image every week.
  images: ["another image", "low"],
};

const words = (text: string): readonly string[] => text.split(" ").filter(Boolean);

/** What a launch shows that no launch of the same kind before the write did. `account`: the cluster's. */
export function differences(launch: Launch, before: readonly Launch[], account: string): readonly Difference[] {
  const alike = before.filter(({ api }) => api === launch.api);
  if (alike.length === 0) return [];
  return PARTS.flatMap((part) => {
    const known = new Set(alike.flatMap((other) => words(other[part])));
    const fresh = words(launch[part]).filter((word) => !known.has(word));
    if (fresh.length === 0) return [];
    // A part that such calls never showed may only have become visible.
    const shown = known.size > 0 || part === "public" || part === "keys";
    if (!shown || (part === "subnets" && alike.length < ZONES)) return [];
    // A class that is made anew has another profile for its role.
    if (part === "profile" && sameRole(launch, alike)) return [];
    const [what, severity] = SAYS[part];
    const foreign = part === "keys" && fresh.some((key) => ofAnother(key, account));
    return [
      {
        what: `${what}${part === "public" ? "" : `: ${fresh.join(", ")}`}${foreign ? ", of another account" : ""}`,
        severity: foreign ? ("critical" as const) : severity,
      },
    ];
  });
}

const sameRole = (launch: Launch, alike: readonly Launch[]): boolean => {
  const known = alike.flatMap(({ roles }) => words(roles));
  return launch.roles !== "" && words(launch.roles).every((role) => known.includes(role));
};

/** An alias or a bare id is of one's own account. */
const ofAnother = (key: string, account: string): boolean => {
  const owner = /^arn:[^:]+:kms:[^:]*:(\d{12}):/.exec(key)?.[1];
  return owner !== undefined && owner !== account;
};
