import fc from 'fast-check';
import { type Components, compose, includes, restarts } from '../../../lambda/rollout/compose-deployment';

const OURS = [
  { name: 'com.kaizenedge.local.Inference', version: '1.2.3' },
  { name: 'com.kaizenedge.local.model.Surface', version: '1.0.7' },
];

const specification = fc.record(
  {
    componentVersion: fc.stringMatching(/^\d\.\d\.\d$/),
    configurationUpdate: fc.record({ merge: fc.json(), reset: fc.array(fc.string()) }, { requiredKeys: [] }),
    runWith: fc.record({ posixUser: fc.string() }),
  },
  { requiredKeys: ['componentVersion'] },
);
const components: fc.Arbitrary<Components> = fc.dictionary(
  fc.oneof(fc.stringMatching(/^[a-z.]{1,20}$/), fc.constantFrom(...OURS.map(({ name }) => name))),
  specification,
);

describe('[B9] the composed deployment', () => {
  test('never changes, drops or adds a component of others', () => {
    fc.assert(
      fc.property(components, (current) => {
        const composed = compose(current, OURS);
        const foreign = (all: Components) =>
          Object.fromEntries(Object.entries(all).filter(([name]) => !OURS.some((our) => our.name === name)));
        expect(foreign(composed)).toEqual(foreign(current));
      }),
    );
  });

  test('always has ours, at our versions', () => {
    fc.assert(
      fc.property(components, (current) => expect(includes(compose(current, OURS), OURS)).toBe(true)),
    );
  });

  test('composed again is the same', () => {
    fc.assert(
      fc.property(components, (current) => {
        const composed = compose(current, OURS);
        expect(compose(composed, OURS)).toEqual(composed);
      }),
    );
  });

  test('leaves what it was given alone', () => {
    fc.assert(
      fc.property(components, (current) => {
        const before = structuredClone(current);
        compose(current, OURS);
        expect(current).toEqual(before);
      }),
    );
  });

  test("keeps an operator's configuration of our component", () => {
    const configurationUpdate = { merge: '{"statusIntervalSeconds":30}' };
    const current = { 'com.kaizenedge.local.Inference': { componentVersion: '1.0.0', configurationUpdate } };
    expect(compose(current, OURS)['com.kaizenedge.local.Inference']).toEqual({
      componentVersion: '1.2.3',
      configurationUpdate,
    });
  });
});

describe('whether a deployment restarts something', () => {
  const [inference, model] = OURS as [(typeof OURS)[0], (typeof OURS)[0]];
  const at = (version: string) => ({ [inference.name]: { componentVersion: version } });
  test.each([
    ['a new model beside the same code', at('1.2.3'), [inference, { ...model, hotSwapped: true }], false],
    ['new code', at('1.2.2'), [inference, { ...model, hotSwapped: true }], true],
    ['the first deployment of all', {}, [inference, { ...model, hotSwapped: true }], true],
    ['a component that is not hot-swapped', at('1.2.3'), [inference, model], true],
  ])('%s', (_, current, ours, expected) => {
    expect(restarts(current, ours)).toBe(expected);
  });
});
