/**
 * Reads protobuf messages strictly, by a table of their fields. For files that other code reads afterwards: where lenient
 * readers differ (fields given twice are merged, those of the wrong wire type or unknown are ignored), it refuses, so
 * that what was checked is what will run. Nothing is copied, and nothing is allocated for a length that is only claimed.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** `format`: the bytes are no such message; `limit`: they hold more than the reader takes. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
  constructor(
    message: string,
    readonly rule: 'format' | 'limit',
  ) {
    super(message);
  }
}

/** Several scalars written as one field, still encoded. */
export type PackedRun = Uint8Array;

/** What a field holds; the plural may occur any number of times, and of numbers also as packed runs. */
interface FieldValues {
  integer: bigint;
  integers: bigint | PackedRun;
  float: number;
  floats: number | PackedRun;
  doubles: number | PackedRun;
  bytes: Uint8Array;
  bytesList: Uint8Array;
}

type FieldKind = keyof FieldValues;

/** How values of a kind are written, each by itself. */
const WIRE_TYPES: Readonly<Record<FieldKind, WireType>> = {
  integer: WireType.Varint,
  integers: WireType.Varint,
  float: WireType.Bit32,
  floats: WireType.Bit32,
  doubles: WireType.Bit64,
  bytes: WireType.LengthDelimited,
  bytesList: WireType.LengthDelimited,
};
const SINGULAR: ReadonlySet<FieldKind> = new Set(['integer', 'float', 'bytes']);
const PACKABLE: ReadonlySet<FieldKind> = new Set(['integers', 'floats', 'doubles']);

type FieldTable = Readonly<Record<string, readonly [number: number, kind: FieldKind]>>;

/** A field as {@link decodeMessage} meets it. */
interface Field {
  readonly name: string;
  readonly wireType: WireType;
  readonly isSingular: boolean;
  readonly isPackable: boolean;
}

type Value = bigint | number | Uint8Array;

/** Of every field that does not occur: most fields of most messages, of which a file has thousands. */
const NONE: readonly Value[] = Object.freeze([]);

export interface MessageType<Table extends FieldTable = FieldTable> {
  readonly name: string;
  readonly fields: Table;
  readonly byNumber: ReadonlyMap<number, Field>;
  /** A message in which no field occurs. */
  readonly empty: Readonly<Record<string, readonly Value[]>>;
}

/** Every field in the order of the bytes; empty lists for fields that do not occur. */
export type Decoded<Table extends FieldTable> = {
  readonly [Field in keyof Table]: readonly FieldValues[Table[Field][1]][];
};

/** @param fields every field that may occur: its name, number and kind */
export function messageType<const Table extends FieldTable>(name: string, fields: Table): MessageType<Table> {
  const described = Object.entries(fields).map(([field, [number, kind]]): [number, Field] => [
    number,
    {
      name: field,
      wireType: WIRE_TYPES[kind],
      isSingular: SINGULAR.has(kind),
      isPackable: PACKABLE.has(kind),
    },
  ]);
  const empty = Object.fromEntries(Object.keys(fields).map((field) => [field, NONE]));
  return { name, fields, byNumber: new Map(described), empty };
}

/** Bounds the time and memory of reading one file by the number of its fields, whatever their sizes. */
export class FieldBudget {
  private left: number;
  constructor(private readonly maximum: number) {
    this.left = maximum;
  }

  /** @throws MessageError limit */
  spend(): void {
    if (--this.left < 0) throw new MessageError(`holds more than ${this.maximum} fields`, 'limit');
  }
}

function readValue(reader: BinaryReader, wireType: WireType): Value {
  if (wireType === WireType.Varint) return BigInt(reader.int64());
  if (wireType === WireType.Bit32) return reader.float();
  if (wireType === WireType.Bit64) return reader.double();
  return reader.bytes();
}

/** Why a message is none, in its words. */
class Refused extends Error {}

function readField(reader: BinaryReader, type: MessageType, values: Record<string, readonly Value[]>): void {
  const [number, wireType] = reader.tag();
  const field = type.byNumber.get(number);
  if (!field) throw new Refused(`unknown field ${number}`);
  const packed = wireType === WireType.LengthDelimited && field.isPackable;
  if (!packed && wireType !== field.wireType) throw new Refused(`${field.name} has wire type ${wireType}`);
  const list = values[field.name] as Value[];
  if (list === NONE) values[field.name] = [readValue(reader, wireType)];
  else if (field.isSingular) throw new Refused(`${field.name} occurs twice`);
  else list.push(readValue(reader, wireType));
}

/**
 * Reads one message, without the messages inside.
 * @throws MessageError
 */
export function decodeMessage<Table extends FieldTable>(
  bytes: Uint8Array,
  type: MessageType<Table>,
  budget: FieldBudget,
): Decoded<Table> {
  const values = { ...type.empty };
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < bytes.length) {
      budget.spend();
      readField(reader, type, values);
    }
  } catch (error) {
    if (error instanceof MessageError) throw error;
    const problem = error instanceof Refused ? error.message : `${(error as Error).message},`;
    const place = `before byte ${reader.pos} of ${bytes.length}`;
    throw new MessageError(`${type.name}: ${problem} ${place}`, 'format');
  }
  return values as unknown as Decoded<Table>;
}

const lastByteOf = (run: PackedRun): number => run[run.length - 1] ?? 0;

/** How many numbers there are. @throws MessageError when a packed run breaks off */
export function countIntegers(values: readonly (bigint | PackedRun)[]): number {
  let count = 0;
  for (const value of values) {
    if (typeof value === 'bigint') {
      count++;
      continue;
    }
    if (lastByteOf(value) >= 0x80) throw new MessageError('a packed list breaks off', 'format');
    for (const byte of value) if (byte < 0x80) count++;
  }
  return count;
}

/** How many numbers of `size` bytes there are. @throws MessageError when a packed run breaks off */
export function countFixed(values: readonly (number | PackedRun)[], size: number): number {
  return values.reduce<number>((count, value) => {
    if (typeof value === 'number') return count + 1;
    if (value.length % size !== 0) throw new MessageError('a packed list breaks off', 'format');
    return count + value.length / size;
  }, 0);
}

/** Unpacks. Beyond 2^53 the nearest number. @throws MessageError */
export function integersOf(values: readonly (bigint | PackedRun)[], budget: FieldBudget): number[] {
  const numbers: number[] = [];
  for (const value of values) {
    if (typeof value === 'bigint') {
      numbers.push(Number(value));
      continue;
    }
    countIntegers([value]);
    const reader = new BinaryReader(value);
    while (reader.pos < value.length) {
      budget.spend();
      numbers.push(varintOf(reader));
    }
  }
  return numbers;
}

function varintOf(reader: BinaryReader): number {
  try {
    return Number(reader.int64());
  } catch (error) {
    throw new MessageError(`a packed list: ${(error as Error).message}`, 'format');
  }
}

/** Unpacks float32. @throws MessageError when a packed run breaks off */
export function floatsOf(values: readonly (number | PackedRun)[], budget: FieldBudget): number[] {
  const numbers: number[] = [];
  for (const value of values) {
    if (typeof value === 'number') {
      numbers.push(value);
      continue;
    }
    countFixed([value], 4);
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    for (let offset = 0; offset < value.length; offset += 4) {
      budget.spend();
      numbers.push(view.getFloat32(offset, true));
    }
  }
  return numbers;
}
