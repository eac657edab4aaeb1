import type { ProxiedCall } from "./fault-proxy.ts";

/** Names of the resources of a deployment, longest first -> what they are called in every deployment. */
export type Roles = readonly (readonly [name: string, role: string])[];

/** What a function asks of AWS: one line for each service, operation and resource. What differs from run to run is left out, so that two runs give the same. */
export function rightsIn(calls: readonly ProxiedCall[], roles: Roles): readonly string[] {
  const lines = calls.map(({ service, operation, resources }) => {
    const named = resources.map((resource) => roleOf(resource, roles));
    return [`${service}:${operation}`, ...new Set(named)].join(" ");
  });
  return [...new Set(lines)].toSorted();
}

/** `bucket/kept/2026-11-27/…` -> `quarantine/kept/*`. */
function roleOf(resource: string, roles: Roles): string {
  for (const [name, role] of roles) {
    const at = resource.indexOf(name);
    if (at === -1) continue;
    const [, folder, rest] = /^\/([^/]+)(\/.*)?$/.exec(resource.slice(at + name.length)) ?? [];
    if (folder === undefined) return role;
    return rest === undefined ? `${role}/${folder}` : `${role}/${folder}/*`;
  }
  return resource;
}
