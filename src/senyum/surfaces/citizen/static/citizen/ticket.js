/* The ticket on a phone: the title says what happens, the phone shakes when the number is called. */
(() => {
  "use strict";
  const SHAKE = [400, 150, 400, 150, 800], LOST_MS = 30000, CALM_MS = 60000;
  const ticket = () => document.getElementById("ticket");
  const say = document.getElementById("ticket-say");
  if (!ticket()) return;
  let before = { ...ticket().dataset };
  let fetched = performance.now();

  function shake() { try { navigator.vibrate?.(SHAKE); } catch { /* not every phone may shake */ } }
  function refresh() { fetched = performance.now(); ticket().dispatchEvent(new CustomEvent("refresh")); }

  /** What changed since the last look: said aloud by screen readers, and felt. */
  function look() {
    const now = { ...ticket().dataset };
    if (now.title) document.title = now.title;
    if (now.state === "called" && before.state !== "called") { shake(); window.scrollTo({ top: 0 }); }
    else if (now.walk && !before.walk) { try { navigator.vibrate?.(200); } catch { /* as above */ } }
    if (now.said && now.said !== before.said) say.textContent = now.said;
    before = now;
  }

  document.addEventListener("htmx:after:swap", () => { fetched = performance.now(); look(); });
  document.addEventListener("senyum:event", (event) => {
    const { kind, data } = event.detail;
    if (data.label !== ticket().dataset.label) return;
    // Mine: at once, not spread over seconds as the news of the line is.
    if (kind === "ticket.recalled") shake();
    refresh();
  });
  // Times move on although nothing happens; without the stream the page asks by itself.
  setInterval(() => {
    if (document.visibilityState !== "visible") return;
    const wait = "stale" in document.body.dataset ? LOST_MS : CALM_MS;
    if (performance.now() - fetched > wait) refresh();
  }, 5000);
  if (before.state === "called") shake();
})();
