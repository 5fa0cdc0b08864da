/** The parts of an installation that can be wrong, as people call them. */
export type Part =
  | 'DNS'
  | 'gateway'
  | 'webhook secret'
  | 'rules'
  | 'operator'
  | 'rights'
  | 'initialisation'
  | 'start'
  | 'administrator';

/** A step of the check failed; the message begins with the part that is broken. */
export class Broken extends Error {
  override readonly name = 'Broken';

  constructor(
    readonly part: Part,
    sentence: string,
  ) {
    super(`Broken: ${part}. ${sentence}`);
  }
}

/**
 * The part that a sentence of the operator or the gateway tells of. A right that is lacking is named as such;
 * "forbidden" alone is also what Kubernetes says of a quota and of Pod Security.
 */
export function partOf(said: string, otherwise: Part): Part {
  return /\bright\b|cannot \w+ resource/i.test(said) ? 'rights' : otherwise;
}
