import { describe, expect, it } from "vitest";
import { cut, redact, redactJson, redactRecord, redactWords } from "./redact.ts";

const SECRET = "Zx9kQ7wLmN4pR2tV8yB3";
/** As a client encodes the words of a command, and as another one does. */
const execOf = (words: readonly string[]): readonly string[] =>
  [encodeURIComponent, (word: string) => new URLSearchParams({ x: word }).toString().slice(2)].map(
    (encode) =>
      `/api/v1/namespaces/shop/pods/web-0/exec?${words.map((word) => `command=${encode(word)}`).join("&")}&container=app`,
  );

describe("secrets", () => {
  it.each<[string, string]>([
    ["curl -H 'Authorization: Bearer abcdefghijklmnop' x", "abcdefghijklmnop"],
    ["curl -H 'X-aws-ec2-metadata-token: AQAEAExample==' http://169.254.169.254", "AQAEAExample"],
    ["export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENG", "wJalrXUtnFEMI"],
    ["mysql --password hunter2hunter2", "hunter2hunter2"],
    ["https://user:s3cr3tpass@example.com/", "s3cr3tpass"],
    ["https://b.s3.amazonaws.com/k?X-Amz-Signature=deadbeefdeadbeef&x=1", "deadbeefdeadbeef"],
    ["-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"],
    ["k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdzLmNvbQ", "aHR0cHM6"],
    ["eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl", "c2lnbmF0dXJl"],
  ])("do not show in %s", (input, secret) => {
    expect(input).toContain(secret);
    expect(redact(input)).not.toContain(secret);
  });

  it.each([
    "ASIAEXAMPLEHUMAN0001",
    "JTI=6fc39ecd-2c95-47b8-af3f-58994a3ce6f6",
    "arn:aws:iam::111122223333:role/app",
    "cat /var/run/secrets/kubernetes.io/serviceaccount/token",
    "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/db-AbCdEf",
    'TOKEN=$(curl -X PUT http://169.254.169.254/latest/api/token); curl -H "X-aws-ec2-metadata-token: $TOKEN"',
    "AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    "mkdir -p /srv/login",
    "serviceaccounts/token kube-system cluster-tools",
    "create serviceaccounts/token external-secrets",
  ])("leave %s: it identifies", (input) => {
    expect(redact(input)).toBe(input);
  });

  // A namespace follows the one target that ends in the name of a scheme, and nothing else does.
  it.each([
    `serviceaccounts/token ${SECRET} x`,
    `serviceaccounts/token ${SECRET.toLowerCase()}_ x`,
    `serviceaccounts/token ${SECRET.toLowerCase().repeat(4)}`,
    `serviceaccounts/token  ${SECRET.toLowerCase()}`,
    `myserviceaccounts/token ${SECRET.toLowerCase()}`,
    `api/token ${SECRET.toLowerCase()}`,
    `Token ${SECRET}`,
    `serviceaccounts/token Bearer ${SECRET}`,
  ])("do not show behind what only looks like the target of a TokenRequest: %s", (input) => {
    expect(redact(input).toLowerCase()).not.toContain(SECRET.toLowerCase());
  });

  it.each<[string, string[]]>([
    ["a flag", ["mysql", "--password", SECRET, "-h", "db"]],
    ["a flag with its value", ["app", `--client-secret=${SECRET}`]],
    ["a flag of one letter", ["mysql", `-p${SECRET}`]],
    ["a flag that is a password's only there", ["sshpass", "-p", SECRET, "ssh", "host"]],
    ["a user with a password", ["curl", "-u", `admin:${SECRET}`, "http://192.0.2.1/"]],
    ["the same in a script", ["sh", "-c", `curl --user admin:${SECRET} http://192.0.2.1/`]],
    ["a variable", ["env", `GITHUB_TOKEN=${SECRET}`, "make"]],
    ["a quoted variable with a space", ["sh", "-c", `export DB_PASSWORD='a ${SECRET}'; run`]],
    ["a header", ["curl", "-H", `X-Vault-Token: ${SECRET}`, "http://192.0.2.1/"]],
    ["a scheme", ["curl", "-H", `Authorization: token ${SECRET}`, "http://192.0.2.1/"]],
    ["cookies", ["curl", "-H", `Cookie: a=b; session=${SECRET}`, "http://192.0.2.1/"]],
    ["a body", ["curl", "-d", `{"password" : "${SECRET}"}`, "http://192.0.2.1/"]],
    ["an escaped body", ["sh", "-c", `curl -d "{\\"password\\":\\"${SECRET}\\"}" http://192.0.2.1/`]],
    ["a parameter", ["curl", `http://192.0.2.1/?access_token=${SECRET}&a=b`]],
    ["a URL's password", ["curl", `http://admin:${SECRET}@192.0.2.1/`]],
    ["a URL's user", ["git", "clone", `https://${SECRET}@git.example.com/a`]],
    ["a setting", ["sh", "-c", `aws configure set aws_secret_access_key ${SECRET}`]],
    ["a token known by its beginning", ["echo", `ghp_${SECRET}`]],
    ["a session token", ["echo", `IQoJb3JpZ2luX2VjE${SECRET}${SECRET}`]],
    ["a manifest", ["sh", "-c", `echo '[{"name":"DB_PASSWORD","value":"${SECRET}"}]'`]],
    ["a word behind a path", ["tool", "serviceaccounts/token", SECRET.toLowerCase(), `--token=${SECRET}`]],
    ["a list", ["sh", "-c", `echo '["--token","${SECRET}"]'`]],
  ])("do not show in the words of a command, nor in the URI of its exec: %s", (_, words) => {
    const shown = [...redactWords(words), ...execOf(words).map(redact)].join("\n");
    expect(shown.toLowerCase()).not.toContain(SECRET.toLowerCase());
    expect(shown).toMatch(/\[(?:redacted|token)\]/);
  });

  it("leave the rest of a URI as it was", () => {
    expect(redact("/a/b%20c?x=%2Fy&command=--token&command=abcdef&z=1+2")).toBe(
      "/a/b%20c?x=%2Fy&command=--token&command=[redacted]&z=1+2",
    );
    const [uri = ""] = execOf(["curl", "http://169.254.169.254/latest/api/token?a=b"]);
    expect(redact(uri)).toBe(uri);
  });

  it("are found by the name beside a value", () => {
    expect(
      redactJson({ env: [{ name: "DB_PASSWORD", value: SECRET }], httpHeaders: [{ name: "Cookie", value: SECRET }] }),
    ).toEqual({
      env: [{ name: "DB_PASSWORD", value: "[redacted]" }],
      httpHeaders: [{ name: "Cookie", value: "[redacted]" }],
    });
  });

  it.each([
    { httpTokens: "required", accessKeyId: "ASIAEXAMPLEHUMAN0001", secretName: "db" },
    { annotations: { "authentication.k8s.io/legacy-token": "system:serviceaccount:shop:orders" } },
    { args: ["--token-file", "/var/run/secrets/token", "-p", "8080"], env: [{ name: "PORT", value: "8080" }] },
  ])("leave %j: it tells what happened", (value) => {
    expect(redactJson(value)).toEqual(value);
  });

  it("are found by key in JSON, at any depth, and a key __proto__ stays a key", () => {
    const out = redactJson(
      JSON.parse('{"a":{"sessionToken":"abc","__proto__":{"password":"x"}},"list":[{"token":"t"}]}'),
    );
    expect(JSON.stringify(out)).toBe(
      '{"a":{"sessionToken":"[redacted]","__proto__":{"password":"[redacted]"}},"list":[{"token":"[redacted]"}]}',
    );
    expect(({} as { password?: string }).password).toBeUndefined();
  });

  it("cost no more than linear time on text made to hurt", () => {
    for (const nasty of [
      "a.".repeat(500_000),
      "eyJ".repeat(300_000),
      `${"password=".repeat(100_000)}`,
      "-----BEGIN PRIVATE KEY-----".repeat(50_000),
      "/?a=%41&".repeat(50_000),
      "login -p".repeat(50_000),
      "--a-a-".repeat(50_000),
      "serviceaccounts/token a-".repeat(50_000),
    ]) {
      expect(redact(nasty).length).toBeLessThanOrEqual(17_000);
    }
  });
});

it("quotes a record of any size in as much as can be kept by the thousands", () => {
  const names = Array.from({ length: 50 }, (_, index) => `${index}`.repeat(400));
  const wide = (depth: number): unknown =>
    depth === 0 ? names : Object.fromEntries(names.slice(0, 12).map((name) => [name, wide(depth - 1)]));
  const record = { auditID: "x", requestObject: wide(3) };
  expect(JSON.stringify(record).length).toBeGreaterThan(50_000_000);
  expect(JSON.stringify(redactRecord(record)).length).toBeLessThan(65_536);
  expect(redactRecord({ auditID: "x" })).toEqual({ auditID: "x" });
});

it("cuts without splitting a surrogate pair", () => {
  expect(cut("abc", 3)).toBe("abc");
  expect(cut("ab😀cd", 4)).toBe("ab…");
  expect(cut("ab😀cd", 5)).toBe("ab😀…");
});
