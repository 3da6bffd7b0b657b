import { contactSheet } from '../../../cli/captures/contact-sheet';
import type { Capture } from '../../../contracts';

const capture: Capture = {
  schemaVersion: 1,
  captureId: 'c1',
  deviceId: 'line-1',
  useCase: 'surface',
  frameId: 'frame-1',
  releaseId: 'surface-2',
  capturedAt: '2026-03-01T10:00:00.000Z',
  predictedClass: 'good',
  confidence: 0.61,
  reasons: ['uncertainty'],
  inclusionProbability: 0.25,
  sha256: 'c'.repeat(64),
  bytes: 4000,
};
const sheet = (changes: Partial<Capture>): string =>
  contactSheet([{ capture: { ...capture, ...changes } }], { folder: 'f', environment: 'local' });

test('[S10] who labels sees what the second opinion says, and under which class it was predicted', () => {
  const page = sheet({ secondOpinion: { predictedClass: 'dent', confidence: 0.93 } });
  expect(page).toContain('<strong>good</strong>, 61 %<br>second opinion: dent, 93 %<br>');
  expect(page).toContain('Predicted good (1)');
  expect(sheet({})).not.toContain('second opinion');
});
