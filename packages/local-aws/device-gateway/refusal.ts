/** A request that the gateway refuses; `message` goes to the device. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly httpStatus: 400 | 403 | 404,
    message: string,
  ) {
    super(message);
  }
}

export function forbidden(message: string): Refusal {
  return new Refusal(403, message);
}
