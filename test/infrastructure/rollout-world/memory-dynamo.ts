/**
 * DynamoDB in memory, as the document client sees it: conditions, transactions, and the refusal of what it does not know.
 */
import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';

type Item = Record<string, unknown>;

/** What every write and query may bring. */
interface Expressions {
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Item | undefined;
}

interface Write extends Expressions {
  readonly TableName?: string | undefined;
  readonly Key?: Item | undefined;
  readonly Item?: Item | undefined;
  readonly UpdateExpression?: string | undefined;
}

/** As the document client stores it: without what is undefined, and nobody's object but the table's. */
const copied = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

/** A few expressions, read a hundred thousand times. */
const TOKENS = new Map<string, readonly string[]>();

function tokensOf(text: string): readonly string[] {
  const known = TOKENS.get(text);
  if (known) return known;
  const tokens = text.match(/<>|<=|>=|[()=<>,]|[#:\w]+/g) ?? [];
  TOKENS.set(text, tokens);
  return tokens;
}

/** Reads one expression over one item. */
class Reader {
  private readonly tokens: readonly string[];
  private at = 0;
  readonly used = new Set<string>();

  constructor(
    private readonly text: string,
    private readonly item: Item,
    private readonly of: Expressions,
  ) {
    this.tokens = tokensOf(text);
  }

  condition(): boolean {
    const holds = this.either();
    if (this.at < this.tokens.length) throw this.unknown();
    return holds;
  }

  /** `SET a = b, c = if_not_exists(c, d) REMOVE e`: the attributes that it sets, `undefined` those that it removes. */
  assignments(): Item {
    this.expect('SET');
    const set: Item = {};
    do {
      const name = this.name(this.next());
      this.expect('=');
      set[name] = this.operand();
    } while (this.takes(','));
    if (this.takes('REMOVE')) {
      do set[this.name(this.next())] = undefined;
      while (this.takes(','));
    }
    if (this.at < this.tokens.length) throw this.unknown();
    return set;
  }

  private either(): boolean {
    let holds = this.both();
    while (this.takes('OR')) holds = this.both() || holds;
    return holds;
  }

  private both(): boolean {
    let holds = this.single();
    while (this.takes('AND')) holds = this.single() && holds;
    return holds;
  }

  private single(): boolean {
    if (this.takes('(')) {
      const holds = this.either();
      this.expect(')');
      return holds;
    }
    const token = this.next();
    if (['attribute_exists', 'attribute_not_exists', 'begins_with'].includes(token)) return this.call(token);
    const left = this.item[this.name(token)];
    if (this.takes('IN')) return this.list().includes(left);
    return this.compare(left, this.next(), this.operand());
  }

  private call(name: string): boolean {
    this.expect('(');
    const value = this.item[this.name(this.next())];
    const prefix = this.takes(',') ? this.operand() : undefined;
    this.expect(')');
    if (name === 'begins_with') return String(value).startsWith(String(prefix));
    return (value !== undefined) === (name === 'attribute_exists');
  }

  private compare(left: unknown, operator: string, right: unknown): boolean {
    if (operator === '=') return left !== undefined && left === right;
    if (operator === '<>') return left !== right;
    const [one, other] = [left as string, right as string];
    if (operator === '>=') return one >= other;
    if (operator === '<=') return one <= other;
    throw this.unknown();
  }

  private list(): unknown[] {
    this.expect('(');
    const values = [this.operand()];
    while (this.takes(',')) values.push(this.operand());
    this.expect(')');
    return values;
  }

  private operand(): unknown {
    const token = this.next();
    if (token === 'if_not_exists') {
      this.expect('(');
      const before = this.item[this.name(this.next())];
      this.expect(',');
      const otherwise = this.operand();
      this.expect(')');
      return before ?? otherwise;
    }
    if (!token.startsWith(':')) return this.item[this.name(token)];
    this.used.add(token);
    const values = this.of.ExpressionAttributeValues ?? {};
    if (!Object.hasOwn(values, token))
      throw new Error(`ValidationException: ${token} has no value in '${this.text}'`);
    return values[token];
  }

  private name(token: string): string {
    if (!token.startsWith('#')) return token;
    this.used.add(token);
    const name = this.of.ExpressionAttributeNames?.[token];
    if (name === undefined) throw new Error(`ValidationException: ${token} has no name in '${this.text}'`);
    return name;
  }

  private next(): string {
    const token = this.tokens[this.at++];
    if (token === undefined) throw this.unknown();
    return token;
  }

  private takes(token: string): boolean {
    const isNext = this.tokens[this.at] === token;
    if (isNext) this.at += 1;
    return isNext;
  }

  private expect(token: string): void {
    if (!this.takes(token)) throw this.unknown();
  }

  private unknown(): Error {
    return new Error(`MemoryDynamo: does not know the expression '${this.text}'`);
  }
}

/** DynamoDB refuses a request with names or values that none of its expressions uses. */
function requireUsed(readers: readonly Reader[], of: Expressions): void {
  const given = [of.ExpressionAttributeNames, of.ExpressionAttributeValues].flatMap((all) =>
    Object.keys(all ?? {}),
  );
  const unused = given.filter((name) => !readers.some(({ used }) => used.has(name)));
  if (unused.length > 0) throw new Error(`ValidationException: unused ${unused.join(', ')}`);
}

/** A table by its key attributes, partition key first. */
class Table {
  private readonly items = new Map<string, Item>();

  constructor(private readonly key: readonly string[]) {}

  get(key: Item): Item | undefined {
    return this.items.get(this.idOf(key));
  }

  /** What the write leaves, once its condition holds. @throws ConditionalCheckFailedException */
  prepare(write: Write, kind: 'Put' | 'Update' | 'Delete'): () => void {
    const key = write.Key ?? write.Item ?? {};
    const id = this.idOf(key);
    const before = this.items.get(id);
    const readers: Reader[] = [];
    const reader = (text: string) => {
      const made = new Reader(text, before ?? {}, write);
      readers.push(made);
      return made;
    };
    const holds = write.ConditionExpression ? reader(write.ConditionExpression).condition() : true;
    const set = write.UpdateExpression ? reader(write.UpdateExpression).assignments() : {};
    requireUsed(readers, write);
    if (!holds) {
      throw new ConditionalCheckFailedException({ $metadata: {}, message: 'The conditional request failed' });
    }
    if (kind === 'Delete') return () => void this.items.delete(id);
    const after = copied(kind === 'Put' ? (write.Item ?? {}) : { ...key, ...before, ...set });
    return () => void this.items.set(id, after);
  }

  all(): Readonly<Item>[] {
    return [...this.items.values()];
  }

  query(condition: string, of: Expressions, projection: string | undefined): Item[] {
    const sorted = [...this.items].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item);
    const found = sorted.filter((item) => new Reader(condition, item, of).condition());
    if (projection === undefined) return copied(found);
    const names = projection.split(', ').map((name) => of.ExpressionAttributeNames?.[name] ?? name);
    return found.map((item) => copied(Object.fromEntries(names.map((name) => [name, item[name]]))));
  }

  private idOf(key: Item): string {
    return this.key.map((name) => String(key[name])).join('\n');
  }
}

export class MemoryDynamo {
  private readonly tables: ReadonlyMap<string, Table>;

  /** @param keys of each table, partition key first */
  constructor(keys: Readonly<Record<string, readonly string[]>>) {
    this.tables = new Map(Object.entries(keys).map(([name, key]) => [name, new Table(key)]));
  }

  /** As the document client's. @throws Error for a command or an expression that it does not know */
  send(command: object): object {
    if (command instanceof GetCommand) {
      const Item = this.table(command.input.TableName).get(command.input.Key ?? {});
      return Item ? { Item: copied(Item) } : {};
    }
    if (command instanceof QueryCommand) {
      const { TableName, KeyConditionExpression = '', ProjectionExpression } = command.input;
      return {
        Items: this.table(TableName).query(KeyConditionExpression, command.input, ProjectionExpression),
      };
    }
    if (command instanceof TransactWriteCommand) return this.transact(command);
    if (command instanceof PutCommand) return this.write(command.input, 'Put');
    if (command instanceof UpdateCommand) return this.write(command.input, 'Update');
    if (command instanceof DeleteCommand) return this.write(command.input, 'Delete');
    throw new Error(`MemoryDynamo: does not know ${command.constructor.name}`);
  }

  /** The items of a table themselves, for whoever looks on often and changes nothing. */
  items(table: string): Readonly<Item>[] {
    return this.table(table).all();
  }

  private write(write: Write, kind: 'Put' | 'Update' | 'Delete'): object {
    this.table(write.TableName).prepare(write, kind)();
    return {};
  }

  private transact({ input }: TransactWriteCommand): object {
    const failed: boolean[] = [];
    const changes = (input.TransactItems ?? []).map(({ Put, Update, Delete }) => {
      const write = (Put ?? Update ?? Delete) as Write;
      try {
        failed.push(false);
        return this.table(write.TableName).prepare(write, Put ? 'Put' : Update ? 'Update' : 'Delete');
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        failed[failed.length - 1] = true;
        return () => undefined;
      }
    });
    if (failed.includes(true)) {
      throw new TransactionCanceledException({
        $metadata: {},
        message: 'Transaction cancelled',
        CancellationReasons: failed.map((one) => ({ Code: one ? 'ConditionalCheckFailed' : 'None' })),
      });
    }
    for (const change of changes) change();
    return {};
  }

  private table(name: string | undefined): Table {
    const found = this.tables.get(name ?? '');
    if (!found) throw new Error(`ResourceNotFoundException: there is no table ${name}`);
    return found;
  }
}
