/* The dose grid: doses a day × days = quantity; a dose is written ½, 1/2 or 0,5. */
const read = s => { const m = /^(\d+)\/([1-9]\d*)$/.exec(s = s.trim().replace("½", "0,5").replace(",", ".")); return m ? m[1] / m[2] : Number(s); };
document.addEventListener("input", e => {
	const tr = e.target.closest("[data-dose]"); if (!tr) return;
	let sum = 0, days = 0, bad = false;
	for (const d of tr.querySelectorAll(".dose")) {
		const n = read(d.value), wrong = !(n >= 0); bad ||= wrong; d.setAttribute("aria-invalid", wrong);
		if (d.matches(".days")) days = n; else { sum += n; d.classList.toggle("z", !n); }
	}
	const q = bad ? "" : Math.ceil(Math.round(sum * days * 1e3) / 1e3);
	tr.querySelector("[data-quantity]").textContent = bad ? "–" : q.toLocaleString("vi-VN"); tr.querySelector("[name^=q]").value = q;
});
