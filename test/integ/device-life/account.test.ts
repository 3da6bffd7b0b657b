import { account, type Books } from './account';

const books = (produced: string, archived: string, counted: number, dropped: number): Books => ({
  produced: new Set(produced.split('')),
  archived: archived.split(''),
  counted,
  dropped,
});
const BALANCED = { twice: 0, invented: 0, miscounted: 0, lostUncounted: 0 };

test.each([
  ['everything has arrived', books('abc', 'abc', 3, 0), BALANCED],
  ['one was dropped, and counted', books('abc', 'ac', 2, 1), BALANCED],
  ['one is lost, and nobody knows', books('abc', 'ac', 2, 0), { ...BALANCED, lostUncounted: 1 }],
  ['one was given up, and arrived', books('abc', 'abc', 3, 1), { ...BALANCED, lostUncounted: -1 }],
  ['one is archived twice', books('abc', 'abcb', 3, 0), { ...BALANCED, twice: 1 }],
  ['one is counted twice', books('abc', 'abc', 4, 0), { ...BALANCED, miscounted: 1 }],
  ['one was never produced', books('abc', 'abcd', 4, 0), { ...BALANCED, invented: 1 }],
])('[B25] the books say that %s', (_, given, expected) => {
  expect(account(given)).toEqual(expected);
});
