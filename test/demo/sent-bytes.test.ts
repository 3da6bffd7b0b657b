import fc from 'fast-check';
import { sentFor } from '../../demo/bandwidth';
import { messageBytes, questionBytes, SIDECAR_BYTES } from '../../demo/sent-bytes';
import { resultsMessage } from '../../edge-components/inference/src/results/results-message';
import { aResult } from '../lambda/shared/builders';
import { observation } from './observation';

const ORIGIN = {
  deviceId: 'line-1',
  batchId: '00000001-1a2b3c4d-00000001',
  receivedAt: '2026-11-27T10:00:00.000Z',
};

test('results count as the messages that carried them, batch by batch', () => {
  const records = Array.from({ length: 9 }, (_, index) =>
    aResult({ recordId: `boot-${index}`, frameId: `frame-${index}`, releaseId: 'surface-inspection-2' }),
  );
  const sent = resultsMessage(
    {
      useCase: 'surface-inspection',
      deviceId: ORIGIN.deviceId,
      batchId: ORIGIN.batchId,
      sentAt: ORIGIN.receivedAt,
      droppedRecords: 0,
    },
    records.map((record) => JSON.stringify(record)),
  );
  const lines = records.map((record) => ({ ...record, ...ORIGIN }));
  expect(messageBytes(lines)).toBe(Buffer.byteLength(sent));
  const apart = lines.map((line, index) => ({ ...line, batchId: `00000001-1a2b3c4d-0000000${index}` }));
  expect(messageBytes(apart)).toBeGreaterThan(3 * messageBytes(lines));
});

test('no results have taken no bytes', () => {
  expect(messageBytes([])).toBe(0);
});

test('[property] a question carries its image in base64, and little beside it', () => {
  fc.assert(
    fc.property(fc.nat(100_000), (bytes) => {
      const base64 = Buffer.alloc(bytes).toString('base64').length;
      expect(questionBytes(bytes)).toBeGreaterThan(base64);
      expect(questionBytes(bytes) - base64).toBeLessThan(1_000);
    }),
  );
});

test('what was sent for some frames: their records, captured images, and those that were asked about', () => {
  const asked = { outcome: 'answered', decided: false, milliseconds: 5 } as const;
  const seen = [
    observation({ at: 1, bytes: 3_000 }),
    observation({ at: 2, bytes: 4_000, captured: true }),
    observation({ at: 3, bytes: 5_000, secondOpinion: asked }),
  ];
  expect(sentFor(seen, 70)).toBe(3 * 70 + 4_000 + SIDECAR_BYTES + questionBytes(5_000));
});
