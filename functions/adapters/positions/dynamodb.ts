import { type DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { Positions } from "../../positions.ts";
import { answered } from "../ledger/dynamodb-requests.ts";

const POSITION = "position";
const keyOf = (source: string) => ({ pk: { S: `${POSITION}#${source}` }, sk: { S: POSITION } });

/** Positions in the table of the ledger, beside its items; they do not expire. Rejects as the ledger does: E_LEDGER, E_LEDGER_REFUSED. */
export function createDynamoPositions(client: Pick<DynamoDBClient, "send">, table: string): Positions {
  return {
    async read(source) {
      const command = new GetItemCommand({ TableName: table, Key: keyOf(source), ConsistentRead: true });
      const { Item } = await answered(table, client.send(command));
      return Item?.value?.S;
    },
    async write(source, position) {
      const Item = { ...keyOf(source), value: { S: position } };
      await answered(table, client.send(new PutItemCommand({ TableName: table, Item })));
    },
  };
}
