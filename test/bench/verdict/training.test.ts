/** [B13] What the verdict's benchmark is trained as. */
import { DEMO_TRAINING, PLANT_TRAINING } from '../../../bench/verdict/frames';
import { local } from '../../../config/local';
import { prod } from '../../../config/prod';

test.each([
  ['a plant', PLANT_TRAINING, prod.training],
  ['the demo', DEMO_TRAINING, local.training],
])('[B13] as %s trains', (_, training, { epochs, widthMultiplier }) => {
  expect(training).toEqual({ epochs, widthMultiplier });
});
