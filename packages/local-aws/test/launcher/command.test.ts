import { runLocalAws } from '../../launcher/command';

let said: string[];
beforeEach(() => {
  said = [];
  delete process.env.LOCAL_AWS_PYTHON;
  for (const stream of ['log', 'error'] as const) {
    jest.spyOn(console, stream).mockImplementation((...parts: unknown[]) => {
      said.push(parts.join(' '));
    });
  }
});
const { LOCAL_AWS_PYTHON } = process.env;
afterEach(() => {
  jest.restoreAllMocks();
  if (LOCAL_AWS_PYTHON !== undefined) process.env.LOCAL_AWS_PYTHON = LOCAL_AWS_PYTHON;
});

test.each([
  ['no Python', [], '--python is missing, and LOCAL_AWS_PYTHON is not set'],
  ['an unknown option', ['--pyton', 'x'], "Unknown option '--pyton'."],
  ['an image without a Python', ['--python', 'x', '--image', 'torch'], "got 'torch'"],
  ['an image without a pattern', ['--python', 'x', '--image', '=python'], "got '=python'"],
  ['a pattern that is none', ['--python', 'x', '--image', '(=python'], '--image: Invalid regular expression'],
  ['a runtime without a Node', ['--python', 'x', '--runtime', 'nodejs24.x'], "got 'nodejs24.x'"],
])('%s is refused with the usage', async (_case, args, message) => {
  expect(await runLocalAws(args)).toBe(2);
  expect(said.join('\n')).toContain(message);
  expect(said.join('\n')).toContain('Usage: local-aws');
});

test('the usage is shown when it is asked for', async () => {
  expect(await runLocalAws(['--help'])).toBe(0);
  expect(said.join('\n')).toMatch(/^Usage: local-aws/);
});

test('a Python that does not start is named', async () => {
  expect(await runLocalAws([], { python: '/nowhere/python' })).toBe(1);
  expect(said.join('\n')).toMatch(/the local AWS did not start: ministack ended at start \(.*ENOENT\)/);
});
