import { listPage } from '../../sagemaker/api/paging';
import type { JsonObject } from '../../sagemaker/json';

const all = Array.from({ length: 25 }, (_, index) => ({
  name: `job-${index}`,
  created: new Date(1_000_000 + Math.floor(index / 2) * 1000),
}));
const options = {
  createdAt: (item: (typeof all)[number]) => item.created,
  nameOf: (item: (typeof all)[number]) => item.name,
  descending: true,
  pageSize: 10,
};

function everything(request: JsonObject): string[] {
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = listPage(all, { ...request, NextToken }, options);
    names.push(...page.items.map(({ name }) => name));
    NextToken = page.nextToken;
  } while (NextToken !== undefined);
  return names;
}

test('pages hold everything once, newest first unless told otherwise', () => {
  const names = all.map(({ name }) => name);
  expect(everything({ SortOrder: 'Ascending' })).toEqual(names);
  expect(everything({})).toEqual([...names].reverse());
  expect(everything({ MaxResults: 7, SortBy: 'Name' })).toHaveLength(25);
});

test('time and name filter', () => {
  expect(everything({ CreationTimeAfter: 1010, SortOrder: 'Ascending' })).toEqual([
    'job-22',
    'job-23',
    'job-24',
  ]);
  expect(everything({ CreatedBefore: 1001 }).sort()).toEqual(['job-0', 'job-1']);
  expect(everything({ NameContains: '-2' })).toHaveLength(6);
});

test('a token of somebody else is refused', () => {
  expect(() => listPage(all, { NextToken: 'x' }, options)).toThrow('is not a token of this service');
});
