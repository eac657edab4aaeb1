import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { registry } from "../../detectors/registry.ts";
import type { Config } from "../../schemas/config/config.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { parseConfig } from "../config.ts";
import type { ConfigObject } from "../runtime/config-source.ts";
import { accept } from "../runtime/program.ts";
import type { Command } from "./command.ts";
import {
  type Ask,
  check,
  missing,
  notApplicable,
  ok,
  once,
  type Result,
  silently,
  unlessAbsent,
  type Verdict,
} from "./result.ts";
import type { Stack } from "./stack.ts";

export interface Configuration {
  readonly health: () => Promise<Result>;
  /** What is known of it; undefined where nothing is. Never rejects. */
  readonly known: () => Promise<Config | undefined>;
}

interface Place {
  readonly bucket: string;
  readonly key: string;
}

/** The object that holds the configuration, read and judged as the functions do. */
export function openConfiguration(s3: Pick<S3Client, "send">, stack: Stack, command: Command): Configuration {
  const fetched = new Map<string, () => Promise<ConfigObject | undefined>>();
  const place = async (ask: Ask): Promise<Place | undefined> => {
    const [bucket, key] = [await stack.output(ask, "ConfigBucket"), await stack.output(ask, "ConfigKey")];
    return bucket === undefined || key === undefined ? undefined : { bucket, key };
  };
  async function read(ask: Ask, { bucket, key }: Place): Promise<ConfigObject | undefined> {
    const name = `${bucket}/${key}`;
    // Whoever may not list a bucket is refused an object that is not there.
    const question = {
      of: `s3://${name} (or there is none, which needs s3:ListBucket to say)`,
      action: "s3:GetObject",
    };
    const fetch = fetched.get(name) ?? once(() => objectAt(s3, bucket, key));
    fetched.set(name, fetch);
    return ask(question, fetch());
  }
  return {
    health: () =>
      check(`stack ${stack.name}`, "configuration", async (ask) => {
        const where = await place(ask);
        if (where === undefined) return notApplicable("The stack tells of no configuration.");
        return configurationVerdict(await read(ask, where), where, command);
      }),
    async known() {
      try {
        const where = await place(silently);
        if (where === undefined) return undefined;
        const found = await read(silently, where);
        return found === undefined ? { version: 1 } : await parseConfig(found.text, "it");
      } catch {
        // What is wrong with it is `health`'s to tell.
        return undefined;
      }
    },
  };
}

async function objectAt(s3: Pick<S3Client, "send">, bucket: string, key: string): Promise<ConfigObject | undefined> {
  const asked = s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const found = await unlessAbsent(asked, /^NoSuchKey$/);
  if (found === undefined) return undefined;
  return { text: (await found.Body?.transformToString("utf8")) ?? "", version: found.VersionId ?? "unversioned" };
}

export async function configurationVerdict(
  found: ConfigObject | undefined,
  { bucket, key }: Place,
  command: Command,
): Promise<Verdict> {
  const name = `s3://${bucket}/${key}`;
  if (found === undefined) return ok(`There is none at ${name}: the defaults stand.`);
  try {
    const config = await parseConfig(found.text, "it");
    await accept(registry, async () => (await import("../../detectors/samples.generated.ts")).samples)(config);
    return ok(`${name}, version ${found.version}, is valid.`);
  } catch (cause) {
    if (!(cause instanceof CrosstrailError)) throw cause;
    return missing(
      `${name}, version ${found.version}, cannot be used, and the last good one stands: ${cause.message}`,
      command("s3", "cp", "config.json", name),
    );
  }
}
