import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const ISSUER = "https://login.example.com/realms/ops";
const associate = (oidc: object = {}, more: object = {}) =>
  awsCall({
    eventSource: "eks.amazonaws.com",
    eventName: "AssociateIdentityProviderConfig",
    requestParameters: {
      name: "demo",
      oidc: { identityProviderConfigName: "sso", issuerUrl: ISSUER, clientId: "kubernetes", ...oidc },
    },
    ...more,
  });

describe("impersonation/identity-provider finds", () => {
  it("a provider that a person gives to a cluster: high", () => {
    const hit = hitOf(detector, associate());
    expect(hit).toMatchObject({ severity: "high", on: "identity provider of demo", reasons: [] });
    expect(hit?.sentence).toBe(`alice (role Developer) made cluster demo trust the users of ${ISSUER}`);
    expect(hit?.evidence).toContainEqual({ field: "requestParameters.oidc.clientId", value: "kubernetes" });
  });

  it("names and groups that it may take as they are", () => {
    expect(hitOf(detector, associate({ groupsClaim: "groups", usernamePrefix: "-" }))?.reasons).toEqual([
      "its claim groups names groups of the cluster as they are",
      "its users have no prefix: it can name any user of the cluster",
    ]);
    expect(hitOf(detector, associate({ groupsClaim: "groups", groupsPrefix: "sso:" }))?.reasons).toEqual([]);
  });

  it("one that something else than a person gives, a step lower", () => {
    const hit = hitOf(detector, associate({}, { userIdentity: callers.node() }));
    expect(hit).toMatchObject({ severity: "medium", reasons: ["by no person: a pipeline may set it"] });
  });

  it("an attempt, a step lower, of which the record may not say what it was to be", () => {
    const denied = { requestParameters: null, errorCode: "AccessDenied" };
    const hit = hitOf(detector, associate({}, denied));
    expect(hit?.severity).toBe("medium");
    expect(hit?.sentence).toBe(
      "alice (role Developer) tried to make cluster (not named) trust the users of an OIDC provider",
    );
  });
});

describe("impersonation/identity-provider stays quiet on", () => {
  it("an issuer that is listed, as it is written", () => {
    expect(hitOf(detector, associate(), { params: { issuers: [ISSUER] } })).toBeUndefined();
    expect(hitOf(detector, associate(), { params: { issuers: [`${ISSUER}/`] } })?.severity).toBe("high");
  });

  it.each(["DisassociateIdentityProviderConfig", "DescribeIdentityProviderConfig"])("%s", (eventName) => {
    expect(hitOf(detector, associate({}, { eventName }))).toBeUndefined();
  });
});
