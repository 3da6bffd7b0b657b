/** Rendered frames with their truth, read from a folder with truth.jsonl and the images it names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StockFrame {
  readonly jpeg: Buffer;
  readonly label: string;
  /** What its source calls it. */
  readonly name?: string;
}

/** @throws Error naming the line of truth.jsonl that is not understood, or the image that is missing */
export function loadFrameStock(folder: string): StockFrame[] {
  const path = join(folder, 'truth.jsonl');
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  if (lines.length === 0) throw new Error(`${path}: no frames`);
  return lines.map((line, index) => {
    const { file, label } = JSON.parse(line) as { file?: unknown; label?: unknown };
    if (typeof file !== 'string' || typeof label !== 'string') {
      throw new Error(`${path}, line ${index + 1}: 'file' and 'label' must be strings`);
    }
    return { jpeg: readFileSync(join(folder, file)), label };
  });
}
