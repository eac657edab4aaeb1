import { CrosstrailError } from "../../schemas/errors.ts";
import { reasonOf } from "./sinks/reason.ts";

/** What was asked of AWS. */
export interface Asked {
  /** What it was about, as a person calls it: `log group /aws/eks/prod/cluster`. */
  readonly of: string;
  /** The IAM action that allows it: `logs:FilterLogEvents`. */
  readonly action: string;
  /** What else a refusal may mean. */
  readonly hint?: string;
}

interface Said {
  readonly name: RegExp;
  readonly refused: boolean;
  readonly sentence: (asked: Asked) => string;
}

/** SNS has a name of its own for it. */
const ACCESS =
  /^(?:AccessDenied(?:Exception)?|UnauthorizedOperation|NotAuthorized|Forbidden|KMS\.?AccessDeniedException|KmsAccessDenied|AuthorizationError(?:Exception)?)$/;

/** By the names of the SDK's and the services' errors, the more particular first. */
const SAID: readonly Said[] = [
  {
    name: /^(?:CredentialsProviderError|TokenProviderError|ProviderError)$/,
    refused: true,
    sentence: () => "no AWS credentials: set AWS_PROFILE or give --profile, or log in (aws sso login, aws configure)",
  },
  {
    name: /^(?:ExpiredToken(?:Exception)?|RequestExpired|TokenRefreshRequired)$/,
    refused: true,
    sentence: () => "the AWS credentials have expired: log in again and run the same command",
  },
  {
    name: /^(?:UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException|SignatureDoesNotMatch|InvalidAccessKeyId|IncompleteSignature|AuthFailure)$/,
    refused: true,
    sentence: () => "the AWS credentials are not valid for this account and Region: check --profile and --region",
  },
  {
    name: ACCESS,
    refused: true,
    sentence: ({ of, action, hint }) =>
      `no access to ${of}: the identity needs ${action} on it${hint === undefined ? "" : `; ${hint}`}`,
  },
  {
    name: /^(?:ResourceNotFoundException|NoSuchBucket|NotFound|NoSuchKey|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)$/,
    refused: true,
    sentence: ({ of }) => `there is no ${of} in this account and Region: check its name, --region and --profile`,
  },
  {
    name: /^(?:Throttling(?:Exception)?|ThrottledException|LimitExceededException|ProvisionedThroughputExceededException|TooManyRequestsException|RequestLimitExceeded|SlowDown|RequestThrottled|KMS\.?ThrottlingException|KmsThrottled)$/,
    refused: false,
    sentence: ({ of }) =>
      `${of} is throttled after all retries: others use the same quota; run the same command again later`,
  },
  {
    name: /^(?:KMS\.?(?:Disabled|NotFound|InvalidState|InvalidKeyUsage|OptInRequired)(?:Exception)?|Kms(?:Disabled|NotFound|InvalidState|InvalidKeyUsage|OptInRequired))$/,
    refused: true,
    sentence: ({ of }) => `the KMS key of ${of} cannot be used: it is disabled, or was deleted`,
  },
  {
    name: /^(?:ECONNREFUSED|ENOTFOUND|ECONNRESET|EAI_AGAIN|ETIMEDOUT|TimeoutError|NetworkingError)$/,
    refused: false,
    sentence: ({ of }) => `${of} cannot be reached: check --endpoint-url, --region and the network`,
  },
  {
    name: /^(?:InvalidParameterException|InvalidArgumentException|ValidationException|InvalidTimeRangeException|InvalidRequest|InvalidNextTokenException)$/,
    refused: true,
    sentence: ({ of }) => `${of} does not take the request`,
  },
];

/** What went wrong between us and AWS, in one sentence that says how to mend it: E_AWS_REFUSED when asking again changes nothing, else E_AWS. */
export function awsFailure(cause: unknown, asked: Asked): CrosstrailError {
  if (cause instanceof CrosstrailError) return cause;
  const names = namesOf(cause);
  const said = SAID.find(({ name }) => names.some((given) => name.test(given)));
  const detail = reasonOf(cause);
  if (/region is missing/i.test(detail))
    return new CrosstrailError("E_AWS_REFUSED", "no AWS Region: give --region or set AWS_REGION", { cause });
  if (said === undefined) return new CrosstrailError("E_AWS", `${asked.of}: ${detail}`, { cause });
  const words = said.sentence(asked);
  const message = names.includes("CredentialsProviderError") || detail === "" ? words : `${words} (${detail})`;
  return new CrosstrailError(said.refused ? "E_AWS_REFUSED" : "E_AWS", message, { cause });
}

/** Whether the identity that asks lacks the right to. */
export const isAccessDenied = (cause: unknown): boolean => namesOf(cause).some((name) => ACCESS.test(name));

/** A network error is told by its code, sometimes inside of another one. */
function namesOf(cause: unknown): readonly string[] {
  if (!(cause instanceof Error)) return [];
  const code = "code" in cause ? String(cause.code) : "";
  const inner = cause instanceof AggregateError ? cause.errors : [cause.cause];
  return [cause.name, code, ...inner.flatMap((one) => (one === undefined ? [] : namesOf(one)))];
}
