/* The front desk: the box shows what was read in short; after saving the slip opens and the box is ready again. */
(() => {
"use strict";
const box = () => document.getElementById("scan");
document.addEventListener("htmx:afterSwap", () => {
  const shown = document.getElementById("visit-form")?.dataset.shown, scan = box();
  if (shown && scan && scan.value !== shown) { scan.value = shown; if (document.activeElement === scan) scan.select(); }
});
document.addEventListener("htmx:beforeSwap", e => { // chosen again meanwhile: that request follows, its answer counts
  const d = e.detail, chosen = document.querySelector("[name=room_id]:checked")?.value;
  if (d.target.id === "visit-panel" && chosen && d.requestConfig.path === "/front-desk/visit" && chosen !== d.requestConfig.parameters.room_id) d.shouldSwap = false;
});
/* The visit's panel is drawn anew under the hands of the clerk: what was opened or typed since the request left stays */
let kept;
document.addEventListener("htmx:beforeSwap", e => {
  const panel = document.getElementById("visit-panel"), sent = e.detail.requestConfig?.parameters || {}; kept = null;
  if (panel) kept = {form: document.getElementById("visit-form"), open: panel.querySelector("details.way")?.open, typed: [...panel.querySelectorAll("input:not([type=radio],[type=checkbox]),select,textarea")]
    .filter(f => f.name && f.value !== (sent[f.name] ?? f.defaultValue ?? f.value)).map(f => [f.name, f.value])};
});
document.addEventListener("htmx:afterSwap", () => {
  const panel = document.getElementById("visit-panel"); if (!kept || !panel || document.getElementById("visit-form") !== kept.form) return;
  const way = panel.querySelector("details.way"); if (way && kept.open) way.open = true;
  for (const [name, value] of kept.typed) { const f = panel.querySelector(`[name="${name}"]`); if (f) f.value = value; }
});
document.addEventListener("registered", e => {
  const scan = box(), saved = document.getElementById("saved");
  if (scan) { scan.value = ""; scan.focus(); }
  if (saved) saved.textContent = "";
  if (e.detail.slip) window.open(e.detail.slip, "_blank", "noopener");
});
})();

/* The empty desk gives way: its refresh under way is dropped, the pieces it would bring have no place any more */
document.addEventListener("htmx:beforeSwap", e => {
	if (e.detail.target.querySelector("#rooms-panel")) htmx.trigger("#rooms-panel", "htmx:abort");
});
