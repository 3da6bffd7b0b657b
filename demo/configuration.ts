/** What the demo deploys: the local environment, and what it shows beyond it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppConfig } from '../contracts';
import { type DemoSettings, YIELD } from './settings';

/** From the start of one retraining to the next. In the small demo, longer than it runs. */
const COOLDOWN_MINUTES = { one: 20, several: 4 } as const;

/** @param base the configuration of the local environment */
export function demoConfiguration(
  base: AppConfig,
  { turns, epochs, widthMultiplier, cloudWidthMultiplier, captures }: DemoSettings,
): AppConfig {
  return {
    ...base,
    dispositionPolicy: { ...base.dispositionPolicy, goodShare: YIELD },
    training: {
      ...base.training,
      // What the first execution is given, those that the loop starts take from here.
      epochs,
      widthMultiplier,
      cloudVariant: { widthMultiplier: cloudWidthMultiplier },
    },
    secondOpinion: {
      deadlineMilliseconds: 2_000,
      // Of a hundred parts in review ninety-seven are good: without this it could help with three.
      mayPass: true,
      // Never reached in a run; the pace bounds it. Under drift every frame goes to review.
      dailyBudget: { environment: 2_000, device: 500 },
      concurrency: 4,
      questionsPerMinute: 3,
    },
    device: {
      ...base.device,
      upload: {
        ...base.device.upload,
        dailyByteBudget: captures.dailyBytes,
        controlSampleProbability: 0.02,
        // Under drift nearly every frame is new.
        uncertainSampleProbability: captures.probability,
        noveltySampleProbability: captures.probability,
      },
      // Some twenty records to a message: alone, each would take ten times the bytes.
      outbox: { ...base.device.outbox, flushMilliseconds: 3_000 },
    },
    retraining: {
      ...base.retraining,
      minimumNewLabels: 180,
      cooldownMinutes: turns.length > 1 ? COOLDOWN_MINUTES.several : COOLDOWN_MINUTES.one,
    },
  };
}

/** Writes `<folder>/<environment>.ts`. @returns the folder */
export function writeConfiguration(folder: string, config: AppConfig): string {
  mkdirSync(folder, { recursive: true });
  const text = `/** Written by \`npm run demo\`. */\nexport const ${config.environmentName} = ${JSON.stringify(config, undefined, 2)};\n`;
  writeFileSync(join(folder, `${config.environmentName}.ts`), text);
  return folder;
}
