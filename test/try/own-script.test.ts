import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownScriptAt, placeOwnScript, SCRIPTS_OF_TRY } from '../../try/own-script';

describe("[B27] a user's own script", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kaizen-try-'));
    writeFileSync(join(root, 'my.py'), 'print(1)');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('lies among the packed ones until it is taken away, twice if need be', () => {
    const placed = join(root, 'training', SCRIPTS_OF_TRY, 'my.py');
    const remove = placeOwnScript(ownScriptAt(join(root, 'my.py')), root);
    expect(readFileSync(placed, 'utf8')).toBe('print(1)');
    remove();
    remove();
    expect(existsSync(placed)).toBe(false);
    expect(existsSync(join(root, 'my.py'))).toBe(true);
  });

  test('that lies there already stays', () => {
    const folder = join(root, 'training', SCRIPTS_OF_TRY);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'mine.py'), 'print(2)');
    placeOwnScript(ownScriptAt(join(folder, 'mine.py')), root)();
    expect(readFileSync(join(folder, 'mine.py'), 'utf8')).toBe('print(2)');
  });

  test.each([
    ['my script.py', /letters, digits/],
    ['my.sh', /\.py at the end/],
    ['missing.py', /there is no file/],
  ])('%s is refused', (name, says) => {
    expect(() => ownScriptAt(join(root, name))).toThrow(says);
  });
});
