/* The kiosk's manners. Every screen works without this file; with it
 * - a screen settles before it takes a touch, and one press is one press;
 * - the server is asked for a sign of life before the screen changes: nobody meets the browser's error page;
 * - after a while without a touch it asks, then wipes (wall time, never the hall's clock);
 * - it reads the screen aloud on demand, in the words that stand on it, and speaks the number;
 * - it types and prints, and takes the code that a scanner types.
 */
(() => {
  "use strict";
  const body = document.body, data = body.dataset;
  const PROBE_MS = 4000, RETRY_MS = 2000, HOLD_MS = 6000;
  const loaded = performance.now();
  let touched = loaded, leaving = 0, wiping = false;

  // A store that may be missing (private mode): then the kiosk forgets sooner, which harms nobody.
  const keep = {
    get(name) { try { return sessionStorage.getItem(name); } catch { return null; } },
    set(name, value) { try { sessionStorage.setItem(name, value); } catch { /* as above */ } },
    clear() { try { sessionStorage.clear(); } catch { /* as above */ } },
  };

  /* One press, and a server that is there */
  const banner = document.getElementById("live-banner");
  async function there() {
    try { return (await fetch(data.alive, { cache: "no-store", signal: AbortSignal.timeout(PROBE_MS) })).ok; }
    catch { return false; }
  }
  let mine = false, asking = 0;
  function lost() {
    leaving = 0;
    if (banner && banner.hidden) { banner.hidden = false; mine = true; }
    if (asking) return;
    asking = setInterval(async () => {
      if (!await there()) return;
      clearInterval(asking); asking = 0;
      if (mine && banner) { banner.hidden = true; mine = false; }
      if (wiping) location.replace(data.wipe);
    }, RETRY_MS);
  }
  const busy = () => performance.now() - loaded < Number(data.settle) || (leaving && performance.now() - leaving < HOLD_MS);
  const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  document.addEventListener("click", async (event) => {
    if (busy()) { stop(event); return; }
    const link = event.target.closest("a[href]");
    if (!link || link.hash) return;
    stop(event);
    leaving = performance.now();
    if (!await there()) { lost(); return; }
    if (link.getAttribute("href") === data.wipe) keep.clear();
    location.assign(link.href);
  }, true);
  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    if (form.dataset.probed) { delete form.dataset.probed; return; }
    event.preventDefault();
    if (leaving && performance.now() - leaving < HOLD_MS) return;
    leaving = performance.now();
    const alive = await there();
    delete form.dataset.sent;
    if (!alive) { lost(); return; }
    form.dataset.probed = "1";
    form.requestSubmit(button);
  }, true);
  window.addEventListener("pageshow", (event) => { leaving = 0; if (event.persisted) location.reload(); });
  setTimeout(() => body.setAttribute("data-ready", ""), Number(data.settle));

  /* Idle */
  const dialog = document.getElementById("idle"), left = document.querySelector("[data-idle-left]");
  const warn = Number(data.idleWarn) * 1000, wipe = Number(data.idleWipe) * 1000;
  const touch = () => { touched = performance.now(); if (dialog?.open) dialog.close(); };
  for (const kind of ["keydown", "input"]) document.addEventListener(kind, touch);
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#idle")) touch(); });
  dialog?.addEventListener("cancel", touch);
  document.querySelector("[data-stay]")?.addEventListener("click", touch);
  async function forget() {
    wiping = true;
    keep.clear();
    hush();
    document.getElementById("wiped").hidden = false;
    for (const part of document.querySelectorAll("main, .kiosk-bar")) part.inert = true;
    if (dialog?.open) dialog.close();
    if (await there()) location.replace(data.wipe); else lost();
  }
  if (!("fresh" in data)) setInterval(() => {
    const idle = performance.now() - touched;
    if (wiping) return;
    if (idle >= wipe) { forget(); return; }
    if (idle < warn || !dialog) return;
    left.textContent = String(Math.max(1, Math.ceil((wipe - idle) / 1000)));
    if (!dialog.open) { dialog.showModal(); if (keep.get("reading")) read([...dialog.querySelectorAll("[data-say]")]); }
  }, 250);

  /* Reading aloud */
  const button = document.querySelector("[data-read]");
  let sound = null, turn = 0;
  function hush() {
    turn += 1;
    if (sound) { sound.pause(); sound = null; }
    for (const e of document.querySelectorAll(".reading")) e.classList.remove("reading");
  }
  const play = (address) => new Promise((done) => {
    sound = new Audio(address);
    sound.addEventListener("ended", done);
    sound.addEventListener("error", done);
    sound.play().catch(done);
  });
  async function read(parts) {
    hush();
    const own = turn;
    for (const part of parts) {
      if (own !== turn || !part.isConnected) return;
      part.classList.add("reading");
      part.dataset.heard = "1";
      touched = performance.now();
      await play(part.dataset.say);
      part.classList.remove("reading");
    }
  }
  const all = () => [...document.querySelectorAll("main [data-say]")].filter((e) => e.checkVisibility());
  function reading(on) { button?.setAttribute("aria-pressed", String(on)); if (on) keep.set("reading", "1"); else keep.set("reading", ""); }
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      reading(on);
      if (on) read(all()); else hush();
    });
    if (keep.get("reading")) { reading(true); read(all()); }
  }
  const number = document.querySelector("[data-speak-once]");
  if (number && keep.get("spoken") !== number.dataset.speakOnce) {
    keep.set("spoken", number.dataset.speakOnce);
    if (!keep.get("reading")) read([number]);
  }

  /* Typing */
  const field = document.querySelector("input[type=search], input[type=password], input[data-typed]");
  for (const keys of document.querySelectorAll("[data-keys]")) keys.hidden = false;
  if (field && document.querySelector("[data-keys]")) {
    field.setAttribute("inputmode", "none");
    document.addEventListener("click", (event) => {
      const key = event.target.closest("[data-put],[data-erase],[data-empty]");
      if (!key) return;
      if (key.dataset.put !== undefined) field.value = (field.value + key.dataset.put).slice(0, 60);
      else field.value = "empty" in key.dataset ? "" : field.value.slice(0, -1);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  /* A scanner types like a keyboard, fast, and ends with Enter; it does not care where the focus is. */
  const scan = document.querySelector("form[data-scan]");
  if (scan) {
    const PAUSE_MS = 1000, SHORTEST = 7;
    const target = scan.elements.namedItem("reference");
    let typed = 0;
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.target === target) return;
      const fresh = performance.now() - typed < PAUSE_MS;
      if (event.key === "Enter") {
        if (!fresh || target.value.length < SHORTEST) return;
        stop(event);
        typed = 0;
        scan.requestSubmit();
      } else if (/^[0-9A-Za-z-]$/.test(event.key)) {
        event.preventDefault();
        if (!fresh && target.type === "hidden") target.value = "";
        target.value = (target.value + event.key).slice(0, 12);
        typed = performance.now();
      }
    }, true);
  }

  /* Printing */
  if (data.printOnce && keep.get("printed") !== data.printOnce) {
    keep.set("printed", data.printOnce);
    setTimeout(() => window.print(), 300);
  }
})();
