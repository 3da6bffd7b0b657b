/** Entry of the process that decodes images: a hostile one ends it at most, and not the component. */
import type { ImageDecoder } from '../ports';
import { type HostAnswer, serveRequests } from './child-host';
import type { DecodedAnswer, DecoderRequest } from './decoder-protocol';
import { SharpImageDecoder } from './image-decoder';

const decoder: ImageDecoder = new SharpImageDecoder();

async function answer(request: DecoderRequest, bytes: Buffer): Promise<HostAnswer> {
  try {
    if (request.type === 'toJpeg') return { header: { ok: true }, body: await decoder.toJpeg(bytes) };
    const { pixels, width, height } = await decoder.decode(bytes, request.maximumPixels, request.stretchTo);
    const header: Omit<DecodedAnswer, 'id'> = { ok: true, width, height };
    return { header, body: pixels };
  } catch (error) {
    return { header: { ok: false, message: (error as Error).message } };
  }
}

serveRequests(({ header, body }) => answer(header as DecoderRequest, body));
