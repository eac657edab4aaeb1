/** `npm run new -- GROUP/NAME`: a folder for a new detector, red until it is filled in. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./folders.ts";

const id = process.argv[2] ?? "";
if (!/^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/.test(id)) {
  console.error("usage: npm run new -- GROUP/NAME, both in lower case with hyphens, as imds/my-idea");
  process.exit(2);
}
const folder = join(root, "detectors", id);
if (existsSync(folder)) {
  console.error(`new: detectors/${id} is there already`);
  process.exit(1);
}

const files: Readonly<Record<string, string>> = {
  "detector.ts": `import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";

/** FILL IN: the fact that this rests on. */
export const detector = defineEventDetector({
  meta: {
    id: "${id}",
    version: 1,
    title: "FILL IN: what it reports, in at most 80 characters",
    description: "FILL IN: two or three sentences for somebody who has never heard of it.",
    severity: "medium",
    confidence: "medium",
    status: "shadow",
    attack: [],
    reads: [],
    references: [],
    gaps: [],
    triage: [],
  },
  // The facet of an event that this looks at: schemas/events/k8s-audit/facets.ts and schemas/events/cloudtrail/facets.ts list them.
  on: "exec",
  params: Type.Object({}),
  detect(event) {
    const { exec } = event.facets;
    if (exec.argv.length >= 0) return undefined;
    return {
      sentence: \`\${nameOf(event.actor)} did it\`,
      on: \`pods/\${exec.namespace}/\${exec.pod}\`,
      evidence: [{ field: "requestURI", value: exec.argv.join(" ") }],
    };
  },
});
`,
  "detector.test.ts": `import { describe, expect, it } from "vitest";
import { auditEvent, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

describe("${id}", () => {
  it("hits: FILL IN", () => {
    expect(hitOf(detector, auditEvent())).toMatchObject({ severity: "medium" });
  });

  it("stays quiet: FILL IN the false positive that comes nearest", () => {
    expect(hitOf(detector, auditEvent())).toBeUndefined();
  });
});
`,
  "README.md": `# FILL IN: the title

## What it sees

## Assumptions and blind spots

## False positives

## Triage
`,
  "events/hit-fill-in.ndjson": "",
  "events/miss-fill-in.ndjson": "",
};
mkdirSync(join(folder, "events"), { recursive: true });
for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
console.log(`detectors/${id}: ${Object.keys(files).join(", ")}
Then: npm run generate, and npm test -- ${id} test/contract until it is green.`);
