import { SentBatches } from '../../../../edge-components/inference/src/results/sent-batches';

const STREAM = '00000001-1a2b3c4d';
const RESEND = 300;
const batch = (sequence: number, sends = 1) => ({
  batchId: `${STREAM}-${String(sequence).padStart(8, '0')}`,
  sends,
});
const confirmed = (...received: [number, number][]) => ({ stream: STREAM, received });

function sentAt(...times: number[]) {
  const sent = new SentBatches<ReturnType<typeof batch>>();
  for (const [index, time] of times.entries()) sent.add(batch(index + 1), time);
  return sent;
}
const sequences = (items: Iterable<{ batchId: string }>): number[] =>
  [...items].map(({ batchId }) => Number(batchId.slice(-8)));

test('[L5] a confirmation names those of its stream that lie in its ranges', () => {
  const sent = sentAt(0, 0, 0, 0);
  expect(sequences(sent.confirm(confirmed([1, 2], [4, 9])))).toEqual([1, 2, 4]);
  expect(sent.confirm({ stream: 'another', received: [[1, 9]] })).toEqual([]);
});

test('[L5] what is missing between confirmed ones is sent again, once the cloud has had its time', () => {
  const sent = sentAt(0, 10, 20);
  for (const { batchId } of sent.confirm(confirmed([1, 1], [3, 3]))) sent.remove(batchId);
  expect(sent.due(10 + RESEND - 1, RESEND)).toBeUndefined();
  expect(sent.due(10 + RESEND, RESEND)).toEqual({ segment: batch(2), isRefused: false });
});

test('[L5] of what a confirmation says nothing of, the oldest alone asks again', () => {
  const sent = sentAt(0, 0, 0, 0);
  for (const { batchId } of sent.confirm(confirmed([3, 3]))) sent.remove(batchId);
  expect(sent.due(RESEND, RESEND)?.segment).toEqual(batch(1));
  // It is on its way; the others wait for its answer.
  sent.remove(batch(1).batchId);
  sent.add(batch(1, 2), RESEND);
  expect(sent.due(RESEND + 1, RESEND)).toBeUndefined();
  // The answer says nothing of them: the next one may ask at once.
  for (const { batchId } of sent.confirm(confirmed([1, 1]))) sent.remove(batchId);
  expect(sent.due(RESEND + 1, RESEND)?.segment).toEqual(batch(2));
});

test('[L5] while no answer comes, questions come at twice the distance each, up to 32 times the first', () => {
  const sent = sentAt(0);
  const asked: number[] = [];
  for (let now = 0; now < 200 * RESEND; now += RESEND / 2) {
    const due = sent.due(now, RESEND);
    if (!due) continue;
    asked.push(now / RESEND);
    sent.remove(due.segment.batchId);
    sent.add(due.segment, now);
  }
  expect(asked).toEqual([1, 3, 7, 15, 31, 63, 95, 127, 159, 191]);
});

test('[L5] what is missing for the fifth time is refused', () => {
  const sent = sentAt(0);
  sent.add(batch(2, 5), 0);
  sent.add(batch(3), 0);
  sent.confirm(confirmed([1, 1], [3, 3]));
  expect(sent.due(RESEND, RESEND)).toEqual({ segment: batch(2, 5), isRefused: true });
});
