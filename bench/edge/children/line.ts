/** Runs the component's pipeline and its parts as it is asked, a line of JSON for each request and each answer: line-program.ts. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { completeImagePolicy } from '../../../contracts/image-policy';
import { usageOfAll } from '../../../edge-components/inference/src/models/child-processes';
import { SharpImageDecoder } from '../../../edge-components/inference/src/models/image-decoder';
import type { DecodedImage } from '../../../edge-components/inference/src/ports';
import type { ActiveRelease } from '../../../edge-components/inference/src/releases/serving-slot';
import { runMilliseconds } from '../../run-times';
import { activeRelease, MAXIMUM_PIXELS, sustained } from '../line';
import { LineContext, type LineParts } from '../line-context';
import type { FramesRequest, LineAnswers, LineRequests } from '../line-program';
import { SwappingLine } from '../swapping-line';

const read = (frames: readonly string[]): Buffer[] => frames.map((path) => readFileSync(path));

class Line {
  private readonly ownDecoder = new SharpImageDecoder();
  private loaded: ActiveRelease | undefined;

  constructor(private readonly context: LineContext) {}

  readonly answers: {
    [Name in keyof LineRequests]: (request: LineRequests[Name]) => Promise<LineAnswers[Name]>;
  } = {
    sustained: async ({ frames, count, decodedIn }) => {
      const decoder = decodedIn === 'its own process' ? this.context.decoder : this.ownDecoder;
      const [images, active] = [read(frames), await this.active()];
      const before = usageOfAll().cpuSeconds;
      const millisecondsPerFrame = await sustained(decoder, active, images, count);
      const processorMillisecondsPerFrame = (1000 * (usageOfAll().cpuSeconds - before)) / count;
      return { millisecondsPerFrame, processorMillisecondsPerFrame };
    },
    decode: async (request) => ({ millisecondsPerFrame: await this.decode(request) }),
    decodeBeside: async (request) => ({
      millisecondsPerFrame: await this.besideTheModel(() => this.decode(request)),
    }),
    run: async ({ count }) => ({
      milliseconds: await runMilliseconds(
        await this.context.session('int8'),
        this.context.model.images,
        count,
      ),
    }),
    swap: async ({ frames, swaps, windowFrames, newReleaseFrames }) => {
      const line = await SwappingLine.start(this.context, read(frames));
      const gaps = { steady: [] as number[], swaps: [] as number[], loads: [] as number[] };
      while (gaps.swaps.length < swaps) {
        gaps.steady.push((await line.window(windowFrames)).longestGap);
        const { longestGap, swapMilliseconds } = await line.swapWindow(windowFrames, newReleaseFrames);
        gaps.swaps.push(longestGap);
        gaps.loads.push(swapMilliseconds);
      }
      await line.stop();
      const { shown, answered, unordered, mixed } = line;
      return { ...gaps, shown, answered, unordered, mixed };
    },
    memory: async ({ frames, after, framesBetween, settleFrames }) => {
      const line = await SwappingLine.start(this.context, read(frames));
      const residentBytes: number[] = [];
      for (let count = 1; residentBytes.length < after.length; count++) {
        await line.swapWindow(framesBetween, framesBetween);
        if (!after.includes(count)) continue;
        // Processes end and free their memory after the call that ends them.
        await line.window(settleFrames);
        residentBytes.push(usageOfAll().residentBytes);
      }
      await line.stop();
      return { residentBytes };
    },
  };

  async close(): Promise<void> {
    await this.loaded?.model.close();
    await this.context.close();
  }

  private async active(): Promise<ActiveRelease> {
    this.loaded ??= activeRelease(
      this.context,
      'int8',
      await this.context.modelHost().load(this.context.model.specificationOf('int8')),
    );
    return this.loaded;
  }

  private async decode({ frames, count }: FramesRequest): Promise<number> {
    const images = read(frames);
    const { width, height } = this.context.model.description.input;
    const policy = completeImagePolicy({ width, height });
    const started = performance.now();
    for (let index = 0; index < count; index++) {
      await this.ownDecoder.decode(images[index % images.length] as Buffer, MAXIMUM_PIXELS, policy);
    }
    return (performance.now() - started) / count;
  }

  /** Measures `work` while the model's process runs one image after the other: what two busy cores cost each other. */
  private async besideTheModel(work: () => Promise<number>): Promise<number> {
    const { model } = await this.active();
    const { images } = this.context.model;
    let done = false;
    const running = (async () => {
      for (let index = 0; !done; index++) await model.run(images[index % images.length] as DecodedImage);
    })();
    const result = await work();
    done = true;
    await running;
    return result;
  }
}

async function main(): Promise<void> {
  const line = new Line(new LineContext(JSON.parse(process.argv[2] ?? '') as LineParts));
  for await (const text of createInterface({ input: process.stdin })) {
    const { do: name, ...request } = JSON.parse(text) as { do: keyof LineRequests };
    console.log(JSON.stringify(await line.answers[name](request as never)));
  }
  await line.close();
}

main().catch((error: Error) => {
  console.error(error.stack);
  process.exit(1);
});
