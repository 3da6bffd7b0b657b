/** G15: what bundling adds to a synthesis. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { context as cdkContext } from '../../cdk.json';
import { REPOSITORY_ROOT } from '../../scripts/repository';
import type { Benchmark } from '../figure';
import { interleave, ratioOf, seconds } from '../measure';
import type { InfrastructureContext } from './context';

const ROUNDS = 5;

/** Processor seconds of a program and of what it started, user and system, as the shell's `times` says them. */
async function processorSeconds(program: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn('bash', ['-c', `"$0" --import tsx "$@" >&2; times`, process.execPath, ...program], {
    cwd: REPOSITORY_ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  // `times`: two lines, of the shell and of its children, each `0m1.772s 0m0.265s`.
  const [, children = ''] = output.trim().split('\n');
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  if (code !== 0 || parts.length !== 2) throw new Error(`${program[0]} ended with ${code}:\n${errors}`);
  return parts.reduce((sum, part) => sum + part, 0);
}

export const synthesis: Benchmark<InfrastructureContext> = {
  figures: [
    {
      id: 'G15',
      what: 'processor time of bundling every function and synthesizing dev / of synthesizing alone',
      goal: 1.4,
      better: 'lower',
    },
  ],
  async measure({ folder }) {
    const synthesize = () =>
      processorSeconds(['bin/app.ts'], {
        CDK_CONTEXT_JSON: JSON.stringify({ ...cdkContext, env: 'dev' }),
        CDK_OUTDIR: join(folder, 'cdk.out'),
      });
    const bundle = () =>
      processorSeconds([join(__dirname, 'children', 'bundle-functions.ts'), join(folder, 'bundles')], {});
    const times = await interleave(ROUNDS, { bundle, synthesize });
    const whole = times.synthesize.map((value, round) => value + (times.bundle[round] as number));
    return new Map([
      [
        'G15',
        ratioOf(
          whole,
          times.synthesize,
          `bundling ${seconds(times.bundle)}, synthesizing four stacks with their rules ${seconds(times.synthesize)}, both as programs of their own`,
        ),
      ],
    ]);
  },
};
