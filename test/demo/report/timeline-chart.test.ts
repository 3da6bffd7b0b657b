import { releaseColours } from '../../../demo/report/timeline-chart';
import { seededData } from './seeded-data';

test('a release that was taken back has the colour of what is wrong, and the one after it that of the one before', async () => {
  const colours = releaseColours(await seededData());
  const [first, second, wrong, back] = [1, 2, 3, 4].map((counter) =>
    colours.get(`surface-inspection-${counter}`),
  );
  expect(wrong).toBe('#D55E00');
  expect(back).toBe(second);
  expect(new Set([first, second, wrong]).size).toBe(3);
});
