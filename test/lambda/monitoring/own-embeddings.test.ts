import type { EmbeddingSums } from '../../../contracts';
import { ownEmbeddings } from '../../../lambda/monitoring/own-embeddings';
import { aSketch } from '../shared/builders';

const RELEASE = { embedding: { outputName: 'embedding', size: 2 } };
const own: EmbeddingSums = { count: 5, sum: [1, 2], squares: 10 };
const foreign: EmbeddingSums = { count: 5, sum: [1, 2, 3], squares: 20 };

test('[B14] sketches with sums of the release alone, or with none, are left as they are', () => {
  const sketches = [
    aSketch({ embedding: own, embeddingByClass: { good: own, constructor: own } }),
    aSketch({ embeddingByClass: { good: own } }),
    aSketch(),
  ];
  const { sketches: kept, leftAside } = ownEmbeddings(RELEASE, sketches);
  expect(kept).toEqual(sketches);
  expect(leftAside).toEqual([]);
});

test('case 31: of a class or of a window of before, sums of another size are left aside, and their device is named', () => {
  const { sketches, leftAside } = ownEmbeddings(RELEASE, [
    aSketch({ deviceId: 'line-2', embedding: own, embeddingByClass: { good: foreign, dent: own } }),
    aSketch({ deviceId: 'line-1', embedding: foreign, embeddingByClass: { good: own } }),
    aSketch({ deviceId: 'line-3', embeddingByClass: { good: foreign } }),
    aSketch({ deviceId: 'line-4', embeddingByClass: { good: own } }),
  ]);
  expect(sketches).toEqual([
    aSketch({ deviceId: 'line-2', embedding: own, embeddingByClass: { dent: own } }),
    aSketch({ deviceId: 'line-1', embeddingByClass: { good: own } }),
    aSketch({ deviceId: 'line-3' }),
    aSketch({ deviceId: 'line-4', embeddingByClass: { good: own } }),
  ]);
  expect(leftAside).toEqual(['line-1', 'line-2', 'line-3']);
});

test('case 31: of a release without embeddings no sums are its own', () => {
  const { sketches, leftAside } = ownEmbeddings({}, [aSketch({ embeddingByClass: { good: own } })]);
  expect(sketches).toEqual([aSketch()]);
  expect(leftAside).toHaveLength(1);
});
