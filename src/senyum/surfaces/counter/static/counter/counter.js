/* The counter page. Without this file every press is a plain form; with it, no reload, keys, and a guard for two tabs.
 *
 * data-press="Space|Enter|r"   the key that presses this button or opens this panel; never while typing or in a dialog
 * data-opens, [data-panel]     a link that brings a panel, and the panel, shown as a modal dialog
 * data-needs=TICKET            ticks of the requirements, kept for this ticket in this tab
 * data-desk-lock               the counter is no longer ours: nothing can be pressed; data-desk-reload: look again
 */
(() => {
  "use strict";
  const body = document.body;
  const desk = () => document.getElementById("desk");
  const me = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  let busy = false, otherTab = false, opener = null;

  function store(kind, name, value) {
    try { return value === undefined ? kind.getItem(name) : kind.setItem(name, value); } catch { return null; }
  }

  /* What may be pressed now */
  const locked = () => busy || otherTab || "stale" in body.dataset || !!document.querySelector("[data-desk-lock]");
  function lock() {
    const root = desk();
    if (!root) return;
    const shut = locked();
    root.toggleAttribute("data-locked", shut);
    root.setAttribute("aria-busy", String(busy));
    for (const button of root.querySelectorAll("form[hx-post] button")) button.disabled = shut;
    for (const link of root.querySelectorAll("[data-opens]")) link.setAttribute("aria-disabled", String(shut));
    const note = root.querySelector("[data-other-tab]");
    if (note) note.hidden = !otherTab;
  }
  document.addEventListener("submit", (event) => {
    if (event.target.closest("#desk") && event.target.hasAttribute("hx-post") && locked()) {
      event.preventDefault(); event.stopImmediatePropagation();
    }
  }, true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-opens]");
    if (!link) return;
    if (locked()) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    opener = link;
  }, true);
  const ours = (event) => event.detail?.ctx?.sourceElement?.matches?.("#desk form");
  document.addEventListener("htmx:before:request", (event) => { if (ours(event)) { busy = true; lock(); } });
  document.addEventListener("htmx:finally:request", () => { busy = false; lock(); });
  document.addEventListener("htmx:error", () => { busy = false; lock(); });
  document.addEventListener("senyum:lost", () => setTimeout(lock));
  document.addEventListener("senyum:back", () => setTimeout(lock));

  /* Panels are modal where there is a script */
  function showPanel() {
    const panel = document.getElementById("panel");
    if (!panel || panel.matches(":modal")) return;
    panel.close();
    panel.showModal();
    (panel.querySelector(".error") ? panel.querySelector("input:not([type=hidden]),select") : panel.querySelector("[checked],input:not([type=hidden]):not([hidden]),select"))?.focus();
    for (const field of panel.querySelectorAll("[data-filter-field]")) field.hidden = false;
    const search = panel.querySelector("[data-filter]");
    if (search) search.focus();
  }
  function closePanel() {
    const panel = document.getElementById("panel");
    if (!panel) return;
    panel.close();
    panel.remove();
    if (opener?.isConnected) opener.focus();
    opener = null;
  }
  document.addEventListener("click", (event) => {
    const close = event.target.closest("#panel [data-close]");
    if (close) { event.preventDefault(); closePanel(); }
  });
  document.addEventListener("cancel", (event) => {
    if (event.target.id === "panel") { event.preventDefault(); closePanel(); }
  }, true);
  document.addEventListener("input", (event) => {
    const list = document.getElementById(event.target.dataset?.filter || "");
    if (!list) return;
    const words = event.target.value.toLocaleLowerCase("id").split(/\s+/).filter(Boolean);
    for (const row of list.querySelectorAll("label")) {
      const text = row.textContent.toLocaleLowerCase("id");
      // What is chosen stays in sight, or it would be sent unseen.
      row.hidden = !row.querySelector(":checked") && !words.every((word) => text.includes(word));
    }
  });

  /* Ticks */
  const ticksOf = (list) => `senyum.needs.${list.dataset.needs}`;
  function restoreTicks() {
    for (const list of document.querySelectorAll("[data-needs]")) {
      const ticked = (store(sessionStorage, ticksOf(list)) || "").split(" ");
      for (const box of list.querySelectorAll("[data-need]")) box.checked = ticked.includes(box.dataset.need);
    }
  }
  document.addEventListener("change", (event) => {
    const list = event.target.closest("[data-needs]");
    if (list) store(sessionStorage, ticksOf(list), [...list.querySelectorAll(":checked")].map((box) => box.dataset.need).join(" "));
    if (event.target.matches("[data-keys]")) store(localStorage, "senyum.counter.keys", event.target.checked ? "on" : "off");
  });

  /* Keys */
  const keysOn = () => store(localStorage, "senyum.counter.keys") !== "off";
  const typing = (e) => e.matches?.("input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (!keysOn() || document.querySelector("dialog:modal,details.more[open]") || typing(event.target)) return;
    const name = event.code === "Space" ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    // A control that has the focus keeps its own Space and Enter.
    if ((name === "Space" || name === "Enter") && event.target.closest("a,button,summary,input,label,[role=button]")) return;
    const wanted = [...document.querySelectorAll("#desk [data-press]")].find((e) => e.dataset.press === name && e.checkVisibility());
    if (!wanted) { if (name === "Space" && desk()?.dataset.mode === "mine") event.preventDefault(); return; }
    event.preventDefault();
    if (!locked()) wanted.click();
  });

  /* Two tabs on one counter: the newest works, the older only looks */
  const claimName = () => `senyum.counter.${desk()?.dataset.desk}`;
  function claim() {
    if (desk()?.dataset.mode !== "mine") return;
    otherTab = false;
    store(localStorage, claimName(), me);
    lock();
  }
  window.addEventListener("storage", (event) => {
    if (event.key === claimName() && event.newValue && event.newValue !== me) { otherTab = true; lock(); }
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) { claim(); look(); } });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-take-tab]")) { claim(); look(); } });

  /* Following the hall: only what concerns this counter's lines */
  const look = () => {
    const root = desk();
    if (!root) return;
    // A press during the exchange would go with the old screen: it is refused, not lost.
    busy = true;
    lock();
    Promise.resolve(window.htmx.ajax("GET", root.dataset.url, { target: "#desk", swap: "outerHTML" })).finally(() => { busy = false; lock(); });
  };
  document.addEventListener("senyum:event", (event) => {
    const { kind, data } = event.detail;
    if (!kind.startsWith("ticket.") && !kind.startsWith("visit.")) return;
    const mine = new Set((desk()?.dataset.lines || "").split(/\s+/));
    const said = [data.line, data.to_line, data.from_line, ...(data.lines || [])];
    const nameless = said.every((line) => line === undefined);
    if (!nameless && !said.some((line) => line !== undefined && mine.has(String(line)))) return;
    const part = document.getElementById("desk-waiting");
    clearTimeout(part?.wait);
    if (part) part.wait = setTimeout(() => part.isConnected && part.dispatchEvent(new CustomEvent("refresh")), 150);
  });

  function arrived() {
    showPanel();
    restoreTicks();
    for (const choice of document.querySelectorAll("[data-keys-choice]")) {
      choice.hidden = false;
      choice.querySelector("input").checked = keysOn();
    }
    lock();
    const behind = document.querySelector("[data-desk-reload]");
    if (behind && !document.querySelector("dialog:modal") && !busy && !typing(document.activeElement)) look();
  }
  document.addEventListener("htmx:after:swap", arrived);
  claim();
  arrived();
})();
