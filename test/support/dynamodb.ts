import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { tableKeys } from "../../functions/adapters/ledger/dynamodb-items.ts";

/** DynamoDB in this process, on the loopback: correct for UpdateItem, without time to live and transactions. */
export interface Dynamo {
  readonly client: () => DynamoDBClient;
  /** Makes an empty table and gives its name. */
  readonly table: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

export async function startDynamo(): Promise<Dynamo> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const clients: DynamoDBClient[] = [];
  let tables = 0;
  const client = (): DynamoDBClient => {
    const made = new DynamoDBClient({
      region: "eu-central-1",
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "example" },
    });
    clients.push(made);
    return made;
  };
  const admin = client();
  return {
    client,
    async table() {
      tables += 1;
      const TableName = `ledger-${tables}`;
      const { AttributeDefinitions, KeySchema } = tableKeys;
      await admin.send(
        new CreateTableCommand({
          ...{ TableName, BillingMode: "PAY_PER_REQUEST" },
          ...{ AttributeDefinitions: [...AttributeDefinitions], KeySchema: [...KeySchema] },
        }),
      );
      return TableName;
    },
    async stop() {
      for (const made of clients) made.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
