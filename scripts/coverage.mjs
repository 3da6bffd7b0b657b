/** What tests have run through, by top-level folder: a measurement to read, and no gate. */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import libCoverage from 'istanbul-lib-coverage';

const NOTE =
  'Run through by unit, infrastructure and Python tests. What runs in processes of its own (devices, jobs, the demo) does not count.';

const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);

/** A package is a room of its own. */
function roomOf(path) {
  const [top, next] = path.split('/');
  return top === 'packages' ? `${top}/${next}` : top;
}

/** Path from the root -> counts of lines and branches, `{covered, total}` each. */
function countsOfJest(root, files) {
  const map = libCoverage.createCoverageMap();
  for (const found of files.map(read)) if (found) map.merge(found);
  return map.files().map((path) => {
    const { lines, branches } = map.fileCoverageFor(path).toSummary();
    return { path: relative(root, path), lines, branches };
  });
}

function countsOfPython(file) {
  return Object.entries(read(file)?.files ?? {}).map(([path, { summary }]) => ({
    path,
    lines: { covered: summary.covered_lines, total: summary.num_statements },
    branches: { covered: summary.covered_branches, total: summary.num_branches },
  }));
}

function share({ covered, total }) {
  const percent = total === 0 ? '-' : `${((100 * covered) / total).toFixed(1)} %`;
  return `${percent.padStart(7)} of ${String(total).padStart(5)}`;
}

/**
 * The table, or an empty text when nothing was measured.
 * @param {string} root folder of the repository
 * @param {readonly string[]} jestFiles `coverage-final.json` of each run; those that are missing are left out
 * @param {string} pythonFile report of coverage.py, as JSON
 */
export function coverageTable(root, jestFiles, pythonFile) {
  const rooms = new Map();
  for (const { path, lines, branches } of [...countsOfJest(root, jestFiles), ...countsOfPython(pythonFile)]) {
    const room = roomOf(path);
    const sum = rooms.get(room) ?? { lines: { covered: 0, total: 0 }, branches: { covered: 0, total: 0 } };
    for (const [kind, found] of Object.entries({ lines, branches })) {
      sum[kind].covered += found.covered;
      sum[kind].total += found.total;
    }
    rooms.set(room, sum);
  }
  if (rooms.size === 0) return '';
  const rows = [...rooms]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(
      ([room, { lines, branches }]) =>
        `${room.padEnd(20)} lines ${share(lines)}   branches ${share(branches)}`,
    );
  return `${NOTE}\n${rows.join('\n')}\n`;
}
