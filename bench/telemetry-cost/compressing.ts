/** C5: what compressing costs the device, beside the frame that it is about. */
import sharp from 'sharp';
import { SharpImageDecoder } from '../../edge-components/inference/src/models/image-decoder';
import { MessageFill } from '../../edge-components/inference/src/results/message-fill';
import { resultsMessage } from '../../edge-components/inference/src/results/results-message';
import { aBatch, seededRandom } from '../../test/lambda/shared/builders';
import { aFleetRecord } from '../../test/lambda/telemetry/results-fleet';
import type { Benchmark } from '../figure';
import { interleave, milliseconds, ratioOf } from '../measure';
import type { SuiteContext } from '../suite';

const ROUNDS = 9;
const MESSAGES = 10;
const FRAMES = 60;
const VGA = { width: 640, height: 480 };
/** Of a message of one metering unit, for its compressed records. */
const ROOM = 4_700;

export const compressing: Benchmark<SuiteContext> = {
  figures: [
    {
      id: 'C5',
      what: 'processor time to compress a result with its message / to decode the VGA JPEG that it is about',
      goal: 0.05,
      better: 'lower',
    },
  ],
  async measure() {
    const records = Array.from({ length: 100 }, (_, index) =>
      JSON.stringify(aFleetRecord('line-1', index, 30)),
    );
    const jpeg = await photograph();
    const decoder = new SharpImageDecoder();
    const times = await interleave(ROUNDS, {
      compress: () =>
        processorMilliseconds(async () => {
          let taken = 0;
          for (let message = 0; message < MESSAGES; message++) taken += fillOne(records);
          return taken;
        }),
      decode: () =>
        processorMilliseconds(async () => {
          for (let frame = 0; frame < FRAMES; frame++) await decoder.decode(jpeg, VGA.width * VGA.height);
          return FRAMES;
        }),
    });
    const method = `messages of ${fillOne(records)} records, filled one by one and written: ${milliseconds(times.compress)} for a result; a frame of ${(jpeg.length / 1_024).toFixed(0)} KiB: ${milliseconds(times.decode)}`;
    return new Map([['C5', ratioOf(times.compress, times.decode, method)]]);
  },
};

/** As the outbox and the sender do. @returns how many records the message has */
function fillOne(records: readonly string[]): number {
  const fill = new MessageFill(ROOM, records.length);
  const end = records.findIndex((json) => !fill.add(json));
  resultsMessage(aBatch(), records.slice(0, end));
  return end;
}

/** @param work answers how often it did what is measured */
async function processorMilliseconds(work: () => Promise<number>): Promise<number> {
  const before = process.cpuUsage();
  const times = await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / times;
}

/** A surface with noise, as large as a camera's JPEG. */
async function photograph(): Promise<Buffer> {
  const random = seededRandom(5);
  const pixels = Buffer.from(
    Array.from({ length: VGA.width * VGA.height * 3 }, (_, index) =>
      Math.floor(120 + 40 * Math.sin(index / 9_000) + 16 * random()),
    ),
  );
  return sharp(pixels, { raw: { ...VGA, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}
