/**
 * A DynamoDB table in memory: the updates, conditions and units of the ingest functions, and faults. It refuses what it
 * does not know, as DynamoDB refuses what it cannot parse.
 */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type BatchGetCommandInput,
  GetCommand,
  type GetCommandInput,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';

type Item = Record<string, unknown>;
type Values = Readonly<Record<string, unknown>>;
type Names = Readonly<Record<string, string>>;

/** What a write needs of an expression. */
type Expressions = Pick<PutCommandInput, 'ExpressionAttributeNames' | 'ExpressionAttributeValues'> & {
  readonly ConditionExpression?: string | undefined;
};

/** docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-unit-calculations.html */
const WRITE_UNIT_BYTES = 1_024;
const READ_UNIT_BYTES = 4_096;
const ITEM_LIMIT_BYTES = 400 * 1_024;
const EXPRESSION_LIMIT_BYTES = 4_096;
const BATCH_LIMIT = 100;

/** Two digits to a byte, and one more. */
const numberBytes = (value: number): number => Math.ceil(String(value).replace(/[-.]/g, '').length / 2) + 1;
/** Of a list or a map, and one of each of its values. */
const [DOCUMENT_BYTES, VALUE_BYTES] = [3, 1];

function valueBytes(value: unknown): number {
  if (typeof value === 'number') return numberBytes(value);
  if (typeof value !== 'object' || value === null) return Buffer.byteLength(String(value));
  const names = Array.isArray(value) ? 0 : Object.keys(value).join('').length;
  return Object.values(value).reduce<number>(
    (sum, one) => sum + VALUE_BYTES + valueBytes(one),
    DOCUMENT_BYTES + names,
  );
}

function itemBytes(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

const unitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));

/** Units of a write that leaves this item. */
export const writeUnitsOf = (item: Item): number => unitsOf(itemBytes(item));

/** The only query of telemetry. */
const SINCE = '#partition = :partition AND #window >= :since';

export class MemoryTable {
  readonly items = new Map<string, Item>();
  writeUnits = 0;
  readUnits = 0;
  /** Asked before every call, with the command; an error is what the call ends in. */
  fault: (command: object) => Error | undefined = () => undefined;

  /** @param key attributes that identify an item */
  constructor(private readonly key: readonly string[]) {}

  /** As the document client's. @throws Error for a command that no function of telemetry uses */
  async send(command: object): Promise<object> {
    await this.mayFail(command);
    if (command instanceof GetCommand) return this.get(command.input);
    if (command instanceof BatchGetCommand) return this.batchGet(command.input);
    if (command instanceof PutCommand) return this.put(command.input);
    if (command instanceof UpdateCommand) return this.update(command.input);
    if (command instanceof QueryCommand) return this.query(command.input);
    throw new Error(`MemoryTable: does not know ${command.constructor.name}`);
  }

  private get({ Key = {} }: GetCommandInput): { Item?: Item } {
    const item = this.items.get(this.idOf(Key));
    this.readUnits += Math.max(1, Math.ceil(itemBytes(item ?? {}) / READ_UNIT_BYTES));
    return item ? { Item: { ...item } } : {};
  }

  /** Of this table alone; as DynamoDB's, it names a key that is there twice. */
  private batchGet({ RequestItems = {} }: BatchGetCommandInput): object {
    const [[table, { Keys = [] }]] = Object.entries(RequestItems) as [[string, { Keys?: Item[] }]];
    if (Keys.length > BATCH_LIMIT) throw new Error('Too many items requested for the BatchGetItem call');
    if (new Set(Keys.map((key) => this.idOf(key))).size < Keys.length) {
      throw new Error('Provided list of item keys contains duplicates');
    }
    const items = Keys.flatMap((Key) => this.get({ TableName: table, Key }).Item ?? []);
    return { Responses: { [table]: items }, UnprocessedKeys: {} };
  }

  private query({ KeyConditionExpression, ExpressionAttributeValues = {} }: QueryCommandInput): {
    Items: Item[];
  } {
    if (KeyConditionExpression !== SINCE) {
      throw new Error(`MemoryTable: does not know the query '${KeyConditionExpression}'`);
    }
    const { ':partition': partition, ':since': since } = ExpressionAttributeValues;
    const found = [...this.items.values()].filter(
      (item) => item.partition === partition && String(item.window) >= since,
    );
    return { Items: found.map((item) => ({ ...item })) };
  }

  private put(call: PutCommandInput): object {
    this.write(call.Item ?? {}, call, () => ({ ...call.Item }));
    return {};
  }

  private update(call: UpdateCommandInput): object {
    const { Key = {}, UpdateExpression = '' } = call;
    this.write(Key, call, (before) =>
      applyUpdate(
        { ...Key, ...before },
        UpdateExpression,
        call.ExpressionAttributeNames ?? {},
        call.ExpressionAttributeValues ?? {},
      ),
    );
    return {};
  }

  private write(key: Item, call: Expressions, change: (before: Item) => Item): void {
    const id = this.idOf(key);
    const before = this.items.get(id) ?? {};
    const { ConditionExpression, ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = call;
    if (!holds(before, ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues)) {
      this.writeUnits += writeUnitsOf(before);
      throw new ConditionalCheckFailedException({ $metadata: {}, message: 'The conditional request failed' });
    }
    const after = change(before);
    const bytes = Math.max(itemBytes(before), itemBytes(after));
    if (bytes > ITEM_LIMIT_BYTES) throw new Error('Item size has exceeded the maximum allowed size');
    this.writeUnits += unitsOf(bytes);
    this.items.set(id, after);
  }

  /** The answer takes a turn of the event loop, so that calls overlap as real ones do. */
  private async mayFail(command: object): Promise<void> {
    await new Promise(setImmediate);
    const error = this.fault(command);
    if (error) throw error;
  }

  private idOf(key: Item): string {
    return this.key.map((name) => String(key[name])).join('\n');
  }
}

function holds(item: Item, expression: string | undefined, names: Names, values: Values): boolean {
  if (expression === undefined) return true;
  const isTrue = (clause: string): boolean => {
    const [, absent, name, operator, value] =
      /^(?:attribute_not_exists\((\S+)\)|(\S+?) ?([=<]) ?(\S+))$/.exec(clause) ?? [];
    if (absent) return !Object.hasOwn(item, names[absent] ?? absent);
    if (!name || !value) throw new Error(`MemoryTable: does not know the condition '${clause}'`);
    const attribute = item[names[name] ?? name];
    return operator === '=' ? attribute === values[value] : Number(attribute) < Number(values[value]);
  };
  // AND binds more tightly.
  return expression.split(' OR ').some((alternative) => alternative.split(' AND ').every(isTrue));
}

/** DynamoDB adds decimals, not doubles: 0.1 and 0.2 are 0.3. No number of these tables has more than three decimals. */
const decimalSum = (left: number, right: number): number => Number((left + right).toFixed(6));

/** What DynamoDB does with `SET a=b,... ADD c d,...`. */
export function applyUpdate(item: Item, expression: string, names: Names, values: Values): Item {
  if (Buffer.byteLength(expression) > EXPRESSION_LIMIT_BYTES) {
    throw new Error('Expression size has exceeded the maximum allowed size');
  }
  const [, sets, adds] = /^SET (\S+) ADD (.+)$/.exec(expression) ?? [];
  if (!sets || !adds) throw new Error(`MemoryTable: does not know the update '${expression}'`);
  const changed = { ...item };
  for (const set of sets.split(',')) {
    const [name = '', value = ''] = set.split('=');
    changed[names[name] as string] = values[value];
  }
  for (const add of adds.split(',')) {
    const [name = '', value = ''] = add.split(' ');
    const attribute = names[name] as string;
    const before = Object.hasOwn(changed, attribute) ? (changed[attribute] as number) : 0;
    changed[attribute] = decimalSum(before, values[value] as number);
  }
  return changed;
}
