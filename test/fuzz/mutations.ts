/** Inputs near to good ones: what is merely random ends at a parser's first byte. */
import fc from 'fast-check';

interface Mutation {
  readonly kind: 'flip' | 'insert' | 'remove' | 'repeat' | 'cut' | 'splice';
  /** Share of the length. */
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array;
  /** Of the corpus, for `splice`. */
  readonly other: number;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
/** Bounds of lengths and counts are where readers err. */
const bytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 16 }),
  fc
    .constantFrom(
      ...[[0], [0xff], [0xff, 0xd8], [0xff, 0xd9], [0x0d, 0x0a], [0x7f, 0xff, 0xff, 0xff], [0x80, 0, 0, 0]],
      ...[[0xff, 0xff, 0xff, 0xff], Array<number>(10).fill(0xff), [0x22], [0x2d, 0x2d], [0xc3, 0x28]],
    )
    .map((values) => Uint8Array.from(values)),
);
const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('flip', 'insert', 'remove', 'repeat', 'cut', 'splice'),
  at: share,
  length: fc.nat(64),
  bytes,
  other: fc.nat(),
});

function mutate(
  corpus: readonly Buffer[],
  input: Buffer,
  { kind, at, length, bytes, other }: Mutation,
): Buffer {
  const place = Math.floor(at * input.length);
  const [head, tail] = [input.subarray(0, place), input.subarray(place)];
  const beyond = tail.subarray(Math.min(length, tail.length));
  switch (kind) {
    case 'flip':
      return Buffer.concat([head, bytes, tail.subarray(Math.min(bytes.length, tail.length))]);
    case 'insert':
      return Buffer.concat([head, bytes, tail]);
    case 'remove':
      return Buffer.concat([head, beyond]);
    case 'repeat':
      return Buffer.concat([head, tail.subarray(0, length), tail]);
    case 'cut':
      return head;
    case 'splice': {
      const from = corpus[other % corpus.length] as Buffer;
      return Buffer.concat([head, from.subarray(Math.floor(at * from.length))]);
    }
  }
}

/** A member of the corpus, as it is or after some mutations; one time in eight anything at all. */
export const nearTo = (corpus: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc.oneof(
    {
      weight: 7,
      arbitrary: fc
        .tuple(fc.constantFrom(...corpus), fc.array(mutation, { maxLength: 6 }))
        .map(([good, mutations]) => mutations.reduce((input, each) => mutate(corpus, input, each), good)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 512 }).map((random) => Buffer.from(random)) },
  );

/** The input in pieces, each as long as the next of `lengths`, again and again. */
export function pieces(input: Buffer, lengths: readonly number[]): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0, turn = 0; at < input.length; turn++) {
    const end = at + (lengths[turn % lengths.length] as number);
    cut.push(input.subarray(at, end));
    at = end;
  }
  return cut;
}
