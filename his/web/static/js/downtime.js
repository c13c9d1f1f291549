/* The front desk while the server is away: registrations are kept in this browser (IndexedDB, at most 100, nothing clinical)
   and sent when the server is back. Each carries an id made here, so a second sending changes nothing. */
(() => {
"use strict";
const $ = (s, r = document) => r.querySelector(s), box = $("#downtime"), W = box.dataset, form = $("#downtime-form");
const MOST = 100, PAUSES = [2, 3, 5, 8, 13, 20, 30], DAY = 864e5, FORGET = 30 * DAY, SHIFT = DAY / 2, HEARTBEAT = 15e3;
const live = !!W.unit, now = Date.now, wait = ms => new Promise(done => setTimeout(done, ms));
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const clock = t => new Date(t).toLocaleTimeString("vi-VN", {hour12: false, hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh"});
const make = (tag, up, text = "", css = "") => { const e = up.appendChild(document.createElement(tag)); e.textContent = text; e.className = css; return e; };
const icon = (up, name) => { up.prepend($(`template[data-icon=${name}]`, box).content.cloneNode(true)); return up; };
let who, rows = [], told = [], since = 0, noticed = 0, tries = 0, editing = "", sending = false, taken = false, problem = "";

/* The list. A row stands on the disk before the clerk is told that it is kept (strict durability) */
const settled = r => new Promise((done, fail) => { r.onsuccess = () => done(r.result); r.onerror = () => fail(r.error); });
const opened = (() => {
	const r = indexedDB.open("his-downtime", 1);
	r.onupgradeneeded = () => { r.result.createObjectStore("kept", {keyPath: "id"}); r.result.createObjectStore("meta", {keyPath: "key"}); };
	return settled(r);
})();
async function store(name, work) {
	const t = (await opened).transaction(name, "readwrite", {durability: "strict"}), answer = await settled(work(t.objectStore(name)));
	return new Promise((done, fail) => { t.oncomplete = () => done(answer); t.onabort = t.onerror = () => fail(t.error); });
}
const read = async () => { rows = (await store("kept", s => s.getAll())).filter(r => r.unit === who?.unit).sort((a, b) => a.id < b.id ? -1 : 1); };
const change = async work => { await store("kept", work); await read(); draw(); };
function newId() { // UUID version 7: ids stand in the order of their making
	const b = crypto.getRandomValues(new Uint8Array(16)); let t = now();
	for (let i = 5; i >= 0; i--) { b[i] = t % 256; t = Math.floor(t / 256); }
	b[6] = 0x70 | b[6] & 15; b[8] = 0x80 | b[8] & 63;
	const h = [...b].map(x => x.toString(16).padStart(2, "0")).join("");
	return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join("-");
}
async function nextSlip() { // letters of this computer and a number of the day: two desks never give the same
	const day = new Date(now() + 7 * 36e5).toISOString().slice(0, 10), old = await store("meta", s => s.get("slip"));
	const letters = "ABCDEFGHKLMNPQRTUVXY", tag = old?.tag || [...crypto.getRandomValues(new Uint8Array(3))].map(x => letters[x % letters.length]).join("");
	const n = old?.day === day ? old.n + 1 : 1; await store("meta", s => s.put({key: "slip", tag, day, n}));
	return `${tag}-${String(n).padStart(2, "0")}`;
}

/* What is written: the same limits as at the server, so that most mistakes are seen while the person stands there */
const digits = t => t.replace(/[\s.-]/g, "").toUpperCase();
function birthOf(text) {
	const d = text.replace(/\D/g, ""), y = +d.slice(-4), m = d.length > 4 ? +d.slice(-6, -4) : 1, a = d.length > 6 ? +d.slice(0, 2) : 1, t = new Date(Date.UTC(y, m - 1, a));
	return [4, 6, 8].includes(d.length) && y > 1899 && t.getUTCMonth() === m - 1 && t.getUTCDate() === a && t < now() + 7 * 36e5;
}
function arrivalOf(text) { // a time later than now was yesterday's
	const m = /^([01]?\d|2[0-3])[:hg. ]?([0-5]\d)$/i.exec(text.trim()); if (!m) return "";
	const here = new Date(now() + 7 * 36e5), t = new Date(Date.UTC(here.getUTCFullYear(), here.getUTCMonth(), here.getUTCDate(), +m[1], +m[2]));
	return new Date(t - (t > +here + 6e4 ? DAY : 0)).toISOString().slice(0, 19) + "+07:00";
}
function mistakes(f) {
	const number = digits(f.number.value), phone = digits(f.phone.value).replace(/^\+84/, "0"), bad = {};
	if (!f.name.value.trim()) bad.name = W.badName;
	if (!birthOf(f.birth.value)) bad.birth = W.badBirth;
	if (!f.gender.value) bad.gender = W.badGender;
	if (phone && !/^0\d{8,10}$/.test(phone)) bad.phone = W.badPhone;
	if (number && !/^(\d{10}|\d{12}|[A-Z]{2}[1-5]\d\d[\dA-Z]{2}\d{8})$/.test(number)) bad.number = W.badNumber;
	if (!arrivalOf(f.arrived.value)) bad.arrived = W.badTime;
	return bad;
}
function show(bad) {
	for (const e of form.querySelectorAll("[data-bad]")) {
		const text = bad[e.dataset.bad] || "", fields = form.querySelectorAll(`[name=d-${e.dataset.bad}]`); e.hidden = !text; $("span", e).textContent = text;
		fields.forEach(f => text ? f.setAttribute("aria-invalid", "true") : f.removeAttribute("aria-invalid"));
	}
	const first = Object.keys(bad)[0]; if (first) form.querySelector(`[name=d-${first}]`)?.focus();
}
const F = new Proxy({}, {get: (_, name) => form.elements[`d-${name}`]});
const typed = () => ["name", "birth", "phone", "number", "reason"].some(n => F[n].value.trim());
function clear() { form.reset(); F.arrived.value = clock(now()); editing = ""; show({}); }
function scanned(text) { // the code of a citizen card: number|old number|name|ddMMyyyy|Nam|…
	const p = text.split("|"); if (p.length < 5 || !/^\d{12}$/.test(p[0])) return false;
	F.number.value = p[0]; F.name.value = p[2]; F.birth.value = p[3].replace(/^(\d\d)(\d\d)(\d{4})$/, "$1/$2/$3"); F.gender.value = /^nam$/i.test(p[4].trim()) ? "male" : "female";
	return true;
}
form.addEventListener("keydown", e => { if (e.key === "Enter" && e.target.matches("input") && scanned(e.target.value)) { e.preventDefault(); F.phone.focus(); } });
form.addEventListener("input", e => { const t = e.target.value; if (t.split("|").length > 6) scanned(t); });
form.addEventListener("submit", async e => {
	e.preventDefault(); const bad = mistakes(F), old = rows.find(r => r.id === editing); show(bad); if (Object.keys(bad).length) return;
	if (!old && rows.length >= MOST) { problem = fill(W.full, {n: MOST}); return draw(); }
	const row = {id: old?.id || newId(), unit: who.unit, made: old?.made || now(), slip: old?.slip || await nextSlip(), name: F.name.value.trim(), birth: F.birth.value.trim(),
		gender: F.gender.value, phone: F.phone.value.trim(), number: F.number.value.trim(), reason: F.reason.value.trim(), arrived_at: arrivalOf(F.arrived.value), refused: ""};
	try { await change(s => s.put(row)); } catch { problem = W.unkept; return draw(); }
	problem = ""; clear(); if (e.submitter?.value === "print") print(row);
	F.name.focus(); if (!since) send();
});
function print(row) {
	const s = $("#downtime-slip"); for (const [name, text] of Object.entries({unit: who.name, slip: row.slip, name: row.name, time: clock(row.arrived_at)})) $(`[data-slip=${name}]`, s).textContent = text;
	window.print();
}

/* What is seen */
function line(r) {
	const li = document.createElement("li"), b = make("b", li, r.slip, "qn"), two = make("div", li, "", "two grow"), acts = make("div", li, "", "row"); b.lang = "en";
	make("b", two, r.name); make("small", two, `${r.birth} · ${fill(W.came, {time: clock(r.arrived_at)})}`);
	if (r.refused) icon(make("small", two, r.refused, "stop"), "stop");
	for (const [word, act] of [[W.print, () => print(r)], [W.edit, () => edit(r)], [W.drop, b => sure(b, r)]]) { const x = make("button", acts, word, "btn btn--sm"); x.type = "button"; x.onclick = () => act(x); }
	return li;
}
function sure(button, r) { // asked once more on the same place
	if (button.dataset.asked) return change(s => s.delete(r.id));
	button.dataset.asked = "1"; button.textContent = W.dropSure; button.classList.add("btn--stop");
}
function edit(r) {
	editing = r.id; for (const n of ["name", "birth", "gender", "phone", "number", "reason"]) F[n].value = r[n];
	F.arrived.value = clock(r.arrived_at); draw(); F.name.focus();
}
function draw() {
	const away = since > 0, say = $("[data-say]", box), shown = away || !live || rows.length || told.length || problem;
	box.hidden = !shown; box.classList.toggle("away", away || !live);
	say.className = `fd downtime-say ${away ? "fd--stop stop" : "fd--ok"}`;
	$("b", say).textContent = !who ? W.nobody : away ? fill(W.away, {time: clock(since)}) : sending ? W.sending : rows.length ? fill(W.left, {n: rows.length}) : fill(W.back, {n: told.length});
	$("small", say).textContent = problem; $("[data-reload]", box).hidden = live || away || !who;
	form.hidden = !who || !(away || !live || editing); $("[data-list]", box).hidden = !who; $("[data-kept-panel]", box).hidden = !rows.length && live && !away;
	$("[data-count]", box).textContent = fill(W.kept, {n: rows.length});
	$("[data-kept]", box).replaceChildren(...rows.map(line)); $("[data-none]", box).hidden = !!rows.length;
	$("[data-told-panel]", box).hidden = !told.length;
	$("[data-told]", box).replaceChildren(...told.map(t => { const li = document.createElement("li"), two = make("div", li, "", "two grow"); make("b", two, `${t.slip} · ${t.name}`); make("small", two, t.text, t.tone); return li; }));
	$("[data-ask]", box).hidden = !told.some(t => t.tone);
	for (const e of document.querySelectorAll("#desk, form[data-scan]")) e.hidden = away;
}

/* Is the server there? Asked in growing pauses while it is away */
async function ready() {
	try { return (await fetch("/readyz", {cache: "no-store", signal: AbortSignal.timeout(4000)})).ok; } catch { return false; }
}
async function doubt(failed) { // away: a request of the desk and this question failed, or two questions did
	if (since || noticed) return;
	noticed = now();
	if (await ready() || (!failed && (await wait(1000), await ready()))) { noticed = 0; return; }
	gone(noticed);
}
function gone(at) {
	if (since) return;
	since = at; noticed = 0; tries = 0; told = [];
	const desk = $("#visit-form"); if (desk && !typed()) take(desk);
	if (!F.arrived.value || !typed()) F.arrived.value = clock(now());
	draw(); if (who) (F.name.value ? F.reason : F.name).focus(); watch();
}
function take(desk) { // what was being typed at the desk is not typed twice
	const value = n => desk.elements[n]?.value || ""; if (!value("name")) return;
	for (const n of ["name", "birth", "phone", "reason"]) F[n].value = value(n);
	F.gender.value = value("gender"); F.number.value = value("citizen") || value("card"); taken = true;
}
async function watch() {
	while (since) {
		await Promise.race([wait(1000 * PAUSES[Math.min(tries++, PAUSES.length - 1)] * (.9 + Math.random() / 5)), new Promise(done => addEventListener("online", done, {once: true}))]);
		if (await ready()) return back();
	}
}
function back() {
	since = 0; problem = "";
	if (!live) { if (!typed()) return location.reload(); return draw(); }
	if (taken && !typed()) htmx.ajax("POST", "/front-desk/clear", {target: "#desk"}); taken = false;
	draw(); send(); $("#scan")?.focus();
}

/* Sending: one by one; a row that is refused waits for the clerk and never holds up the others */
const body = ({id, slip, name, birth, gender, phone, number, reason, arrived_at}) => JSON.stringify({id, slip, name, birth, gender, phone, number, reason, arrived_at});
const lost = status => [502, 503, 504].includes(status);
async function post(row) {
	try {
		return await fetch(W.send, {method: "POST", body: body(row), signal: AbortSignal.timeout(20000),
			headers: {"Content-Type": "application/json", "X-CSRF-Token": $("meta[name=csrf-token]").content}});
	} catch { return {status: 503}; }
}
async function send() {
	if (!live || sending || since) return;
	sending = true; draw(); let later = 0;
	for (const row of rows.filter(r => !r.refused && r.id !== editing)) {
		const answer = await post(row), {status} = answer;
		if (status === 401) { askPassword(); break; }
		if (lost(status)) { gone(now()); break; }
		if (status === 403) { problem = W.stale; break; }
		if (status === 429 || status >= 500) { later = 3e4; if (status === 429) break; continue; }
		if (status >= 400) {
			const said = await answer.json().catch(() => ({})), texts = (said.findings || []).map(f => f.message);
			await change(s => s.put({...row, refused: texts.join(" ") || said.title || W.refused})); continue;
		}
		const done = await answer.json(), merged = done.state === "merged";
		told.push({slip: row.slip, name: row.name, tone: done.state === "waiting" ? "warn" : "", text: merged ? fill(W.merged, {n: String(done.ticket_number).padStart(3, "0"), room: done.room_code, code: done.dossier_code}) : done.state === "waiting" ? W.waiting : W.discarded});
		await change(s => s.delete(row.id));
	}
	sending = false; draw(); if (later) setTimeout(send, later);
}
function askPassword() {
	const d = $("#session"); if (!d) return location.assign("/sign-in");
	if (!d.open) d.showModal(); d.addEventListener("close", () => setTimeout(send, 500), {once: true});
}

async function start() {
	const old = await store("meta", s => s.get("who"));
	if (live) await store("meta", s => s.put(who = {key: "who", unit: W.unit, name: W.unitName, at: now()}));
	else if (old && now() - old.at < SHIFT) who = old;
	for (const r of await store("kept", s => s.getAll())) if (now() - r.made > FORGET) await store("kept", s => s.delete(r.id));
	await read(); clear();
	if (!live) { if (await ready()) return location.reload(); gone(now()); return; }
	draw(); send(); navigator.serviceWorker?.register(W.worker, {scope: "/front-desk"}).catch(() => {});
	setInterval(() => document.hidden || doubt(), HEARTBEAT);
	for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, () => doubt(true));
	document.addEventListener("htmx:responseError", e => lost(e.detail.xhr.status) && doubt(true));
	addEventListener("offline", () => doubt());
}
$("[data-done]", box).onclick = () => { told = []; draw(); };
$("[data-reload]", box).onclick = () => location.reload();
$("[data-clear]", form).onclick = () => { clear(); draw(); };
start();
})();
