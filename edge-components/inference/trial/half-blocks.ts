/** A picture as text of a terminal: two pixels a character, in 24-bit colour. Pure. */
import type { DecodedImage } from '../src/ports';

const RESET = '\u001b[0m';
const UPPER_HALF = '▀';

/**
 * @param image RGB, as it is to be shown: one pixel a column, two a line; an odd last row has the terminal's background below it
 * @returns lines
 */
export function halfBlocks({ width, height, pixels }: DecodedImage): string[] {
  const colour = (row: number, column: number): string =>
    [0, 1, 2].map((channel) => pixels[(row * width + column) * 3 + channel]).join(';');
  return Array.from({ length: Math.ceil(height / 2) }, (_, line) => {
    const cells = Array.from({ length: width }, (_unused, column) => {
      const upper = `\u001b[38;2;${colour(2 * line, column)}m`;
      const lower = 2 * line + 1 < height ? `\u001b[48;2;${colour(2 * line + 1, column)}m` : '\u001b[49m';
      return `${upper}${lower}${UPPER_HALF}`;
    });
    return `${cells.join('')}${RESET}`;
  });
}
