import { carry, type Relay } from "./carry.ts";
import { credentialDayId, credentialHourId, issuedBy, outlivedDays } from "./credentials.ts";
import { BEARS_MS } from "./revocations.ts";

/** A token of the AWS CLI lives for fifteen minutes; the rest is what clocks and caches may need. */
const GRACE_MS = 20 * 60_000;

const ms = (time: string): number => Date.parse(time) || 0;

/** What befalls a name befalls who bore it by then, on that day and on those that a session can outlive it. */
const ofNames: readonly Relay[] = [0, 1, 2].flatMap((ahead) => {
  const day = (id: string, time: string): string => credentialDayId(id, outlivedDays(ms(time))[ahead] ?? 0);
  return [
    carry(
      "iamNameDay",
      { fact: "revoked", over: "bears", to: "credentialDay" },
      "revoked",
      (revoked) => revoked,
      // Not whoever got the name afterwards.
      ({ time }, bearer, _, since) =>
        since.link < time || ms(bearer.time) + BEARS_MS <= ms(time) ? day(bearer.id, time) : undefined,
    ),
    carry(
      "iamNameDay",
      { fact: "revoked", over: "bore", to: "credentialDay" },
      "revoked",
      (revoked) => revoked,
      ({ time }, { id }) => day(id, time),
    ),
    carry(
      "iamNameDay",
      { fact: "lifted", over: "bears", to: "credentialDay" },
      "lifted",
      (lifted) => lifted,
      ({ time }, { id }) => day(id, time),
    ),
    carry(
      "iamNameDay",
      { fact: "lifted", over: "bore", to: "credentialDay" },
      "lifted",
      (lifted) => lifted,
      ({ time }, { id }) => day(id, time),
    ),
  ];
});

/** From a name to its bearer, from there to the hours in which that was let in, and in each what was let in too late: rare, and so it is what is judged. */
export const revocationRelays: readonly Relay[] = [
  ...ofNames,
  carry("credentialDay", { fact: "revoked", over: "hour", to: "credentialHour" }, "revoked", (revoked) => revoked),
  carry("credentialDay", { fact: "lifted", over: "hour", to: "credentialHour" }, "lifted", (lifted) => lifted),
  carry("key", { fact: "began", over: "issuance", to: "issuance" }, "began", ({ time }) => ({ time })),
  carry(
    "issuance",
    { fact: "spoke", over: "began", to: "credentialHour" },
    "used",
    (spoke, _, { time }) => ({ ...spoke, issued: issuedBy(time) }),
    ({ id, time }) => credentialHourId(id, ms(time)),
  ),
  carry(
    "credentialHour",
    { fact: "used", over: "revoked", to: "credentialHour" },
    "after",
    ({ time, id, account, region, cluster, principal }, _, { time: revoked, action, what, olderThan }) => ({
      ...{ time, revoked, action, what, olderThan, id, account, region, cluster, principal },
    }),
    ({ time, issued }, revoked, hour) => {
      // A use of a known session was told of without its beginning as well: once is enough.
      const meant = revoked.olderThan === "" ? issued === "" : issued !== "" && issued <= revoked.olderThan;
      return meant && ms(time) > ms(revoked.time) + GRACE_MS ? hour : undefined;
    },
  ),
];
