/* The papers somebody brought, against the list: said at once, kept nowhere. */
(() => {
  "use strict";
  for (const section of document.querySelectorAll("[data-papers]")) {
    const boxes = [...section.querySelectorAll("[data-paper]")], verdict = section.querySelector("[data-verdict]");
    if (!verdict) continue;
    const untouched = verdict.textContent;
    const judge = () => {
      const missing = boxes.filter((box) => !box.checked);
      verdict.classList.toggle("complete", !missing.length);
      if (!missing.length) verdict.textContent = verdict.dataset.complete;
      else if (missing.length === boxes.length) verdict.textContent = untouched;
      else verdict.textContent = verdict.dataset.missing.replace(
        "{papers}", missing.map((box) => box.closest("label").textContent.trim()).join(", "));
    };
    section.addEventListener("change", judge);
    judge();
  }
})();
