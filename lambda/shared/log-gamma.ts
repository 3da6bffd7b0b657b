/** Looked up once: the function is called millions of times for one judgement in simulation. */
const { log, PI } = Math;

/** Lanczos coefficients, g = 7, n = 9: relative error below 1e-14 for positive arguments. */
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
const FIRST = 0.99999999999980993;
const HALF_LOG_TWO_PI = 0.5 * log(2 * PI);

/** Logarithm of the gamma function of a positive number (Lanczos 1964). Pure. */
export function logGamma(z: number): number {
  const x = z - 1;
  let sum = FIRST;
  for (let index = 0; index < LANCZOS.length; index++) sum += (LANCZOS[index] as number) / (x + index + 1);
  const t = x + 7.5;
  return HALF_LOG_TWO_PI + (x + 0.5) * log(t) - t + log(sum);
}
