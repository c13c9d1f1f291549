/* Signing out empties what this computer kept while the server was away, and asks first when something was not sent yet. */
(() => {
"use strict";
const words = document.currentScript.dataset, $ = s => document.querySelector(s);
const settled = r => new Promise((done, fail) => { r.onsuccess = () => done(r.result); r.onerror = () => fail(r.error); });
async function kept() {
	const r = indexedDB.open("his-downtime"); r.onupgradeneeded = () => r.transaction.abort();
	try { return await settled(r); } catch { return null; }
}
const store = (db, name) => db.transaction(name, "readwrite").objectStore(name);
async function leave(form, db) {
	if (db) for (const name of ["kept", "meta"]) await settled(store(db, name).clear());
	form.submit();
}
document.addEventListener("submit", async e => {
	const form = e.target; if (!form.matches("form[action='/sign-out']")) return;
	e.preventDefault();
	const db = await kept(), n = db ? await settled(store(db, "kept").count()) : 0; if (!n) return leave(form, db);
	const d = $("#ask"); $("#ask h2").textContent = words.title.replace("{n}", n); $("#ask p").textContent = words.text; $("#ask [value=do]").textContent = words.word;
	d.returnValue = ""; d.onclose = () => d.returnValue && leave(form, db);
	d.showModal();
});
})();
