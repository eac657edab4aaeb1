import { associations, grants } from "./learn/access.ts";
import { audited, served } from "./learn/coverage.ts";
import { deeds } from "./learn/deeds.ts";
import { egress } from "./learn/egress.ts";
import { entries } from "./learn/entries.ts";
import { auditHeartbeat, callHeartbeat } from "./learn/heartbeats.ts";
import { grantsInAudit, nodesInAudit, peopleInAudit, tokensInAudit } from "./learn/identities.ts";
import { nodeAddresses, nodesJoining } from "./learn/nodes.ts";
import { operator, touches } from "./learn/operator.ts";
import { nodesHeard, tokensHeard } from "./learn/origins.ts";
import { podRoles } from "./learn/pod-roles.ts";
import { pods } from "./learn/pods.ts";
import { calls, exchanges, issued } from "./learn/sts.ts";
import { mints } from "./learn/tokens.ts";
import { personCalls, personInAudit } from "./learn/whereabouts.ts";
import type { AuditLearner, CallLearner } from "./learner.ts";

/** With the names that they have here. */
const named = <L extends AuditLearner | CallLearner>(all: Readonly<Record<string, L>>): readonly L[] =>
  Object.entries(all).map(([name, learner]) => ({ ...learner, name }));

/** Every source of knowledge. */
export const auditLearners: readonly AuditLearner[] = named<AuditLearner>({
  pods,
  mints,
  nodesInAudit,
  peopleInAudit,
  tokensInAudit,
  grantsInAudit,
  audited,
  entries,
  auditHeartbeat,
  personInAudit,
  nodesHeard,
  tokensHeard,
  nodesJoining,
  nodeAddresses,
});
export const callLearners: readonly CallLearner[] = named<CallLearner>({
  issued,
  exchanges,
  calls,
  operator,
  touches,
  grants,
  associations,
  deeds,
  egress,
  podRoles,
  served,
  callHeartbeat,
  personCalls,
});
