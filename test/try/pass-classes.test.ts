import { InputError } from '../../cli/shared/errors';
import { passClassesOf, refuseUnsaid } from '../../try/pass-classes';

const request = (classes: readonly string[], given?: readonly string[]) => ({
  classes,
  renamed: [{ from: 'i.O.', to: 'io' }],
  given,
});

describe('[B27] which classes may pass', () => {
  test.each([
    [['good', 'scratch'], ['good']],
    [['dent', 'ok'], ['ok']],
    [
      ['normal', 'ok', 'rust'],
      ['normal', 'ok'],
    ],
  ])('%s: told by the names', (classes, names) => {
    const found = passClassesOf(request(classes));
    expect(found?.names).toEqual(names);
    expect(found?.because).toContain(names[0]);
  });

  test.each([[['0', '1', '2']], [['a', 'goodish']], [['good', 'ok']]])(
    '%s: the names tell nothing, and nobody guesses',
    (classes) => {
      expect(passClassesOf(request(classes))).toBeUndefined();
    },
  );

  test('what is said counts, in the spelling of the source too, each once', () => {
    expect(passClassesOf(request(['bad', 'io', 'ok'], ['i.O.', 'io']))).toEqual({
      names: ['io'],
      because: 'said by --pass-classes',
    });
  });

  test.each([
    [['goot'], /must name classes of the data set \(bad, io\), got 'goot'/],
    [[], /at least one class/],
    [['bad', 'io'], /nothing would ever be taken out/],
  ])('%s is refused', (given, says) => {
    expect(() => passClassesOf(request(['bad', 'io'], given))).toThrow(says);
    expect(() => passClassesOf(request(['bad', 'io'], given))).toThrow(InputError);
  });

  test('when nobody can be asked, the refusal says what to write', () => {
    expect(() => refuseUnsaid(request(['0', '1']))).toThrow(/none of the classes 0, 1 .*--pass-classes 0/);
  });
});
