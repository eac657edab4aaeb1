import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { commandsFor, shell } from "./command.ts";

it("is taken apart by a shell into the words that it was made of", () => {
  const words = [
    "",
    "plain",
    "two words",
    "it's",
    '{"a":["b"]}',
    "$HOME `id` $(id) ;&|<>*?~#!\\",
    "{ $.x = 1 }",
    "-n",
    "ä\u00a0b",
  ];
  const printed = execFileSync("sh", ["-c", `printf '%s\\0' ${shell(...words)}`], { encoding: "utf8" });
  expect(printed.split("\0").slice(0, -1)).toEqual(words);
});

it("asks where the check has asked", () => {
  const command = commandsFor({ region: "eu-central-1", profile: "security audit" });
  expect(command("eks", "list-clusters")).toBe(
    "aws eks list-clusters --region eu-central-1 --profile 'security audit'",
  );
});

it("asks in another Region where it says so", () => {
  const command = commandsFor({ region: "eu-central-1" });
  expect(command("cloudtrail", "start-logging", "--region", "us-east-1")).toBe(
    "aws cloudtrail start-logging --region us-east-1",
  );
});
