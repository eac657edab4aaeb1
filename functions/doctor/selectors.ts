import type { AdvancedEventSelector, AdvancedFieldSelector, EventSelector } from "@aws-sdk/client-cloudtrail";
import type { Call } from "./samples.ts";

/** Of a trail: the one kind or the other (API reference, GetEventSelectors). */
export interface Selectors {
  readonly EventSelectors?: readonly EventSelector[] | undefined;
  readonly AdvancedEventSelectors?: readonly AdvancedEventSelector[] | undefined;
}

/** Whether a trail keeps a management event: one that any of its selectors takes; without selectors all of them (API reference, EventSelector). */
export function keeps({ EventSelectors = [], AdvancedEventSelectors = [] }: Selectors, call: Call): boolean {
  if (EventSelectors.length === 0 && AdvancedEventSelectors.length === 0) return true;
  return EventSelectors.some((one) => takes(one, call)) || AdvancedEventSelectors.some((one) => takesBy(one, call));
}

const OF_TYPE: Readonly<Record<string, (call: Call) => boolean>> = {
  All: () => true,
  ReadOnly: ({ readOnly }) => readOnly,
  WriteOnly: ({ readOnly }) => !readOnly,
};

/** Management events of all kinds where the selector says nothing else. */
function takes(selector: EventSelector, call: Call): boolean {
  const { IncludeManagementEvents = true, ReadWriteType = "All", ExcludeManagementEventSources = [] } = selector;
  const ofType = OF_TYPE[ReadWriteType]?.(call) ?? false;
  return IncludeManagementEvents && ofType && !ExcludeManagementEventSources.includes(call.eventSource);
}

/** All fields of a selector have to match. */
const takesBy = ({ FieldSelectors = [] }: AdvancedEventSelector, call: Call): boolean =>
  FieldSelectors.every((field) => matches(field, call));

/** Any value of an operator, and every operator of the field; of the negative ones, no value. A field that does not stand here could be anything. */
function matches(selector: AdvancedFieldSelector, call: Call): boolean {
  const value = fields(call)[selector.Field ?? ""];
  if (value === undefined) return false;
  return OPERATORS.every(([name, wanted, test]) => {
    const operands = selector[name] ?? [];
    return operands.length === 0 || operands.some((operand) => test(value, operand)) === wanted;
  });
}

const fields = ({ eventSource, eventName, readOnly }: Call): Readonly<Record<string, string>> => ({
  ...{ eventCategory: "Management", eventType: "AwsApiCall", eventSource, eventName, readOnly: String(readOnly) },
});

const equals = (value: string, operand: string): boolean => value === operand;
const startsWith = (value: string, operand: string): boolean => value.startsWith(operand);
const endsWith = (value: string, operand: string): boolean => value.endsWith(operand);

const OPERATORS = [
  ["Equals", true, equals],
  ["NotEquals", false, equals],
  ["StartsWith", true, startsWith],
  ["NotStartsWith", false, startsWith],
  ["EndsWith", true, endsWith],
  ["NotEndsWith", false, endsWith],
] as const;

const isOfManagement = ({ FieldSelectors = [] }: AdvancedEventSelector): boolean =>
  FieldSelectors.some(({ Field, Equals }) => Field === "eventCategory" && Equals?.includes("Management"));

/** The words of put-event-selectors that keep all management events, and whatever data events the trail has had: the call replaces what there is. */
export function keepingAll({ EventSelectors = [], AdvancedEventSelectors = [] }: Selectors): readonly string[] {
  if (AdvancedEventSelectors.length > 0) {
    const management = {
      Name: "Management events",
      FieldSelectors: [{ Field: "eventCategory", Equals: ["Management"] }],
    };
    const others = AdvancedEventSelectors.filter((selector) => !isOfManagement(selector));
    return ["--advanced-event-selectors", JSON.stringify([management, ...others])];
  }
  // Of those without data events nothing is left to keep.
  const others = EventSelectors.filter(({ DataResources = [] }) => DataResources.length > 0);
  const management = { ReadWriteType: "All", IncludeManagementEvents: true, DataResources: [] };
  return ["--event-selectors", JSON.stringify([management, ...others])];
}
