import { TEXTS } from '../texts.js';

const { ages } = TEXTS;

/** How long something takes or took, in its largest unit: `3 min`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return ages.seconds(seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return ages.minutes(minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? ages.hours(hours) : ages.days(Math.floor(hours / 24));
}

/** How old something is; a clock that is behind the cluster's makes nothing of the future. */
export function ageText(time: string, now: number): string {
  const ms = now - Date.parse(time);
  return ms < 10_000 ? ages.now : durationText(ms);
}

/** When something was, as seen from now: `3 min ago`. */
export function agoText(time: string, now: number): string {
  const age = ageText(time, now);
  return age === ages.now ? ages.justNow : ages.ago(age);
}

const FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

/** A moment in the reader's language and zone, which is named. */
export function momentText(time: string): string {
  const parsed = Date.parse(time);
  return Number.isNaN(parsed) ? '' : FORMAT.format(parsed);
}
