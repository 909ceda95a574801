/* The board that hangs in the hall. It shows what the server says and reads new calls aloud, one at a time.
 *
 * The truth is the fragment at data-now-src, fetched after each event of the hall and every four seconds. A missed
 * event therefore costs four seconds, never a call. What was fetched last and when decides about the banner.
 */
(() => {
  "use strict";
  const { GAP_SECONDS, choose, readings } = globalThis.AnnouncementLine;
  const POLL = 4000, FETCH_LIMIT = 4000, LOST = 8500, AFTER_EVENT = 80;
  const ANNOUNCE_LATE = 60_000, ANNOUNCE_AT_START = 8_000;
  const FRESH = 6000, SILENT_CAPTION = 4000;
  const NIGHT_HOUR = "03", NIGHT_AFTER = 2 * 3600_000;

  const body = document.body, place = document.getElementById("now-place");
  const lost = document.getElementById("lost"), blockedBanner = document.getElementById("blocked");
  const buttons = { on: document.getElementById("sound-on"), off: document.getElementById("sound-off") };
  const muteNote = document.getElementById("mute-note");
  const choiceKey = `senyum.board.sound.${body.dataset.mall}`, doneKey = `senyum.board.done.${body.dataset.mall}`;
  const clock = () => performance.now();
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const started = clock();

  const keep = (store, key, value) => { try { store.setItem(key, value); } catch { /* a board without storage */ } };
  const kept = (store, key) => { try { return store.getItem(key); } catch { return null; } };

  // What is shown

  let version = "", fetchedAt = clock(), fetchedHall = window.senyum?.hall() ?? Date.now(), shown = "", calls = new Map();
  let newest = null, freshUntil = 0, speaking = null, readingNow = null;

  function paint() {
    for (const element of document.querySelectorAll("[data-call]"))
      element.toggleAttribute("data-speaking", Number(element.dataset.call) === speaking?.id);
    document.querySelector(".newest")?.toggleAttribute("data-fresh", clock() < freshUntil);
    const caption = document.getElementById("caption");
    if (!caption) return;
    if (speaking && caption.dataset.of !== String(speaking.id)) {
      caption.dataset.of = speaking.id;
      caption.replaceChildren(...speaking.sentences.map((sentence) => {
        const line = document.createElement("p");
        line.lang = sentence.language;
        line.textContent = sentence.text;
        return line;
      }));
    }
    for (const line of caption.children) line.toggleAttribute("data-reading", !!readingNow && line.lang === readingNow.language);
  }

  function receive(html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    const now = parsed.getElementById("now"), data = parsed.getElementById("board-state");
    if (!now || !data) throw new Error("not a board");
    take(JSON.parse(data.textContent), now.outerHTML !== shown ? now : null);
  }

  function take(state, now) {
    fetchedAt = clock(); fetchedHall = state.hall;
    document.dispatchEvent(new CustomEvent("senyum:clock", { detail: { hall: state.hall, speed: state.speed } }));
    if (version && state.version !== version) { location.reload(); return; }
    version = state.version;
    if (now) { shown = now.outerHTML; place.replaceChildren(document.adoptNode(now)); }
    const first = calls.size === 0;
    const last = state.calls.at(-1)?.id ?? null;
    if (last !== newest) { if (!first) freshUntil = clock() + FRESH; newest = last; setTimeout(paint, FRESH + 50); }
    enqueue(state);
    paint();
    lost.hidden = true;
    nightly();
  }

  // Asking the server

  let asking = false, again = false, soon = 0;

  async function ask() {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const response = await fetch(body.dataset.nowSrc, { signal: AbortSignal.timeout(FETCH_LIMIT), cache: "no-store" });
      if (!response.ok) throw new Error(String(response.status));
      receive(await response.text());
    } catch { /* the banner tells it once it lasts */ }
    asking = false;
    if (again) { again = false; ask(); }
  }

  function watch() {
    const age = clock() - fetchedAt;
    if (age > LOST) {
      const seconds = Math.round(age / 1000), minutes = Math.floor(seconds / 60);
      const words = minutes ? lost.dataset.minutes.replace("{n}", minutes) : lost.dataset.seconds.replace("{n}", seconds);
      const text = lost.dataset.words.replace("{time}", window.senyum?.clock(fetchedHall) ?? "").replace("{age}", words);
      const place = lost.querySelector("span");
      // A screen reader hears it once and then each minute, not each second.
      if (lost.hidden || minutes === 0 || place.dataset.minutes !== String(minutes)) place.textContent = text;
      place.dataset.minutes = minutes;
      lost.hidden = false;
    }
  }

  function nightly() {
    const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", hour12: false, timeZone: body.dataset.zone }).format(new Date());
    if (hour === NIGHT_HOUR && clock() - started > NIGHT_AFTER) location.reload();
  }

  document.addEventListener("senyum:event", () => { clearTimeout(soon); soon = setTimeout(ask, AFTER_EVENT); });
  document.addEventListener("senyum:back", ask);
  setInterval(ask, POLL);
  setInterval(watch, 500);

  // Sound

  const audio = new Audio();
  let queue = [], running = false, blocked = false, mute = false;
  let wanted = (kept(localStorage, choiceKey) ?? ("speaks" in body.dataset ? "on" : "off")) === "on";

  function controls() {
    buttons.on.hidden = wanted || blocked;
    buttons.off.hidden = !wanted || blocked;
    blockedBanner.hidden = !(wanted && blocked);
    muteNote.hidden = !(wanted && !blocked && mute);
  }

  /** Play to the end: true; nothing to hear: false. A browser that holds sound back sets `blocked`. */
  async function play(address, seconds, volume = 1) {
    audio.src = address;
    audio.volume = volume;
    const ended = new Promise((resolve) => {
      audio.onended = () => resolve(true);
      audio.onerror = () => resolve(false);
      audio.onpause = () => { if (!audio.ended) resolve(false); };
      setTimeout(() => resolve(true), (seconds + 4) * 1000);
    });
    try { await audio.play(); }
    catch (error) {
      if (error.name === "NotAllowedError") { blocked = true; controls(); }
      return false;
    }
    return ended;
  }

  function enqueue(state) {
    const first = calls.size === 0;
    const done = Number(kept(sessionStorage, doneKey) ?? 0);
    for (const call of state.calls) {
      const known = calls.get(call.id);
      if (known) { known.serving = call.serving; known.withdrawn = call.withdrawn; continue; }
      const age = Math.max(0, (state.hall - call.at) / (state.speed || 1));
      const mine = { ...call, at: clock() - age };
      calls.set(call.id, mine);
      const late = first && !done ? ANNOUNCE_AT_START : ANNOUNCE_LATE;
      // A demo day plays many calls in a minute: the board then speaks a sample, when it is free.
      const sampled = state.speed > 1 && (running || queue.length);
      if (call.id > done && age < late && wanted && !sampled) {
        queue.push(mine);
        const clip = mine.sentences.find((sentence) => sentence.clip);
        if (clip && !call.quiet) fetch(clip.clip).catch(() => {});
      }
    }
    const ids = [...calls.keys()].sort((a, b) => a - b);
    if (ids.length) keep(sessionStorage, doneKey, ids.at(-1));
    for (const id of ids.slice(0, -40)) calls.delete(id);
    run();
  }

  async function run() {
    if (running || !wanted || blocked) return;
    running = true;
    try {
      for (let next; wanted && !blocked && (next = choose(queue, clock())); ) {
        queue.splice(0, next.done);
        await announce(next.call, next.short);
      }
      if (!blocked) queue = queue.filter((call) => !call.quiet && !call.withdrawn && !call.serving);
    } finally { running = false; speaking = readingNow = null; paint(); restoreCaption(); }
  }

  async function announce(call, short) {
    speaking = call; paint();
    await play(body.dataset.chime, 1);
    const all = readings(call, short);
    let heard = 0;
    for (const sentence of all) {
      if (call.withdrawn || blocked || !wanted) break;
      await sleep(GAP_SECONDS * 1000);
      readingNow = sentence; paint();
      if (await play(sentence.clip, sentence.seconds)) heard += 1; else if (!blocked) break;
    }
    readingNow = null;
    if (!blocked && wanted && !call.withdrawn) {
      mute = heard === 0; controls();
      if (mute) await sleep(SILENT_CAPTION);
    }
  }

  function restoreCaption() {
    const caption = document.getElementById("caption");
    if (!caption?.dataset.of) return;
    const original = new DOMParser().parseFromString(shown, "text/html").getElementById("caption");
    if (original) caption.replaceWith(document.adoptNode(original));
  }

  async function setSound(on) {
    wanted = on; blocked = false; queue = [];
    keep(localStorage, choiceKey, on ? "on" : "off");
    if (!on) audio.pause();
    controls();
    // The press itself is what lets the browser play: the chime is the answer to it.
    if (on) await play(body.dataset.chime, 1);
    controls();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sound]");
    if (button) setSound(button.dataset.sound === "on");
  });

  async function begin() {
    const data = document.getElementById("board-state"), now = document.getElementById("now");
    // Whether the browser lets the board be heard is known only by trying, without a sound.
    if (wanted) await play(body.dataset.chime, 1, 0);
    controls();
    shown = now.outerHTML;
    take(JSON.parse(data.textContent), null);
    try { await navigator.wakeLock?.request("screen"); } catch { /* only a wish */ }
  }
  begin();
})();
