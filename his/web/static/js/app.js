/* State lives on the server. */
const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
const on = (names, f, o) => names.split(" ").forEach(n => document.addEventListener(n, f, o));
const put = (e, t) => e.textContent = t, attr = (e, n, v) => e.setAttribute(n, v), no = e => e.preventDefault(), later = setTimeout, TA = "[data-typeahead]";
const by = id => id && document.getElementById(id), focused = () => document.activeElement, {now} = Date;
const make = (tag, up, text = "") => { const e = up.appendChild(document.createElement(tag)); put(e, text); return e; };
const W = $("#words").dataset, H = {"HX-Request": "true"}, off = "[aria-disabled=true],:disabled";
const at = e => e.target instanceof Element ? e.target : document.body, up = (e, s) => at(e).closest(s);
const seen = e => e.getClientRects().length > 0, box = () => $("dialog[open]");
const typing = e => e.matches("textarea,select,input:not([type=radio],[type=checkbox])");
const meta = () => $("meta[name=csrf-token]"), fire = (e, n, d) => e.dispatchEvent(new CustomEvent(n, {bubbles: true, detail: d}));
const post = (url, body, o) => fetch(url, {method: "POST", body, headers: {...H, "X-CSRF-Token": meta().content}, ...o});
const clock = o => new Date().toLocaleTimeString("vi-VN", {hour12: false, timeZone: "Asia/Ho_Chi_Minh", ...o});

const say = (text, urgent) => { const p = $(urgent ? "#alert" : "#live"); put(p, ""); later(() => put(p, text), 50); };
let hide;
function toast({text, undo, tone}) {
	const t = $("#toast"), bad = tone === "stop";
	t.className = bad ? "toast fail" : "toast"; attr(t, "role", bad ? "alert" : "status"); t.hidden = false; put(t, "");
	make("span", t, text); clearTimeout(hide);
	if (undo || bad) {
		const b = make("button", t, undo ? W.undo : W.close); b.type = "button"; b.onclick = () => t.hidden = true;
		if (undo) { b.dataset.action = "undo"; attr(b, "hx-post", undo); attr(b, "hx-swap", "none"); make("kbd", t, "Ctrl Z"); htmx.process(b); }
	}
	if (!bad) hide = later(() => t.hidden = true, undo ? 6e5 : 8e3);
}
const failed = () => toast({text: W.offline, tone: "stop"});
on("toast", e => toast(e.detail));
on("say", e => say(e.detail.text, e.detail.urgent));

/* Keys press the action */
let keys = [];
fetch(document.body.dataset.keysUrl).then(r => r.json()).then(k => keys = k).catch(failed);
const code = e => e.key === "?" ? "Shift+Slash" : (e.ctrlKey || e.metaKey ? "Ctrl+" : "") + (e.shiftKey ? "Shift+" : "") + (e.altKey ? "Alt+" : "") + e.code;
const target = a => $$(`[data-action="${a}"]`).find(e => seen(e) && (!box() || box().contains(e)));
const bar = () => $$("[data-press]").forEach(l => l.hidden = !target(l.dataset.press)); bar(); on("htmx:afterSettle", bar);
function press(a) {
	const e = target(a); if (!e) return false;
	if (typing(e) || e.tabIndex < 0) { e.focus(); e.select?.(); } else { e.focus(); e.click(); }
	return true;
}
const shell = {
	keys: () => open("keys", fillKeys), palette: () => open("palette"),
	panel: n => { const h = $$("main .panel>header h2").filter(seen)[n - 1]; h?.focus(); return !!h; }
};
function find(c, t) {
	const zone = t.closest("[data-zone]")?.dataset.zone; if (!zone && /^(Shift.)?Key/.test(c)) return;
	for (const k of [zone, zone && "list", document.body.dataset.keys, "global"].flatMap(x => keys.filter(k => k.c === x && k.k === c)))
		if (k.c === "list" || k.c === "decision" || shell[k.a.split("-")[0]] || target(k.a)) return k;
}
on("keydown", e => {
	if (e.isComposing || e.keyCode === 229 || e.defaultPrevented) return;
	const t = at(e), c = code(e), text = typing(t), bare = !/Ctrl|Alt|F\d/.test(c);
	if (c === "Shift+Enter" && t.form) { no(e); t.form.requestSubmit(); return; }
	if (scanKey(e, text)) return;
	if (e.key === "Escape" ? box() : (text && (bare || c === "Ctrl+KeyZ")) || (box() && bare)) return;
	if (/^(Enter|Space)$/.test(c) && t.closest("a,button,summary,label,input")) return;
	const k = find(c, t), row = t.closest("[data-row]"), [a, n] = k ? k.a.split("-") : [];
	if (k && (k.c === "list" ? move(k.a, row, t) : k.c === "decision" ? decide(a, n, row) : press(k.a) || shell[a]?.(n)) || /^(Ctrl\+Key[SIDPEK]|F([2-46-9]|10))$/.test(c)) no(e);
});

function open(id, before) {
	const d = $("#" + id); if (!d) return false;
	before?.(d); if (!d.open) d.showModal();
	$("[autofocus]", d)?.focus(); if (id === "palette") fire($("input", d), "input");
	return true;
}
function fillKeys(d) {
	const all = $(".keylist", d); let group, list; if (all.firstChild) return;
	for (const k of keys.filter(k => k.l)) {
		if (group !== k.g) { const s = make("section", all); make("h3", s, group = k.g); list = make("dl", s); }
		make("kbd", make("dt", list), k.t); make("dd", list, k.l);
	}
}
on("click", e => {
	const dead = up(e, off), o = up(e, "[data-open]"), row = up(e, "[data-row]");
	if (dead) { no(e); e.stopPropagation(); say(dead.textContent, true); return; }
	if (o?.dataset.open) open(o.dataset.open);
	if (up(e, "[data-close]")) box()?.close();
	up(e, "[data-menu]")?.setAttribute("aria-expanded", $("#menu").classList.toggle("open"));
	if (row && !up(e, "a,button,input,label,select")) row.focus();
}, true);
on("htmx:confirm", e => {
	const {question, issueRequest} = e.detail, d = $("#ask"); if (!question) return;
	no(e);
	const [title, text, word] = question.split("|");
	put($("h2", d), title); put($("p", d), text || ""); put($("[value=do]", d), word || title);
	d.returnValue = ""; d.onclose = () => d.returnValue && issueRequest(true);
	open("ask");
});

const rows = r => $$("[data-row]", r.closest("[data-rows]")).filter(seen);
function move(a, row, t) {
	if (/^(filter|page)/.test(a)) return press(a);
	if (typing(t)) return false;
	if (!row) { const r = $("[data-row]", t.closest("[data-zone]")); r?.focus(); return !!r; }
	if (/open|mark|drop/.test(a)) {
		const e = $({"row-mark": "[type=checkbox]", "row-drop": "[data-drop]"}[a] || "[data-open],a", row); if (t !== row) return false;
		if (e) e.click(); else if (a === "row-open") press("open-visit") || fire(row, "open");
		return true;
	}
	const all = rows(row), i = all.indexOf(row);
	all[{"row-up": i - 1, "row-down": i + 1, "row-first": 0, "row-last": all.length - 1}[a]]?.focus();
	return true;
}
const roam = row => { for (const r of $$("[data-row]", row.closest("[data-rows]"))) { r.tabIndex = r === row ? 0 : -1; r.classList.toggle("cur", r === row); } };
let wait;
on("focusin", e => {
	const row = up(e, "[data-row]"); if (at(e).matches(".dose,.aq")) e.target.select(); if (!row) return;
	roam(row);
	clearTimeout(wait); if (!row.here) wait = later(() => fire(row, "row"), 120);
});
function decide(verb, letter, row) {
	const r = row && $(`[data-letter="${letter}"]`, row), url = r?.closest("[data-same-url]")?.dataset.sameUrl;
	if (!r || r.matches(off)) return false;
	if (verb === "decide") r.checked || r.click(); else if (url) htmx.ajax("POST", url, {source: r, target: r.closest("table"), swap: "outerHTML", values: {decision: r.value}});
	return true;
}

const cache = new Map(), kids = b => ({ul: $(".lb", b), field: $("[role=combobox]", b), value: $("[type=hidden]", b), all: $$("[role=option]", b)});
function shut(b, shown = false) { const {ul, field} = kids(b); ul.hidden = !shown; attr(field, "aria-expanded", shown); field.removeAttribute("aria-activedescendant"); }
const quit = b => { clearTimeout(b.wait); b.abort?.abort(); shut(b); };
function choose(b, i) {
	const {all, field} = kids(b), o = all[(i + all.length) % all.length]; if (!o) return;
	all.forEach(x => attr(x, "aria-selected", x === o)); o.scrollIntoView({block: "nearest"}); attr(field, "aria-activedescendant", o.id);
}
function show(b, html) {
	const {ul} = kids(b); ul.innerHTML = html; const {all} = kids(b);
	if (!ul.childElementCount) make("li", ul, W.none).className = "none hint";
	all.forEach((o, i) => o.id = `${ul.id}-${i}`); shut(b, true); choose(b, 0);
	put($("[role=status]", b), all.length ? `${all.length} ${W.found}` : W.none);
}
function pick(b, o) {
	const {field, value} = kids(b), d = o.dataset; if (d.href) return location.assign(d.href);
	value.value = d.value; field.value = d.label; quit(b); fire(b, "pick", {...d}); fire(field, "change");
	if ("clear" in b.dataset) later(() => value.value = field.value = "");
}
async function ask(b, q) {
	b.abort?.abort(); const {signal} = b.abort = new AbortController(), {ul} = kids(b), base = b.dataset.typeahead;
	const url = `${base}${base.includes("?") ? "&" : "?"}q=${encodeURIComponent(q)}`, slow = later(() => attr(ul, "aria-busy", true), 400);
	try {
		const r = await fetch(url, {headers: H, signal}); if (r.status === 401) return session(); if (!r.ok) throw r;
		cache.set(url, await r.text()); show(b, cache.get(url));
	} catch (x) { if (x.name === "AbortError") return; if (cache.has(url)) { show(b, cache.get(url)); say(W.cached); } else { shut(b); failed(); } }
	finally { clearTimeout(slow); attr(ul, "aria-busy", false); }
}
on("input compositionend", e => {
	const b = up(e, TA), q = e.target.value?.trim(); if (!b || e.isComposing) return;
	kids(b).value.value = ""; clearTimeout(b.wait);
	if (q.length < +b.dataset.min) shut(b); else b.wait = later(() => ask(b, q), 150);
});
on("keydown", e => {
	const b = up(e, TA); if (!b || e.isComposing) return;
	const {ul, all} = kids(b), i = all.findIndex(o => o.ariaSelected === "true"), step = {ArrowDown: 1, ArrowUp: -1}[e.key];
	if (step) ul.hidden ? ask(b, e.target.value.trim()) : choose(b, i + step);
	else if (e.key === "Enter" && !ul.hidden) all[i] && pick(b, all[i]);
	else if (e.key === "Escape" && !ul.hidden && !box()) shut(b);
	else return;
	no(e);
}, true);
on("mousedown", e => { const o = up(e, ".lb [role=option]"); if (o) { no(e); pick(o.closest(TA), o); } });
on("focusout", e => { const b = up(e, TA); if (b && !b.contains(e.relatedTarget)) quit(b); const f = up(e, "[data-draft]"); if (f) draft(f); });

let buffer = "", last = 0;
function scanned(text) { const i = $("[data-scan] input"); if (!i || box()) return false; i.value = text; i.focus(); i.form.requestSubmit(); return true; }
function scanKey(e, text) {
	if (text || e.ctrlKey || e.altKey || !$("[data-scan]")) return false;
	const fast = e.timeStamp - last < 40, b = buffer; last = e.timeStamp;
	if (e.key.length === 1) { buffer = fast ? b + e.key : e.key; return buffer.length > 2; }
	buffer = ""; const hit = e.key === "Enter" && fast && b.length > 7 && scanned(b);
	if (hit) no(e); return hit;
}
on("paste", e => { const s = e.clipboardData.getData("text").trim(); if (!typing(at(e)) && s.length > 7 && /\d{6}/.test(s) && !s.includes("\n") && scanned(s)) no(e); });

/* Drafts */
const forms = () => $$("[data-draft]"), note = (text, bad) => { const s = $("#saved"); put(s, text); s.classList.toggle("warn", !!bad); };
async function draft(f, keepalive) {
	if (!f.dirty || f.busy || now() < (f.next || 0)) return;
	f.dirty = false; f.busy = true;
	try {
		const r = await post(f.dataset.draft, new FormData(f), {keepalive});
		if (r.status === 409) htmx.swap("#modal", await r.text(), {swapStyle: "innerHTML"}), open("modal");
		else if (!r.ok) throw r; else { f.tries = 0; note(`${W.saved} ${r.headers.get("X-Saved-At") || clock()}`); }
	} catch (x) { f.dirty = true; f.tries = Math.min((f.tries || 0) + 1, 6); f.next = now() + 5e3 * f.tries; note(W.unsaved, true); if (x.status === 401 && !box()) session(); }
	f.busy = false;
}
on("input change", e => { const f = up(e, "[data-draft]"); if (f) f.dirty = true; });
on("submit", e => e.target.dirty = false);
const again = () => forms().forEach(f => { f.next = 0; draft(f); });
addEventListener("online", again); addEventListener("pagehide", () => forms().forEach(f => draft(f, true)));

on("keydown", e => {
	const t = at(e), step = {ArrowUp: -1, ArrowDown: 1}[e.key]; if (!step || !t.matches(".dose,.aq")) return;
	const all = $$(`td:nth-child(${t.closest("td").cellIndex + 1}) :is(.dose,.aq)`, t.closest("tbody"));
	no(e); all[all.indexOf(t) + step]?.focus();
});

/* Swaps: focus to id, next row, title */
let kept;
on("htmx:beforeSwap", e => {
	const a = focused(), r = a.closest("[data-row]"), all = r ? rows(r) : [];
	kept = a !== document.body && e.detail.target.contains(a) && {name: a.name, ids: [a.id, ...all.slice(all.indexOf(r)).map(x => x.id)], row: r?.id, panel: a.closest(".panel")?.id};
});
on("htmx:afterSettle", e => {
	const f = $("[data-focus]", e.detail.elt), m = $("#modal"), k = kept;
	if (e.detail.target === m) { m.firstElementChild ? open("modal") : m.close(); return; }
	if (f) return delete f.dataset.focus, f.focus();
	const row = focused().closest("[data-row]"); if (row) roam(row);
	if (!k || focused() !== document.body) return;
	const to = (k.name && k.row && by(k.row)?.querySelector(`[name="${k.name}"]`)) || k.ids.map(by).find(Boolean) || $(`#${k.panel || "x"} h2`);
	if (to) { to.here = true; to.focus({preventScroll: true}); to.here = false; }
});
on("htmx:configRequest", e => e.detail.headers["X-CSRF-Token"] = meta().content);
on("htmx:afterRequest", e => { const d = e.detail; if (d.successful && d.elt.matches("#modal form") && d.target?.id !== "modal") $("#modal").close(); });
on("htmx:responseError", e => {
	const {status, responseText} = e.detail.xhr; if (status === 401) return session(e.detail);
	toast({text: $("[data-sentence]", new DOMParser().parseFromString(responseText, "text/html"))?.textContent || W.refused, tone: "stop"});
});
on("htmx:sendError htmx:timeout", failed);

let refused;
function session(d) { refused = d?.requestConfig; open("session") || location.assign("/sign-in"); }
on("submit", async e => {
	const f = e.target; if (!f.matches("[data-session]")) return;
	no(e); let bad = W.offline, c = refused;
	try {
		const r = await post("/sign-in", new FormData(f)), t = r.headers.get("X-CSRF-Token"), step = r.headers.get("X-Second-Step"), code = $("[data-code]", f); bad = r.ok ? "" : r.status < 500 ? W.password : bad;
		if (step?.startsWith("/sign-in/code")) { code.hidden = false; put($(".msg", f), ""); return $("input", code).focus(); }
		if (step) return location.assign(step);
		if (t) { meta().content = t; $$("[name=csrf_token]").forEach(i => i.value = t); }
	} catch { /* offline */ }
	put($(".msg", f), bad); if (bad) return;
	f.reset(); $("#session").close(); again();
	if (c) htmx.ajax(c.verb, c.path, {source: c.elt, target: c.target, values: c.parameters});
});

/* Each second: drafts, keys, clock, refresh (15 s in use, 60 s idle) */
let used = now(), beat = 0;
on("keydown pointerdown wheel", () => used = now(), {passive: true});
setInterval(() => {
	const t = now(), a = focused(), c = $("[data-clock]"); if (++beat % 5 === 0) forms().forEach(f => draft(f));
	if (document.hidden) return; bar();
	if (c) put(c, clock({hour: "2-digit", minute: "2-digit"}));
	for (const r of $$("[data-refresh]")) if (t - (r.at ||= t) >= (t - used < 6e4 ? 15e3 : 6e4) && !box() && !(typing(a) && r.contains(a))) { r.at = t; fire(r, "refresh"); }
}, 1000);
