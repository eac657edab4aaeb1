import { describe, expect, it } from "vitest";
import { CrosstrailError } from "../../schemas/errors.ts";
import { serviceError } from "../../test/support/aws.ts";
import { awsFailure } from "./aws-failure.ts";

const ASKED = { of: "log group prod", action: "logs:FilterLogEvents" };
const network = (code: string): Error => Object.assign(new Error(`connect ${code} 127.0.0.1:9`), { code });

describe("what AWS says, in one sentence that tells how to mend it", () => {
  it.each<[string, unknown, string, RegExp]>([
    [
      "no credentials",
      serviceError("CredentialsProviderError", "Could not load"),
      "E_AWS_REFUSED",
      /no AWS credentials: .*--profile/,
    ],
    [
      "an expired session",
      serviceError("ExpiredTokenException", "The security token"),
      "E_AWS_REFUSED",
      /expired: log in again/,
    ],
    [
      "credentials of another partition",
      serviceError("UnrecognizedClientException"),
      "E_AWS_REFUSED",
      /not valid.*--region/,
    ],
    [
      "no access",
      serviceError("AccessDeniedException"),
      "E_AWS_REFUSED",
      /no access to log group prod: .*needs logs:FilterLogEvents/,
    ],
    ["no access to a bucket", serviceError("AccessDenied"), "E_AWS_REFUSED", /needs logs:FilterLogEvents/],
    [
      "nothing of that name",
      serviceError("ResourceNotFoundException"),
      "E_AWS_REFUSED",
      /there is no log group prod in this account/,
    ],
    [
      "a wrong parameter",
      serviceError("InvalidParameterException", "1 validation error"),
      "E_AWS_REFUSED",
      /1 validation error/,
    ],
    [
      "throttling",
      serviceError("ThrottlingException", "Rate exceeded"),
      "E_AWS",
      /throttled.*run the same command again/,
    ],
    ["a full shard", serviceError("ProvisionedThroughputExceededException"), "E_AWS", /throttled/],
    ["nobody at the endpoint", network("ECONNREFUSED"), "E_AWS", /cannot be reached: check --endpoint-url/],
    ["nobody at several addresses", new AggregateError([network("ENOTFOUND")], "all"), "E_AWS", /cannot be reached/],
    [
      "a network error inside of another one",
      new Error("fetch failed", { cause: network("ECONNRESET") }),
      "E_AWS",
      /cannot be reached/,
    ],
    ["no access to a queue's key", serviceError("KmsAccessDenied"), "E_AWS_REFUSED", /no access to/],
    ["the same, in the older protocol", serviceError("KMS.AccessDeniedException"), "E_AWS_REFUSED", /no access to/],
    ["a key that is switched off", serviceError("KmsDisabled"), "E_AWS_REFUSED", /the KMS key of .* cannot be used/],
    ["the same, in the older protocol", serviceError("KMS.DisabledException"), "E_AWS_REFUSED", /the KMS key of/],
    ["a busy key", serviceError("KmsThrottled"), "E_AWS", /throttled/],
    ["no such queue", serviceError("QueueDoesNotExist"), "E_AWS_REFUSED", /there is no/],
    [
      "the same, in the older protocol",
      serviceError("AWS.SimpleQueueService.NonExistentQueue"),
      "E_AWS_REFUSED",
      /there is no/,
    ],
    ["no Region", new Error("Region is missing"), "E_AWS_REFUSED", /no AWS Region: give --region/],
    ["something new", serviceError("TeapotException", "short and stout"), "E_AWS", /log group prod: short and stout/],
    ["no error at all", "what?", "E_AWS", /what\?/],
  ])("%s", (_, cause, code, sentence) => {
    const { message, ...failure } = awsFailure(cause, ASKED);
    expect(failure.code).toBe(code);
    expect(message).toMatch(sentence);
    expect(message).not.toContain("\n");
  });

  it("is not said twice", () => {
    const error = new CrosstrailError("E_LEDGER", "full", { cause: undefined });
    expect(awsFailure(error, ASKED)).toBe(error);
  });
});
