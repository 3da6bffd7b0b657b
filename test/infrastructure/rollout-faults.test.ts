import { definitionOf } from './rollout-machine';
import { runAtRandom, runExhaustively } from './rollout-world/fault-runs';

const definition = definitionOf('prod');
test('exhaustive', async () => {
  const t = performance.now();
  const { points, calls, bad } = await runExhaustively(definition, (point) => point % 37 === 0);
  process.stderr.write(
    JSON.stringify(
      { points, calls, ms: performance.now() - t, bads: bad.length, bad: bad.slice(0, 6) },
      null,
      1,
    ),
  );
});
test('random', async () => {
  const t = performance.now();
  const { bad, ...rest } = await runAtRandom(
    definition,
    Array.from({ length: 60 }, (_, i) => i),
  );
  process.stderr.write(
    JSON.stringify({ ...rest, ms: performance.now() - t, bads: bad.length, bad: bad.slice(0, 6) }, null, 1),
  );
});
