import { TEXTS } from '../../texts.js';
import { detailOf, openLog } from './log-feed.js';

/** Hands the raw log to the browser as a file. Gives a sentence when that cannot be done, else ''. */
export async function saveLog(url: string, file: string): Promise<string> {
  try {
    const answer = await openLog(url);
    if (!answer.ok) return TEXTS.log.notSaved(await detailOf(answer));
    offer(await answer.blob(), file);
    return '';
  } catch {
    return TEXTS.log.notSaved(TEXTS.errors.offline);
  }
}

function offer(content: Blob, file: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = file;
  link.click();
  // The download has begun by then, and holds what it needs.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
