/** Replaces the release 100 times under load and prints the memory of this process and of its decoder and models, in bytes, after the first 10 and at the end. */
import { readFileSync } from 'node:fs';
import { usageOfAll } from '../../../edge-components/inference/src/models/child-processes';
import { EdgeContext } from '../context';
import { framesOf } from '../jpeg-frames';
import { SwappingLine } from '../swapping-line';

const FIRST = 10;
const LAST = 100;
const FRAMES_BETWEEN = 10;
/** Processes end and free their memory after the call that ends them. */
const SETTLE_FRAMES = 100;

async function main(): Promise<void> {
  const context = await EdgeContext.prepare();
  const images = framesOf(context, { width: 640, height: 480 }).map((path) => readFileSync(path));
  const line = await SwappingLine.start(context, images);
  const residentAfter: Record<number, number> = {};
  for (let count = 1; count <= LAST; count++) {
    await line.swapWindow(FRAMES_BETWEEN, FRAMES_BETWEEN);
    if (count !== FIRST && count !== LAST) continue;
    await line.window(SETTLE_FRAMES);
    residentAfter[count] = usageOfAll().residentBytes;
  }
  await line.stop();
  await context.close();
  console.log(JSON.stringify({ first: residentAfter[FIRST], last: residentAfter[LAST] }));
}

main().catch((error: Error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
