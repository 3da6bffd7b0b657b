import fc from 'fast-check';
import { OutputTail } from '../../../../edge-components/inference/src/shared/output-tail';

const plain = (line: string): string => line;

test('keeps the last lines, without empty ones and control characters', () => {
  const tail = new OutputTail(2, plain);
  expect(tail.text()).toBe('');
  tail.push('one\r\ntwo\n\n  thr');
  tail.push('ee\u001b[0m \nfour');
  expect(tail.text()).toBe('three [0m; four');
});

test('a secret is found wherever the output is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (cuts) => {
      const output = 'opening rtsp://u:s3cret@cam/live\nrtsp://u:s3cret@cam/live: refused';
      const tail = new OutputTail(3, (line) => line.replaceAll('s3cret', '***'));
      for (let at = 0, cut = 0; at < output.length; cut++) {
        const end = at + (cuts[cut % cuts.length] as number);
        tail.push(output.slice(at, end));
        at = end;
      }
      expect(tail.text()).toBe('opening rtsp://u:***@cam/live; rtsp://u:***@cam/live: refused');
    }),
  );
});

test('a line without an end is not kept: neither memory nor half a secret', () => {
  const tail = new OutputTail(3, plain);
  for (let count = 0; count < 1_000; count++) tail.push('s3cret'.repeat(100));
  expect(tail.text()).toBe('(a very long line)');
  tail.push('\nshort\n');
  expect(tail.text()).toBe('(a very long line); short');
});
