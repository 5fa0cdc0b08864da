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
