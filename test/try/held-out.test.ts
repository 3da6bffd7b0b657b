import { splitOf } from '../../lambda/dataset/split';
import { heldOutItems, readHeldOut } from '../../try/held-out';

const item = (id: string, label: string, more: { split?: 'train' | 'test'; groupId?: string } = {}) => ({
  id,
  groupId: more.groupId ?? id,
  label,
  origin: 'imported' as const,
  capturedAt: '2026-11-27T00:00:00Z',
  ...(more.split && { split: more.split }),
  read: async () => Buffer.from(id.repeat(10)),
});
const groupsOf = (split: string, count: number): string[] =>
  Array.from({ length: 200 }, (_, index) => `part-${index}`)
    .filter((group) => splitOf(group) === split)
    .slice(0, count);

describe('[B27] held-out images', () => {
  test('are those of the test split, said by the source or by the hash, classes in turn', () => {
    const [inTest = '', alsoInTest = ''] = groupsOf('test', 2);
    const [inTrain = ''] = groupsOf('train', 1);
    const items = [
      item('a1', 'a', { groupId: inTest }),
      item('a2', 'a', { groupId: inTrain }),
      item('a3', 'a', { split: 'test', groupId: inTrain }),
      item('a4', 'a', { split: 'train', groupId: inTest }),
      item('b1', 'b', { groupId: alsoInTest }),
    ];
    expect(heldOutItems(items).map(({ id }) => id)).toEqual(['a1', 'b1', 'a3']);
  });

  test('are read as far as memory is meant for them, at least one', async () => {
    const items = ['aa', 'bb', 'cc'].map((id) => item(id, 'x'));
    expect((await readHeldOut(items)).map(({ name }) => name)).toEqual(['aa', 'bb', 'cc']);
    expect((await readHeldOut(items, 45)).map(({ name }) => name)).toEqual(['aa', 'bb']);
    expect((await readHeldOut(items, 1)).map(({ name, label }) => [name, label])).toEqual([['aa', 'x']]);
  });
});
