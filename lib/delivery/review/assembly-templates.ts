import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentTemplates, StackTemplate } from '../environment-templates';

interface Manifest {
  readonly artifacts?: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly properties?: { readonly templateFile?: string; readonly stackName?: string };
      }
    >
  >;
}

/**
 * The templates of one environment as `cdk synth` wrote them, by the name of their stack.
 * @param folder of the cloud assembly, such as `cdk.out`
 * @throws Error where it has no such environment
 */
export function assemblyTemplates(folder: string, environmentName: string): EnvironmentTemplates {
  const stage = join(folder, `assembly-${environmentName}`);
  const manifest: Manifest = JSON.parse(readFileSync(join(stage, 'manifest.json'), 'utf8'));
  return new Map(
    Object.values(manifest.artifacts ?? {})
      .filter(({ type }) => type === 'aws:cloudformation:stack')
      .map(({ properties }): [string, StackTemplate] => [
        properties?.stackName ?? '',
        JSON.parse(readFileSync(join(stage, properties?.templateFile ?? ''), 'utf8')),
      ]),
  );
}
