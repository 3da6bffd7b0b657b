import { lastResults } from '../../try/line';
import { observation } from './report/seen';

const ids = ['1', '2', '3'];
const shown = ids.map((id) => ({ frameId: `frame-${id}` }));
const PATIENCE = { quietLooks: 4, lookMilliseconds: 1 };
const none = new AbortController().signal;

/** Gives one more result at each look, up to `most`. */
function results(most: number) {
  let looks = 0;
  return {
    refresh: async () => {
      looks++;
    },
    get all() {
      return ids.slice(0, Math.min(looks, most)).map((id) => observation({ id, truth: 'good' }));
    },
    get looks() {
      return looks;
    },
  };
}

describe('[B27] the last results of an inspection', () => {
  test('are waited for, and not longer', async () => {
    const coming = results(3);
    await lastResults(coming, shown, none, PATIENCE);
    expect(coming.looks).toBe(3);
  });

  test('are given up when none comes any more', async () => {
    const coming = results(2);
    await lastResults(coming, shown, none, PATIENCE);
    // Two that gave one, and as many without.
    expect(coming.looks).toBe(2 + PATIENCE.quietLooks - 1);
  });

  test('are not waited for after Ctrl-C', async () => {
    await expect(lastResults(results(2), shown, AbortSignal.abort(), PATIENCE)).rejects.toThrow();
  });
});
