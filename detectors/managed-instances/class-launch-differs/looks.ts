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
}

/** Roles that nodes came with. */
export interface Roles {
  readonly launch: readonly string[];
  readonly before: readonly string[];
}

export interface Difference {
  readonly what: string;
  readonly severity: Severity;
}

/** How many launches show what subnets there are: each is of one zone, and takes one or all of them. */
const ZONES = 3;

const PARTS = ["public", "profile", "keys", "groups", "subnets", "images"] as const;
type Part = (typeof PARTS)[number];

const SAYS: Readonly<Record<Part, readonly [string, Severity]>> = {
  public: ["a public address", "critical"],
  profile: ["another instance profile", "high"],
  keys: ["another encryption key", "high"],
  groups: ["another security group", "high"],
  subnets: ["another subnet", "medium"],
  // EKS brings a new image every week.
  images: ["another image", "low"],
};

const words = (text: string): readonly string[] => text.split(" ").filter(Boolean);

/** What is new about a launch after a write of its class. `account`: the cluster's. */
export function differences(
  launch: Launch,
  before: readonly Launch[],
  roles: Roles,
  account: string,
): readonly Difference[] {
  const fresh = roles.before.length === 0 ? [] : roles.launch.filter((role) => !roles.before.includes(role));
  const same = roles.launch.length > 0 && roles.before.length > 0 && fresh.length === 0;
  return [
    ...(fresh.length === 0 ? [] : [{ what: `another role: ${fresh.join(", ")}`, severity: "critical" as const }]),
    ...seen(launch, before, account, same),
  ];
}

/** What a launch shows that no launch of the same kind before the write did. `sameRole`: what its profile holds is known, and the same. */
function seen(launch: Launch, before: readonly Launch[], account: string, sameRole: boolean): readonly Difference[] {
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
    if (part === "profile" && sameRole) return [];
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

/** An alias or a bare id is of one's own account. */
const ofAnother = (key: string, account: string): boolean => {
  const owner = /^arn:[^:]+:kms:[^:]*:(\d{12}):/.exec(key)?.[1];
  return owner !== undefined && owner !== account;
};
