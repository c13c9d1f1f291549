/* The front desk: after saving the slip opens in its own tab and the box is ready for the next person. */
(() => {
"use strict";
const box = () => document.getElementById("scan");
document.addEventListener("registered", e => {
  const scan = box();
  if (scan) { scan.value = ""; scan.focus(); }
  if (e.detail.slip) window.open(e.detail.slip, "_blank", "noopener");
});
document.addEventListener("click", e => {
  const action = e.target instanceof Element && e.target.closest("[data-press]")?.dataset.press;
  if (!action) return;
  const target = document.querySelector(`main [data-action="${action}"]`);
  if (target?.matches("input")) target.focus(); else target?.click();
});
})();
