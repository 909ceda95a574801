/* A page that follows the hall.
 *
 * <body data-live-src="/live/sumedang/?kinds=ticket.called,ticket.served">   opens one stream
 * <... data-live="ticket.called ticket.served" hx-get="..." hx-trigger="refresh">  is fetched again after such an event
 * data-live="ticket" follows all ticket.*, "*" every kind; data-live-jitter=MS spreads many phones over that time.
 * Each event is dispatched on document as `senyum:event` {kind, seq, data}; `senyum:refresh` on document refreshes all.
 *
 * The events are read with fetch, not EventSource: that one only hears kinds it was told by name.
 * The server beats every 5 s. After 9 s of silence the banner says so and <body data-stale> is set; when it is back,
 * everything is fetched again, for what was missed may be more than the server replays.
 */
(() => {
  "use strict";
  const body = document.body;
  const source = body.dataset.liveSrc;
  const SILENCE = 9000, DEBOUNCE = 150, RETRY = 2000;
  const banner = document.getElementById("live-banner");
  const words = banner?.querySelector("[data-live-text]");
  let stream = null, seq = body.dataset.liveSeq || "", heard = performance.now(), heardHall = 0, stale = false, retryAt = 0;
  const waiting = new Map();

  function refresh(element) {
    if (waiting.has(element)) return;
    const jitter = Number(element.dataset.liveJitter || body.dataset.liveJitter || 0);
    waiting.set(element, setTimeout(() => {
      waiting.delete(element);
      if (element.isConnected) element.dispatchEvent(new CustomEvent("refresh"));
    }, DEBOUNCE + Math.random() * jitter));
  }
  const refreshAll = () => document.querySelectorAll("[data-live]").forEach(refresh);
  document.addEventListener("senyum:refresh", refreshAll);
  if (!source) return;

  function alive() {
    heard = performance.now();
    heardHall = window.senyum?.hall() ?? Date.now();
    if (!stale) return;
    stale = false;
    body.removeAttribute("data-stale");
    if (banner) banner.hidden = true;
    document.dispatchEvent(new CustomEvent("senyum:back"));
    refreshAll();
  }

  function lost() {
    if (stale) return;
    stale = true;
    body.setAttribute("data-stale", "");
    if (words) words.textContent = words.dataset.liveText.replace("{time}", window.senyum?.clock(heardHall) ?? "");
    if (banner) banner.hidden = false;
    document.dispatchEvent(new CustomEvent("senyum:lost"));
  }

  const follows = (element, kind) => element.dataset.live.split(/\s+/).some(
    (wish) => wish === "*" || wish === kind || kind.startsWith(`${wish}.`));

  function happened(kind, data) {
    document.dispatchEvent(new CustomEvent("senyum:event", { detail: { kind, seq: data.seq ?? seq, data } }));
    for (const element of document.querySelectorAll("[data-live]")) if (follows(element, kind)) refresh(element);
  }

  /** One server-sent event: lines of id, event and data. */
  function take(block) {
    let kind = "message", text = "";
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon < 1) continue;
      const value = line.slice(colon + 1).replace(/^ /, "");
      if (line.startsWith("id:")) seq = value;
      else if (line.startsWith("event:")) kind = value;
      else if (line.startsWith("data:")) text += (text && "\n") + value;
    }
    if (!text) return;
    let data;
    try { data = JSON.parse(text); } catch { return; }
    alive();
    if (kind === "reset") refreshAll();
    else if (kind !== "beat") happened(kind, data);
    else if (data.hall_ms) document.dispatchEvent(new CustomEvent("senyum:clock", { detail: { hall: data.hall_ms, speed: data.speed || 1 } }));
  }

  async function open() {
    stream?.abort();
    const mine = stream = new AbortController();
    const headers = { Accept: "text/event-stream" };
    if (seq) headers["Last-Event-ID"] = seq;
    try {
      const response = await fetch(source, { headers, signal: mine.signal, cache: "no-store" });
      if (!response.ok) return;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        blocks.forEach(take);
      }
    } catch { /* a stream that broke is opened anew below */ }
    finally { if (stream === mine) stream = null; }
  }

  setInterval(() => {
    const now = performance.now();
    if (now - heard > SILENCE) lost();
    // A stream that ended is opened anew; so is one that is silent, for a half-open connection never ends.
    if ((!stream || now - heard > SILENCE) && now > retryAt) {
      retryAt = now + RETRY + Math.random() * RETRY;
      open();
    }
  }, 1000);
  // A phone that slept asks at once instead of waiting for the silence to be noticed.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && performance.now() - heard > 6000) { open(); refreshAll(); }
  });
  heardHall = window.senyum?.hall() ?? Date.now();
  open();
})();
