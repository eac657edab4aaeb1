import { describe, expect, it } from "vitest";
import { cut, redact, redactJson } from "./redact.ts";

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
  ])("leave %s: it identifies", (input) => {
    expect(redact(input)).toBe(input);
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
    ]) {
      expect(redact(nasty).length).toBeLessThanOrEqual(17_000);
    }
  });
});

it("cuts without splitting a surrogate pair", () => {
  expect(cut("abc", 3)).toBe("abc");
  expect(cut("ab😀cd", 4)).toBe("ab…");
  expect(cut("ab😀cd", 5)).toBe("ab😀…");
});
