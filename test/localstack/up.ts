// Keeps the stand-ins up for work by hand, and prints the environment that makes clients of AWS use them.
import { startSecurityHub } from "../support/security-hub.ts";
import { ACCOUNT, REGION, startEmulators } from "./emulators.ts";

const log = (line: string): void => console.error(line);
const own = process.env.AWS_ENDPOINT_URL;
// Heard from the start: a Ctrl-C during the installation ends this too, and with it all that it started.
const asked = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
});
const starting = own === undefined ? startEmulators(log) : undefined;
const started = await Promise.race([starting, asked.then(() => "asked" as const)]);
if (started === "asked") process.exit(130);

const hub = await startSecurityHub({ account: ACCOUNT, region: REGION });
const environment = {
  AWS_ENDPOINT_URL: own ?? started?.endpoint ?? "",
  AWS_ENDPOINT_URL_SECURITYHUB: hub.url,
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
};
for (const [name, value] of Object.entries(environment)) console.log(`export ${name}=${value}`);
log(started === undefined ? "Your own LocalStack is used." : `LocalStack writes to ${started.logFile}.`);
log("Ctrl-C ends it.");
await asked;
await Promise.all([hub.close(), started?.stop()]);
