import fc from 'fast-check';
import type { ImagePolicy, ModelInput } from '../../contracts';
import { problemsOf } from '../../contracts';
import examples from '../../contracts/examples/image-policy.json';
import {
  completeImagePolicy,
  DEFAULT_IMAGE_POLICY,
  imageGeometry,
  inputProblems,
  isSamePolicy,
  policyOfInput,
  regionProblems,
} from '../../contracts/image-policy';
import schema from '../../contracts/schemas/image-policy.schema.json';

test('[B27] defaults are those of the schema', () => {
  const { width, height, fit, colour } = schema.properties;
  expect(DEFAULT_IMAGE_POLICY).toEqual({
    width: width.default,
    height: height.default,
    fit: fit.default,
    colour: colour.default,
  });
  expect(completeImagePolicy({ height: 64, fit: 'crop' })).toEqual({
    ...DEFAULT_IMAGE_POLICY,
    height: 64,
    fit: 'crop',
  });
});

test.each(examples.geometries.frames)(
  '[B27] geometry of a frame of $frame, as the cloud has it',
  (example) => {
    const [width = 0, height = 0] = example.frame;
    const found = examples.geometries.policies.map((policy) => {
      const { source, target } = imageGeometry(completeImagePolicy(policy as ImagePolicy), { width, height });
      return [source, target].flatMap((part) => [part.left, part.top, part.width, part.height]);
    });
    expect(found).toEqual(example.found);
  },
);

const share = fc
  .tuple(fc.integer({ min: 0, max: 9_900 }), fc.integer({ min: 100, max: 10_000 }))
  .map(([start, size]) => [start / 10_000, Math.min(size, 10_000 - start) / 10_000] as const);
const region = fc.tuple(share, share).map(([[x, width], [y, height]]) => ({ x, y, width, height }));
const policies = fc.record(
  {
    width: fc.integer({ min: 64, max: 1024 }),
    height: fc.integer({ min: 64, max: 1024 }),
    fit: fc.constantFrom('stretch' as const, 'letterbox' as const, 'crop' as const),
    colour: fc.constantFrom('rgb' as const, 'gray' as const),
    region,
  },
  { requiredKeys: ['width', 'height', 'fit', 'colour'] },
);

test('[B27] what is cut out lies in the frame, and comes to lie in the input', () => {
  const side = fc.integer({ min: 1, max: 5_000 });
  fc.assert(
    fc.property(policies, side, side, (policy, width, height) => {
      expect(problemsOf('image-policy', policy)).toEqual([]);
      expect(regionProblems(policy.region)).toEqual([]);
      const { source, target } = imageGeometry(policy, { width, height });
      for (const [part, whole] of [
        [source, { width, height }],
        [target, policy],
      ] as const) {
        expect(Math.min(part.left, part.top, part.width - 1, part.height - 1)).toBeGreaterThanOrEqual(0);
        expect(part.left + part.width).toBeLessThanOrEqual(whole.width);
        expect(part.top + part.height).toBeLessThanOrEqual(whole.height);
      }
    }),
  );
});

test('[B27] a region must lie inside of the frame; every problem is named', () => {
  expect(regionProblems({ x: 0.5, y: 0.25, width: 0.5001, height: 0.76 })).toEqual([
    'region.width: must be at most 1 - x (x is 0.5), got 0.5001',
    'region.height: must be at most 1 - y (y is 0.25), got 0.76',
  ]);
  expect(regionProblems({ x: 0.3, y: 0.1, width: 0.7, height: 0.9 })).toEqual([]);
});

describe("a release's input", () => {
  const input: ModelInput = { name: 'image', width: 96, height: 64, outputName: 'p' };

  test('[B27] of old is read: it takes its own size only, or stretches', () => {
    expect(policyOfInput(input)).toBeUndefined();
    expect(policyOfInput({ ...input, resize: 'none' })).toBeUndefined();
    expect(policyOfInput({ ...input, resize: 'stretch' })).toEqual({
      width: 96,
      height: 64,
      fit: 'stretch',
      colour: 'rgb',
    });
  });

  test('[B27] holds the whole policy', () => {
    const policy = {
      width: 96,
      height: 64,
      fit: 'crop',
      colour: 'gray',
      region: { x: 0, y: 0, width: 0.5, height: 1 },
    } as const;
    const { fit, ...rest } = policy;
    expect(policyOfInput({ ...input, ...rest, resize: fit })).toEqual(policy);
  });

  test('[B27] that says what nobody would obey is refused', () => {
    const whole = { x: 0, y: 0, width: 1, height: 1 };
    expect(inputProblems({ ...input, resize: 'letterbox', colour: 'gray', region: whole })).toEqual([]);
    expect(inputProblems({ ...input, colour: 'gray', region: { ...whole, x: 0.5 } })).toEqual([
      'input.region: must be left out where input.resize is none',
      'input.colour: must be left out where input.resize is none',
      'input.region.width: must be at most 1 - x (x is 0.5), got 1',
    ]);
  });
});

test('[B27] policies are the same when they make the same of every frame', () => {
  fc.assert(
    fc.property(policies, policies, (one, other) => {
      expect(isSamePolicy(one, structuredClone(one))).toBe(true);
      expect(isSamePolicy(one, undefined)).toBe(false);
      expect(isSamePolicy(one, other)).toBe(
        JSON.stringify({ ...one, region: one.region ?? null }, sorted) ===
          JSON.stringify({ ...other, region: other.region ?? null }, sorted),
      );
    }),
  );
  expect(isSamePolicy(undefined, undefined)).toBe(true);
});

/** Fields in one order. */
const sorted = (_: string, value: unknown): unknown =>
  value !== null && typeof value === 'object'
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => one.localeCompare(other)))
    : value;
