/* Ticks of a checklist stay on this phone until they are taken away. */
(() => {
  "use strict";
  const list = document.querySelector("[data-ticks]");
  const boxes = list ? [...list.querySelectorAll("input[type=checkbox]")] : [];
  if (!boxes.length) return;
  const name = `ticks:${list.dataset.ticks}`;
  const words = list.querySelector("[data-ticked]");
  let kept = [];
  try { kept = JSON.parse(localStorage.getItem(name)) || []; } catch { /* a browser without storage forgets */ }
  for (const box of boxes) box.checked = kept.includes(box.value);
  const say = () => {
    const done = boxes.filter((box) => box.checked);
    if (done.length) words.textContent = words.dataset.words.replace("{done}", done.length).replace("{all}", boxes.length);
    return done.map((box) => box.value);
  };
  list.addEventListener("change", () => {
    try { localStorage.setItem(name, JSON.stringify(say())); } catch { say(); }
  });
  say();
})();
