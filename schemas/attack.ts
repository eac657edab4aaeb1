/** MITRE ATT&CK, one version for all: ids are data, never part of a path or a detector id. v19 renumbers T1562, so a change of version is a
 * change of this table and of nothing else. Names from the Enterprise matrix v18 (2025-10). */
export const attackVersion = "18";

export const tactics = {
  TA0001: "Initial Access",
  TA0002: "Execution",
  TA0003: "Persistence",
  TA0004: "Privilege Escalation",
  TA0005: "Defense Evasion",
  TA0006: "Credential Access",
  TA0007: "Discovery",
  TA0008: "Lateral Movement",
  TA0009: "Collection",
  TA0010: "Exfiltration",
  TA0011: "Command and Control",
  TA0040: "Impact",
} as const;
export type TacticId = keyof typeof tactics;

/** The techniques that detectors name, with the tactics that the matrix lists them under. */
export const techniques = {
  T1005: { name: "Data from Local System", tactics: ["TA0009"] },
  "T1021.007": { name: "Remote Services: Cloud Services", tactics: ["TA0008"] },
  T1036: { name: "Masquerading", tactics: ["TA0005"] },
  T1040: { name: "Network Sniffing", tactics: ["TA0006", "TA0007"] },
  "T1069.003": { name: "Permission Groups Discovery: Cloud Groups", tactics: ["TA0007"] },
  "T1078.001": { name: "Valid Accounts: Default Accounts", tactics: ["TA0001", "TA0003", "TA0004", "TA0005"] },
  "T1078.004": { name: "Valid Accounts: Cloud Accounts", tactics: ["TA0001", "TA0003", "TA0004", "TA0005"] },
  T1090: { name: "Proxy", tactics: ["TA0011"] },
  "T1098.001": { name: "Account Manipulation: Additional Cloud Credentials", tactics: ["TA0003", "TA0004"] },
  "T1098.003": { name: "Account Manipulation: Additional Cloud Roles", tactics: ["TA0003", "TA0004"] },
  "T1098.006": { name: "Account Manipulation: Additional Container Cluster Roles", tactics: ["TA0003", "TA0004"] },
  T1134: { name: "Access Token Manipulation", tactics: ["TA0004", "TA0005"] },
  T1133: { name: "External Remote Services", tactics: ["TA0001", "TA0003"] },
  "T1484.002": { name: "Domain or Tenant Policy Modification: Trust Modification", tactics: ["TA0004", "TA0005"] },
  T1485: { name: "Data Destruction", tactics: ["TA0040"] },
  T1489: { name: "Service Stop", tactics: ["TA0040"] },
  "T1496.001": { name: "Resource Hijacking: Compute Hijacking", tactics: ["TA0040"] },
  T1528: { name: "Steal Application Access Token", tactics: ["TA0006"] },
  T1537: { name: "Transfer Data to Cloud Account", tactics: ["TA0010"] },
  "T1550.001": {
    name: "Use Alternate Authentication Material: Application Access Token",
    tactics: ["TA0005", "TA0008"],
  },
  "T1552.001": { name: "Unsecured Credentials: Credentials In Files", tactics: ["TA0006"] },
  "T1552.005": { name: "Unsecured Credentials: Cloud Instance Metadata API", tactics: ["TA0006"] },
  "T1552.007": { name: "Unsecured Credentials: Container API", tactics: ["TA0006"] },
  T1557: { name: "Adversary-in-the-Middle", tactics: ["TA0006", "TA0009"] },
  "T1562.001": { name: "Impair Defenses: Disable or Modify Tools", tactics: ["TA0005"] },
  "T1562.008": { name: "Impair Defenses: Disable or Modify Cloud Logs", tactics: ["TA0005"] },
  "T1567.002": { name: "Exfiltration Over Web Service: Exfiltration to Cloud Storage", tactics: ["TA0010"] },
  T1578: { name: "Modify Cloud Compute Infrastructure", tactics: ["TA0005"] },
  T1580: { name: "Cloud Infrastructure Discovery", tactics: ["TA0007"] },
  T1609: { name: "Container Administration Command", tactics: ["TA0002"] },
  T1610: { name: "Deploy Container", tactics: ["TA0002", "TA0005"] },
  T1611: { name: "Escape to Host", tactics: ["TA0004"] },
  T1613: { name: "Container and Resource Discovery", tactics: ["TA0007"] },
  T1649: { name: "Steal or Forge Authentication Certificates", tactics: ["TA0006"] },
  T1651: { name: "Cloud Administration Command", tactics: ["TA0002"] },
} as const satisfies Record<string, { name: string; tactics: readonly TacticId[] }>;
export type TechniqueId = keyof typeof techniques;
