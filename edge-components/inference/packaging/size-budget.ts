/** What the artifact may weigh. A package that slips in fails the build, not the line's cellular bill. */
import { type Bundle, packagesOf } from './bundles';

/** Without which no frame can be answered: ONNX Runtime, decoder, our code. */
const ESSENTIAL = [
  /^(main|agent|decoder-host|inference-host)\.cjs$/,
  /\/libonnxruntime\.so\.1$/,
  /\/onnxruntime_binding\.node$/,
  /\/sharp\.node$/,
  /\/libvips-cpp\.so\.[0-9.]+$/,
];

/** Largest size of the unpacked artifact as a multiple of its essential files. */
export const MAXIMUM_RATIO = 1.1;

/**
 * Bytes, minified. agent.cjs has 0.44 MB: 0.23 MB validators of the contracts, 0.06 MB Modbus, 0.12 MB our own code.
 * s3-client.cjs has 0.45 MB, with the client's credentials. decoder-host.cjs has 0.14 MB, most of it sharp's,
 * inference-host.cjs 58 KB, half of it ONNX Runtime's, main.cjs 2 KB. One fifth above: room for twice as much of our
 * own code, not for another SDK.
 */
export const BUNDLE_BYTES: Readonly<Record<string, number>> = {
  'main.cjs': 4_000,
  // Second opinions, operating points and scores of novelty took 0.14 MB more, most of it in validators of the contracts.
  'agent.cjs': 620_000,
  'decoder-host.cjs': 170_000,
  's3-client.cjs': 540_000,
  'inference-host.cjs': 68_000,
};

/**
 * Packages that a bundle must not contain. Each graph has a process of its own, which loads the host's bundle again. The
 * process that the nucleus watches holds nobody's code but ours, and the agent no native code.
 */
const NOT_IN: Readonly<Record<string, RegExp>> = {
  'main.cjs': /./,
  'agent.cjs': /(^|\/)node_modules\/(sharp|@img\/.*|onnxruntime-.*)$/,
  'inference-host.cjs': /(^|\/)node_modules\/(sharp|@img\/.*|@aws-sdk\/.*|@smithy\/.*|aws-.*|ajv)$/,
};

/** Unpacked bytes of all files / those of the essential files. */
export function sizeRatio(bytes: ReadonlyMap<string, number>): number {
  const sum = (sizes: number[]): number => sizes.reduce((total, size) => total + size, 0);
  const essential = [...bytes].filter(([name]) => ESSENTIAL.some((pattern) => pattern.test(name)));
  return sum([...bytes.values()]) / sum(essential.map(([, size]) => size));
}

/**
 * Every way in which an artifact breaks its budget; empty when it keeps it.
 * @param bytes sizes of the unpacked files by path in the artifact
 */
export function budgetProblems(
  bytes: ReadonlyMap<string, number>,
  bundles: ReadonlyMap<string, Pick<Bundle, 'inputs'>>,
): string[] {
  const problems: string[] = [];
  for (const [name, limit] of Object.entries(BUNDLE_BYTES)) {
    const size = bytes.get(name) ?? 0;
    if (size > limit) problems.push(`${name}: must not be above ${limit} bytes, got ${size}`);
  }
  const ratio = sizeRatio(bytes);
  if (!(ratio <= MAXIMUM_RATIO)) {
    problems.push(
      `artifact: must not be above ${MAXIMUM_RATIO} x its essential files, got ${ratio.toFixed(3)}`,
    );
  }
  for (const [name, forbidden] of Object.entries(NOT_IN)) {
    const bundle = bundles.get(name);
    for (const folder of bundle ? packagesOf(bundle).filter((other) => forbidden.test(other)) : []) {
      problems.push(`${name}: must not contain ${folder}`);
    }
  }
  return problems;
}

/** @throws Error with every problem and the size of every file, largest first */
export function checkBudget(
  artifact: string,
  bytes: ReadonlyMap<string, number>,
  bundles: ReadonlyMap<string, Pick<Bundle, 'inputs'>>,
): void {
  const problems = budgetProblems(bytes, bundles);
  if (problems.length === 0) return;
  const sizes = [...bytes].sort(([, left], [, right]) => right - left);
  throw new Error(
    [
      `${artifact} breaks its size budget:`,
      ...problems.map((problem) => `  - ${problem}`),
      'bytes:',
      ...sizes.map(([name, size]) => `  ${String(size).padStart(10)} ${name}`),
    ].join('\n'),
  );
}
