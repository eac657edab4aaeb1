import Type, { type Static } from "typebox";

const STS = "sts.amazonaws.com";

/** What installs the AWS provider: its chart, its manifest, the add-on of EKS. Newer versions leave the minting to the kubelet. */
const AWS_PROVIDER = [
  "kube-system/secrets-store-csi-driver-provider-aws",
  "kube-system/csi-secrets-store-provider-aws",
  "aws-secrets-manager/aws-secrets-store-csi-driver-provider",
];

/** Flux, for objects that name a service account of their own. */
const FLUX = ["source", "kustomize", "helm", "notification", "image-reflector", "image-automation"].map(
  (name) => `flux-system/${name}-controller`,
);

/** Parameter: who mints tokens by design. Names are those that their charts and manifests install under. Only the AWS provider of the
 * Secrets Store CSI driver mints for Pod Identity, and binds every such token to the pod (audit-recorded.md, corrections). */
export const tokenMinters = Type.Array(
  Type.Object(
    {
      serviceAccount: Type.String({ description: "`namespace/name` of the minter." }),
      audiences: Type.Array(Type.String(), { description: "What it mints for others; a trailing `*` is any ending." }),
      bound: Type.Boolean({ description: "Only when the token is bound to a pod." }),
    },
    { additionalProperties: false },
  ),
  {
    default: [
      { serviceAccount: "external-secrets/external-secrets", audiences: [STS, "vault"], bound: false },
      { serviceAccount: "cert-manager/cert-manager", audiences: [STS, "vault://*"], bound: false },
      { serviceAccount: "kube-system/secrets-store-csi-driver", audiences: [STS], bound: false },
      ...AWS_PROVIDER.flatMap((serviceAccount) => [
        { serviceAccount, audiences: [STS], bound: false },
        { serviceAccount, audiences: ["pods.eks.amazonaws.com"], bound: true },
      ]),
      ...FLUX.map((serviceAccount) => ({ serviceAccount, audiences: [STS], bound: false })),
      { serviceAccount: "vault/vault", audiences: [STS, "vault"], bound: false },
      {
        serviceAccount: "vault-secrets-operator-system/vault-secrets-operator-controller-manager",
        audiences: [STS, "vault"],
        bound: false,
      },
    ],
    description: "Service accounts that mint tokens of other service accounts by design, and for which audiences.",
  },
);

export type TokenMinters = Static<typeof tokenMinters>;

/** True for a token that an entry was made for. */
export const mintsFor = (entry: TokenMinters[number], audience: string, toPod: boolean): boolean =>
  (toPod || !entry.bound) && entry.audiences.some((pattern) => fits(audience, pattern));

const fits = (audience: string, pattern: string): boolean =>
  pattern.endsWith("*") ? audience.startsWith(pattern.slice(0, -1)) : audience === pattern;
