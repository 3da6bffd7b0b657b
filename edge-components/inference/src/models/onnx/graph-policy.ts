/**
 * Whether a release's graph may be loaded at all. ONNX Runtime loads and runs graphs that never end, that ask for any
 * amount of memory, or that read other files; what can be seen in the file is refused here, before it is loaded. What
 * cannot, such as a shape computed from the image, is left to the limits on the trial process.
 */
import policy from '../../../../../contracts/onnx-policy.json';
import type { ModelSpecification } from '../../ports';
import type {
  Dimension,
  OnnxAttribute,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValue,
} from './onnx-graph';

export type OnnxPolicy = typeof policy;

export const ONNX_POLICY: OnnxPolicy = policy;

/** Characters of a name in a message. */
const LONGEST_NAME_SHOWN = 64;
/** ONNX Runtime can be told to take session options from the model; none of ours is for a release to change. */
const SESSION_OPTIONS_KEY = 'ort_config';
/** More than ONNX Runtime's operators take. */
const MOST_AXES = 16;
/** Attributes that enlarge a tensor by their value. */
const WINDOW_ATTRIBUTES: ReadonlySet<string> = new Set(['kernel_shape', 'pads', 'strides', 'dilations']);

const quoted = (name: string): string =>
  name.length > LONGEST_NAME_SHOWN ? `'${name.slice(0, LONGEST_NAME_SHOWN)}...'` : `'${name}'`;

const isDefaultDomain = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

const operatorOf = ({ domain, operator }: OnnxNode): string =>
  isDefaultDomain(domain) ? operator : `${domain}.${operator}`;

/** Many nodes have no name of their own. */
const nodeName = (node: OnnxNode): string =>
  `node ${quoted(node.name || node.outputs[0] || operatorOf(node))}`;

const shapeOf = (shape: readonly Dimension[] | undefined): string =>
  shape ? `[${shape.map((size) => (size === '' ? '?' : size)).join(', ')}]` : 'of unknown shape';

/** A factor below 1, such as an open size, counts as 1: the least that the tensor can have, if it has anything. */
const productOf = (factors: readonly Dimension[]): number =>
  factors.reduce<number>(
    (product, factor) => product * (typeof factor === 'number' ? Math.max(1, factor) : 1),
    1,
  );

/** The graph and every graph inside of it. */
function allGraphs(graph: OnnxGraph): OnnxGraph[] {
  const inner = graph.nodes.flatMap(({ attributes }) => attributes.flatMap(({ graphs }) => graphs));
  return [graph, ...inner.flatMap(allGraphs)];
}

function range(
  field: string,
  value: number,
  { minimum, maximum }: { minimum: number; maximum: number },
): string[] {
  if (value >= minimum && value <= maximum) return [];
  return [`${field}: must be between ${minimum} and ${maximum}, got ${value}`];
}

function modelProblems(model: OnnxModel, rules: OnnxPolicy): string[] {
  const versions = model.operatorSets
    .filter(({ domain }) => isDefaultDomain(domain))
    .map(({ version }) => version);
  return [
    ...range('ir_version', model.irVersion, rules.irVersion),
    ...(versions.length === 1
      ? range('opset of ai.onnx', versions[0] as number, rules.opset)
      : [`opset of ai.onnx: must be declared once, got ${versions.join(' and ') || 'none'}`]),
    ...model.functions.map((name) => `function ${quoted(name)}: functions are not allowed`),
    ...(model.trainingGraphs > 0
      ? [`training_info: must be empty, has ${model.trainingGraphs} entries`]
      : []),
    ...sessionOptionProblems(model),
  ];
}

const sessionOptionProblems = ({ metadataKeys }: OnnxModel): string[] =>
  metadataKeys
    .filter((key) => key === SESSION_OPTIONS_KEY)
    .map((key) => `metadata '${key}': a model must not set session options`);

/** One sentence per operator, not per node: a graph may hold thousands. */
function operatorProblems(nodes: readonly OnnxNode[], rules: OnnxPolicy): string[] {
  const allowed = new Set(rules.operators);
  const refused = new Map<string, { readonly first: OnnxNode; count: number }>();
  for (const node of nodes) {
    if (isDefaultDomain(node.domain) && allowed.has(node.operator)) continue;
    const operator = operatorOf(node);
    const known = refused.get(operator);
    if (known) known.count++;
    else refused.set(operator, { first: node, count: 1 });
  }
  return [...refused].map(([operator, { first, count }]) => {
    const others = count > 1 ? ` and ${count - 1} more` : '';
    return `${nodeName(first)}${others}: operator ${quoted(operator)} is not allowed`;
  });
}

function attributeProblems(node: OnnxNode, attribute: OnnxAttribute, rules: OnnxPolicy): string[] {
  const what = `${nodeName(node)}: attribute ${quoted(attribute.name)}`;
  const problems: string[] = [];
  if (attribute.graphs.length > 0) problems.push(`${what} holds a graph; control flow is not allowed`);
  if (attribute.sparseTensors > 0) problems.push(`${what} holds a sparse tensor; these are not allowed`);
  const largest = attribute.integers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (WINDOW_ATTRIBUTES.has(attribute.name) && largest > rules.maximumWindow) {
    problems.push(`${what} must have no value above ${rules.maximumWindow}, has ${largest}`);
  }
  return problems;
}

const externalProblems = ({ name, external }: OnnxTensor): string[] =>
  external === undefined
    ? []
    : [`tensor ${quoted(name)}: its data must be in the file, not outside of it (${external || 'nowhere'})`];

function tensorProblems(tensor: OnnxTensor, rules: OnnxPolicy): string[] {
  const what = `tensor ${quoted(tensor.name)}`;
  if (tensor.external !== undefined) return externalProblems(tensor);
  if (tensor.elementBytes === undefined) return [`${what}: ${tensor.elementType} is not allowed`];
  const claimed = tensor.dims.reduce((product, size) => product * size, 1);
  const shape = `${tensor.elementType} ${shapeOf(tensor.dims)}`;
  if (tensor.dims.some((size) => size < 0)) return [`${what}: ${shape} has a negative size`];
  if (claimed > rules.maximumTensorElements) {
    return [`${what}: ${shape} has ${claimed} elements, at most ${rules.maximumTensorElements} are allowed`];
  }
  if (claimed === tensor.elements) return [];
  return [`${what}: ${shape} needs ${claimed} elements, the file holds ${tensor.elements}`];
}

function valueProblems({ name, shape }: OnnxValue, rules: OnnxPolicy): string[] {
  const elements = productOf(shape ?? []);
  if (elements <= rules.maximumTensorElements) return [];
  return [
    `value ${quoted(name)}: ${shapeOf(shape)} has ${elements} elements, at most ${rules.maximumTensorElements} are allowed`,
  ];
}

type Constant = Pick<OnnxTensor, 'values' | 'elements'>;

/** Constants by name, those of `Constant` nodes among them. */
function constantsOf(graphs: readonly OnnxGraph[]): Map<string, Constant> {
  const constants = new Map<string, Constant>();
  for (const { initializers, nodes } of graphs) {
    for (const tensor of initializers) constants.set(tensor.name, tensor);
    for (const { operator, outputs, attributes } of nodes) {
      const [name] = outputs;
      const [attribute] = attributes;
      if (operator !== 'Constant' || !name || !attribute) continue;
      const values = [...attribute.integers, ...attribute.floats];
      constants.set(name, attribute.tensors[0] ?? { values, elements: values.length });
    }
  }
  return constants;
}

/**
 * The least number of elements that a node makes from nothing, as far as its constants tell; 1 when they do not.
 * @param constant values of the input of this index
 */
function madeElements(operator: string, constant: (index: number) => readonly number[]): number {
  switch (operator) {
    case 'ConstantOfShape':
      return productOf(constant(0));
    case 'Expand':
    case 'Tile':
      return productOf(constant(1));
    case 'Resize':
      return Math.max(productOf(constant(2)), productOf(constant(3)));
    case 'Pad': {
      const pads = constant(1).map((pad) => Math.max(0, pad));
      const axes = pads.length / 2;
      return productOf(pads.slice(0, axes).map((before, axis) => 1 + before + (pads[axes + axis] ?? 0)));
    }
    case 'Range': {
      const [start, limit, delta] = [0, 1, 2].map((index) => constant(index)[0]);
      if (start === undefined || limit === undefined || delta === undefined) return 1;
      return (limit - start) / delta;
    }
    default:
      return 1;
  }
}

function sizeProblems(
  node: OnnxNode,
  constants: ReadonlyMap<string, Constant>,
  { maximumTensorElements }: OnnxPolicy,
): string[] {
  const elements = madeElements(node.operator, (index) => {
    const { values, elements = 0 } = constants.get(node.inputs[index] ?? '') ?? {};
    // A shape of so many axes that its sizes were not kept is no shape of an image.
    return values ?? (elements > MOST_AXES ? [Number.POSITIVE_INFINITY] : []);
  });
  // Not "elements > maximum": NaN must not pass.
  if (elements <= maximumTensorElements) return [];
  const count = Number.isFinite(elements) ? elements : 'any number of';
  return [
    `${nodeName(node)}: ${node.operator} makes ${count} elements, at most ${maximumTensorElements} are allowed`,
  ];
}

/** ONNX Runtime takes the last of several initializers, and the checks must not look at another one. */
function repeatedNames(graph: OnnxGraph): string[] {
  const made = [
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ];
  const seen = new Set<string>();
  const repeated = made.filter((name) => name !== '' && seen.size === seen.add(name).size);
  return [...new Set(repeated)].map((name) => `tensor ${quoted(name)}: is made more than once`);
}

function totalProblems(nodes: number, tensors: readonly OnnxTensor[], rules: OnnxPolicy): string[] {
  const bytes = tensors.reduce((sum, { elements, elementBytes = 1 }) => sum + elements * elementBytes, 0);
  return [
    ...(nodes > rules.maximumNodes ? [`nodes: at most ${rules.maximumNodes} are allowed, got ${nodes}`] : []),
    ...(bytes > rules.maximumInitializerBytes
      ? [`constants: at most ${rules.maximumInitializerBytes} bytes are allowed, got ${bytes}`]
      : []),
  ];
}

/** Every reason not to load the graph, one sentence each; none when it may be loaded. */
export function graphProblems(model: OnnxModel, rules: OnnxPolicy = ONNX_POLICY): string[] {
  const graphs = allGraphs(model.graph);
  const nodes = graphs.flatMap((graph) => graph.nodes);
  const attributes = nodes.flatMap((node) => node.attributes);
  const tensors = [
    ...graphs.flatMap((graph) => graph.initializers),
    ...attributes.flatMap((one) => one.tensors),
  ];
  const values = graphs.flatMap((graph) => [...graph.inputs, ...graph.outputs, ...graph.values]);
  const sparse = graphs.flatMap((graph) => graph.sparseInitializers);
  const constants = constantsOf(graphs);
  return [
    ...modelProblems(model, rules),
    ...totalProblems(nodes.length, tensors, rules),
    ...operatorProblems(nodes, rules),
    ...nodes.flatMap((node) => node.attributes.flatMap((one) => attributeProblems(node, one, rules))),
    ...tensors.flatMap((tensor) => tensorProblems(tensor, rules)),
    ...sparse.map((name) => `tensor ${quoted(name)}: sparse tensors are not allowed`),
    ...values.flatMap((value) => valueProblems(value, rules)),
    ...nodes.flatMap((node) => sizeProblems(node, constants, rules)),
    ...graphs.flatMap(repeatedNames),
  ];
}

/**
 * The same for a graph that answers in the cloud. Operators, versions and sizes are free: it comes from the same approved
 * and signed registration, the function's memory and time bound what it can do, and a function that it ends costs a
 * question. What would read other files or change how it is run is refused there, too.
 */
export function cloudGraphProblems(model: OnnxModel): string[] {
  const graphs = allGraphs(model.graph);
  const tensors = [
    ...graphs.flatMap((graph) => graph.initializers),
    ...graphs.flatMap(({ nodes }) =>
      nodes.flatMap(({ attributes }) => attributes.flatMap((one) => one.tensors)),
    ),
  ];
  return [...sessionOptionProblems(model), ...tensors.flatMap((tensor) => externalProblems(tensor))];
}

/** What a graph takes and gives. */
export interface Signature {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** Older exporters list the weights among the inputs, too. */
export function signatureOf({ inputs, outputs, initializers }: OnnxGraph): Signature {
  const constants = new Set(initializers.map(({ name }) => name));
  return { inputs: inputs.filter(({ name }) => !constants.has(name)), outputs };
}

/** A size that the graph leaves open fits, and so does a shape that it does not say. */
function fits(
  { elementType, shape }: OnnxValue,
  expectedType: string,
  expectedShape: readonly number[],
): boolean {
  if (elementType !== expectedType) return false;
  if (!shape) return true;
  return (
    shape.length === expectedShape.length &&
    shape.every((size, axis) => typeof size === 'string' || size === expectedShape[axis])
  );
}

/** What the graph must answer, besides whatever else it does: float32 [size]. */
export function outputsOf({
  input,
  classes,
  novelty,
  embedding,
}: OutputDeclaration): { readonly name: string; readonly size: number }[] {
  return [
    { name: input.outputName, size: classes },
    ...(novelty ? [{ name: novelty.outputName, size: 1 }] : []),
    ...(embedding ? [{ name: embedding.outputName, size: embedding.size }] : []),
  ];
}

type OutputDeclaration = Pick<ModelSpecification, 'input' | 'classes' | 'novelty' | 'embedding'>;

/** Compares inputs and outputs with what the release declares; one sentence for each that differs. */
export function signatureProblems({ inputs, outputs }: Signature, declared: OutputDeclaration): string[] {
  const { input } = declared;
  const problems: string[] = [];
  const described = (value: OnnxValue): string => `${value.elementType ?? 'untyped'} ${shapeOf(value.shape)}`;
  const list = (values: readonly OnnxValue[]): string =>
    values.map(({ name }) => quoted(name)).join(', ') || 'none';
  const [image, ...others] = inputs;
  const imageShape = [input.height, input.width, 3];
  if (image?.name !== input.name || others.length > 0) {
    problems.push(`inputs: must be '${input.name}' alone, got ${list(inputs)}`);
  } else if (!fits(image, 'uint8', imageShape)) {
    problems.push(`input '${input.name}': must be uint8 ${shapeOf(imageShape)}, is ${described(image)}`);
  }
  for (const { name, size } of outputsOf(declared)) {
    const output = outputs.find((one) => one.name === name);
    if (!output) {
      problems.push(`outputs: '${name}' must be among them, got ${list(outputs)}`);
    } else if (!fits(output, 'float32', [size])) {
      problems.push(`output '${name}': must be float32 [${size}], is ${described(output)}`);
    }
  }
  return problems;
}
