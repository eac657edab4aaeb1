/** Parts of an ARN. Path of a role or user is kept apart from its name: `role/team/app` has path `/team/` and name `app`. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

/** Undefined for whatever is not an ARN. URL-encoded ARNs (EKS path labels in CloudTrail, eks-auto-mode.md §7) are decoded first. */
export function parseArn(input: string | undefined): Arn | undefined {
  if (input === undefined) return undefined;
  const [arn, partition, service, region, account, ...rest] = decodeArn(input).split(":");
  if (arn !== "arn" || !partition || !service || rest.length === 0) return undefined;
  return { partition, service, region: region ?? "", account: account ?? "", resource: rest.join(":") };
}

/** `arn%3Aaws%3A…` as written where an ARN is a path label; the input itself when it is not valid percent-encoding. */
export function decodeArn(input: string): string {
  if (!input.includes("%")) return input;
  try {
    return decodeURIComponent(input);
  } catch {
    return input;
  }
}

/** Role of an IAM role ARN or of an assumed-role session ARN, and the session's name. A session ARN carries no path. */
export function roleOf(
  input: string | undefined,
): { name: string; path: string; session?: string; account: string } | undefined {
  const arn = parseArn(input);
  if (arn === undefined) return undefined;
  const [type, ...parts] = arn.resource.split("/");
  if (type === "assumed-role" && parts[0]) {
    const session = parts.slice(1).join("/");
    return { name: parts[0], path: "", account: arn.account, ...(session && { session }) };
  }
  const name = parts.at(-1);
  if (type !== "role" || !name) return undefined;
  return { name, path: parts.length > 1 ? `/${parts.slice(0, -1).join("/")}/` : "/", account: arn.account };
}
