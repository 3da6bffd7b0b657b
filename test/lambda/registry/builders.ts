/** An export of the training pipeline, for tests. */
import { createHash } from 'node:crypto';
import type { ExportedModel } from '../../../contracts';
import { aRelease, USE_CASE } from '../shared/builders';

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
export const fileOf = (name: string, text: string) => ({
  name,
  sha256: sha256Of(Buffer.from(text)),
  bytes: Buffer.byteLength(text),
});

export function anExport(overrides: Partial<ExportedModel> = {}): ExportedModel {
  const { classes, input, baseline } = aRelease();
  return {
    schemaVersion: 1,
    useCase: USE_CASE,
    classes,
    input,
    baseline,
    files: [fileOf('model-int8.onnx', 'weights'), fileOf('golden-1.png', 'picture')],
    variants: [{ name: 'int8', file: 'model-int8.onnx', precision: 'int8' }],
    goldenSamples: [{ file: 'golden-1.png', probabilities: { int8: [0.9, 0.1] } }],
    thresholds: { good: 0.5, scratch: 0.5 },
    parity: { maximumDifference: 1e-6, fp32Accuracy: 0.98, int8Accuracy: 0.97, int8AccuracyDrop: 0.01 },
    cost: { multiplyAccumulates: 11_000_000, latencyRatio: { int8: 0.5 } },
    ...overrides,
  };
}
