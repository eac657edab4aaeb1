import { at, list, text } from "../../json.ts";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** Where tags stand in requests: `tags` (STS, EKS), `tagSet.items` (CreateTags), `tagSpecificationSet.items[].tags` (RunInstances, volumes),
 * `CreateFleetRequest.TagSpecification[].Tag` and `CreateLaunchTemplateRequest…` (capitalised, wrapped). eks-auto-mode.md §4.2. */
const PLACES: readonly (readonly string[])[] = [
  ["tags"],
  ["tagSet", "items"],
  ["tagSpecificationSet", "items"],
  ["tagSpecifications"],
  ["CreateFleetRequest", "TagSpecification"],
  ["CreateLaunchTemplateRequest", "TagSpecification"],
  ["CreateLaunchTemplateRequest", "LaunchTemplateData", "TagSpecification"],
  ["CreateLaunchTemplateVersionRequest", "LaunchTemplateData", "TagSpecification"],
  ["CreateSnapshotsRequest", "TagSpecification"],
];

/** Every tag of a request, in all the shapes that CloudTrail has for them; a single element may stand without its list. */
export function tagsOf(params: unknown): readonly Tag[] {
  return PLACES.flatMap((place) => list(params, ...place).flatMap(entryTags));
}

function entryTags(entry: unknown): readonly Tag[] {
  const nested = [...list(entry, "tags"), ...list(entry, "Tag"), ...list(entry, "tagSet", "items")];
  if (nested.length > 0) return nested.flatMap(entryTags);
  const key = text(entry, "key") ?? text(entry, "Key");
  if (key !== undefined) return [{ key, value: text(entry, "value") ?? text(entry, "Value") ?? "" }];
  // EKS writes a plain map: {"tags": {"team": "a"}}.
  if (entry === null || typeof entry !== "object" || Array.isArray(entry)) return [];
  return Object.keys(entry).flatMap((name) =>
    typeof at(entry, name) === "string" ? [{ key: name, value: text(entry, name) ?? "" }] : [],
  );
}
