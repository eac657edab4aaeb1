import { NodeHttpHandler } from "@smithy/node-http-handler";
import { compact } from "../../schemas/json.ts";
import { awsFailure } from "../adapters/aws-failure.ts";

/** What every command has that talks to AWS; whatever is not given comes from the usual environment and files. */
export interface AwsOptions {
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
}

/** Quotas are shared with everybody else in the account. */
const ATTEMPTS = 10;

/** Configuration of the SDK's clients. HTTP/1.1 always: the Kinesis client's default, HTTP/2, fails on emulators that speak plain HTTP
 * (aws-plumbing.md §1.1), and we hold few connections. */
export const clientConfig = ({ endpointUrl, region, profile }: AwsOptions) => ({
  ...compact({ endpoint: endpointUrl, region, profile }),
  maxAttempts: ATTEMPTS,
  requestHandler: new NodeHttpHandler(),
});

/** Buckets in the path where an endpoint is given, here or in the environment: emulators have no names for them. */
export const s3Config = (options: AwsOptions, env: Readonly<Record<string, string | undefined>> = process.env) => ({
  ...clientConfig(options),
  forcePathStyle: (options.endpointUrl ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL) !== undefined,
});

/** The Region that a client asks. Rejects with E_AWS_REFUSED when none is set. */
export const regionOf = (client: { readonly config: { readonly region: () => Promise<string> } }): Promise<string> =>
  client.config.region().catch((cause: unknown) => {
    throw awsFailure(cause, { of: "the Region", action: "" });
  });
