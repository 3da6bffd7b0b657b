import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceStatus } from '../../../contracts';
import { cameraSentence, imagesIn } from '../../../try/simulate/camera';
import { changesOf } from '../../../try/simulate/watch-device';

const status = (more: Partial<DeviceStatus>): DeviceStatus =>
  ({ schemaVersion: 1, deviceId: 'press-1', ...more }) as unknown as DeviceStatus;
const camera = (value: string) =>
  ({ cameraId: 'camera-1', ok: value === 'ok', value }) as NonNullable<DeviceStatus['cameras']>[number];

describe('[B27] a simulated device says what changes', () => {
  test('first everything, then only what is new', () => {
    const first = status({ cameras: [camera('not connected yet')] });
    expect(changesOf(undefined, first)).toEqual([
      'it serves no release: it waits for the first rollout',
      'camera-1: not connected yet',
    ]);
    const second = status({ releaseId: 'parts-1', cameras: [camera('ok')] });
    expect(changesOf(first, second)).toEqual(['it serves parts-1', 'camera-1: ok']);
    expect(changesOf(second, second)).toEqual([]);
    expect(changesOf(second, status({ cameras: [camera('ok')] }))).toEqual([
      'it serves no release: it waits for the first rollout',
    ]);
  });

  test('a refused release once', () => {
    const refusedReleases = [
      {
        releaseDigest: 'ab'.repeat(32),
        code: 'SIGNATURE_INVALID',
        at: '2026-11-27T00:00:00Z',
        releaseId: 'parts-2',
      },
    ];
    const before = status({ releaseId: 'parts-1' });
    const now = status({ releaseId: 'parts-1', refusedReleases });
    expect(changesOf(before, now)).toEqual(['it refuses parts-2 (SIGNATURE_INVALID)']);
    expect(changesOf(now, now)).toEqual([]);
  });

  test.each([
    ['{"event":"camera","problem":"the camera does not answer"}', 'camera: the camera does not answer'],
    ['{"event":"camera","problem":null}', 'camera: frames come'],
    ['{"event":"other"}', '{"event":"other"}'],
    ['plain words', 'plain words'],
  ])('of its camera: %s', (line, sentence) => {
    expect(cameraSentence(line)).toBe(sentence);
  });
});

describe('[B27] a folder that a simulated device is shown', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaizen-simulate-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('gives its images and those of its folders', () => {
    mkdirSync(join(folder, 'good.jpg'));
    for (const name of ['b.JPG', 'a.png', 'good.jpg/c.jpeg', 'notes.txt'])
      writeFileSync(join(folder, name), name);
    expect(imagesIn(folder).map(({ jpeg }) => jpeg.toString())).toEqual([
      'a.png',
      'b.JPG',
      'good.jpg/c.jpeg',
    ]);
  });

  test('is refused when it holds none, or is none', () => {
    expect(() => imagesIn(folder)).toThrow(/--camera: .* holds no file/);
    expect(() => imagesIn(join(folder, 'nowhere'))).toThrow(
      /--camera: must be line, a folder of images.*ENOENT/,
    );
  });
});
