import type { K8sRequest } from "../../schemas/events/k8s-audit/facets.ts";
import type { AuditEvent, AuditUser } from "../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, users } from "./events.ts";

/** A granted impersonation: `user` acts as `username`, by default listing services. The server adds the groups of a service account. */
export function actingAs(
  user: AuditUser,
  username: string,
  more: Partial<AuditEvent> = {},
  groups?: string[],
): K8sRequest {
  const namespace = /^system:serviceaccount:([^:]+):/.exec(username)?.[1];
  const added = namespace === undefined ? [] : ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
  return auditEvent({
    user,
    requestURI: "/api/v1/services",
    objectRef: { resource: "services", apiVersion: "v1" },
    impersonatedUser: { username, groups: [...(groups ?? added), "system:authenticated"] },
    ...more,
  });
}

/** An impersonation refused outright: neither impersonatedUser nor annotations, only the message (audit-recorded.md 2). `what` is how the
 * message begins: `users "system:admin"`; undefined for the text of 1.36 that names no target. */
export function refusedAs(user: AuditUser = users.human(), what?: string, more: Partial<AuditEvent> = {}): K8sRequest {
  const who = `User "${user.username}" cannot impersonate`;
  const message =
    what === undefined
      ? `services is forbidden: ${who}-on:user-info:list resource "services" in API group "" at the cluster scope`
      : `${what} is forbidden: ${who} resource "users" in API group "" at the cluster scope`;
  return auditEvent({
    user,
    requestURI: "/api/v1/services",
    objectRef: { resource: "services", apiVersion: "v1" },
    responseStatus: { code: 403, message },
    annotations: {},
    ...more,
  });
}

/** What `kubectl auth can-i` asks. */
export const selfReview = {
  verb: "create",
  requestURI: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
  objectRef: { resource: "selfsubjectaccessreviews", apiGroup: "authorization.k8s.io", apiVersion: "v1" },
  responseStatus: { code: 201 },
} as const satisfies Partial<AuditEvent>;

/** What every client asks first. */
export const discovery = { verb: "get", requestURI: "/api", objectRef: null } as const satisfies Partial<AuditEvent>;

/** Refused by an authorizer, as the identity that was had. */
export const denied = { responseStatus: { code: 403 } } as const satisfies Partial<AuditEvent>;

/** A request for one kind of object in a namespace. */
export const on = (verb: string, resource: string, subresource = "", apiGroup = ""): Partial<AuditEvent> => ({
  verb,
  requestURI: `/${apiGroup === "" ? "api/v1" : `apis/${apiGroup}/v1`}/namespaces/shop/${resource}`,
  objectRef: {
    resource,
    namespace: "shop",
    apiVersion: "v1",
    ...(subresource && { subresource }),
    ...(apiGroup && { apiGroup }),
  },
});
