import { bytes, count, milliseconds, percent } from '../format';
import { type Html, section } from '../html';
import type { ReportData } from '../report-data';
import { table } from '../table';

export function modelsSection({
  models,
  codes,
}: Pick<ReportData, 'models'> & Partial<Pick<ReportData, 'codes'>>): Html {
  return section(
    'models',
    'Models',
    'Each release carries the same network in two precisions, and the larger one that answers in the cloud. The linear baseline is logistic regression on the same images, grey and reduced to 32 × 32: what a network must beat to be worth its size.',
    table(
      'Releases and their variants',
      ['release', 'variant', 'size', 'time per frame', 'accuracy', 'test accuracy', 'linear baseline'],
      models.flatMap(({ releaseId, testAccuracy, linearBaselineAccuracy, variants }) =>
        variants.map(({ name, bytes: size, milliseconds: time, accuracy }) => [
          releaseId,
          name,
          bytes(size),
          milliseconds(time),
          percent(accuracy),
          percent(testAccuracy),
          percent(linearBaselineAccuracy),
        ]),
      ),
    ),
    codes === undefined
      ? ''
      : table(
          'Numbers by which controllers know the classes: none has ever moved',
          ['class', 'number', 'since'],
          codes.map(({ className, code, since }) => [className, count(code), since]),
        ),
  );
}
