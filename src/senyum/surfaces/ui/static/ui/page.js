/* Small things every page may ask for by data attributes. No page needs this file to work.
 *
 * data-clock[=seconds]      shows the hall's time (runs faster in a demo)
 * data-since=MS             minutes and seconds since a hall time; data-limit=SECONDS sets data-over beyond it
 * data-countdown=MS         seconds until a wall time; then hidden, and `senyum:elapsed` is dispatched
 * data-open=ID, data-close  open a <dialog>, close the one around
 * data-print, data-copy=ID  print the page; copy the text or value of an element
 * data-confirm=SENTENCE     on a form or button: ask before it is sent
 * data-focus                takes the focus when it arrives (error summaries)
 * data-toast=SENTENCE       on an element that arrives by htmx: said once at the bottom of the screen
 */
(() => {
  "use strict";
  const body = document.body;
  const seen = performance.now();
  const start = { hall: Number(body.dataset.hallTime), wall: Number(body.dataset.wallTime), at: seen };
  let speed = Number(body.dataset.speed) || 1;

  /** Hall time and wall time, both by the server's clocks (milliseconds since 1970). */
  const hall = () => start.hall + (performance.now() - start.at) * speed;
  const wall = () => start.wall + (performance.now() - seen);
  const zone = body.dataset.zone || "Asia/Jakarta";
  const locale = document.documentElement.lang === "en" ? "en-GB" : "id-ID";
  const shape = (seconds) => new Intl.DateTimeFormat(locale, {
    timeZone: zone, hour: "2-digit", minute: "2-digit", hour12: false, ...(seconds ? { second: "2-digit" } : {}),
  });
  const short = shape(false), long = shape(true);
  const two = (n) => String(n).padStart(2, "0");

  function setClock(hallMs, newSpeed) {
    start.hall = hallMs; start.at = performance.now(); speed = newSpeed;
  }

  function put(element, text) { if (element.textContent !== text) element.textContent = text; }

  function tick() {
    const now = hall(), real = wall();
    for (const e of document.querySelectorAll("[data-clock]")) put(e, (e.dataset.clock === "seconds" ? long : short).format(now));
    for (const e of document.querySelectorAll("[data-since]")) {
      const seconds = Math.max(0, Math.floor((now - Number(e.dataset.since)) / 1000));
      const hours = Math.floor(seconds / 3600);
      put(e, `${hours ? `${hours}.` : ""}${two(Math.floor(seconds / 60) % 60)}.${two(seconds % 60)}`);
      if (e.dataset.limit) e.toggleAttribute("data-over", seconds > Number(e.dataset.limit));
      const bar = e.dataset.bar && document.getElementById(e.dataset.bar);
      if (bar) { bar.value = Math.min(seconds, bar.max); bar.classList.toggle("late", seconds > bar.max); }
    }
    for (const e of document.querySelectorAll("[data-countdown]")) {
      const left = Math.ceil((Number(e.dataset.countdown) - real) / 1000);
      if (left > 0) { put(e.querySelector("[data-left]") || e, String(left)); continue; }
      const around = e.closest("[data-while]") || e;
      e.removeAttribute("data-countdown"); around.hidden = true;
      around.dispatchEvent(new CustomEvent("senyum:elapsed", { bubbles: true }));
    }
  }

  /** Say a sentence at the bottom of the screen for six seconds. */
  function toast(text) {
    const region = document.getElementById("toasts");
    if (!region || !text) return;
    const e = document.createElement("div");
    e.className = "toast"; e.textContent = text;
    region.append(e);
    setTimeout(() => e.remove(), 6000);
  }

  function arrive(root) {
    for (const e of root.querySelectorAll("[data-toast]")) { toast(e.dataset.toast); e.removeAttribute("data-toast"); }
    const wanted = root.querySelector("[data-focus]");
    if (wanted) { wanted.focus(); wanted.removeAttribute("data-focus"); }
  }

  async function copy(id) {
    const e = document.getElementById(id);
    if (!e) return;
    const text = "value" in e ? e.value : e.textContent.trim();
    try { await navigator.clipboard.writeText(text); }
    catch { if (e.select) { e.select(); document.execCommand("copy"); } else return; }
    return true;
  }

  document.addEventListener("click", async (event) => {
    const e = event.target.closest("[data-open],[data-close],[data-print],[data-copy],[data-dismiss]");
    if (!e) return;
    if (e.dataset.open) document.getElementById(e.dataset.open)?.showModal();
    else if ("close" in e.dataset) e.closest("dialog")?.close();
    else if ("print" in e.dataset) window.print();
    else if ("dismiss" in e.dataset) e.closest(".refusal,.toast")?.replaceChildren();
    else if (e.dataset.copy && await copy(e.dataset.copy)) toast(e.dataset.said);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    // A second press while the first is on its way is the same press.
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 5000);
  }, true);
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // A fault page of a proxy must never replace a part of the screen.
  document.addEventListener("htmx:before:swap", (event) => {
    const response = event.detail.ctx?.response;
    if (response && response.status >= 500 && !response.headers.get("HX-Retarget")) event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", () => { arrive(document); tick(); });
  document.addEventListener("senyum:clock", (event) => setClock(event.detail.hall, event.detail.speed));
  // What a person wrote in a refusal's place is read at once, wherever the screen was scrolled to.
  window.senyum = Object.freeze({ hall, wall, toast, clock: (ms) => short.format(ms), clockSeconds: (ms) => long.format(ms) });
  arrive(document);
  tick();
  setInterval(tick, 250);
})();
