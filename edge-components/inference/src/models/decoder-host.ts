/** Entry of the process that decodes images: a hostile one ends it at most, and not the component. */
import { setTimeout } from 'node:timers/promises';
import type { ImageDecoder } from '../ports';
import type { Answer } from './child';
import { type HostAnswer, serveRequests } from './child-host';
import type { DecodedAnswer, DecoderRequest, Spent } from './decoder-protocol';
import { type BudgetPorts, budgetMilliseconds, withinBudget } from './decoding-budget';
import { SharpImageDecoder } from './image-decoder';

const decoder: ImageDecoder = new SharpImageDecoder();

const processor: BudgetPorts = {
  processorMilliseconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  pause: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }).catch(() => undefined),
};

async function answer(request: DecoderRequest, bytes: Buffer): Promise<HostAnswer> {
  try {
    if (request.type === 'toJpeg') return { header: { ok: true }, body: await decoder.toJpeg(bytes) };
    const budget = budgetMilliseconds(request.maximumPixels);
    const work = decoder.decode(bytes, request.maximumPixels, request.policy);
    const image = await withinBudget(budget, work, processor);
    if (image === 'spent') {
      const message = `image takes longer than ${Math.round(budget)} ms to decode`;
      const header: Omit<Answer & Spent, 'id'> = { ok: false, spent: true, message };
      return { header };
    }
    const { pixels, width, height } = image;
    const header: Omit<DecodedAnswer, 'id'> = { ok: true, width, height };
    return { header, body: pixels };
  } catch (error) {
    return { header: { ok: false, message: (error as Error).message } };
  }
}

serveRequests(({ header, body }) => answer(header as DecoderRequest, body));
