import Type, { type Static } from "typebox";
import { Maybe } from "../../maybe.ts";

/** A CloudTrail record, eventVersion 1.0 to 1.11. Loose: `eventID` is missing before 1.01, `userIdentity` of service events is short,
 * `requestParameters` and `responseElements` are read by path where a facet needs them. */
export const CloudTrailRecord = Type.Object({
  eventSource: Type.String(),
  eventName: Type.String(),
  eventTime: Maybe(Type.String()),
  eventID: Maybe(Type.String()),
  eventVersion: Maybe(Type.String()),
  awsRegion: Maybe(Type.String()),
  recipientAccountId: Maybe(Type.String()),
  sourceIPAddress: Maybe(Type.String()),
  userAgent: Maybe(Type.String()),
  errorCode: Maybe(Type.String()),
  errorMessage: Maybe(Type.String()),
  requestParameters: Type.Optional(Type.Unknown()),
  responseElements: Type.Optional(Type.Unknown()),
  userIdentity: Type.Optional(Type.Unknown()),
  vpcEndpointId: Maybe(Type.String()),
});
export type CloudTrailRecord = Static<typeof CloudTrailRecord>;
