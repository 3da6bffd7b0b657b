import { formatTable } from '../../../cli/shared/table';

test('a table is aligned, and empty it says so', () => {
  expect(
    formatTable(
      ['a', 'b'],
      [
        ['long', 'x'],
        ['y', ''],
      ],
    ),
  ).toBe('a     b\nlong  x\ny');
  expect(formatTable(['a'], [])).toBe('none');
});
