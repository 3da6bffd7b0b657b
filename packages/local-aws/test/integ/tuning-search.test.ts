/** The real search, in its own process: ranges, scales, seeds, and that it learns. */
import { optunaSearch, type SearchSettings } from '../../sagemaker/tuning/search';
import { PYTHON } from '../python';

const startSearch = optunaSearch(PYTHON);
const settings: SearchSettings = {
  strategy: 'Random',
  goal: 'Maximize',
  seed: 3,
  trials: 30,
  ranges: {
    ContinuousParameterRanges: [
      { Name: 'rate', MinValue: '1e-6', MaxValue: '1', ScalingType: 'Logarithmic' },
      { Name: 'share', MinValue: '0', MaxValue: '1', ScalingType: 'Linear' },
    ],
    IntegerParameterRanges: [{ Name: 'depth', MinValue: '1', MaxValue: '3' }],
    CategoricalParameterRanges: [{ Name: 'block', Values: ['mobile', 'shuffle'] }],
  },
};

/** Asks and answers until all trials are done; one trial in five fails. */
async function search(changes: Partial<SearchSettings>, quality: (values: Record<string, string>) => number) {
  const running = startSearch({ ...settings, ...changes });
  const tried: Record<string, string>[] = [];
  for (let trial = 0; trial < settings.trials; trial++) {
    const values = await running.ask(trial);
    running.tell(trial, trial % 5 === 4 ? undefined : quality(values));
    tried.push(values);
  }
  running.close();
  return tried;
}

test('[S6] values stay in their ranges, logarithmic ones in every decade, and a seed repeats them', async () => {
  const [tried, again] = await Promise.all([search({}, () => 0), search({}, () => 1)]);
  expect(again).toEqual(tried);
  for (const { rate, share, depth, block } of tried) {
    expect(Number(rate)).toBeGreaterThanOrEqual(1e-6);
    expect(Number(rate)).toBeLessThanOrEqual(1);
    expect(Number(share)).toBeLessThanOrEqual(1);
    expect(['1', '2', '3']).toContain(depth);
    expect(['mobile', 'shuffle']).toContain(block);
  }
  // On a linear scale 97 of 100 would be above 0.03.
  expect(tried.filter(({ rate }) => Number(rate) < 1e-3).length).toBeGreaterThan(8);
});

test('[S6] a Bayesian search learns from its results: its later trials are better than its first', async () => {
  const quality = ({ share, block }: Record<string, string>) =>
    (block === 'mobile' ? 0 : -1) - Math.abs(Number(share) - 0.25);
  const tried = (await search({ strategy: 'Bayesian' }, quality)).map(quality);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(tried.slice(-10))).toBeGreaterThan(mean(tried.slice(0, 10)) + 0.2);
  expect(Math.max(...tried)).toBeGreaterThan(-0.05);
});

test('a search that breaks down says what it said last', async () => {
  const broken = startSearch({ ...settings, ranges: { IntegerParameterRanges: [{ Name: 'depth' }] } });
  await expect(broken.ask(0)).rejects.toThrow(
    /InternalServerError: the search ended: [\s\S]*KeyError: 'MinValue'/,
  );
  const absent = optunaSearch('/nowhere/python')(settings);
  await expect(absent.ask(0)).rejects.toThrow('InternalServerError: spawn /nowhere/python ENOENT');
});
