/* The tablet at the exit: a number pad for whom no keyboard is at hand, and forgetting after a while. */
(() => {
  "use strict";
  const body = document.body, input = document.getElementById("label");
  const wait = Number(body.dataset.wipe) * 1000;
  let touched = performance.now();
  for (const pad of document.querySelectorAll("[data-pad]")) pad.hidden = false;
  document.addEventListener("click", (event) => {
    const key = event.target.closest("[data-put],[data-wipe-one],[data-wipe-all]");
    if (!key || !input) return;
    if (key.dataset.put) {
      const letter = /^[A-Z]+$/.test(key.dataset.put);
      input.value = letter ? `${key.dataset.put}-` : input.value + key.dataset.put;
    } else input.value = "wipeAll" in key.dataset ? "" : input.value.slice(0, -1);
  });
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => { touched = performance.now(); });
  setInterval(() => {
    if (performance.now() - touched < wait) return;
    if ("leave" in body.dataset) window.location.replace(body.dataset.home);
    else if (input) input.value = "";
  }, 500);
})();
