import { GetCallerIdentityCommand, type STSClient } from "@aws-sdk/client-sts";
import { awsFailure, isAccessDenied } from "../adapters/aws-failure.ts";

/** Who asks, in which account. The question needs no right, so that whoever gets no answer can ask nothing: rejects with E_AWS or E_AWS_REFUSED. */
export async function identityOf(sts: Pick<STSClient, "send">): Promise<{ account?: string; arn?: string }> {
  try {
    const { Account: account, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}));
    return { ...(account && { account }), ...(arn && { arn }) };
  } catch (cause) {
    // An organization may forbid even this.
    if (isAccessDenied(cause)) return {};
    throw awsFailure(cause, { of: "STS", action: "sts:GetCallerIdentity" });
  }
}
