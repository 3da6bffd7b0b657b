import { count, milliseconds } from '../../../demo/report/format';
import { type Html, html, section } from '../../../demo/report/html';
import { table } from '../../../demo/report/table';
import type { TryReportData } from '../report-data';

export function devicesSection({ inspection }: TryReportData): Html {
  return section(
    'devices',
    'The devices',
    'Four simulated Greengrass core devices, each a process of its own with its own certificate; every second has nucleus lite.',
    inspection
      ? table(
          'Held-out images by device',
          ['device', 'wave', 'nucleus', 'images', 'median time per image'],
          inspection.devices.map(({ deviceId, wave, nucleus, images, medianMilliseconds }) => [
            deviceId,
            wave,
            nucleus,
            count(images),
            milliseconds(medianMilliseconds),
          ]),
        )
      : html`<p class="none">No release came into service.</p>`,
  );
}
