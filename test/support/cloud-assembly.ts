import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Crosstrail } from "../../infra/cdk/crosstrail.ts";
import type { CrosstrailProps } from "../../infra/cdk/props.ts";
import type { Template } from "./template/template.ts";
import { zip } from "./zip.ts";

/** What `cdk deploy` uploads before it makes the stack. */
export interface Asset {
  /** With `${AWS::AccountId}` and `${AWS::Region}` in it. */
  readonly bucket: string;
  readonly key: string;
  readonly content: Buffer;
}

export interface CloudAssembly {
  readonly template: Template;
  /** The functions' code. */
  readonly assets: readonly Asset[];
}

/** The construct in a stack of its own, as `cdk synth` writes it. `name`: of the stack. */
export function cloudAssembly(props: CrosstrailProps, name = "crosstrail"): CloudAssembly {
  const outdir = mkdtempSync(join(tmpdir(), "crosstrail-cdk-"));
  try {
    const app = new App({ outdir });
    new Crosstrail(new Stack(app, name), "Crosstrail", props);
    app.synth();
    const read = (file: string) => JSON.parse(readFileSync(join(outdir, file), "utf8"));
    const { files }: AssetManifest = read(`${name}.assets.json`);
    const assets = Object.values(files).flatMap(({ source, destinations }) =>
      source.packaging === "zip" ? Object.values(destinations).map((to) => asset(join(outdir, source.path), to)) : [],
    );
    return { template: read(`${name}.template.json`), assets };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

interface Destination {
  readonly bucketName: string;
  readonly objectKey: string;
}
interface File {
  readonly source: { readonly path: string; readonly packaging: "file" | "zip" };
  readonly destinations: Readonly<Record<string, Destination>>;
}
/** The parts that are used here of what CDK writes for its command. */
interface AssetManifest {
  readonly files: Readonly<Record<string, File>>;
}

function asset(folder: string, { bucketName, objectKey }: Destination): Asset {
  const files = new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))]));
  return { bucket: bucketName, key: objectKey, content: zip(files) };
}
