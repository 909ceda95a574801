/* The hall's announcement line: whom to announce next. Pure; the rules are those of senyum/visits/announce.py,
 * and a test holds both to the same choices. Times are milliseconds, lengths seconds.
 *
 * A call: {at, quiet, serving, withdrawn, sentences: [{seconds, clip}]}; only sentences with a clip are read.
 */
(() => {
  "use strict";
  const LONG_SECONDS = 15, READINGS = 2, CHIME_SECONDS = 0.9, GAP_SECONDS = 0.35;

  const readable = (call) => call.sentences.filter((sentence) => sentence.clip);

  /** Seconds of the whole announcement: chime, then each language twice. */
  const fullSeconds = (call) =>
    CHIME_SECONDS + READINGS * readable(call).reduce((sum, sentence) => sum + GAP_SECONDS + sentence.seconds, 0);

  /** Whether the line is long: its first call has waited, or the others would take, too many seconds. */
  function isLong(waiting, at) {
    if (!waiting.length) return false;
    const behind = waiting.slice(1).reduce((sum, call) => sum + fullSeconds(call), 0);
    return Math.max((at - waiting[0].at) / 1000, behind) > LONG_SECONDS;
  }

  /** {call, short, done}: whom to announce, whether shortly, how many of `waiting` are done with; null: nobody. */
  function choose(waiting, at) {
    const audible = waiting.filter((call) => !call.quiet && !call.withdrawn);
    while (audible.length) {
      const short = isLong(audible, at);
      const call = audible.shift();
      if (!(short && call.serving)) return { call, short, done: waiting.indexOf(call) + 1 };
    }
    return null;
  }

  /** The sentences to read, in order. */
  function readings(call, short) {
    const all = readable(call);
    return short ? all.slice(0, 1) : Array.from({ length: READINGS }, () => all).flat();
  }

  globalThis.AnnouncementLine = Object.freeze({ GAP_SECONDS, choose, isLong, fullSeconds, readings });
})();
