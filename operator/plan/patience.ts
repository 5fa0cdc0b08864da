import type { Observed, PodView } from './observed.js';

/**
 * Milliseconds for which a pod may wait for a node before that is news. A fresh volume claim alone takes a
 * moment to be bound, and each telling costs a write of the status and an Event.
 */
const schedulingTakes = 10_000;

/** What is observed without trouble that may still pass by itself, and when that has to be looked at again. */
export function overlookPassing(
  observed: Observed,
  now: number,
): { observed: Observed; lookAgainAt: number | undefined } {
  const ends = observed.pods.map((pod) => patienceEnds(pod)).filter((end) => end > now);
  if (ends.length === 0) return { observed, lookAgainAt: undefined };
  const pods = observed.pods.map((pod) => (patienceEnds(pod) > now ? { ...pod, trouble: undefined } : pod));
  return { observed: { ...observed, pods }, lookAgainAt: Math.min(...ends) };
}

/** Milliseconds since the epoch; 0 for a pod whose trouble, if any, is told at once. */
function patienceEnds({ trouble }: PodView): number {
  return trouble?.passingSince === undefined ? 0 : Date.parse(trouble.passingSince) + schedulingTakes;
}
