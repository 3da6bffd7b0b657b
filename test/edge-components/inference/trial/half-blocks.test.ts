import { halfBlocks } from '../../../../edge-components/inference/trial/half-blocks';

test('[B27] two rows of pixels are one line; the last of an odd number has nothing below', () => {
  const image = { width: 2, height: 3, pixels: Uint8Array.from({ length: 18 }, (_, index) => index) };
  const start = '\u001b';
  expect(halfBlocks(image)).toEqual([
    `${start}[38;2;0;1;2m${start}[48;2;6;7;8m▀${start}[38;2;3;4;5m${start}[48;2;9;10;11m▀${start}[0m`,
    `${start}[38;2;12;13;14m${start}[49m▀${start}[38;2;15;16;17m${start}[49m▀${start}[0m`,
  ]);
});
