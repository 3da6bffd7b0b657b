/** What questions of the demo would cost in AWS. */
import { questionsUsd } from '../cli/cost/question-cost';
import { SECONDS_PER_QUESTION } from '../cli/cost/usage';

/** Of the function (lib/telemetry/second-opinions.ts). */
const MEMORY_GIGABYTES = 1;
/** Whose prices. */
const REGION = 'us-east-1';

/** @param bytes of a question, with its image in base64 */
export const usdOfQuestions = (questions: number, bytes: number): number =>
  questionsUsd(
    questions,
    { bytes, seconds: SECONDS_PER_QUESTION, memoryGigabytes: MEMORY_GIGABYTES },
    REGION,
  );
