/**
 * What the component on a device sees and says, for tests in Python: `tsx ask-edge-runtime.ts <request.json>` decodes
 * images as the component does, runs a graph on them as it does, and writes the answer to standard output.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { policyOfInput } from '../../contracts/image-policy';
import { SharpImageDecoder } from '../../edge-components/inference/src/models/image-decoder';
import { OnnxSession } from '../../edge-components/inference/src/models/inference-session';
import type { ModelSpecification } from '../../edge-components/inference/src/ports';

const MAXIMUM_PIXELS = 1 << 20;

interface Request {
  readonly graphs: readonly string[];
  readonly images: readonly string[];
  readonly input: ModelSpecification['input'];
  readonly classes: number;
}

async function main(requestFile: string): Promise<void> {
  const { graphs, images, input, classes } = JSON.parse(readFileSync(requestFile, 'utf8')) as Request;
  const decoder = new SharpImageDecoder();
  const decoded = await Promise.all(
    images.map((path) => decoder.decode(readFileSync(path), MAXIMUM_PIXELS, policyOfInput(input))),
  );
  const probabilities = [];
  for (const path of graphs) {
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
    const session = await OnnxSession.load({ path, sha256, input, classes });
    const rows = [];
    for (const { pixels } of decoded) rows.push((await session.run(pixels)).probabilities);
    probabilities.push(rows);
  }
  const answer = {
    pixels: decoded.map(({ pixels }) => Buffer.from(pixels).toString('base64')),
    probabilities,
  };
  process.stdout.write(JSON.stringify(answer));
}

main(process.argv[2] ?? '').catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
