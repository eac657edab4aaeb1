/** For a runbook: every role that gives nodes/proxy, by whichever wildcard. */
export const ROLES_WITH_NODES_PROXY = `kubectl get clusterroles -o json | jq -r '.items[] | select(any(.rules[]?; any(.resources[]?; IN("nodes/proxy", "nodes/*", "*/proxy", "*")))) | .metadata.name'`;
