/**
 * What an ONNX file holds, without its weights: enough to decide whether ONNX Runtime may load it.
 *
 * Field numbers are those of github.com/onnx/onnx, onnx/onnx.proto3, release 1.23. A field that is not among them is
 * refused: the newest file format that the policy takes (`irVersion` in contracts/onnx-policy.json) has no others.
 */
import {
  countFixed,
  countIntegers,
  type Decoded,
  decodeMessage,
  FieldBudget,
  floatsOf,
  integersOf,
  MessageError,
  type MessageType,
  messageType,
} from './protobuf-message';

/** Eight times those of DenseNet-121 (31,438); MobileNetV2 with 8-bit weights has 8,762. The worst file costs 100 MB. */
const MAXIMUM_FIELDS = 250_000;
/** Of graphs inside of each other. No release needs any; those that are there are named when they are refused. */
const MAXIMUM_DEPTH = 8;
/** Bytes of a name. */
const LONGEST_TEXT = 1024;
/** Values of constants that are kept, because shapes are made of them: more than any tensor has axes. */
const MOST_VALUES_KEPT = 16;

/** Name as in ONNX Runtime's JavaScript interface, and bytes per element, by `TensorProto.DataType`. */
const ELEMENT_TYPES: Readonly<Record<number, readonly [name: string, bytes: number]>> = {
  1: ['float32', 4],
  2: ['uint8', 1],
  3: ['int8', 1],
  4: ['uint16', 2],
  5: ['int16', 2],
  6: ['int32', 4],
  7: ['int64', 8],
  9: ['bool', 1],
  10: ['float16', 2],
  11: ['float64', 8],
  12: ['uint32', 4],
  13: ['uint64', 8],
  16: ['bfloat16', 2],
};

const MODEL = messageType('ModelProto', {
  ir_version: [1, 'integer'],
  producer_name: [2, 'bytes'],
  producer_version: [3, 'bytes'],
  domain: [4, 'bytes'],
  model_version: [5, 'integer'],
  doc_string: [6, 'bytes'],
  graph: [7, 'bytes'],
  opset_import: [8, 'bytesList'],
  metadata_props: [14, 'bytesList'],
  training_info: [20, 'bytesList'],
  functions: [25, 'bytesList'],
  configuration: [26, 'bytesList'],
});

const OPERATOR_SET = messageType('OperatorSetIdProto', { domain: [1, 'bytes'], version: [2, 'integer'] });

const ENTRY = messageType('StringStringEntryProto', { key: [1, 'bytes'], value: [2, 'bytes'] });

const FUNCTION = messageType('FunctionProto', {
  name: [1, 'bytes'],
  input: [4, 'bytesList'],
  output: [5, 'bytesList'],
  attribute: [6, 'bytesList'],
  node: [7, 'bytesList'],
  doc_string: [8, 'bytes'],
  opset_import: [9, 'bytesList'],
  domain: [10, 'bytes'],
  attribute_proto: [11, 'bytesList'],
  value_info: [12, 'bytesList'],
  overload: [13, 'bytes'],
  metadata_props: [14, 'bytesList'],
});

const GRAPH = messageType('GraphProto', {
  node: [1, 'bytesList'],
  name: [2, 'bytes'],
  initializer: [5, 'bytesList'],
  doc_string: [10, 'bytes'],
  input: [11, 'bytesList'],
  output: [12, 'bytesList'],
  value_info: [13, 'bytesList'],
  quantization_annotation: [14, 'bytesList'],
  sparse_initializer: [15, 'bytesList'],
  metadata_props: [16, 'bytesList'],
});

const NODE = messageType('NodeProto', {
  input: [1, 'bytesList'],
  output: [2, 'bytesList'],
  name: [3, 'bytes'],
  op_type: [4, 'bytes'],
  attribute: [5, 'bytesList'],
  doc_string: [6, 'bytes'],
  domain: [7, 'bytes'],
  overload: [8, 'bytes'],
  metadata_props: [9, 'bytesList'],
  device_configurations: [10, 'bytesList'],
});

const ATTRIBUTE = messageType('AttributeProto', {
  name: [1, 'bytes'],
  f: [2, 'float'],
  i: [3, 'integer'],
  s: [4, 'bytes'],
  t: [5, 'bytes'],
  g: [6, 'bytes'],
  floats: [7, 'floats'],
  ints: [8, 'integers'],
  strings: [9, 'bytesList'],
  tensors: [10, 'bytesList'],
  graphs: [11, 'bytesList'],
  doc_string: [13, 'bytes'],
  tp: [14, 'bytes'],
  type_protos: [15, 'bytesList'],
  type: [20, 'integer'],
  ref_attr_name: [21, 'bytes'],
  sparse_tensor: [22, 'bytes'],
  sparse_tensors: [23, 'bytesList'],
});

const TENSOR = messageType('TensorProto', {
  dims: [1, 'integers'],
  data_type: [2, 'integer'],
  segment: [3, 'bytes'],
  float_data: [4, 'floats'],
  int32_data: [5, 'integers'],
  string_data: [6, 'bytesList'],
  int64_data: [7, 'integers'],
  name: [8, 'bytes'],
  raw_data: [9, 'bytes'],
  double_data: [10, 'doubles'],
  uint64_data: [11, 'integers'],
  doc_string: [12, 'bytes'],
  external_data: [13, 'bytesList'],
  data_location: [14, 'integer'],
  metadata_props: [16, 'bytesList'],
});

const SPARSE_TENSOR = messageType('SparseTensorProto', {
  values: [1, 'bytes'],
  indices: [2, 'bytes'],
  dims: [3, 'integers'],
});

const VALUE_INFO = messageType('ValueInfoProto', {
  name: [1, 'bytes'],
  type: [2, 'bytes'],
  doc_string: [3, 'bytes'],
  metadata_props: [4, 'bytesList'],
});

const TYPE = messageType('TypeProto', {
  tensor_type: [1, 'bytes'],
  sequence_type: [4, 'bytes'],
  map_type: [5, 'bytes'],
  denotation: [6, 'bytes'],
  opaque_type: [7, 'bytes'],
  sparse_tensor_type: [8, 'bytes'],
  optional_type: [9, 'bytes'],
});

/** What a value can be instead of a tensor. */
const NO_TENSOR_TYPES = [
  'sequence_type',
  'map_type',
  'opaque_type',
  'sparse_tensor_type',
  'optional_type',
] as const satisfies readonly (keyof typeof TYPE.fields)[];

const TENSOR_TYPE = messageType('TypeProto.Tensor', { elem_type: [1, 'integer'], shape: [2, 'bytes'] });

const SHAPE = messageType('TensorShapeProto', { dim: [1, 'bytesList'] });

const DIMENSION = messageType('TensorShapeProto.Dimension', {
  dim_value: [1, 'integer'],
  dim_param: [2, 'bytes'],
  denotation: [3, 'bytes'],
});

/** A number, or the name of a size that is open; '' where it has none. */
export type Dimension = number | string;

/** An input, an output or a value in between. */
export interface OnnxValue {
  readonly name: string;
  /** Such as `float32`; `type <n>` for other numbers, `sequence_type` and the like for no tensor; undefined when not said. */
  readonly elementType: string | undefined;
  /** Undefined when it is not said. */
  readonly shape: readonly Dimension[] | undefined;
}

/** A constant, without its data. */
export interface OnnxTensor {
  readonly name: string;
  readonly elementType: string;
  /** Undefined for types that are not numbers of whole bytes. */
  readonly elementBytes: number | undefined;
  readonly dims: readonly number[];
  /** Data that the file holds, in elements; a fraction when the last one breaks off. */
  readonly elements: number;
  /** Its data lies outside of the file: where. */
  readonly external: string | undefined;
  /** The elements of int32, int64 and float32 constants that have at most 16. */
  readonly values: readonly number[] | undefined;
}

export interface OnnxAttribute {
  readonly name: string;
  /** `i` and `ints`. */
  readonly integers: readonly number[];
  /** `f` and `floats`. */
  readonly floats: readonly number[];
  readonly tensors: readonly OnnxTensor[];
  readonly graphs: readonly OnnxGraph[];
  readonly sparseTensors: number;
}

export interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  /** '' is the default, also called `ai.onnx`. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly OnnxAttribute[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  /** Names. */
  readonly sparseInitializers: readonly string[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Values in between of which type and shape are written down. */
  readonly values: readonly OnnxValue[];
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly operatorSets: readonly { readonly domain: string; readonly version: number }[];
  /** As `domain.name`. */
  readonly functions: readonly string[];
  readonly trainingGraphs: number;
  readonly metadataKeys: readonly string[];
  readonly graph: OnnxGraph;
}

type Fields<Type> = Type extends MessageType<infer Table> ? Decoded<Table> : never;

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf([bytes]: readonly Uint8Array[]): string {
  if (!bytes) return '';
  if (bytes.length > LONGEST_TEXT) {
    throw new MessageError(
      `a name has ${bytes.length} bytes, at most ${LONGEST_TEXT} are read (it begins with '${Buffer.from(bytes.subarray(0, 40)).toString('latin1')}')`,
      'limit',
    );
  }
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MessageError(`a name is not UTF-8: 0x${Buffer.from(bytes).toString('hex', 0, 40)}`, 'format');
  }
}

const textsOf = (list: readonly Uint8Array[]): string[] => list.map((bytes) => textOf([bytes]));

/** ONNX Runtime keeps the low 32 bits of a larger one: refused, so that both read the same. */
function int32Of([value]: readonly bigint[]): number {
  if (value === undefined) return 0;
  if (value !== BigInt.asIntN(32, value)) throw new MessageError(`${value} has more than 32 bits`, 'format');
  return Number(value);
}

const typeName = (type: number): string => ELEMENT_TYPES[type]?.[0] ?? `type ${type}`;

/** The messages of one file. */
class OnnxReader {
  private readonly budget = new FieldBudget(MAXIMUM_FIELDS);

  model(bytes: Uint8Array): OnnxModel {
    const fields = decodeMessage(bytes, MODEL, this.budget);
    const [graph] = fields.graph;
    if (!graph) throw new MessageError('ModelProto: has no graph', 'format');
    return {
      irVersion: Number(fields.ir_version[0] ?? 0),
      operatorSets: fields.opset_import.map((set) => this.operatorSet(set)),
      functions: fields.functions.map((definition) => this.functionName(definition)),
      trainingGraphs: fields.training_info.length,
      metadataKeys: fields.metadata_props.map((entry) =>
        textOf(decodeMessage(entry, ENTRY, this.budget).key),
      ),
      graph: this.graph(graph, 0),
    };
  }

  private operatorSet(bytes: Uint8Array): OnnxModel['operatorSets'][number] {
    const { domain, version } = decodeMessage(bytes, OPERATOR_SET, this.budget);
    return { domain: textOf(domain), version: Number(version[0] ?? 0) };
  }

  private functionName(bytes: Uint8Array): string {
    const { domain, name } = decodeMessage(bytes, FUNCTION, this.budget);
    return `${textOf(domain)}.${textOf(name)}`;
  }

  private graph(bytes: Uint8Array, depth: number): OnnxGraph {
    if (depth > MAXIMUM_DEPTH) {
      throw new MessageError(`graphs lie inside of each other more than ${MAXIMUM_DEPTH} deep`, 'limit');
    }
    const fields = decodeMessage(bytes, GRAPH, this.budget);
    return {
      nodes: fields.node.map((node) => this.node(node, depth)),
      initializers: fields.initializer.map((tensor) => this.tensor(tensor)),
      sparseInitializers: fields.sparse_initializer.map((tensor) => this.sparseTensorName(tensor)),
      inputs: fields.input.map((value) => this.value(value)),
      outputs: fields.output.map((value) => this.value(value)),
      values: fields.value_info.map((value) => this.value(value)),
    };
  }

  private node(bytes: Uint8Array, depth: number): OnnxNode {
    const fields = decodeMessage(bytes, NODE, this.budget);
    return {
      name: textOf(fields.name),
      operator: textOf(fields.op_type),
      domain: textOf(fields.domain),
      inputs: textsOf(fields.input),
      outputs: textsOf(fields.output),
      attributes: fields.attribute.map((attribute) => this.attribute(attribute, depth)),
    };
  }

  private attribute(bytes: Uint8Array, depth: number): OnnxAttribute {
    const fields = decodeMessage(bytes, ATTRIBUTE, this.budget);
    return {
      name: textOf(fields.name),
      integers: integersOf([...fields.i, ...fields.ints], this.budget),
      floats: floatsOf([...fields.f, ...fields.floats], this.budget),
      tensors: [...fields.t, ...fields.tensors].map((tensor) => this.tensor(tensor)),
      graphs: [...fields.g, ...fields.graphs].map((graph) => this.graph(graph, depth + 1)),
      sparseTensors: fields.sparse_tensor.length + fields.sparse_tensors.length,
    };
  }

  private tensor(bytes: Uint8Array): OnnxTensor {
    const fields = decodeMessage(bytes, TENSOR, this.budget);
    const type = int32Of(fields.data_type);
    const elementBytes = ELEMENT_TYPES[type]?.[1];
    const elements = listedElements(fields) + (fields.raw_data[0]?.length ?? 0) / (elementBytes ?? 1);
    const external = fields.external_data.map((entry) => this.entryText(entry));
    const lies = int32Of(fields.data_location) !== 0 || external.length > 0;
    return {
      name: textOf(fields.name),
      elementType: typeName(type),
      elementBytes,
      dims: integersOf(fields.dims, this.budget),
      elements,
      external: lies ? external.join(', ') : undefined,
      values: elements <= MOST_VALUES_KEPT ? this.values(typeName(type), fields) : undefined,
    };
  }

  private values(elementType: string, fields: Fields<typeof TENSOR>): number[] | undefined {
    const [raw] = fields.raw_data;
    const view = raw && new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const read = (size: number, at: (view: DataView, offset: number) => number): number[] =>
      view ? Array.from({ length: view.byteLength / size }, (_, index) => at(view, index * size)) : [];
    if (elementType === 'int64') {
      const listed = integersOf(fields.int64_data, this.budget);
      return listed.concat(read(8, (from, offset) => Number(from.getBigInt64(offset, true))));
    }
    if (elementType === 'int32') {
      const listed = integersOf(fields.int32_data, this.budget);
      return listed.concat(read(4, (from, offset) => from.getInt32(offset, true)));
    }
    if (elementType === 'float32') {
      const listed = floatsOf(fields.float_data, this.budget);
      return listed.concat(read(4, (from, offset) => from.getFloat32(offset, true)));
    }
    return undefined;
  }

  private entryText(bytes: Uint8Array): string {
    const { key, value } = decodeMessage(bytes, ENTRY, this.budget);
    return `${textOf(key)} '${textOf(value)}'`;
  }

  private sparseTensorName(bytes: Uint8Array): string {
    const [values] = decodeMessage(bytes, SPARSE_TENSOR, this.budget).values;
    return values ? this.tensor(values).name : '';
  }

  private value(bytes: Uint8Array): OnnxValue {
    const { name, type } = decodeMessage(bytes, VALUE_INFO, this.budget);
    return { name: textOf(name), ...this.tensorType(type[0]) };
  }

  private tensorType(bytes: Uint8Array | undefined): Pick<OnnxValue, 'elementType' | 'shape'> {
    const fields = decodeMessage(bytes ?? new Uint8Array(), TYPE, this.budget);
    const [tensor] = fields.tensor_type;
    const other = NO_TENSOR_TYPES.find((kind) => fields[kind].length > 0);
    if (tensor && other) throw new MessageError(`TypeProto: has a tensor_type and a ${other}`, 'format');
    if (!tensor) return { elementType: other, shape: undefined };
    const { elem_type, shape } = decodeMessage(tensor, TENSOR_TYPE, this.budget);
    return {
      elementType: typeName(int32Of(elem_type)),
      shape: shape[0] && decodeMessage(shape[0], SHAPE, this.budget).dim.map((size) => this.dimension(size)),
    };
  }

  private dimension(bytes: Uint8Array): Dimension {
    const { dim_value, dim_param } = decodeMessage(bytes, DIMENSION, this.budget);
    if (dim_value.length + dim_param.length > 1) {
      throw new MessageError('TensorShapeProto.Dimension: has a dim_value and a dim_param', 'format');
    }
    return dim_value.length > 0 ? Number(dim_value[0]) : textOf(dim_param);
  }
}

function listedElements(fields: Fields<typeof TENSOR>): number {
  return (
    countFixed(fields.float_data, 4) +
    countFixed(fields.double_data, 8) +
    countIntegers(fields.int32_data) +
    countIntegers(fields.int64_data) +
    countIntegers(fields.uint64_data) +
    fields.string_data.length
  );
}

/**
 * Reads a whole file. Takes time in proportion to it, and memory in proportion to the number of its fields, of which it
 * takes a quarter of a million.
 * @throws MessageError
 */
export function readOnnxModel(bytes: Uint8Array): OnnxModel {
  // Not a Buffer: each part of one would be a Buffer, which takes several times as long to make.
  return new OnnxReader().model(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
