import { associations, grants } from "./learn/access.ts";
import { actsOfNodes, deedsOfNodes, nodesAtWork } from "./learn/acts.ts";
import { assignments, assignmentsUsed } from "./learn/assignments.ts";
import {
  fleetCalls,
  rolesChanged,
  rolesDeclared,
  rolesOfNodes,
  rolesOperating,
  rolesTaken,
  rolesUsed,
} from "./learn/auto-roles.ts";
import { bearersCalling, bearersInAudit } from "./learn/bearers.ts";
import { classesWritten, classLaunches } from "./learn/classes.ts";
import { clustersAudited, clustersHeard, clustersServed } from "./learn/clusters.ts";
import { componentActs, componentNodes } from "./learn/components.ts";
import { audited, served } from "./learn/coverage.ts";
import { deeds } from "./learn/deeds.ts";
import { egress } from "./learn/egress.ts";
import { entries } from "./learn/entries.ts";
import { evictionsRefused, guards } from "./learn/evictions.ts";
import { auditHeartbeat, callHeartbeat } from "./learn/heartbeats.ts";
import { grantsInAudit, nodesInAudit, peopleInAudit, tokensInAudit } from "./learn/identities.ts";
import { mintsForAws, webIdentities } from "./learn/mints.ts";
import { nodeAddresses, nodesJoining } from "./learn/nodes.ts";
import { operator, touches } from "./learn/operator.ts";
import { nodesHeard, tokensHeard } from "./learn/origins.ts";
import { outletsOfPods, outletsOfTokens } from "./learn/outlets.ts";
import { podRoles } from "./learn/pod-roles.ts";
import { pods } from "./learn/pods.ts";
import { nodesOfPools, poolsWritten } from "./learn/pools.ts";
import { podsKept, podsPlaced, refusalsOfNodes } from "./learn/refusals.ts";
import { instancesAccessed, instancesInAudit, resourcesRead } from "./learn/resources.ts";
import { revoked } from "./learn/revocations.ts";
import { accountSessions, serviceAccounts } from "./learn/service-accounts.ts";
import { nodeRolesAllowed, nodeRolesAtWork } from "./learn/staff.ts";
import { calls, exchanges, issued } from "./learn/sts.ts";
import { mints } from "./learn/tokens.ts";
import { personCalls, personInAudit } from "./learn/whereabouts.ts";
import { exchangesAsked, nodesOfCluster } from "./learn/workforce.ts";
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
  classesWritten,
  clustersAudited,
  mintsForAws,
  nodeRolesAtWork,
  nodesAtWork,
  deedsOfNodes,
  actsOfNodes,
  refusalsOfNodes,
  podsPlaced,
  podsKept,
  poolsWritten,
  evictionsRefused,
  guards,
  instancesInAudit,
  rolesOfNodes,
  nodesOfCluster,
  componentNodes,
  componentActs,
  assignmentsUsed,
  bearersInAudit,
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
  accountSessions,
  classLaunches,
  clustersHeard,
  clustersServed,
  nodeRolesAllowed,
  serviceAccounts,
  webIdentities,
  outletsOfTokens,
  outletsOfPods,
  nodesOfPools,
  resourcesRead,
  instancesAccessed,
  rolesDeclared,
  rolesOperating,
  rolesUsed,
  rolesTaken,
  rolesChanged,
  fleetCalls,
  exchangesAsked,
  assignments,
  revoked,
  bearersCalling,
});
