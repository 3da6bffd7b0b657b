import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';

export function methodSection({ latency }: ReportData): Html {
  return section(
    'method',
    'How it was measured',
    '',
    html`<ul>
<li>Everything ran on one machine: the local AWS, the pipelines, and each device as processes of its own with its own certificate. No AWS account was used, so the times say nothing about the times on AWS.</li>
<li>Of the parts on the line 97 % are good; the three known defects are 1 % each. While the tool is broken 20 % crack: a broken tool does not make good parts. So many parts pass in minutes that a share of defective ones rests on few of them: the counts stand beside it.</li>
<li>The parts are rendered, not photographed. The frames of the line come from other seeds than the dataset: no device saw a training image.</li>
<li>Accuracy compares what reached the cloud with the line's truth, which neither the devices nor the cloud can see. Uncertain frames count by their most probable class; invalid frames are left out.</li>
<li>Labels come from the truth, some seconds after the capture, as a person would give them; only captured images are labelled.</li>
<li>Edge latency is measured in the inference component, from the frame's arrival to its decision. The cloud's: ${latency.cloudWhat}.</li>
<li>Memory is the highest sampled sum over all processes; pages that processes share count more than once.</li>
<li>The broken tool, the wrong model, the flipped bit, the power cut and the missing network were arranged on purpose. What followed was not.</li>
</ul>`,
  );
}
