import fc from 'fast-check';
import givenSplits from '../../../contracts/examples/given-splits.json';
import { acceptManifest } from '../../../lambda/dataset/accept-manifest/accept-manifest';
import { CURRENT_KEY } from '../../../lambda/dataset/names';
import { splitOf } from '../../../lambda/dataset/split';
import { FakeDatasetBucket, sha256Of } from './fake-dataset-bucket';

let bucket: FakeDatasetBucket;
beforeEach(() => {
  bucket = new FakeDatasetBucket();
});

/** Two items that no rule objects to. */
const pair = () => [bucket.anItem('one'), bucket.anItem('two', { label: 'scratch' })];

describe('an accepted manifest', () => {
  test('becomes the current dataset, with a split for every item', async () => {
    const answer = await acceptManifest(bucket.upload('first', pair()), bucket);

    expect(answer.outcome).toBe('ACCEPTED');
    const current = await bucket.currentDataset();
    expect(current).toMatchObject({
      items: 2,
      classes: ['good', 'scratch'],
      source: 'manifests/incoming/first.jsonl',
    });
    const accepted = bucket.objects.get(current?.key ?? '')?.body ?? '';
    expect(sha256Of(accepted)).toBe(current?.manifestSha256);
    expect(current?.key).toBe(`manifests/accepted/${current?.manifestSha256}.jsonl`);
    const items = accepted
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(items.map(({ id, split }) => [id, split])).toEqual([
      ['one', splitOf('one')],
      ['two', splitOf('two')],
    ]);
    expect(bucket.events).toEqual([current]);
  });

  test('is complete before the pointer names it', async () => {
    await acceptManifest(bucket.upload('first', pair()), bucket);
    expect(bucket.writes.at(-1)).toBe(CURRENT_KEY);
  });

  test('[C14] lists the objects that a job needs: itself, and each image once', async () => {
    const items = pair();
    await acceptManifest(bucket.upload('first', [...items, { ...items[0], id: 'again' }]), bucket);
    const { key = '' } = (await bucket.currentDataset()) ?? {};
    expect(JSON.parse(bucket.objects.get(`${key}.objects.json`)?.body ?? '')).toEqual([
      { prefix: 's3://dataset/' },
      key,
      ...items.map((item) => item.key),
    ]);
  });

  test('[C14] gets its list when it was accepted before there were any', async () => {
    const key = bucket.upload('first', pair());
    await acceptManifest(key, bucket);
    const list = `${(await bucket.currentDataset())?.key}.objects.json`;
    bucket.objects.delete(list);
    await expect(acceptManifest(key, bucket)).resolves.toMatchObject({ outcome: 'UNCHANGED' });
    expect(bucket.objects.has(list)).toBe(true);
  });

  test('is accepted once, however often S3 says that it came', async () => {
    const key = bucket.upload('first', pair());
    await acceptManifest(key, bucket);
    bucket.tick();
    const before = bucket.snapshot();

    await expect(acceptManifest(key, bucket)).resolves.toMatchObject({ outcome: 'UNCHANGED' });
    expect(bucket.snapshot()).toBe(before);
    expect(bucket.events).toHaveLength(1);
  });

  test('does not come back when its event is repeated after a newer one', async () => {
    const old = bucket.upload('old', pair());
    await acceptManifest(old, bucket);
    bucket.tick();
    await acceptManifest(bucket.upload('new', [...pair(), bucket.anItem('three')]), bucket);

    await expect(acceptManifest(old, bucket)).resolves.toEqual({ outcome: 'OUTDATED' });
    expect(await bucket.currentDataset()).toMatchObject({ items: 3 });
  });

  test('comes back when it is uploaded again', async () => {
    await acceptManifest(bucket.upload('old', pair()), bucket);
    bucket.tick();
    await acceptManifest(bucket.upload('new', [...pair(), bucket.anItem('three')]), bucket);
    bucket.tick();

    const answer = await acceptManifest(bucket.upload('old', pair()), bucket);
    expect(answer.outcome).toBe('ACCEPTED');
    expect(await bucket.currentDataset()).toMatchObject({ items: 2 });
  });

  test('reads an image that several lines name only once', async () => {
    const item = bucket.anItem('one');
    const lines = [item, { ...item, id: 'again' }, bucket.anItem('two', { label: 'scratch' })];
    await acceptManifest(bucket.upload('twice', lines), bucket);
    expect(bucket.reads).toBe(2);
  });

  test('may have 3,000 images', async () => {
    const labels = ['good', 'scratch', 'dent'];
    const lines = Array.from({ length: 3_000 }, (_, index) =>
      bucket.anItem(`item-${index}`, { label: labels[index % 3] as string }),
    );
    await acceptManifest(bucket.upload('large', lines), bucket);
    expect(await bucket.currentDataset()).toMatchObject({ items: 3_000 });
  });
});

describe('a rejected manifest', () => {
  /** Group ids in different splits. */
  const inTrain = 'group-of-train';
  const inTest = Array.from({ length: 100 }, (_, index) => `group-${index}`).find(
    (groupId) => splitOf(groupId) !== splitOf(inTrain),
  );

  test.each<[string, () => (object | string)[], string]>([
    ['a line that is no JSON', () => [...pair(), '{"id":'], 'not JSON'],
    [
      'a line that breaks off in the middle',
      () => [...pair(), JSON.stringify(pair()[0]).slice(0, 40)],
      'not JSON',
    ],
    [
      'an unknown field',
      () => [...pair(), bucket.anItem('x', { colour: 'red' } as object)],
      "unknown field 'colour'",
    ],
    ['a missing field', () => [...pair(), { id: 'x' }], "must have required property 'sha256'"],
    [
      'a class name with a capital',
      () => [...pair(), bucket.anItem('x', { label: 'Good' })],
      'label: must match',
    ],
    [
      'a key outside images/',
      () => [...pair(), bucket.anItem('x', { key: 'manifests/current.json' })],
      "key: must start with 'images/'",
    ],
    [
      'a split that somebody else chose',
      () => [...pair(), bucket.anItem('x', { split: 'test' })],
      'split: must be absent',
    ],
    [
      'an id that is used twice',
      () => [...pair(), bucket.anItem('one', {}, 'another picture')],
      "id: 'one' is used in line 1",
    ],
    [
      'an image that is not there',
      () => [...pair(), bucket.anItem('x', { key: 'images/none.jpg' })],
      "there is no object 'images/none.jpg'",
    ],
    [
      'an image with other bytes',
      () => [...pair(), bucket.anItem('x', { sha256: 'a'.repeat(64) })],
      `the manifest says ${'a'.repeat(64)}`,
    ],
    [
      'the same image in two splits',
      () => [
        bucket.anItem('x', { groupId: inTrain }, 'same'),
        bucket.anItem('y', { groupId: inTest ?? '' }, 'same'),
        bucket.anItem('two', { label: 'scratch' }),
      ],
      'give both the same groupId',
    ],
    [
      'the same image with two labels',
      () => [
        bucket.anItem('x', { groupId: 'g' }, 'same'),
        bucket.anItem('y', { groupId: 'g', label: 'scratch' }, 'same'),
      ],
      "there 'good', here 'scratch'",
    ],
    ['one class only', () => [bucket.anItem('one')], 'at least 2 classes are needed'],
    ['no line', () => [], 'the manifest has no line'],
    ['a line without end', () => [...pair(), 'x'.repeat(70_000)], 'more than 65536 characters'],
  ])('case 31: %s', async (_, lines, problem) => {
    const key = bucket.upload('broken', lines());
    const answer = await acceptManifest(key, bucket);

    expect(answer.outcome).toBe('REJECTED');
    const report = JSON.parse(bucket.objects.get('manifests/rejected/broken.report.json')?.body ?? '{}');
    expect(report.manifest).toBe(key);
    expect(report.problems.map((entry: { problem: string }) => entry.problem).join('\n')).toContain(problem);
    expect(bucket.events).toEqual([{ manifest: key, problems: report.problems.length }]);
  });

  test('changes nothing of the dataset before it', async () => {
    await acceptManifest(bucket.upload('good', pair()), bucket);
    const current = bucket.objects.get(CURRENT_KEY);
    bucket.tick();

    await acceptManifest(bucket.upload('broken', [...pair(), '{']), bucket);
    expect(bucket.objects.get(CURRENT_KEY)).toBe(current);
  });

  test('is told everything at once, in the order of its lines', async () => {
    const lines = [
      '{',
      bucket.anItem('x', { sha256: 'a'.repeat(64) }),
      bucket.anItem('y', { key: 'images/none.jpg' }),
    ];
    const answer = await acceptManifest(bucket.upload('broken', lines), bucket);
    expect(answer.outcome === 'REJECTED' && answer.problems.map(({ line }) => line)).toEqual([1, 2, 3]);
  });

  test('is read no further after 1,000 problems', async () => {
    const answer = await acceptManifest(
      bucket.upload(
        'noise',
        Array.from({ length: 5_000 }, () => 'noise'),
      ),
      bucket,
    );
    expect(answer.outcome === 'REJECTED' && answer.problems).toHaveLength(1_000);
  });

  test('a key outside the incoming folder is no manifest', async () => {
    await expect(acceptManifest('manifests/accepted/x.jsonl', bucket)).rejects.toThrow(
      'not the key of an incoming',
    );
  });

  test('a stream that breaks off is tried again, not taken for the end', async () => {
    const key = bucket.upload('first', pair());
    const broken = Object.assign(Object.create(bucket), {
      openManifest: async () => ({
        lastModified: bucket.clock,
        lines: (async function* () {
          yield JSON.stringify(bucket.anItem('one'));
          throw new Error('connection reset');
        })(),
      }),
    });
    await expect(acceptManifest(key, broken)).rejects.toThrow('connection reset');
    expect(await bucket.currentDataset()).toBeUndefined();
  });
});

test('no accepted dataset has one picture in two splits', async () => {
  const line = fc.record({
    id: fc.stringMatching(/^[a-z]{1,3}$/),
    groupId: fc.stringMatching(/^[ab]$/),
    picture: fc.constantFrom('p', 'q', 'r'),
    label: fc.constantFrom('good', 'scratch'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      const own = new FakeDatasetBucket();
      const key = own.upload(
        'any',
        lines.map(({ id, groupId, label, picture }) => own.anItem(id, { groupId, label }, picture)),
      );
      const answer = await acceptManifest(key, own);
      if (answer.outcome !== 'ACCEPTED') return;
      const body = own.objects.get(answer.dataset.key)?.body ?? '';
      const splits = new Map<string, Set<string>>();
      for (const { sha256, split } of body
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text))) {
        splits.set(sha256, (splits.get(sha256) ?? new Set()).add(split));
      }
      expect([...splits.values()].every(({ size }) => size === 1)).toBe(true);
    }),
  );
});

/** Prepared in training/tests/test_prepare.py, with the same answers. */
describe('[B27] splits that the source gave', () => {
  test.each(givenSplits.cases)('$name', async ({ lines, splits, refused }) => {
    const items = lines.map(({ image, ...line }, index) =>
      bucket.anItem(`item-${index}`, line as object, `picture ${image}`),
    );
    const answer = await acceptManifest(bucket.upload('given', items), bucket);
    if (splits) {
      const { key = '' } = (await bucket.currentDataset()) ?? {};
      const accepted = bucket.objects.get(key)?.body.trim().split('\n') ?? [];
      expect(accepted.map((line) => JSON.parse(line).split)).toEqual(splits);
      expect(accepted.map((line) => JSON.parse(line).splitGiven)).toEqual(
        lines.map((line) => ('splitGiven' in line ? line.splitGiven : undefined)),
      );
    } else {
      expect(answer).toMatchObject({
        outcome: 'REJECTED',
        problems: expect.arrayContaining([
          { line: refused?.line, problem: expect.stringContaining(refused?.problem ?? '') },
        ]),
      });
    }
  });

  test('a manifest that the gate has accepted is accepted again with the same digest', async () => {
    const given = { split: 'test', splitGiven: true } as const;
    const items = [bucket.anItem('one', given), bucket.anItem('two', { label: 'scratch' })];
    await acceptManifest(bucket.upload('first', items), bucket);
    const first = await bucket.currentDataset();
    bucket.tick();
    await acceptManifest(bucket.upload('second', items), bucket);
    expect((await bucket.currentDataset())?.manifestSha256).toBe(first?.manifestSha256);
  });
});
