import { isSection, type Template } from "./template.ts";

/** Children by these names are not part of what CDK makes of a path. */
const HIDDEN = new Set(["Resource", "Default"]);

/**
 * Logical ids of a synthesised template to the path inside of a construct, as one name: "CrosstrailDetectRole1A2B3C4D" is "DetectRole" when it
 * is "Stack/Crosstrail/Detect/Role/Resource". The paths stand in the metadata that the context value `aws:cdk:enable-path-metadata` asks for;
 * a resource without is an error, as it would be compared under its CDK name.
 */
export function namesIn(template: Template, construct: string): Readonly<Record<string, string>> {
  const ours = Object.entries(template.Resources).filter(([, { Type }]) => Type !== "AWS::CDK::Metadata");
  return Object.fromEntries(
    ours.map(([id, { Metadata }]) => {
      const path = isSection(Metadata) ? Metadata["aws:cdk:path"] : undefined;
      if (typeof path !== "string") throw new Error(`${id} has no aws:cdk:path`);
      if (!path.startsWith(`${construct}/`)) throw new Error(`${id} (${path}) is outside of ${construct}`);
      const inside = path.slice(construct.length + 1).split("/");
      return [
        id,
        inside
          .filter((part) => !HIDDEN.has(part))
          .join("")
          .replaceAll(/[^A-Za-z0-9]/g, ""),
      ];
    }),
  );
}
