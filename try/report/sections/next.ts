import { type Html, html, section } from '../../../demo/report/html';
import type { TryReportData } from '../report-data';

/** What to do now, by what was found. */
export function nextSection(data: TryReportData): Html {
  const { inspection, training } = data;
  const steps = [
    ...(training.registered
      ? []
      : [
          'The gate says what is missing: more images of the classes that it names, or looser limits (--minimum-accuracy, --escape-limit, --false-reject-limit).',
        ]),
    ...(inspection && inspection.escapes.count + inspection.falseRejects.count > 0
      ? ['Look at the images above first: a label that is wrong costs more than any setting.']
      : []),
    ...(inspection && inspection.escapes.of < 100
      ? [
          'Few defective parts were held out, so the bounds are wide: more images of defects narrow them more than anything else.',
        ]
      : []),
    'Small defects on large parts: another input size, region or fit, docs/image-size.md.',
    'Your own training script: docs/training-scripts.md, and --script my.py here.',
    'The environment behind this report stays with --keep; configuration/local.ts beside this file is its configuration, to begin one of your own with.',
    'A real device: docs/tutorials/real-device.md.',
  ];
  return section('next', 'Next', '', html`<ul>${steps.map((step) => html`<li>${step}</li>`)}</ul>`);
}

export function methodSection(): Html {
  return section(
    'method',
    'How it was measured',
    '',
    html`<ul>
<li>Everything ran on one machine: the local AWS, the pipeline, and each device as a process of its own. No AWS account was used, so the times say nothing about times on AWS.</li>
<li>During the rollout the devices were shown held-out images at random; the figures count a round of its own afterwards, in which each held-out image is shown once, to one of the four.</li>
<li>The bounds are Wilson's 95 % intervals. They hold for parts that are like the held-out images: another light, another camera or a new defect is another line.</li>
<li>Results are counted as stored: compressed, as they are sent. Images leave a device only as captures, a few of them, chosen by chance and doubt.</li>
</ul>`,
  );
}
