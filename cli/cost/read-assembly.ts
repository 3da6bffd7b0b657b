/** The templates of an environment as `cdk synth` wrote them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../shared/errors';
import type { CostTemplate } from './read-facts';

interface Manifest {
  readonly artifacts?: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly environment?: string;
        readonly properties?: { readonly templateFile?: string };
      }
    >
  >;
}

export interface Assembly {
  readonly region: string;
  readonly templates: readonly CostTemplate[];
}

/**
 * @param folder of the cloud assembly, such as `cdk.out`
 * @throws InputError with the command that makes it, where it has no such environment
 */
export function readAssembly(folder: string, environmentName: string): Assembly {
  const stage = join(folder, `assembly-${environmentName}`);
  const command = `npx cdk synth '**' -c env=${environmentName} -q -o ${folder}`;
  if (!existsSync(join(stage, 'manifest.json'))) {
    const there = existsSync(folder)
      ? readdirSync(folder).filter((name) => name.startsWith('assembly-'))
      : [];
    throw new InputError(
      `'${folder}' has no templates of '${environmentName}' (it has ${there.join(', ') || 'none'}): run \`${command}\``,
    );
  }
  const manifest = JSON.parse(readFileSync(join(stage, 'manifest.json'), 'utf8')) as Manifest;
  const stacks = Object.values(manifest.artifacts ?? {}).filter(
    ({ type }) => type === 'aws:cloudformation:stack',
  );
  return {
    region: stacks[0]?.environment?.split('/').pop() ?? '',
    templates: stacks.map(
      ({ properties }) =>
        JSON.parse(readFileSync(join(stage, properties?.templateFile ?? ''), 'utf8')) as CostTemplate,
    ),
  };
}
