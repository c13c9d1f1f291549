/* The desk without a server: a reload shows the kept page. Kept are that page and its files, never an answer with people in it.
   The server puts VERSION before this text. */
"use strict";
const NAME = `downtime-${VERSION}`, SHELL = "/front-desk/downtime", DESK = "/front-desk", PATIENCE = 10000;
const any = {ignoreVary: true};
addEventListener("install", e => e.waitUntil((async () => {
	const cache = await caches.open(NAME), page = await fetch(SHELL, {redirect: "error", cache: "no-store"});
	if (!page.ok) throw new Error("no shell");
	const text = await page.clone().text(), files = [...text.matchAll(/(?:href|src)="(\/static\/[^"#]+)/g)].map(m => m[1].replaceAll("&amp;", "&"));
	await cache.addAll([...new Set(files)]);
	await cache.put(SHELL, page);
	await skipWaiting();
})()));
addEventListener("activate", e => e.waitUntil((async () => {
	for (const name of await caches.keys()) if (name.startsWith("downtime-") && name !== NAME) await caches.delete(name);
	await clients.claim();
})()));
const late = () => new Promise((_, fail) => setTimeout(fail, PATIENCE));
async function page(request) {
	try {
		const answer = await Promise.race([fetch(request), late()]);
		if (![502, 503, 504].includes(answer.status)) return answer;
	} catch { /* nobody answers */ }
	return await caches.match(SHELL, any) || Response.error();
}
const file = async request => await (await caches.open(NAME)).match(request, any) || fetch(request);
addEventListener("fetch", e => {
	const {request} = e, url = new URL(request.url);
	if (url.origin !== location.origin || request.method !== "GET") return;
	if (request.mode === "navigate") { if (url.pathname === DESK) e.respondWith(page(request)); }
	else if (url.pathname.startsWith("/static/")) e.respondWith(file(request));
});
