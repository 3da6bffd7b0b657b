import { causeInWords } from '../../../lambda/monitoring/in-words';

test.each<[Parameters<typeof causeInWords>[0], string]>([
  [
    { kind: 'new-thing' },
    'The images look as before, and what the classifier reads does not: a defect, a material or a product that it was not shown. Label captures.',
  ],
  [
    { kind: 'new-thing', predictedClass: 'scratch' },
    "The images look as before, and what the classifier reads does not: a defect, a material or a product that it was not shown. Label captures of what is called 'scratch'.",
  ],
])('[B14] the cause in words: %j', (cause, words) => {
  expect(causeInWords(cause)).toBe(words);
});
