import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorkDirectory, WorkDirectoryError } from '../../demo/work-directory';

describe("the demo's folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaizen-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('refuses a second demo and names the first', () => {
    const first = openWorkDirectory(folder);
    expect(() => openWorkDirectory(folder)).toThrow(WorkDirectoryError);
    expect(() => openWorkDirectory(folder)).toThrow(new RegExp(`process ${process.pid}`));
    first.release();
    openWorkDirectory(folder).release();
  });

  test('takes over the lock of a demo that has died', () => {
    // Above the largest process id that Linux gives (2^22).
    writeFileSync(join(folder, 'lock'), '4194305');
    expect(() => openWorkDirectory(folder).release()).not.toThrow();
  });

  test('refuses a disk that is nearly full, says how much is needed, and leaves no lock', () => {
    expect(() => openWorkDirectory(folder, () => 5e8)).toThrow(
      /has 0\.5 GB of free disk and the demo needs 2 GB/,
    );
    expect(existsSync(join(folder, 'lock'))).toBe(false);
  });

  test("keeps an earlier report and empties only the run's own folder", () => {
    writeFileSync(join(folder, 'report.html'), 'earlier');
    const first = openWorkDirectory(folder);
    writeFileSync(join(first.run, 'leftover'), 'x');
    first.release();
    const second = openWorkDirectory(folder);
    expect(existsSync(join(folder, 'report.html'))).toBe(true);
    expect(existsSync(join(second.run, 'leftover'))).toBe(false);
    second.release();
  });
});
