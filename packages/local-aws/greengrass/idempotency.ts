/** Client tokens: the same token with the same request gets the first answer again. */
import { createHash } from 'node:crypto';
import { conflict } from './errors';

/** The service keeps them for hours; a bound keeps a long-lived process small. */
const MOST_TOKENS = 10_000;

export class ClientTokens {
  private readonly answers = new Map<
    string,
    { readonly request: string; readonly answer: Promise<unknown> }
  >();

  /** @throws ServiceError ConflictException when the token came with another request before */
  run<Answer>(token: string | undefined, request: unknown, work: () => Promise<Answer>): Promise<Answer> {
    if (token === undefined) return work();
    const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const known = this.answers.get(token);
    if (known) {
      if (known.request !== digest)
        throw conflict('CLIENT_TOKEN', token, 'The client token was used with another request before.');
      return known.answer as Promise<Answer>;
    }
    const answer = work();
    this.answers.set(token, { request: digest, answer });
    // A failed request may be tried again with its token.
    answer.catch(() => this.answers.delete(token));
    const oldest = this.answers.keys().next().value;
    if (this.answers.size > MOST_TOKENS && oldest !== undefined) this.answers.delete(oldest);
    return answer;
  }
}
