import Type, { type Static } from "typebox";
import { Maybe } from "../../maybe.ts";

const User = Type.Object({
  username: Maybe(Type.String()),
  uid: Maybe(Type.String()),
  groups: Maybe(Type.Array(Type.String())),
  extra: Maybe(Type.Record(Type.String(), Type.Array(Type.String()))),
});

/** `audit.k8s.io/v1` Event as a kube-apiserver writes it (k8s.io/apiserver pkg/apis/audit types; seen on 1.33, 1.35, 1.36).
 * Loose: unknown fields stay, and only what makes it an audit event is required. */
export const AuditEvent = Type.Object({
  auditID: Type.String(),
  stage: Type.String(),
  requestURI: Type.String(),
  verb: Type.String(),
  level: Maybe(Type.String()),
  user: Maybe(User),
  impersonatedUser: Maybe(User),
  authenticationMetadata: Maybe(Type.Object({ impersonationConstraint: Maybe(Type.String()) })),
  sourceIPs: Maybe(Type.Array(Type.String())),
  userAgent: Maybe(Type.String()),
  objectRef: Maybe(
    Type.Object({
      resource: Maybe(Type.String()),
      namespace: Maybe(Type.String()),
      name: Maybe(Type.String()),
      uid: Maybe(Type.String()),
      apiGroup: Maybe(Type.String()),
      apiVersion: Maybe(Type.String()),
      subresource: Maybe(Type.String()),
    }),
  ),
  responseStatus: Maybe(
    Type.Object({ code: Maybe(Type.Number()), message: Maybe(Type.String()), reason: Maybe(Type.String()) }),
  ),
  requestObject: Type.Optional(Type.Unknown()),
  responseObject: Type.Optional(Type.Unknown()),
  requestReceivedTimestamp: Maybe(Type.String()),
  stageTimestamp: Maybe(Type.String()),
  annotations: Maybe(Type.Record(Type.String(), Type.String())),
});
export type AuditEvent = Static<typeof AuditEvent>;
export type AuditUser = Static<typeof User>;
