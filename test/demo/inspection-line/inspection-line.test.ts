import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadFrameStock } from '../../../demo/inspection-line/frame-stock';
import { InspectionLine } from '../../../demo/inspection-line/inspection-line';

describe('the inspection line', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaizen-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function makeLine(): InspectionLine {
    return new InspectionLine({
      socketDirectory: folder,
      deviceIds: ['line-1'],
      framesPerSecond: 200,
      stock: {
        normal: [{ jpeg: Buffer.from('a good part'), label: 'good' }],
        cracked: [{ jpeg: Buffer.from('a cracked part'), label: 'crack' }],
      },
      condition: 'normal',
      seed: 1,
      truthFile: join(folder, 'truth.jsonl'),
    });
  }

  /** Reads whole frames from the camera's socket until there are `wanted`. */
  function readFrames(path: string, wanted: number): Promise<Array<{ frameId: string; image: string }>> {
    return new Promise((resolve, reject) => {
      const frames: Array<{ frameId: string; image: string }> = [];
      let buffered = Buffer.alloc(0);
      const socket = connect(path);
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        buffered = Buffer.concat([buffered, chunk]);
        while (buffered.length >= 4) {
          const headerEnd = 4 + buffered.readUInt32BE(0);
          if (buffered.length < headerEnd) break;
          const header = JSON.parse(buffered.subarray(4, headerEnd).toString()) as {
            frameId: string;
            bytes: number;
          };
          if (buffered.length < headerEnd + header.bytes) break;
          frames.push({
            frameId: header.frameId,
            image: buffered.subarray(headerEnd, headerEnd + header.bytes).toString(),
          });
          buffered = buffered.subarray(headerEnd + header.bytes);
        }
        if (frames.length >= wanted) {
          socket.destroy();
          resolve(frames);
        }
      });
    });
  }

  test('shows frames to a device and knows the truth about each one', async () => {
    const line = makeLine();
    await line.start();
    try {
      const frames = await readFrames(line.socketPath('line-1'), 5);
      for (const { frameId, image } of frames) {
        expect(image).toBe('a good part');
        expect(line.truthOf(frameId)).toMatchObject({
          label: 'good',
          deviceId: 'line-1',
          condition: 'normal',
        });
        expect(line.imageOf(frameId).toString()).toBe(image);
      }
      expect(new Set(frames.map(({ frameId }) => frameId)).size).toBe(frames.length);
      expect(readFileSync(join(folder, 'truth.jsonl'), 'utf8')).toContain(frames[0]?.frameId);
    } finally {
      await line.stop();
    }
  });

  test('shows other parts after a change', async () => {
    const line = makeLine();
    await line.start();
    try {
      line.change('cracked');
      const [frame] = await readFrames(line.socketPath('line-1'), 1);
      expect(line.truthOf(frame?.frameId ?? '')?.label).toBe('crack');
    } finally {
      await line.stop();
    }
  });

  test('shows each part of a condition once, by its name, and then nothing', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const line = new InspectionLine({
      socketDirectory: folder,
      deviceIds: ['line-1', 'line-2'],
      framesPerSecond: 200,
      stock: {
        normal: [{ jpeg: Buffer.from('a good part'), label: 'good' }],
        each: names.map((name) => ({
          jpeg: Buffer.from(name),
          label: name === 'a' ? 'crack' : 'good',
          name,
        })),
      },
      condition: 'normal',
      seed: 1,
      truthFile: join(folder, 'truth.jsonl'),
    });
    await line.start();
    const devices = ['line-1', 'line-2'].map((name) => connect(line.socketPath(name)).resume());
    try {
      const shown = await line.showEach('each', AbortSignal.timeout(20_000));
      expect(shown.map(({ name }) => name).sort()).toEqual(names);
      expect(shown.map(({ frameId }) => line.imageOf(frameId).toString()).sort()).toEqual(names);
      expect(line.truthOf(shown.find(({ name }) => name === 'a')?.frameId ?? '')?.label).toBe('crack');
      const all = line.shown.size;
      await sleep(50);
      expect(line.shown.size).toBe(all);
    } finally {
      for (const device of devices) device.destroy();
      await line.stop();
    }
  });

  test('shows classes as often as the mix says, whatever the stock has of each', async () => {
    const line = new InspectionLine({
      socketDirectory: folder,
      deviceIds: ['line-1'],
      framesPerSecond: 500,
      stock: {
        normal: [
          { jpeg: Buffer.from('a good part'), label: 'good' },
          { jpeg: Buffer.from('a dented part'), label: 'dent' },
          { jpeg: Buffer.from('a cracked part'), label: 'crack' },
        ],
      },
      mixes: { normal: { good: 1, dent: 1 } },
      condition: 'normal',
      seed: 1,
      truthFile: join(folder, 'truth.jsonl'),
    });
    await line.start();
    try {
      const frames = await readFrames(line.socketPath('line-1'), 40);
      expect(new Set(frames.map(({ image }) => image))).toEqual(new Set(['a good part', 'a dented part']));
    } finally {
      await line.stop();
    }
  });

  test('refuses a mix of classes that its stock lacks', () => {
    const stock = { normal: [{ jpeg: Buffer.from('a good part'), label: 'good' }] };
    expect(
      () =>
        new InspectionLine({
          socketDirectory: folder,
          deviceIds: ['line-1'],
          framesPerSecond: 1,
          stock,
          mixes: { normal: { good: 0.9, dent: 0.1 } },
          condition: 'normal',
          seed: 1,
          truthFile: join(folder, 'truth.jsonl'),
        }),
    ).toThrow("mix: there is no frame of class 'dent'");
  });

  test('gives up showing each part when it is told to, and nobody looks', async () => {
    const line = makeLine();
    await line.start();
    await expect(line.showEach('normal', AbortSignal.timeout(30))).rejects.toThrow(/abort/i);
    await line.stop();
  });

  test('refuses a condition that it has no frames for, and names those it has', () => {
    expect(() => makeLine().change('melted')).toThrow(
      "no frames for condition 'melted'; there are normal, cracked",
    );
  });
});

describe('a frame stock', () => {
  test('that names no label says which line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kaizen-test-'));
    writeFileSync(join(folder, 'truth.jsonl'), '{"file":"a.jpg"}\n');
    expect(() => loadFrameStock(folder)).toThrow(/line 1: 'file' and 'label' must be strings/);
    rmSync(folder, { recursive: true });
  });
});
