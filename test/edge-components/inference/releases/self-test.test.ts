/** What happens side by side when a tested release is loaded where it will serve. */
import type { DecodedImage, LoadedModel } from '../../../../edge-components/inference/src/ports';
import { loadServing } from '../../../../edge-components/inference/src/releases/self-test';
import { describeRelease } from '../../release-fixture';

const WIDTH = 64;
const HEIGHT = 64;
const PROBABILITIES = [0.25, 0.75];
const FILES = ['model.onnx', 'golden-0.png'].map((name) => ({ name, bytes: 1, sha256: '0'.repeat(64) }));

const stored = {
  digest: '0'.repeat(64),
  folder: '/releases',
  envelope: Buffer.alloc(0),
  release: describeRelease({
    counter: 1,
    classes: ['good', 'bad'],
    input: { name: 'image', width: WIDTH, height: HEIGHT, outputName: 'probabilities' },
    files: FILES,
    variants: [{ name: 'fp32', file: 'model.onnx', precision: 'fp32' }],
    goldenSamples: [{ file: 'golden-0.png', probabilities: { fp32: PROBABILITIES } }],
  }),
};
const trial = { variant: 'fp32', milliseconds: { fp32: 2 } };
const image: DecodedImage = {
  width: WIDTH,
  height: HEIGHT,
  pixels: new Uint8Array(WIDTH * HEIGHT * 3),
};

/** A model that answers as the release says, and counts how often it is closed. */
function newModel(probabilities = PROBABILITIES): LoadedModel & { closed: number } {
  const model = {
    closed: 0,
    gone: new Promise<never>(() => undefined),
    run: async () => ({
      probabilities,
      milliseconds: 2,
      statistics: { brightness: 0, contrast: 0, sharpness: 0 },
    }),
    close: async () => {
      model.closed++;
    },
  };
  return model;
}

function portsOf(decode: () => Promise<DecodedImage>, load: () => Promise<LoadedModel>) {
  return {
    store: { readFile: async () => Buffer.alloc(1) },
    decoder: { decode, toJpeg: async (bytes: Buffer) => bytes },
    servingHost: { load },
  };
}

test('[G13] golden samples are decoded while the model loads: neither waits for the other', async () => {
  const begun: string[] = [];
  let go: () => void = () => undefined;
  const bothBegan = new Promise<void>((resolve) => {
    go = resolve;
  });
  const begin = async (what: string): Promise<void> => {
    begun.push(what);
    if (begun.length === 2) go();
    const isAlone = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error(`${begun} has begun alone`)), 5_000).unref(),
    );
    await Promise.race([bothBegan, isAlone]);
  };
  const model = newModel();
  const ports = portsOf(
    async () => {
      await begin('decoding');
      return image;
    },
    async () => {
      await begin('loading');
      return model;
    },
  );
  expect(await loadServing(stored, trial, ports)).toBe(model);
  expect(begun.sort()).toEqual(['decoding', 'loading']);
});

test('a golden sample that is no image is what is wrong, and the model that was loaded meanwhile is closed', async () => {
  const model = newModel();
  const ports = portsOf(
    async () => {
      throw new Error('no image');
    },
    async () => model,
  );
  await expect(loadServing(stored, trial, ports)).rejects.toMatchObject({
    code: 'GOLDEN_SAMPLE_MISMATCH',
    message: 'golden-0.png: no image',
  });
  expect(model.closed).toBe(1);
});

test('a file that cannot be read is no fault of the release, whatever the model does meanwhile', async () => {
  const ports = portsOf(
    async () => image,
    async () => {
      throw new Error('does not load');
    },
  );
  const unreadable = new Error('EIO');
  const store = { readFile: () => Promise.reject(unreadable) };
  await expect(loadServing(stored, trial, { ...ports, store })).rejects.toBe(unreadable);
  await expect(loadServing(stored, trial, ports)).rejects.toMatchObject({ code: 'LOAD_FAILED' });
});

test('a model that answers otherwise than the cloud is closed', async () => {
  const model = newModel([0.75, 0.25]);
  const ports = portsOf(
    async () => image,
    async () => model,
  );
  await expect(loadServing(stored, trial, ports)).rejects.toMatchObject({ code: 'GOLDEN_SAMPLE_MISMATCH' });
  expect(model.closed).toBe(1);
});
