import type { AwsBase } from "./call.ts";

/** The resource that a refusal names. STS, IAM and SSM leave the parameters of a denied call out of the record, and EC2 names an association
 * instead of its instance: then the text alone tells ("… is not authorized to perform: sts:AssumeRole on resource: arn:…"). IAM writes
 * `role NAME` and `instance profile NAME`, here `role/NAME` and `instance-profile/NAME`. A session's name, which the caller chooses, stands before
 * it and can hold no space. */
export function deniedResource({ message }: Pick<AwsBase, "message">): string {
  const named = /\bis not authorized to perform: \S+ on resource: (?:(role|user|group|policy|instance profile) )?(\S+)/;
  const [, kind, name = ""] = named.exec(message) ?? [];
  return kind === undefined ? name : `${kind.replace(" ", "-")}/${name}`;
}
